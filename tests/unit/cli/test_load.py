"""`lab load` and `lab timeline` as they are typed: help, what is refused, a live table, a timeline in words and as a
picture."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.cli import load as verb
from lab.flows import load
from lab.flows.load import Asked, Progress
from lab.model.deadline import Deadline
from lab.timeline.events import Event, Kind
from lab.traffic import profiles
from tests.conftest import Typed
from tests.unit.cli.inside import type_inside
from tests.unit.cli.labs import record
from tests.unit.cli.screen import cells

STEP = ["load", "docker", "--profile", "step", "--peak", "40"]
REFUSED = {
    "an unknown profile": (
        ["load", "docker", "--profile", "cliff", "--peak", "40"],
        "error: there is no profile 'cliff'\n  where: --profile\n  mend:  use one of step, ramp, day, spike\n",
    ),
    "a peak of nothing": (
        ["load", "docker", "--peak", "0"],
        "error: 0 requests a second is not possible\n  where: --peak\n  mend:  give more than 0 and at most 5000\n",
    ),
    "a base above the peak": (
        [*STEP, "--base", "50"],
        "error: 50 requests a second is not possible\n  where: --base\n  mend:  give more than 0 and at most 40\n",
    ),
    "no time": (
        [*STEP, "--duration", "0"],
        "error: 0 seconds is not possible\n  where: --duration\n  mend:  give more than 0 and at most 86400\n",
    ),
    "work that the app does not allow": (
        [*STEP, "--work", "3000"],
        "error: 3000 ms of CPU is not possible\n  where: --work\n  mend:  give more than 0 and at most 2000\n",
    ),
    "a lab that is not up": (
        STEP,
        "error: lab lab is not up on docker\n  where: {home}/vagrant-docker-lab/labs/lab\n"
        "  mend:  run `lab up docker` first; `lab list` shows what there is\n",
    ),
    "the timeline of a lab that is not up": (
        ["timeline", "--name", "blue"],
        "error: lab blue is not up on docker or vagrant\n  where: lab blue\n"
        "  mend:  run `lab up docker --name blue` first; `lab list` shows what there is\n",
    ),
    "no length of time": (
        ["timeline", "--since", "soon"],
        "error: 'soon' is no length of time\n  where: --since\n  mend:  give for example 90s, 10m, 2h or 1d\n",
    ),
    "no picture": (
        ["timeline", "--plot", "x.png"],
        "error: x.png is no picture\n  where: --plot\n  mend:  give a name that ends in .svg or .html\n",
    ),
}


def typed(home: Path, *words: str) -> Typed:
    return type_inside(*words, env={"XDG_STATE_HOME": str(home)})


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_gets_one_error_and_changes_nothing(case: str, tmp_path: Path) -> None:
    words, text = REFUSED[case]
    gave = typed(tmp_path, *words)
    assert (gave.code, gave.err, gave.out) == (2, text.replace("{home}", str(tmp_path)), "")
    assert not list(tmp_path.iterdir())


def test_the_help_says_what_each_profile_is(tmp_path: Path) -> None:
    told = re.sub(r"\s+", " ", typed(tmp_path, "load", "--help").out)
    assert not [name for name, says in profiles.SAYS.items() if f" {name} {says}" not in told]


LAST_SECOND = {"requests": 39.2, "answers": 38.76, "errors": 1.0, "users": 21, "workers": 3, "p50_ms": 8.4}
DURING = Progress(12.4, "during", 40.0, {**LAST_SECOND, "p99_ms": 1052.6})


def test_the_live_table_says_how_far_a_load_is_and_what_visitors_got_in_the_last_second() -> None:
    assert cells(verb._live(DURING), 120) == {
        "second": "12",
        "phase": "during",
        "due/s": "40.0",
        "sent/s": "39.2",
        "answered/s": "38.8",
        "errors/s": "1.0",
        "users": "21",
        "workers": "3",
        "p50 ms": "8",
        "p99 ms": "1053",
    }


def test_the_live_table_says_what_nobody_knows_before_the_first_answer_or_from_a_silent_load_balancer() -> None:
    nothing_yet = {"answers": 0.0, "errors": 0.0, "workers": None, "p50_ms": None, "p99_ms": None}
    row = cells(verb._live(Progress(1.0, "before", 10.0, {**LAST_SECOND, **nothing_yet})), 120)
    assert [row[head] for head in ("workers", "p50 ms", "p99 ms")] == ["?"] * 3


def test_a_load_is_watched_from_its_first_second_to_what_it_came_to(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_asked: Asked, watch: Callable[[Progress], None], report: Callable[[str], None], _by: Deadline) -> str:
        report("2,000 requests in 60 s")
        watch(DURING)
        return "what it came to"

    monkeypatch.setattr(load, "run", run)
    for name, value in {"FORCE_COLOR": "1", "COLUMNS": "120"}.items():
        monkeypatch.setenv(name, value)
    asked = Asked("blue", "docker", profiles.profile("step", 40, 60), 0, 1, proves=False)
    assert str(verb._watched(asked, Deadline.after(60, "one load"))) == "what it came to"
    told = capsys.readouterr()
    assert told.out == ""
    assert "2,000 requests in 60 s\n" in told.err
    assert "during" in told.err


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where a lab is up on both, and its timeline has seen a decision on one of them, and a load half an hour ago."""
    home = tmp_path / "state-home"
    record(home, {"docker": [1, 2], "vagrant": [1]})
    state, now = home / "state", time.time()
    events = {
        "docker": [
            *(Event(now - 1800 + n, Kind.SAMPLE, "visitors", {"span_s": 1, "requests": 10}) for n in range(3)),
            Event(now - 5, Kind.DECISION, "grow", {"why": "10 requests a second need 2 workers"}),
        ],
        "vagrant": [Event(now - 4, Kind.NODE, "worker-1", {"state": "ready"})],
    }
    for name, told in events.items():
        file = state / "vagrant-docker-lab" / "labs" / "lab" / f"timeline-{name}.jsonl"
        file.write_text("".join(event.line() for event in told) + ("" if name == "docker" else "{torn"))
    return state


def test_the_timeline_is_told_in_words_both_substrates_in_one_order(home: Path) -> None:
    gave = typed(home, "timeline")
    assert gave.code == 0, gave.err
    assert [line[21:] for line in gave.out.splitlines()] == [
        "docker    visitors, 3 s; 30 requests",
        "docker    decided: grow: 10 requests a second need 2 workers",
        "vagrant   worker-1 is ready",
    ]
    assert gave.err == "vagrant: 1 lines of its timeline are damaged, and left out\n"
    late = typed(home, "timeline", "docker", "--since", "10m")
    assert len(late.out.splitlines()) == 1


def test_the_timeline_as_json_has_each_event(home: Path) -> None:
    told = json.loads(typed(home, "timeline", "--json").out)
    assert told["lab"] == "lab"
    assert [event["kind"] for event in told["substrates"]["docker"]] == ["sample"] * 3 + ["decision"]
    assert told["substrates"]["vagrant"][0]["what"] == "worker-1"


@pytest.mark.parametrize("name", ["t.svg", "t.html"])
def test_both_substrates_are_drawn_side_by_side(home: Path, tmp_path: Path, name: str) -> None:
    gave = typed(home, "timeline", "--plot", str(tmp_path / name))
    assert gave.code == 0, gave.err
    text = (tmp_path / name).read_text()
    assert "Lab lab on docker" in text
    assert "Lab lab on vagrant" in text
    assert not re.findall(r"<script|<link|<img|@import|src=|href=", text)


def test_a_lab_to_which_nothing_happened_says_how_something_does(home: Path, tmp_path: Path) -> None:
    gave = typed(home, "timeline", "docker", "--since", "1s", "--plot", str(tmp_path / "t.svg"))
    assert (gave.code, gave.out) == (2, "nothing was noted; `lab load` has visitors come\n")
    assert gave.err.startswith("error: there is nothing to draw\n  where: lab lab\n")
