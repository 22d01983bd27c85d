"""The settings of this worker. They come from the environment and from nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class WrongSetting(Exception):
    """A setting is missing or wrong; the text names it."""


@dataclass(frozen=True)
class Settings:
    """What one worker is told when it starts."""

    node: str
    substrate: str
    mode: str
    commit: str  # empty: the source was not fetched, so this worker is not ready
    port: int
    threads: int
    drain_notice_s: int  # how long it says "not ready" before it stops
    database: str  # a URL of PostgreSQL, or a path for SQLite
    files: Path


def read(env: Mapping[str, str]) -> Settings:
    """The settings in `env`, or WrongSetting."""
    mode = _given(env, "LAB_MODE")
    if mode == "stateless":  # what must last lies outside: in the store's database and on the shared drive
        database, files = _given(env, "LAB_DATABASE_URL", "postgresql://"), Path(_given(env, "LAB_DRIVE", "/"))
    elif mode == "stateful":  # the counter-example: everything on this worker's own disk
        own = Path(_given(env, "LAB_LOCAL", "/"))
        database, files = str(own / "lab.sqlite"), own / "files"
    else:
        raise WrongSetting(f"LAB_MODE must be stateless or stateful, not {mode!r}")
    return Settings(
        node=_given(env, "LAB_NODE"),
        substrate=_given(env, "LAB_SUBSTRATE"),
        mode=mode,
        commit=env.get("LAB_COMMIT", ""),
        port=_number(env, "LAB_PORT", 8000, 1, 65535),
        threads=_number(env, "LAB_THREADS", 8, 1, 4096),
        drain_notice_s=_number(env, "LAB_DRAIN_NOTICE_S", 5, 0, 300),
        database=database,
        files=files,
    )


def _given(env: Mapping[str, str], name: str, beginning: str = "") -> str:
    value = env.get(name, "")
    if not value:
        raise WrongSetting(f"{name} is not set")
    if not value.startswith(beginning):  # the value itself may be a secret: it is not shown
        raise WrongSetting(f"{name} must begin with {beginning}")
    return value


def _number(env: Mapping[str, str], name: str, otherwise: int, least: int, most: int) -> int:
    value = env.get(name, str(otherwise))
    if not (value.isascii() and value.isdigit() and least <= int(value[:9]) <= most):
        raise WrongSetting(f"{name} must be a whole number from {least} to {most}, not {value!r}")
    return int(value)
