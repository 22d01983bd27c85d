"""What happens to a lab while somebody watches: beside an autoscaler that only looks, nothing."""

from pathlib import Path

import pytest

from lab.exercise.happenings import Happenings
from lab.timeline.events import Event, Kind
from lab.timeline.recording import Recorder


def note(folder: Path, kind: Kind, what: str = "worker-1") -> None:
    Recorder(folder / "timeline-docker.jsonl").note(Event(1.0, kind, what))


@pytest.mark.parametrize(
    ("kind", "counts"),
    [(Kind.NODE, 1), (Kind.FAULT, 1), (Kind.CHANGE, 1), (Kind.SAMPLE, 0), (Kind.DECISION, 0)],
)
def test_what_is_done_counts_and_what_is_only_seen_or_thought_does_not(tmp_path: Path, kind: Kind, counts: int) -> None:
    note(tmp_path, Kind.NODE)
    happenings = Happenings(tmp_path)
    assert happenings.count() == 0, "what was before"
    note(tmp_path, kind)
    assert [happenings.count(), happenings.count()] == [counts, counts]


def test_a_timeline_that_comes_later_or_begins_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    happenings = Happenings(tmp_path)
    note(tmp_path, Kind.NODE)
    assert happenings.count() == 1
    (tmp_path / "timeline-docker.jsonl").replace(tmp_path / "timeline-docker.older.jsonl")
    assert happenings.count() == 1
    note(tmp_path, Kind.NODE)
    assert happenings.count() == 2
    (tmp_path / "timeline-docker.jsonl").unlink()
    assert happenings.count() == 2
    note(tmp_path, Kind.NODE)
    assert happenings.count() == 3


def test_a_line_counts_once_it_is_whole_and_a_torn_one_never(tmp_path: Path) -> None:
    happenings, line = Happenings(tmp_path), Event(1.0, Kind.NODE, "worker-1").line().encode()
    with (tmp_path / "timeline-docker.jsonl").open("ab", buffering=0) as file:
        file.write(line[:20])
        assert happenings.count() == 0
        file.write(line[20:])
        assert happenings.count() == 1
        file.write(b"\xff torn\n" + line)
        assert happenings.count() == 2
