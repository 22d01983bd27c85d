"""What a run's journal is told of a fault: that it begins, what was seen of it, and how it ended."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.faults import catalogue
from lab.faults.catalogue import Planned
from lab.faults.injection import Injected
from lab.flows.noted_fault import NotedFault
from lab.ledger.writer import Journal
from lab.model.errors import LabError
from lab.model.node import NodeName
from tests.unit.faults.ground import ground
from tests.unit.ledger import histories

KILL = catalogue.of(ground(), Planned("kill", NodeName.parse("worker-2")))


def notes(path: Path, do: Callable[[NotedFault], None], told: list[str]) -> list[tuple[int, str, str, str, str]]:
    """Number, stage, name, target and words of each note in the journal, after the block was left."""
    with Journal(path, histories.header()) as journal:
        noted = NotedFault(3, KILL, journal, told.append)
        try:
            with noted.noted():
                do(noted)
        except (LabError, KeyboardInterrupt):
            told.append("left by an error")
    records = [json.loads(line) for line in path.read_bytes().splitlines()[1:]]
    assert all(record["takes"] == list(KILL.takes) for record in records)
    return [tuple(record[name] for name in ("number", "stage", "name", "target", "note")) for record in records]


def test_a_fault_that_was_seen_is_begun_verified_and_healed(tmp_path: Path) -> None:
    told: list[str] = []
    stages = notes(tmp_path / "j", lambda noted: noted.see(Injected(KILL, "it is gone")), told)
    which = ("kill", "worker-2")
    assert stages == [(3, "begun", *which, ""), (3, "verified", *which, "it is gone"), (3, "healed", *which, "")]
    assert told == ["kill of worker-2: it is gone"]


def test_a_fault_that_was_not_seen_is_reported_and_not_verified(tmp_path: Path) -> None:
    told: list[str] = []
    stages = notes(tmp_path / "j", lambda noted: noted.see(Injected(KILL, None, "it is still there")), told)
    assert [stage for _, stage, *_ in stages] == ["begun", "healed"]
    assert told == ["kill of worker-2: it is still there"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (LabError("no worker", where="here", mend="none"), ["", "it ended the run: no worker"]),
        (KeyboardInterrupt(), [""]),
    ],
)
def test_a_fault_that_ends_the_run_is_never_healed(tmp_path: Path, error: BaseException, words: list[str]) -> None:
    def fail(_: NotedFault) -> None:
        raise error

    told: list[str] = []
    assert [(stage, note) for _, stage, _, _, note in notes(tmp_path / "j", fail, told)] == [
        ("begun", word) for word in words
    ]
    assert told == ["left by an error"]
