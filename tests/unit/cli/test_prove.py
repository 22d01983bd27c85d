"""`lab prove` on a terminal and on paper: a live table, steps that it does not break, help that names the faults, a
page of one run."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from click.shell_completion import ShellComplete
from rich.console import Console
from rich.live import Live
from rich.table import Table

from lab.cli import common, prove
from lab.faults import catalogue
from lab.flows.prove import Progress
from lab.ledger.journal import START, seal
from lab.ledger.records import Source
from lab.ledger.writes import Outcome, What
from lab.traffic.notes import Tally
from tests.conftest import Typed
from tests.unit.cli.inside import type_inside
from tests.unit.cli.screen import cells
from tests.unit.ledger import histories, plants
from tests.unit.ledger.histories import Past


def test_a_step_longer_than_the_screen_is_not_broken_above_the_live_table() -> None:
    told = "store-off of store-1: store-1 is off, without the loss of a page cache, and it is started again soon"
    paper = io.StringIO()
    screen = Console(file=paper, force_terminal=True, color_system=None, width=80)
    with Live(Table("a", "b"), console=screen, auto_refresh=False):
        common.reporter(screen)(told)
    assert told in paper.getvalue()


def test_the_live_table_says_how_far_a_run_is() -> None:
    tally = Tally(begun=1290, ended=1281, acknowledged=1234, failures=3, p50_ms=8.4, p99_ms=1052.6, late_s=0.0)
    assert drawn(Progress("kill of worker-1", 1, 3, tally)) == {
        "acknowledged": "1,234",
        "asked": "1,290",
        "answered": "1,281",
        "failed": "3",
        "p50 ms": "8",
        "p99 ms": "1053",
        "faults": "1/3",
        "now": "kill of worker-1",
    }


def test_the_live_table_is_there_before_the_first_answer() -> None:
    nothing_yet = Tally(begun=1, ended=0, acknowledged=0, failures=0, p50_ms=None, p99_ms=None, late_s=0.0)
    row = drawn(Progress("visitors write and read", 0, 0, nothing_yet))
    assert (row["asked"], row["acknowledged"], row["p50 ms"], row["faults"]) == ("1", "0", "0", "0/0")


def drawn(progress: Progress) -> dict[str, str]:
    """What a reader sees in the live table, on a screen of 100 columns."""
    return cells(prove._live(progress), 100)


HELP_OF_A_RUN = """\
Usage: lab prove run [OPTIONS] SUBSTRATE

  Write through the load balancer while faults are injected, read everything
  back, and say what became of it.

Options:
  --kills INTEGER RANGE  How many workers to kill.  [default: 3; x>=0]
  --fault NAME           A fault of those below, injected before the kills;
                         may be given more than once.
  --rate R               Requests a second.  [default: 30, or 3 where machines
                         are emulated]
  --duration S           Seconds at least.  [default: 20.0]
  --seed INTEGER         The same seed draws the same run.  [default: 1]
  --json                 Print the figures as JSON.
  --dry-run              Only say which faults would be injected.
  --name LAB             Which lab.  [default: lab]
  -h, --help             Show this message and exit.

Faults:
"""


def test_the_help_of_a_run_says_what_can_be_asked_for_what_each_fault_is_and_an_example() -> None:
    gave = type_inside("prove", "run", "--help", env={"COLUMNS": "80"})
    assert gave.out.startswith(HELP_OF_A_RUN)
    assert gave.out.endswith("\n  Example: lab prove run docker --kills 5 --fault pause --seed 7\n")
    told = re.sub(r"\s+", " ", gave.out)
    assert not [name for name, fault in catalogue.FAULTS.items() if f" {name} {fault.says}" not in told]


def test_tab_offers_the_faults() -> None:
    completion = ShellComplete(prove.command, {}, "lab", "_LAB_COMPLETE")
    offered = completion.get_completions(["run", "docker", "--fault"], "store")
    assert [item.value for item in offered] == ["store-off"]
    everything = completion.get_completions(["run", "docker", "--fault"], "")
    assert [item.value for item in everything] == [*catalogue.FAULTS, catalogue.RANDOM]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """The journal of a run that kept everything."""
    told = histories.told([Past(what, number, [Outcome.ACKNOWLEDGED], True) for number, what in enumerate(What)])
    path = tmp_path / "state" / "vagrant-docker-lab" / "labs" / "lab" / "runs" / "r1.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"".join(histories.lines(told)))
    return path


@pytest.mark.usefixtures("journal")
def test_a_page_has_the_verdict_once_then_the_picture_then_what_is_not_shown_as_a_list(
    tmp_path: Path,
) -> None:
    target = tmp_path / "run.html"
    gave = type_inside("prove", "show", "--plot", str(target), env={"XDG_STATE_HOME": str(tmp_path / "state")})
    assert gave.code == 0, gave.err
    html = target.read_text()
    sentence = gave.out.splitlines()[0]
    assert html.count(sentence) == 1
    places = [html.index(part) for part in (sentence, "<svg ", "What this run does not show", "<li>All nodes stand")]
    assert places == sorted(places)


def test_a_journal_that_is_refused_is_said_to_be_so_and_does_not_hide_the_others_from_the_list(
    tmp_path: Path, journal: Path
) -> None:
    lines = histories.lines([histories.header(run="r0").record(), *histories.told(histories.ONE_OF_EACH)[1:]])
    lines[1] = lines[1].replace(b"entry", b"entrY")
    journal.with_name("r0.jsonl").write_bytes(b"".join(lines))
    journal.with_name("r2.jsonl").write_bytes(journal.read_bytes())  # as if it was the journal of another run
    old, _ = seal(histories.header(run="r3").record() | {"format": 2}, START)
    journal.with_name("r3.jsonl").write_bytes(old)
    gave = type_inside("prove", "list", env={"XDG_STATE_HOME": str(tmp_path / "state"), "COLUMNS": "150"})
    assert gave.code == 0, gave.err
    rows = [re.sub(r"[^\w, ]+", " ", line).split() for line in gave.out.splitlines()]
    assert ["r1", "one", "3", "2", "kept"] in rows
    told = {row[0]: " ".join(row[1:]) for row in rows if row}
    assert told["r0"] == "the journal is broken the line or its chain is broken, line 2"
    assert told["r2"] == "this is the journal of run r1, not of r2, line 1"
    assert told["r3"] == "the journal is of format 2, and this kit reads format 1, line 1"


def test_a_run_that_was_killed_before_anything_happened_has_a_verdict_and_no_picture(
    tmp_path: Path, journal: Path
) -> None:
    target = tmp_path / "run.svg"
    gave = show(tmp_path, [histories.header().record()], "--plot", str(target))
    assert (gave.code, target.exists()) == (3, False)
    assert gave.err == "not drawn: run r1 ended before anything happened in it\n"
    assert gave.out.startswith("Unknown: the journal stops before the end of the run; ")
    told = gave.out.partition("What was tested:\n")[2].partition("\n\n")[0].splitlines()
    assert told == ["  run r1: lab lab on one, stateless, seed 7", "  0 writes attempted, 0 acknowledged"]
    journal.write_bytes(b"")
    gave = type_inside("prove", "show", "--plot", str(target), env={"XDG_STATE_HOME": str(tmp_path / "state")})
    assert (gave.code, target.exists()) == (3, False)


def show(folder: Path, told: list[dict[str, Any]], *words: str) -> Typed:
    """What `lab prove show` gives of the only run, whose journal tells this."""
    (folder / "state" / "vagrant-docker-lab" / "labs" / "lab" / "runs" / "r1.jsonl").write_bytes(
        b"".join(histories.lines(told))
    )
    return type_inside("prove", "show", *words, env={"XDG_STATE_HOME": str(folder / "state")})


@pytest.mark.usefixtures("journal")
@pytest.mark.parametrize("at_s", ["noon", None, -1.0, [1.0]])
def test_a_journal_in_which_a_node_is_noted_as_none_can_be_is_refused_with_its_line_and_not_drawn(
    tmp_path: Path, at_s: object
) -> None:
    told, target = histories.told(histories.ONE_OF_EACH), tmp_path / "run.svg"
    told.insert(1, {"kind": "node", "at_s": at_s, "name": "worker-1", "state": "ready"})
    gave = show(tmp_path, told, "--plot", str(target))
    assert (gave.code, gave.out, target.exists()) == (2, "", False)
    assert gave.err.startswith("error: the journal is broken: ")
    assert "r1.jsonl, line 2\n" in gave.err


@pytest.mark.usefixtures("journal")
def test_a_time_that_no_run_can_have_is_refused_with_its_line_and_not_drawn(
    tmp_path: Path,
) -> None:
    target = tmp_path / "run.svg"
    for done_s, code in ((3600.0, 3), (1e300, 2)):
        told = histories.told(histories.ONE_OF_EACH)
        told[2]["rows"] = [row._replace(done_s=done_s) for row in told[2]["rows"]]
        gave = show(tmp_path, told, "--plot", str(target))
        assert (gave.code, target.exists()) == (code, code == 3), gave.err
        target.unlink(missing_ok=True)
    assert "r1.jsonl, line 3\n" in gave.err


@pytest.mark.usefixtures("journal")
def test_what_others_wrote_is_told_where_there_is_any(tmp_path: Path) -> None:
    told = histories.told(histories.ONE_OF_EACH)
    assert "\n  1 thing of others was there too\n" in show(tmp_path, told).out
    plants.found(Source.STORE, What.FILE, "elsewhere", "0" * 64)(told, histories.ONE_OF_EACH[0])
    assert "\n  2 things of others were there too\n" in show(tmp_path, told).out
    for record in told:
        if record["kind"] == "found":
            record["rows"] = [row for row in record["rows"] if row[0].startswith("r1-")]
    assert "of others" not in show(tmp_path, told).out
