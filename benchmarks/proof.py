"""The runs of the proof that the kit is held to, on a lab of their own, and the page of what they said.

    PYTHONPATH=. .venv/bin/python -m benchmarks.proof                          # both substrates, an hour or more
    PYTHONPATH=. .venv/bin/python -m benchmarks.proof --only docker            # the other one's runs stay as they are
    PYTHONPATH=. .venv/bin/python -m benchmarks.proof --only vagrant --run pause --run clock   # these runs only
    PYTHONPATH=. .venv/bin/python -m benchmarks.proof --quick --dry            # short ones, and nothing is kept

Keeps each run's figures in benchmarks/proof-results.json as soon as it has ended, and writes docs/proof-results.md.
"""

import dataclasses
import json
import time
from collections.abc import Iterable, Iterator

import click

from benchmarks.proof_page import page
from benchmarks.proof_runs import RATES, Asked, RunJson, SessionJson, Told, stateful, stateless
from benchmarks.runs import brought_up, circumstances_of, deadline, keep, lab, say
from lab.cli import numbers
from lab.faults.base import NO_POWER
from lab.flows import prove
from lab.host import paths, records
from lab.host.run import Result, run
from lab.ledger import report
from lab.ledger.files import audit_file
from lab.substrates import registry

LAB = "proof"
RESULTS = paths.REPO / "benchmarks" / "proof-results.json"
PAGE = paths.REPO / "docs" / "proof-results.md"
_VERDICTS = (0, 1, 3)


@click.command()
@click.option("--only", type=click.Choice(registry.NAMES), help="Runs on this substrate; the others' are kept.")
@click.option("--run", "names", multiple=True, metavar="NAME", help="Only runs of this name; the others are kept.")
@click.option("--rate", type=numbers.Between(0.1), help="Requests a second, where this computer needs another.")
@click.option("--quick", is_flag=True, help="Short runs and few kills, to see that it works.")
@click.option("--dry", is_flag=True, help="Keep nothing: print the page.")
@click.option("--page", "page_only", is_flag=True, help="Make no run, only write the page anew.")
def main(only: str | None, names: tuple[str, ...], rate: float | None, quick: bool, dry: bool, page_only: bool) -> None:
    """Makes the runs, keeps what they said, and writes the page."""
    sessions: dict[str, SessionJson] = {} if dry else records.read_json(RESULTS) or {}
    for substrate in [] if page_only else [only] if only else registry.NAMES:
        session = _session(substrate, sessions.get(substrate) if names else None)
        sessions[substrate] = session
        for asked, gave in _runs(substrate, names, rate or RATES[substrate], quick=quick):
            session["runs"][asked.name] = gave
            say(f"{substrate}: {asked.name}: {gave.get('sentence') or gave.get('impossible') or gave.get('problem')}")
            keep(RESULTS, sessions, PAGE, page(sessions), dry=dry)
    keep(RESULTS, sessions, PAGE, page(sessions), dry=dry)
    if dry:
        click.echo(page(sessions))


def _session(substrate: str, before: SessionJson | None) -> SessionJson:
    """A new session; with the runs of the one before, where only some are made anew."""
    engine, by = registry.get(substrate), deadline()
    runs = before["runs"] if before else {}
    return {"accelerator": engine.accelerator(by), "runs": runs}


def _runs(substrate: str, names: tuple[str, ...], rate: float, *, quick: bool) -> Iterator[tuple[Asked, RunJson]]:
    """Each run with what it gave: those of the stateless lab, then those of the stateful one in its place."""
    for up, all_runs in ([], stateless(substrate, rate, quick=quick)), (["--stateful"], stateful(rate, quick=quick)):
        wanted = [asked for asked in all_runs if not names or asked.name in names]
        if wanted:
            with brought_up(LAB, substrate, *up):
                yield from _made(substrate, wanted)


def _made(substrate: str, wanted: Iterable[Asked]) -> Iterator[tuple[Asked, RunJson]]:
    for asked in wanted:
        made = _make(substrate, asked)
        if "problem" in made:
            # What it left broken must not decide the next run.
            lab("heal", substrate, "--name", LAB)
            lab("up", substrate, "--name", LAB)
        yield asked, made


def _make(substrate: str, asked: Asked) -> RunJson:
    where, begun = circumstances_of(substrate), time.monotonic()
    argv = [str(paths.REPO / "bin" / "lab"), "prove", "run", substrate, "--json", "--name", LAB, *asked.words]
    gave = run(argv, by=deadline(), ok=dict.fromkeys(range(256), "told"))
    return {
        "circumstances": where,
        "words": list(asked.words),
        "expected": asked.expected,
        "at_least": asked.at_least,
        "seconds": round(time.monotonic() - begun, 1),
        **told(gave),
    }


def told(gave: Result) -> Told:
    """What a run said; its journal tells the rest."""
    if gave.status not in _VERDICTS:
        error = next((line for line in gave.err.splitlines() if line.startswith("error: ")), f"status {gave.status}")
        why = error.removeprefix("error: ")
        return {"impossible": why} if NO_POWER in why else {"problem": why}
    figures = json.loads(gave.out)
    account = audit_file(prove.journal(LAB, figures["run"]), figures["run"])
    return {
        "figures": figures,
        "sentence": report.verdict(account).sentence,
        "users": dataclasses.asdict(account.users),
        "users_broken": report.users_limit(account),
    }


if __name__ == "__main__":
    main()
