"""docs/refresh.md from the kept figures. Pure."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypedDict

from benchmarks.page import head, line
from lab.substrates import registry

_HEAD = """# Refreshes under load

`benchmarks/refresh.py` wrote this page from the figures in `benchmarks/refresh-results.json`; nothing in it was typed.
What a refresh does: [deploy.md](deploy.md). What is counted, and how: [proof.md](proof.md).

## What was asked for
"""
_FOOT = """
Visitors log in, write entries and files, and read, at a steady rate, through all refreshes and between them; then
everything is read back and each write accounted for. *Failed* is a request without a good answer, also one that was
answered when it was repeated. *Ready* is what the load balancer has in service, looked at five times a second.

How to make it again: `PYTHONPATH=. .venv/bin/python -m benchmarks.refresh` (`--only docker`, `--only vagrant`).
"""

_UNTOLD = ("not told, for it was cut off", False)


class RefreshJson(TypedDict):
    """One refresh: its exit code and words, what visitors asked meanwhile, and the workers that were ready."""

    at: str
    seconds: float
    code: int
    said: list[str]
    requests: int
    failed: int
    fewest_ready: int | None
    looks: int
    missed_looks: int


class SessionJson(TypedDict):
    """The refreshes on one substrate so far; `accelerator` is None where nodes run on this computer's own kernel,
    `figures` until the last refresh has ended and all was read back."""

    circumstances: dict[str, str]
    accelerator: str | None
    workers: int
    rate: float
    requests: int
    wanted: dict[str, int]
    refreshes: list[RefreshJson]
    sentence: str
    figures: dict[str, Any] | None
    users: dict[str, int]


def page(sessions: Mapping[str, SessionJson]) -> str:
    """The whole page."""
    parts = [_HEAD, *_demands(sessions), *(part for name in sessions for part in _session(name, sessions[name])), _FOOT]
    return "\n".join(parts)


def demands(session: SessionJson) -> dict[str, tuple[str, bool]]:
    """What was asked for, what came of it, and whether that is enough."""
    made, wanted, figures = session["refreshes"], session["wanted"], session["figures"]
    done = sum(one["code"] == 0 for one in made)
    fewest = min((one["fewest_ready"] or 0 for one in made), default=0)
    return {
        "refreshes that ended with the new version": (
            f"{done} of {len(made)}, {wanted['refreshes']} wanted",
            done == len(made) >= wanted["refreshes"],
        ),
        "requests": (f"{session['requests']:,}", session["requests"] >= wanted["requests"]),
        "requests that failed or were refused: 0": _failed(figures, session["users"]) if figures else _UNTOLD,
        "acknowledged writes lost: 0": (
            (f"{figures['lost']:,}, {figures['verdict']}", figures["verdict"] == "kept") if figures else _UNTOLD
        ),
        "ready workers, at least as many as wanted": (
            f"{fewest} of {session['workers']}",
            fewest >= session["workers"],
        ),
    }


def _failed(figures: Mapping[str, Any], users: Mapping[str, int]) -> tuple[str, bool]:
    """A write that was refused has no answer of the 500s, and is an error to who sent it."""
    errors, refused = figures["errors"], users["writes_refused"]
    return f"{errors:,} failed, {refused:,} writes refused", errors == refused == 0


def _demands(sessions: Mapping[str, SessionJson]) -> Iterator[str]:
    if not sessions:
        yield "Not made yet."
        return
    yield from head("what", *registry.NAMES)
    told = {name: demands(session) for name, session in sessions.items()}
    for what in next(iter(told.values())):
        yield line(what, *(_held(told[name][what]) if name in told else "not made yet" for name in registry.NAMES))


def _held(found: tuple[str, bool]) -> str:
    words, is_held = found
    return f"{words}: {'yes' if is_held else '**no**'}"


def _session(name: str, session: SessionJson) -> Iterator[str]:
    where = "; ".join(f"{key}: {value}" for key, value in session["circumstances"].items())
    yield f"\n## {name}\n\n{where}.\n"
    took = [one["seconds"] for one in session["refreshes"]]
    yield (
        f"{session['workers']} workers, {session['rate']:g} requests a second, {len(took)} refreshes of "
        f"{statistics.median(took):.0f} s (median; {min(took):.0f} to {max(took):.0f}). {session['sentence']}\n"
        if took
        else "No refresh was made.\n"
    )
    if figures := session["figures"]:
        yield f"Answers, from when each request was due: p50 {figures['p50_ms']} ms, p99 {figures['p99_ms']} ms.\n"
    yield from _table(session["refreshes"])


def _table(made: Sequence[RefreshJson]) -> Iterator[str]:
    yield from head("refresh", "seconds", "requests meanwhile", "failed", "fewest ready", "looks", "what it said")
    for number, one in enumerate(made, 1):
        fewest = "?" if one["fewest_ready"] is None else str(one["fewest_ready"])
        looks = f"{one['looks']:,}" + (f", {one['missed_looks']} without an answer" if one["missed_looks"] else "")
        said = "; ".join(one["said"][1:])
        yield line(
            str(number), f"{one['seconds']:.1f}", f"{one['requests']:,}", f"{one['failed']:,}", fewest, looks, said
        )
