"""What a lab's timeline says about a step of the load, and the page of what was found. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from benchmarks.page import head, line
from lab.flows.autoscaler import LEASE
from lab.scaling.limits import SPARE, SUDDEN
from lab.timeline.events import Event, Kind

SHARE = {"docker": 0.7, "vagrant": 0.5}
"""The steady load, as a part of the highest that one worker serves in good time. Four workers serve three times what
one does, or more, so a step to four times 0.7, 2.8 times what one serves, has to fit them. On an emulated machine good
time is four seconds: at 0.7 of that rate some chance arrivals are crowd enough for a second worker before any step."""

STEP = {"docker": 4.0, "vagrant": 2.4}
"""The step, as a multiple of the steady load. HAProxy's queue gives up after 7 s, a visitor after 10, and an emulated
machine takes 25 to 60 s from nothing and may take 20 s to wake. At 2.4 times 0.5 the only worker falls behind by 4.8 s
of work in 24 s, four to decide and twenty to wake: on average nobody needs to give up, though chance may send
more. At four times 0.7 it is 43 s, and no autoscaler could keep them."""

LEAST, MOST, COOLDOWN_S = 1, 4, 20.0
DECIDED_S_AT_MOST = 4.0
BACK_S_AT_MOST = 2 * (MOST - LEAST) * COOLDOWN_S
"""Workers go one by one, each after a cooldown; and each may have to wait as long again until the load looks calm."""

REACHED_S_AT_MOST = {"docker": 10.0, "vagrant, from the warm pool": 20.0}
"""Of these it is asked how soon workers serve, and how much slower they answer; of the others that is only shown."""

TOO_LATE = ("vagrant",)
"""A machine from nothing is not there before visitors give up, so these may have errors."""

RUNS = tuple(what for name in STEP for what in (name, f"{name}, from the warm pool"))
"""All that is measured: workers made from nothing, and those of the warm pool."""

SLOWER_AT_MOST = 1.5
SETTLED = "settled"
_SETTLE_S = 5.0
"""So long after the last worker came, the backlog that was waiting for it may still be there."""


def _listed(runs: Iterable[str]) -> str:
    return " and ".join(f'"{what}"' for what in runs)


_SHARES = ", ".join(f"{share:g} on {name}" for name, share in SHARE.items())
_STEPS = "; ".join(f"{factor:g} times on {name}, {factor * SHARE[name]:g} of it" for name, factor in STEP.items())
_HEAD = f"""# Autoscaler: what was measured

`benchmarks/autoscale.py` wrote this page from the runs kept in `benchmarks/autoscale-results.json`; nothing in it was
typed. A lab of one worker gets a steady load, then several times that at once, then the first one again, while `lab
autoscale` keeps it at one to four workers. Each request goes out when it is due, and each write is accounted for in the
end (`lab load --prove`). The times are read from the lab's timeline. How it decides: [autoscale.md](autoscale.md).

- **steady load**: not what one worker can do, but a part of the highest rate that it serves in good time
  ([capacity.md](capacity.md)): {_SHARES}. At more than {SPARE:g} of what one can do the
  autoscaler keeps a second worker, and on machines, where good time is four seconds, it sees crowds well below that.
  **step**: {_STEPS}. Emulated machines
  take longer to come than visitors wait, so their step is smaller, and workers are woken.
- **asked** of every run: when it is decided, when it is back, that no write is lost, and that no request fails.
  The last is not asked of {_listed(TOO_LATE)}: from nothing, machines come after visitors have given up. How soon
  as many workers serve as are needed, and how much slower they answer, is asked of
  {_listed(REACHED_S_AT_MOST)}. What is only shown says *not asked*.
- **breach**: the first sample with {SUDDEN:g} times as many requests at a time as the workers in service are meant to
  have, or more: what the autoscaler's rule calls sudden, and acts on at once.
  Where workers were asked for before, that is the breach.
- **decided**, **reached**: from the breach until workers were asked for, and until as many serve as were asked for.
- **before**: the steady load at first; **during**: all of the high load, with what waited for the new workers;
  **settled**: the high load from five seconds after all workers were there; **after**: the steady load again. The
  percentiles are of all requests that were due in that time.

## What was asked for
"""
_FOOT = """
How to measure again: `PYTHONPATH=. .venv/bin/python -m benchmarks.autoscale --only docker` (or `--only vagrant`).
"""


class RunJson(TypedDict):
    """One step as it is kept: what was asked, what `lab load` printed, and the times read from the timeline; and in
    words the first writes and reads that got no good answer, of runs since that is kept."""

    substrate: str
    pool: int
    words: list[str]
    date: str
    load: dict[str, Any]
    times: dict[str, float | None]
    why: list[str]
    failed: NotRequired[list[str]]


class SessionJson(TypedDict):
    """All runs of one substrate, by what was measured."""

    circumstances: dict[str, str]
    runs: dict[str, RunJson]


@dataclass(frozen=True)
class Times:
    """When what happened, in seconds; None for what did not. `step_s` is from the step of the load to the breach,
    `decided_s` and `reached_s` from the breach, `back_s` from the end of the step; `most` served at a time."""

    step_s: float | None
    decided_s: float | None
    reached_s: float | None
    back_s: float | None
    most: float

    @property
    def settled_s(self) -> float | None:
        """From the step until also what had waited for the last worker should be gone."""
        return None if self.step_s is None or self.reached_s is None else self.step_s + self.reached_s + _SETTLE_S


def times(events: Sequence[Event], step_at: float, end_at: float, target: float, least: int) -> Times:
    """The times of a step that began and ended at these Unix times, from the events of a lab's timeline."""
    samples = [e for e in events if e.kind is Kind.SAMPLE and e.what == LEASE and e.at > step_at]
    breach = next((e.at for e in samples if _each(e) >= SUDDEN * target), None)
    asked = [e for e in events if is_growth(e) and step_at < e.at < end_at]
    decided = next((e.at for e in asked), None)
    if breach is not None and decided is not None:
        breach = min(breach, decided)
    wanted = max((int(e.fields["wanted"]) for e in asked), default=least)
    reached = next((e.at for e in samples if asked and e.fields["workers"] >= wanted), None)
    back = next((e.at for e in samples if e.at > end_at and e.fields["workers"] <= least), None)
    return Times(
        step_s=_between(step_at, breach),
        decided_s=_between(breach, decided),
        reached_s=_between(breach, reached),
        back_s=_between(end_at, back),
        most=max((e.fields["workers"] for e in samples), default=0),
    )


def is_growth(event: Event) -> bool:
    """Whether workers were asked for because of the load or the minimum."""
    return event.kind is Kind.DECISION and event.what.startswith("add ")


def _each(event: Event) -> float:
    fields = event.fields
    return float(fields["sessions"] + fields["queue"]) / max(int(fields["workers"]), 1)


def _between(begin: float | None, end: float | None) -> float | None:
    return None if begin is None or end is None else round(end - begin, 1)


def demands(what: str, run: RunJson) -> dict[str, tuple[str, bool | None]]:
    """What was asked for, what came of it, and whether that is enough; None where nothing was asked."""
    load, found = run["load"], run["times"]
    proof, phases = load["proof"], {phase["name"]: phase for phase in load["phases"]}
    errors, most = _failed(load), REACHED_S_AT_MOST.get(what)
    return {
        f"decided within {DECIDED_S_AT_MOST:g} s of the breach": _within(found["decided_s"], DECIDED_S_AT_MOST),
        "as many workers as needed": _within(found["reached_s"], most),
        **{
            f"p50 and p99 {phase}, as multiples of those before: {SLOWER_AT_MOST:g} at most": (
                _no_slower(phases, phase, is_asked=most is not None)
            )
            for phase in (SETTLED, "after")
        },
        f"back to {LEAST} worker": _within(found["back_s"], BACK_S_AT_MOST),
        "requests that failed: 0": (f"{errors:,} of {load['requests']:,}", None if what in TOO_LATE else errors == 0),
        "acknowledged writes lost: 0": (f"{proof['lost']:,}, {proof['verdict']}", proof["verdict"] == "kept"),
    }


def is_missed(session: SessionJson) -> bool:
    """Whether anything that was asked of the runs on a substrate did not come about."""
    return any(held is False for what, run in session["runs"].items() for _, held in demands(what, run).values())


def _failed(told: Mapping[str, Any]) -> int:
    """How many requests failed or were refused: either is an error to who sent it."""
    return int(told["errors"] + told["refused"])


def _within(seconds: float | None, most: float | None) -> tuple[str, bool | None]:
    bound = "" if most is None else f" (at most {most:g} s)"
    return f"{_seconds(seconds)}{bound}", None if most is None else seconds is not None and seconds <= most


def _no_slower(phases: Mapping[str, Mapping[str, Any]], phase: str, *, is_asked: bool) -> tuple[str, bool | None]:
    """How many times slower than before, and whether that is few enough; what was never there is not."""
    pairs = [(phases["before"][name], phases.get(phase, {}).get(name)) for name in ("p50_ms", "p99_ms")]
    slower = [after / before if before and after else None for before, after in pairs]
    told = " and ".join("?" if each is None else f"{each:.2f}" for each in slower)
    return told, all(each is not None and each <= SLOWER_AT_MOST for each in slower) if is_asked else None


def _seconds(value: float | None) -> str:
    return "not seen" if value is None else f"{value:.1f} s"


def page(sessions: Mapping[str, SessionJson]) -> str:
    """The whole page."""
    runs = {what: run for session in sessions.values() for what, run in session["runs"].items()}
    parts = [_HEAD, *_demands(runs), *(part for name in sessions for part in _session(name, sessions[name])), _FOOT]
    return "\n".join(parts)


def _demands(runs: Mapping[str, RunJson]) -> Iterator[str]:
    if not runs:
        yield "Not measured yet."
        return
    yield from head("what", *RUNS)
    told = {what: demands(what, run) for what, run in runs.items()}
    for demand in next(iter(told.values())):
        yield line(demand, *(_held(*told[what][demand]) if what in told else "not measured" for what in RUNS))


def _held(words: str, is_held: bool | None) -> str:
    return f"{words}, not asked" if is_held is None else f"{words}: {'yes' if is_held else '**no**'}"


def _session(name: str, session: SessionJson) -> Iterator[str]:
    where = "; ".join(f"{key}: {value}" for key, value in session["circumstances"].items())
    yield f"\n## {name}\n\n{where}.\n"
    for what, run in session["runs"].items():
        yield from _run(what, run)


def _run(what: str, run: RunJson) -> Iterator[str]:
    load, found = run["load"], run["times"]
    yield f"### {what}\n"
    yield (
        f"{run['date']}; `lab load {' '.join(run['words'])}`. From the step to the breach {_seconds(found['step_s'])}, "
        f"{found['most']:g} workers at most.\n"
    )
    yield from head("phase", "requests", "failed", "p50 ms", "p99 ms")
    for phase in load["phases"]:
        figures = phase["requests"], _failed(phase), phase["p50_ms"], phase["p99_ms"]
        yield line(phase["name"], *map(_told, figures))
    yield "\nWhat was decided:\n"
    yield from (f"- {why}" for why in run["why"])
    if failed := run.get("failed"):
        yield "\nThe first writes and reads that got no good answer:\n"
        yield from (f"- {each}" for each in failed)
    yield ""


def _told(value: float | None) -> str:
    return "?" if value is None else f"{value:,.0f}"
