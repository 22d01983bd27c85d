"""docs/proof-results.md from the kept runs. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from benchmarks.page import head, line
from benchmarks.proof_runs import CALM, DEADLY, RunJson, SessionJson, kills
from lab.faults import catalogue
from lab.ledger.records import Header
from lab.ledger.struck import FaultSeen
from lab.ledger.unshown import not_shown
from lab.ledger.users import KILL
from lab.substrates import registry

_HEAD = """# What the proof said

`benchmarks/proof.py` wrote this page from the runs kept in `benchmarks/proof-results.json`; nothing in it was typed.
How to read it, what each fault is, and how to doubt it: [proof.md](proof.md).

## What was asked for
"""
_FOOT = """
How to make the runs again: `PYTHONPATH=. .venv/bin/python -m benchmarks.proof` (`--only docker`, `--only vagrant`:
those of one substrate; `--run NAME`: one of them; `--quick`: short ones).
"""
_NOTICED = {
    "reads": "reads",
    "reads_failed": "failed (an error, or no answer)",
    "reads_cut": "cut in their answer",
    "writes_repeated": "writes repeated",
    "repeats_acknowledged": "then acknowledged",
    "writes_refused": "refused",
    "most_at_a_kill": "attempts to write that failed at one kill, at most",
}
# What differs from run to run stands beside each one's figures.
_OF_EACH = ("load", "date", "commit")
_NONE = ("lost", "duplicated", "corrupted", "unexpected", "stale", "never_read")


def page(sessions: Mapping[str, SessionJson]) -> str:
    """The whole page."""
    parts = [_HEAD, *_demands(sessions), *(part for name in sessions for part in _session(name, sessions[name])), _FOOT]
    return "\n".join(parts)


def holds(run: RunJson) -> bool:
    """Whether a run gave what it had to: its verdict, enough acknowledged writes, and each fault verified."""
    figures = run.get("figures")
    if figures is None or figures["verdict"] != run["expected"] or figures["acknowledged"] < run["at_least"]:
        return False
    is_clean = run["expected"] != "kept" or not any(figures[sort] for sort in _NONE)
    return is_clean and all(fault["verified"] for fault in figures["faults"])


def users_hold(run: RunJson) -> bool:
    """Whether users noticed no more than they may while workers die (`report.users_limit`)."""
    return run.get("users_broken") == []


def _demands(sessions: Mapping[str, SessionJson]) -> Iterator[str]:
    made = {name: sessions[name]["runs"] if name in sessions else {} for name in registry.NAMES}
    yield from head("what", *registry.NAMES)
    titles = {
        "workers killed under load, 2,000 writes acknowledged or more: nothing lost, duplicated or corrupted": _killed,
        "each other fault that can be made: nothing lost, duplicated or corrupted": _faults,
        "workers that keep the data: kept without a kill, lost with one": _stateful,
        "while workers die: no read fails (an error, or no answer); writes fail only in flight on that worker, "
        "and are acknowledged when repeated": _users,
    }
    for title, judge in titles.items():
        yield line(title, *(judge(name, made[name]) for name in registry.NAMES))


def _killed(substrate: str, runs: Mapping[str, RunJson]) -> str:
    run = runs.get(kills(substrate))
    # Counted, not taken from the run's name: a short run, for trying, has the same one.
    return _verdict([run], at_least=2000) + (f", {_count(run)} kills" if run else "")


def _faults(_substrate: str, runs: Mapping[str, RunJson]) -> str:
    made = {name: runs.get(name) for name in catalogue.FAULTS if name != "kill"}
    possible = [run for run in made.values() if run is None or "impossible" not in run]
    good = sum(run is not None and holds(run) for run in possible)
    return f"{_verdict(possible)}, {good} of {len(possible)}"


def _stateful(_substrate: str, runs: Mapping[str, RunJson]) -> str:
    return _verdict([runs.get(CALM), runs.get(DEADLY)])


def _users(substrate: str, runs: Mapping[str, RunJson]) -> str:
    run = runs.get(kills(substrate))
    if run is None or "users" not in run:
        return "not run" if run is None else "**no**"
    return f"{'yes' if users_hold(run) else '**no**'}, {run['users']['writes_repeated']:,} repeated"


def _verdict(runs: Iterable[RunJson | None], at_least: int = 1) -> str:
    asked = list(runs)
    made = [run for run in asked if run is not None]
    if not all(holds(run) and run["figures"]["acknowledged"] >= at_least for run in made):
        return "**no**"
    return "yes" if len(made) == len(asked) else "not all run" if made else "not run"


def _count(run: RunJson) -> int:
    return sum(fault["name"] == "kill" and fault["verified"] for fault in run.get("figures", {}).get("faults", []))


def _session(name: str, session: SessionJson) -> Iterator[str]:
    runs = session["runs"]
    yield f"\n## {name}\n"
    yield from _where(runs)
    yield from _verdicts(runs)
    yield from _figures(runs)
    yield from _noticed(runs)
    yield from _left_out(runs)
    yield f"\n### What these runs on {name} do not show\n"
    yield from (f"- {sentence}" for sentence in _limits(name, session))


def _where(runs: Mapping[str, RunJson]) -> Iterator[str]:
    """On what the runs were made: what is the same for all, then what is not, with whose it is."""
    keys = dict.fromkeys(key for run in runs.values() for key in run["circumstances"] if key not in _OF_EACH)
    values = {key: _of_whom(runs, key) for key in keys}
    yield "; ".join(f"{key}: {next(iter(whose))}" for key, whose in values.items() if len(whose) == 1) + ".\n"
    mixed = {key: whose for key, whose in values.items() if len(whose) > 1}
    yield from (f"- {key}: {value}: of {'; '.join(names)}" for key in mixed for value, names in mixed[key].items())
    if mixed:
        yield ""


def _of_whom(runs: Mapping[str, RunJson], key: str) -> dict[str, list[str]]:
    whose: dict[str, list[str]] = {}
    for name, run in runs.items():
        whose.setdefault(run["circumstances"].get(key, "not known"), []).append(name)
    return whose


def _verdicts(runs: Mapping[str, RunJson]) -> Iterator[str]:
    yield from head("run", "`lab prove run` with", "verdict", "as it has to be")
    for name, run in runs.items():
        if "sentence" in run:
            yield line(name, f"`{' '.join(run['words'])}`", run["sentence"], "yes" if holds(run) else "**no**")


def _figures(runs: Mapping[str, RunJson]) -> Iterator[str]:
    yield "\n### Figures\n"
    yield "Milliseconds count from when a request was due. Load: this computer's, of the minute before.\n"
    sorts = ("acknowledged", "kept", "lost", "duplicated", "corrupted", "recovered", "absent", "refused")
    yield from head("run", *sorts, "faults seen to happen", "p50 ms", "p99 ms", *_OF_EACH)
    for name, run in runs.items():
        if "figures" in run:
            figures = run["figures"]
            seen = sum(fault["verified"] for fault in figures["faults"])
            counts = [f"{figures[sort]:,}" for sort in sorts]
            rest = (f"{seen} of {len(figures['faults'])}", str(figures["p50_ms"]), str(figures["p99_ms"]))
            yield line(name, *counts, *rest, *(run["circumstances"][key] for key in _OF_EACH))


def _noticed(runs: Mapping[str, RunJson]) -> Iterator[str]:
    yield "\n### What users noticed\n"
    yield (
        "The limit is for the death of workers; what other faults explain does not count against it. "
        "Of a run in which none was killed the counts are all that is said.\n"
    )
    yield from head("run", *_NOTICED.values(), "within the limit")
    for name, run in runs.items():
        if "users" in run:
            yield line(name, *(f"{run['users'][key]:,}" for key in _NOTICED), _within(run))


def _within(run: RunJson) -> str:
    """Whether the limit for the death of workers was held; a dash where none was killed."""
    if not any(fault["name"] == KILL for fault in run["figures"]["faults"]):
        return "-"
    return "yes" if users_hold(run) else f"**no**: {'; '.join(run.get('users_broken', []))}"


def _left_out(runs: Mapping[str, RunJson]) -> Iterator[str]:
    reasons = {name: run["impossible"].removeprefix(f"{name}: ") for name, run in runs.items() if "impossible" in run}
    problems = [f"- `{name}` was not made: {why}." for name, why in reasons.items()]
    problems += [
        f"- **{name} came to no verdict**: {run['problem']}." for name, run in runs.items() if "problem" in run
    ]
    if problems:
        yield from ("\n### What is not here\n", *problems)


def _limits(substrate: str, session: SessionJson) -> list[str]:
    """What all runs of the stateless lab together do not show."""
    told = [run["figures"] | {"s": run["seconds"]} for run in session["runs"].values() if "figures" in run]
    stateless = [figures for figures in told if figures["mode"] == "stateless"]
    faults = [_fault(fault) for run in stateless for fault in run["faults"]]
    header = Header(
        run="all",
        lab="proof",
        substrate=substrate,
        mode="stateless",
        accelerator=session["accelerator"],
        seed=0,
        rate=0,
        duration_s=round(sum(run["s"] for run in stateless)),
        began_at=0,
    )
    return not_shown(header, faults, sum(run["acknowledged"] for run in stateless))


def _fault(told: Mapping[str, Any]) -> FaultSeen:
    verified_s = told["at_s"] if told["verified"] else None
    takes = catalogue.named(told["name"]).takes
    return FaultSeen(told["name"], told["target"], told["at_s"], told["healed_s"], verified_s, takes)
