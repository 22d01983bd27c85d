"""What an exercise needs that no lab has to be asked for."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from lab.cli.parsing import parse
from lab.exercise import blank, catalogue, lint
from lab.exercise.telling import Outcome, Part
from lab.exercise.trial import refused
from lab.model.errors import UsageError
from tests.conftest import REPO

MODEL = "02-destroy-a-worker"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(REPO / "exercises" / MODEL, tmp_path / MODEL))


@pytest.mark.parametrize("path", sorted((REPO / "exercises").glob("[0-9][0-9]-*")), ids=lambda path: path.name)
def test_every_exercise_has_what_it_needs(path: Path) -> None:
    assert lint.faults(catalogue.load(path), parse) == []


Change = Callable[[Path], object]


def replaced(name: str, before: str, after: str) -> Change:
    def change(folder: Path) -> int:
        file = folder / name
        assert before in file.read_text()
        return file.write_text(file.read_text().replace(before, after))

    return change


FAULTS: dict[str, Change] = {
    "README.md is missing or empty": lambda folder: (folder / "README.md").write_text(" \n"),
    "README.md is no text: invalid start byte": lambda folder: (folder / "README.md").write_bytes(b"\xff"),
    "wrong/only-paused/message is no text": lambda folder: (folder / "wrong/only-paused/message").write_bytes(b"\xff"),
    "test_check.py is no Python: '(' was never closed, line 1": lambda folder: (folder / "test_check.py").write_text(
        "f("
    ),
    "exercise.toml has 1 place that says TODO": replaced("exercise.toml", "workers = 2", "workers = 2  # TODO"),
    "solution/solve.sh is missing or empty": lambda folder: (folder / "solution" / "solve.sh").unlink(),
    "README.md does not begin with '# 02 Destroy": replaced("README.md", "# 02 ", "# 2 "),
    "README.md has the headings Goal, Background, Steps": replaced("README.md", "## Predict\n", "### Predict\n"),
    "README.md has no answer folded away": replaced("README.md", "<details>", "<p>"),
    "README.md links to ../nowhere.md, which": replaced(
        "README.md", "## Background\n", "## Background\n[x](../nowhere.md) "
    ),
    "`bin/lab kill docker/worker-1 --nam ex`: No such option": replaced(
        "README.md", "worker-1 --name", "worker-1 --nam"
    ),
    "`bin/lab statu docker --name ex`: there is no `statu`": replaced("README.md", "lab status", "lab statu"),
    "README.md: `bin/lab exercise begin destroy": replaced("README.md", "lab exercise start", "lab exercise begin"),
    "hint 2: `lab prove run {substrate} --kill 2": replaced("exercise.toml", "--kills 2", "--kill 2"),
    "hint 6: nothing stands for {labs}": replaced("exercise.toml", "lab up {substrate} --name {lab}", "x {labs}"),
    "hint 2: {substrate} is the first of two": replaced("exercise.toml", "[start]", 'on = "each"\n[start]'),
    "test_check.py: `lab statuss": replaced("test_check.py", "`lab status", "`lab statuss"),
    "hint 2 asks for runs, which the check does not note": replaced("test_check.py", "runs=", "run="),
    "prediction lost asks for lost, which": replaced("test_check.py", "lost=", "gone="),
    "solution/solve.sh calls curl, which is not among its `needs`": replaced("exercise.toml", 'needs = ["curl"]\n', ""),
    "it has 1 wrong attempts, and needs 2": lambda folder: [
        (folder / "wrong" / name).rename(folder / name)
        for name in ("only-paused", "left-with-one", "written-afterwards")
    ],
    "wrong/only-paused/message is missing or empty": lambda folder: (folder / "wrong/only-paused/message").write_text(
        ""
    ),
    "two wrong attempts get the same message": lambda folder: shutil.copy(
        folder / "wrong/only-paused/message", folder / "wrong/left-with-one/message"
    ),
    "question doubt: 'acks' is none of the question's numbers": replaced("exercise.toml", '"acked"', '"acks"'),
    "question doubt: nothing stands for {lost}": replaced("exercise.toml", "{answer}: all", "{lost}: all"),
    "[start] names files/x, which is not there": replaced(
        "exercise.toml", "workers = 2", 'workers = 2\nfiles = { "x" = "files/x" }'
    ),
    "there is no substrate dokcer: docker, vagrant": replaced("exercise.toml", '["docker", ', '["dokcer", '),
    "[start] topology: the topology has no store.fsnyc": replaced(
        "exercise.toml", "workers = 2", 'workers = 2\ntopology = { "store.fsnyc" = false }'
    ),
    "[start] run: `lab loud docker`: there is no `loud`": replaced(
        "exercise.toml", "workers = 2", 'workers = 2\nrun = [["loud", "docker"]]'
    ),
}


@pytest.mark.parametrize("told", FAULTS)
def test_what_is_missing_or_wrong_is_told(folder: Path, told: str) -> None:
    FAULTS[told](folder)
    faults = lint.faults(catalogue.load(folder), parse)
    assert any(told in fault for fault in faults), faults
    assert all(fault.startswith(f"{MODEL}: ") for fault in faults)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("bin/lab status docker   # all nodes", [["status", "docker"]]),
        ("cp -r app my && bin/lab deploy docker my -m 'A # b'", [["deploy", "docker", "my", "-m", "A # b"]]),
        ("lab up docker; lab status | less", [["up", "docker"], ["status"]]),
        ("echo lab up", []),
        ('curl "http://x/?a=1&b=2"', []),
        ("an open 'quote", []),
    ],
)
def test_the_kits_commands_are_found_in_a_line(line: str, words: Sequence[Sequence[str]]) -> None:
    assert list(lint.commands(line)) == words


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("up docker --workers 3 --name ex", None),
        ("exec docker/worker-1 -- uname -r", None),
        ("prove run docker --help", None),
        ("prove --help", None),
        ("prove --nothing", "No such option"),
        ("up docker --workers many", "Invalid value"),
        ("up dockr", "Invalid value"),
        ("prove run", "Missing argument"),
        ("up --name Blue_1", "cannot be the name of a lab"),
        ("nowhere", "there is no `nowhere`"),
    ],
)
def test_a_command_is_tried_against_the_command_line(words: str, wrong: str | None) -> None:
    found = parse(words.split(), True)
    assert found is None if wrong is None else wrong in (found or "")


@pytest.mark.parametrize(
    ("script", "called"),
    [
        ("curl --silent $URL | jq .\nps -C sleep || true", {"curl", "jq", "ps"}),
        ('mine=$(curl "$URL")\nuntil curl $URL; do :; done', {"curl"}),
        ("no_proxy=* wget $URL & if ! pgrep -x sleep; then ss; fi", {"wget", "pgrep", "ss"}),
        ("lab exec docker/worker-1 -- ps aux", set()),
        ("lab exec docker/worker-1 -- \\\n    ps aux", set()),
        ("lab exec docker/loadbalancer-1 -- sh -c 'echo show stat | socat stdio /run/x' | grep -c 1", set()),
        ("# The program; curl would do it, too.\necho curl; curly; ps-like", set()),
    ],
)
def test_the_programs_that_a_computer_may_lack_are_found_in_a_script(script: str, called: set[str]) -> None:
    assert lint.programs(script) == called


def test_what_a_check_notes_is_read_from_its_source() -> None:
    source = "look.note(a=f(b=1), c=2)\nother(d=1)\nif x:\n    self.look.note(e=True)\n"
    assert lint.observations(source) == {"a", "c", "e"}


def outcome(ok: bool | None, says: str = "") -> Outcome:
    return Outcome((Part("a claim", ok, "saw", "expected", says),), {})


@pytest.mark.parametrize(
    ("found", "message", "told"),
    [
        (outcome(False, "Only paused. Destroy it."), "Only paused.\nDestroy", []),
        (outcome(False, "Only paused."), "saw", []),
        (outcome(False, "Only paused."), "Destroy", ["the check does not say 'Destroy'"]),
        (outcome(True), "Only paused.", ["the check does not fail: all passed"]),
        (outcome(None, "away"), "away", ["the check does not fail: a claim: saw; away"]),
    ],
)
def test_an_attempt_has_to_fail_with_its_message(found: Outcome, message: str, told: list[str]) -> None:
    faults = refused(found, message)
    assert len(faults) == len(told)
    assert all(fault.startswith(begin) for fault, begin in zip(faults, told, strict=True))


def test_a_new_exercise_comes_after_all_others_and_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "07-other").mkdir()
    made = blank.folder(tmp_path, "count-things")
    assert made == tmp_path / "08-count-things"
    blank.make(made)
    missing = lint.faults(catalogue.load(made), parse)
    assert all(fault.endswith(" TODO") for fault in missing), "nothing is missing but its author's words"
    files = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    assert {fault.removeprefix("08-count-things: ").split()[0] for fault in missing} == files


@pytest.mark.parametrize("name", ["Count", "count_things", "", "../x", "other"])
def test_a_name_that_no_new_exercise_can_have_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "07-other").mkdir()
    with pytest.raises(UsageError):
        blank.folder(tmp_path, name)
