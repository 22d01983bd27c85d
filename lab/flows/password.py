"""The password of a store's database, the secret that opens its data: made for a new lab, and kept with the data."""

import secrets
from pathlib import Path

from lab.host import paths, records


def path(lab: str, substrate: str) -> Path:
    """Where it lies on this computer."""
    return paths.lab(lab) / "secrets" / f"{substrate}-database-password"


def labs(substrate: str) -> list[str]:
    """The labs that have one, also where nothing is left that it opens."""
    places = path("*", substrate).relative_to(paths.state())
    return [secret.parents[1].name for secret in paths.state().glob(str(places))]


def untold(lab: str, substrate: str) -> Path:
    """A file that is there as long as the store does not know the password yet: its data is older than that."""
    return path(lab, substrate).with_suffix(".untold")


def read(lab: str, substrate: str) -> str:
    """The password; empty where there is none."""
    own = path(lab, substrate)
    return own.read_text() if own.exists() else ""


def make(lab: str, substrate: str, *, has_data: bool) -> None:
    """Makes one where there is none. A store without data takes it at its first start; one that `has_data`, of which
    somebody removed the password, has to be told."""
    own = path(lab, substrate)
    if own.exists():
        return
    own.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if has_data:
        untold(lab, substrate).touch(mode=0o600)
    records.write(own, secrets.token_urlsafe(24), mode=0o600)


def forget(lab: str, substrate: str) -> None:
    """Removes it: nothing is left that it opens."""
    path(lab, substrate).unlink(missing_ok=True)
    untold(lab, substrate).unlink(missing_ok=True)
