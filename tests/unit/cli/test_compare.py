"""The verb `compare`, as it is typed, without an engine."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from lab.cli import compare as verb
from lab.comparison import compare, predict, report
from lab.comparison.compare import Asked
from lab.comparison.measure import circumstances
from lab.comparison.probes.every import probes
from lab.comparison.report import Prediction, Report
from lab.comparison.session import Progress
from lab.host import lock, paths, records
from lab.substrates.docker import client
from tests.conftest import Typed
from tests.unit.cli.inside import type_inside
from tests.unit.comparison import reports
from tests.unit.comparison.reports import BARE, BOX, COLD, measured, row

SLOW = (1.5, 1.6, 1.4, 1.55, 1.45)
FIRST = reports.report(row("start", {"bare": measured(0.5), "box": measured(*SLOW)}), columns=(BARE, BOX))
OTHER = reports.report(row("start", {"machine-cold": measured(20.0)}), columns=(COLD,))
LATER = reports.report(
    row("start", {"bare": measured(0.5), "box": measured(*(2 * sample for sample in SLOW))}), columns=(BARE, BOX)
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def _kept(folder: Path, one: Report) -> str:
    records.write_json(folder / report.FILE, report.dump(one))
    return str(folder)


def _typed(*words: str, **env: str) -> Typed:
    return type_inside("compare", *words, env={"COLUMNS": "200", **env})


def test_what_needs_root_is_told_before_anything_is_measured(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    for user in (0, 1000):
        monkeypatch.setattr("os.geteuid", lambda user=user: user)
        told.append("you are not root" in _typed("--dry-run", "--rows", "start", "--out", str(home / "here")).out)
    assert told == [False, True]


def test_what_would_be_measured_is_told_with_an_estimate_and_changes_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    gave = _typed("--dry-run", "--rows", "start,memory", "--out", str(home / "here"))
    assert (gave.code, gave.err) == (0, "")
    lines = gave.out.splitlines()
    assert lines[0].startswith("10 rows in 4 columns: Bare process; ")
    assert lines[1] == f"kept in {home / 'here'}"
    assert " runs, about " in lines[2]
    assert not list(home.iterdir())


@pytest.mark.parametrize(
    "rows", ["--rows start memory", "--rows start,memory", "--rows=start memory", "--rows start --rows memory"]
)
def test_rows_are_named_with_spaces_or_commas(rows: str, home: Path) -> None:
    gave = _typed(*rows.split(), "--repeat", "3", "--dry-run", "--out", str(home / "here"))
    assert gave.code == 0, gave.err
    assert gave.out.startswith("10 rows in 4 columns")


def test_a_word_after_the_rows_that_is_none_is_told(home: Path) -> None:
    assert _typed("--rows", "start", "nonsense", "--dry-run").err.startswith("error: there is no row 'nonsense'")
    shown = _typed("--rows", "start", "show", _kept(home / "one", FIRST))
    assert (shown.code, shown.err) == (0, "")


@pytest.mark.parametrize(("word", "option"), [("start", "--rows"), ("all", "--rows"), ("docker", "--only")])
def test_who_forgot_the_option_is_told_it(word: str, option: str) -> None:
    gave = _typed(word)
    assert gave.code == 2
    assert gave.err.startswith(f"error: there is no command {word!r}")
    assert f"lab compare {option} {word}`" in gave.err


def test_help_tells_every_row() -> None:
    gave = _typed("--help")
    assert gave.code == 0
    assert "Example: lab compare --rows" in gave.out
    for name in ("start-boot", "isolation-root", "durability"):
        assert f"  {name} " in gave.out


def test_a_kept_comparison_is_shown(home: Path) -> None:
    gave = _typed("show", _kept(home / "one", FIRST))
    assert gave.code == 0, gave.err
    assert gave.out.startswith("Vagrant is a front end, as the command docker is")
    assert "1.50 s" in gave.out
    assert "Bare process" in gave.out
    assert "500 ms" in gave.out
    assert "processor: 2 cores, made up" in gave.out


def test_guesses_stand_beside_what_was_measured(home: Path) -> None:
    guessed = FIRST.model_copy(update={"predictions": (Prediction(row="start", column="box", guess=4.5),)})
    gave = _typed("show", _kept(home / "one", guessed))
    assert "guessed 3.00 x too high" in gave.out


def test_every_table_says_with_what_it_was_measured(home: Path) -> None:
    guessed = FIRST.model_copy(update={"predictions": (Prediction(row="start", column="box", guess=4.5),)})
    shown = _typed("show", _kept(home / "one", guessed)).out
    assert "start (Box: engine Box 1)" in shown
    assert "What you guessed (Box: engine Box 1)" in shown
    changed = _typed("diff", _kept(home / "a", FIRST), _kept(home / "b", LATER)).out
    assert "What changed (Box: engine Box 1)" in changed


def test_what_others_published_is_a_column_where_there_is_room_for_one(home: Path) -> None:
    wide, narrow = (_typed("show", _kept(home / "one", FIRST), COLUMNS=width).out for width in ("200", "80"))
    assert "Published elsewhere" in wide
    assert "elsewhere, Start: " not in wide
    assert "Published elsewhere" not in narrow
    assert "elsewhere, Start: a container: 568 ms" in narrow


def test_two_comparisons_are_put_together_into_a_report_with_its_page(home: Path) -> None:
    words = [_kept(home / "a", FIRST), _kept(home / "b", OTHER), "-o", str(home / "both")]
    dry = _typed("merge", *words, "--dry-run")
    assert (dry.code, dry.out) == (0, f"would put 1 rows in 3 columns into {home / 'both'}\n")
    assert not (home / "both").exists()
    gave = _typed("merge", *words)
    assert gave.code == 0, gave.err
    both = report.load(home / "both")
    assert set(both.rows[0].cells) == {"bare", "box", "machine-cold"}
    assert (home / "both" / "report.html").read_text().startswith("<!DOCTYPE html>")
    assert _typed("merge", *words).code == 0, "the same once more is no harm"
    assert "put together of 2 comparisons, measured one after the other" in gave.out


def test_another_comparison_is_not_overwritten(home: Path) -> None:
    target = _kept(home / "both", LATER)
    gave = _typed("merge", _kept(home / "a", FIRST), _kept(home / "b", OTHER), "-o", target)
    assert gave.code == 2
    assert gave.err.startswith("error: there is another comparison already")
    assert report.load(home / "both") == LATER


def test_what_cannot_be_put_together_leaves_nothing(home: Path) -> None:
    gave = _typed("merge", _kept(home / "a", FIRST), _kept(home / "b", LATER), "-o", str(home / "both"))
    assert gave.code == 2
    assert "both have measured the same" in gave.err
    assert not (home / "both").exists()


def test_what_changed_is_told_with_the_rule_and_what_cannot_be_told(home: Path) -> None:
    gave = _typed("diff", _kept(home / "a", FIRST), _kept(home / "b", LATER))
    assert gave.code == 0, gave.err
    assert "2.00 x" in gave.out
    assert "worse" in gave.out
    assert "cannot be told: Start, Bare process: 1 runs in the first are too few" in gave.out
    assert "Changed: a Mann-Whitney test" in gave.out


def test_nothing_changed_is_said_too(home: Path) -> None:
    folder = _kept(home / "a", FIRST)
    gave = _typed("diff", folder, folder)
    assert "nothing changed beyond the noise" in gave.out
    assert "the same, as far as can be seen: 1 cells" in gave.out


@pytest.mark.parametrize(("title", "code"), [("whole", 0), ("failed", 4)])
def test_what_is_complete_is_only_shown_and_a_failure_in_it_is_the_exit_code(title: str, code: int, home: Path) -> None:
    made = compare.plan(Asked(rows=("restart",), only="docker", repeats=1))
    cells = {place.key: measured(1.0) for place in made.places}
    if code:
        cells["bare"] = measured(1.0).model_copy(update={"state": "failed", "reason": "it broke"})
    columns = tuple(report.Column(key=place.key, title=place.title) for place in made.places)
    whole = reports.report(row("restart", cells), columns=columns).model_copy(update={"repeats": 1})
    gave = _typed("--out", _kept(home / title, whole))
    assert gave.code == code, gave.err
    assert "there is nothing left to be measured" in gave.out
    assert (home / title / "report.html").exists()


def test_a_report_from_anywhere_has_no_say_over_the_terminal(home: Path) -> None:
    loud = FIRST.model_copy(
        update={
            "notes": ("\x1b[2Jgone",),
            "rows": (FIRST.rows[0].model_copy(update={"title": "[red]\x1b[31mStart"}),),
        }
    )
    gave = _typed("show", _kept(home / "one", loud))
    assert gave.code == 0, gave.err
    assert "\x1b" not in gave.out
    assert "[red]Start" in gave.out
    assert "\ngone" in gave.out


def test_together_they_are_put_into_a_folder_or_not_at_all(home: Path) -> None:
    (home / "taken").write_text("")
    gave = _typed("merge", _kept(home / "a", FIRST), _kept(home / "b", OTHER), "-o", str(home / "taken"))
    assert (gave.code, gave.err.splitlines()[0]) == (
        2,
        "error: no report can be kept there: it is no folder, or not yours",
    )


def test_an_interruption_leaves_the_page_of_what_there_is(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(made: compare.Plan, *_: object) -> Report:
        report.save(FIRST, made.folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(compare, "measure", interrupted)
    monkeypatch.setattr(compare, "_settings", lambda _: {})
    gave = _typed("--rows", "restart", "--out", str(home / "here"))
    assert gave.code == 130
    assert f"`lab compare --out {home / 'here'}` goes on" in gave.err
    assert "1.50 s" in (home / "here" / "report.html").read_text()


def _predicting(home: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[Typed, list[str]]:
    """What a comparison gave for which guesses are asked, and what it did, in order. It measures nothing."""
    did: list[str] = []

    def guessed(made: compare.Plan) -> list[Prediction]:
        did.append("guessed")
        return [Prediction(row="restart", column=made.places[-1].key, guess=3.0)]

    def measured_(made: compare.Plan, begun: Report, *_: object) -> Report:
        did.append("measured")
        report.save(begun, made.folder)
        return begun

    monkeypatch.setattr(verb, "_check_terminal", lambda: None)
    monkeypatch.setattr(verb, "_guesses", guessed)
    monkeypatch.setattr(compare, "measure", measured_)
    monkeypatch.setattr(compare, "_settings", lambda _: {"engine": "Box 2"})
    gave = _typed("--rows", "restart", "--only", "docker", "--predict", "--out", str(home / "here"), *words)
    return gave, did


def test_guesses_come_before_what_is_measured_and_are_kept_with_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gave, did = _predicting(home, monkeypatch)
    assert (gave.code, did) == (0, ["guessed", "measured"]), gave.err
    assert report.load(home / "here").guess("restart", "docker") == 3.0


def _lab_of_that_name(_home: Path) -> None:
    record = {"lab": "compare", "slot": 0, "substrates": {"docker": {"mode": "?"}}}
    records.write(paths.lab("compare") / "lab.json", json.dumps(record))


def _begun(home: Path, host: dict[str, str]) -> None:
    settings = {"engine": "Box 1"}
    before = report.Column(key="docker", title="Docker container", substrate="docker", settings=settings)
    one = reports.report(row("restart", {"docker": measured(1.5)}), columns=(before,))
    _kept(home / "here", one.model_copy(update={"host": host, "complete": False}))


@pytest.mark.parametrize(
    ("forbid", "says"),
    [
        (_lab_of_that_name, "the record of lab compare cannot be read"),
        (
            lambda home: _begun(home, circumstances()),
            "begun with other settings: Docker container, engine was Box 1, then",
        ),
        (lambda home: _begun(home, reports.HOST), "begun on another computer: its processor is 2 cores, made up"),
    ],
)
def test_nobody_is_asked_to_guess_where_measuring_is_refused(
    forbid: Callable[[Path], None], says: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid(home)
    gave, did = _predicting(home, monkeypatch)
    assert (gave.code, did) == (2, [])
    assert says in gave.err.splitlines()[0]


def test_nobody_is_asked_to_guess_while_another_comparison_is_at_work(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lock.held(paths.state() / "compare.lock", "compare"):
        gave, did = _predicting(home, monkeypatch)
    assert (gave.code, did) == (2, [])
    assert "is at work on this" in gave.err
    assert _predicting(home, monkeypatch)[1] == ["guessed", "measured"]


def test_guesses_are_asked_for_until_there_are_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    made = compare.plan(Asked(rows=("restart", "memory", "disk"), only="docker"))
    with CliRunner().isolation(input="300 ms\n\nsoon\n50\nq\n") as (out, _, _):
        found = verb._guesses(made)
        told = out.getvalue().decode()
    guesses = [(one.row, one.column, one.guess) for one in found]
    assert guesses == [("restart", "docker", 0.3), ("memory-more", "docker", 5e7)]
    assert "'soon' is no figure in MB; Enter leaves it out" in told
    assert told.count("Disk of ") == 1


def test_nobody_is_asked_for_what_cannot_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {}
    for user in (0, 1000):
        monkeypatch.setattr("os.geteuid", lambda user=user: user)
        made = compare.plan(Asked())
        found = predict.questions(made.tasks, None, compare.impossible(made, probes()))
        asked[user] = {(one.row, column) for one in found for column in one.columns}
        assert len(found) < 20, "a learner has to answer them"
    assert {("stop", "docker"), ("stop", "vagrant-cold"), ("start", "vagrant-warm")} < asked[0]
    assert ("stop", "vagrant-warm") not in asked[0], "it is put to sleep again instead"
    assert {row for row, _ in asked[0] - asked[1000]} == {"memory", "memory-more"}


def test_progress_is_told_line_by_line_where_there_is_no_terminal() -> None:
    told: list[str] = []
    with verb._watched(Console(stderr=True, force_terminal=False), told.append) as watch:
        for done in range(3):
            watch(Progress(done, 10, 1000.0, "Box: start" if done < 2 else "Box: stop"))
    assert told == [
        "Box: start (0 of 10 runs, about 17 min left)",
        "Box: stop (2 of 10 runs, about 17 min left)",
    ]


def test_an_interrupted_comparison_of_something_else_is_named_with_how_to_go_on() -> None:
    kept = paths.state() / "comparisons" / "20260101-000000"
    _kept(kept, FIRST.model_copy(update={"complete": False}))
    gave = _typed("--dry-run")
    assert gave.code == 0, gave.err
    assert f"one of other rows or columns was interrupted: `lab compare --out {kept}` goes on" in gave.out
    assert f"kept in {kept}" not in gave.out
    gone_on = _typed("--dry-run", "--out", str(kept))
    assert f"kept in {kept}; what is there already is not measured again" in gone_on.out
    assert "was interrupted" not in gone_on.out


def test_a_lab_of_somebody_else_is_not_taken_for_a_comparison(home: Path) -> None:
    folder = paths.lab("mine")
    record = {"lab": "mine", "slot": 0, "substrates": {"docker": {"mode": "?"}}}
    records.write(folder / "lab.json", json.dumps(record))
    gave = _typed("--name", "mine", "--only", "docker", "--out", str(home / "here"))
    assert gave.code == 2
    assert "lab mine" in gave.err
    assert not (home / "here").exists()


def test_an_engine_that_is_away_fails_its_columns_and_can_be_tried_again(home: Path) -> None:
    client.api.cache_clear()
    away = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
    words = ["--rows", "hash", "--only", "docker", "--repeat", "2"]
    gave = _typed(*words, "--out", str(home / "here"), **away)
    assert gave.code == 4, gave.err
    assert "Bare process, Docker container failed, and the rest goes on: Docker does not answer" in gave.err
    kept = report.load(home / "here")
    assert {cell.state for cell in kept.rows[0].cells.values()} == {"failed"}
    assert kept.complete
    assert kept.host["took"].endswith(" s")
    assert (home / "here" / "report.html").exists()
    again = compare.plan(Asked(folder=home / "here"))
    assert [(task.place.key, task.runs) for task in again.tasks] == [("bare", 2), ("docker", 2)]
    assert not list((home / "state").rglob("lab.json")), "no lab was begun"
