"""The file of a timeline: several writers, torn lines, and a lab that is gone."""

import subprocess
import sys
from pathlib import Path

import pytest

from lab.timeline import recording
from lab.timeline.events import Event, Kind
from lab.timeline.recording import Recorder, recorder
from tests.conftest import REPO

EVENTS = [Event(float(n), Kind.SAMPLE, "visitors", {"requests": n}) for n in range(1, 4)]


@pytest.fixture
def timeline(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path / "timeline-one.jsonl")


def test_what_was_noted_is_read_in_order_of_time(timeline: Recorder) -> None:
    assert timeline.read().events == []
    for event in reversed(EVENTS):
        timeline.note(event)
    assert (timeline.read().events, timeline.read().damaged) == (EVENTS, 0)


@pytest.mark.parametrize("torn", ['{"at":1', "{}\n", "\udcff\n", '{"at":1,"kind":"sample","what":"x","fields":{}}'])
def test_a_damaged_line_neither_hides_the_others_nor_joins_the_next(timeline: Recorder, torn: str) -> None:
    timeline.note(EVENTS[0])
    with timeline.path.open("a", errors="surrogateescape") as file:
        file.write(torn)
    assert timeline.read().events == EVENTS[:1]
    assert timeline.read().damaged == 1
    timeline.note(EVENTS[1])
    assert EVENTS[0] in timeline.read().events
    assert EVENTS[1] in timeline.read().events


def test_an_empty_line_is_not_damage(timeline: Recorder) -> None:
    timeline.path.write_text(f"{EVENTS[0].line()}\n{EVENTS[1].line()}")
    assert (timeline.read().events, timeline.read().damaged) == (EVENTS[:2], 0)


def test_several_processes_write_whole_lines(timeline: Recorder) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from lab.timeline.events import Event, Kind; from lab.timeline.recording import Recorder\n"
        "for n in range(200): Recorder(Path(sys.argv[1])).note(Event(n, Kind.NODE, sys.argv[2], {'state': 'x' * 300}))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(timeline.path), f"worker-{n}"], cwd=REPO) for n in range(3)
    ]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    assert (len(timeline.read().events), timeline.read().damaged) == (600, 0)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many events make a file too large."""
    monkeypatch.setattr(recording, "MOST_BYTES", 10 * len(EVENTS[0].line()))
    return 10


def noted(timeline: Recorder, count: int) -> list[float]:
    """What can still be read after so many were noted, by time."""
    for n in range(count):
        timeline.note(Event(1.0 + n % 9, Kind.SAMPLE, "visitors", {"requests": n % 9}))
    return [event.fields["requests"] for event in reversed([*timeline.backwards()])]


def test_it_is_bounded_and_the_file_before_is_still_read(timeline: Recorder, small: int) -> None:
    left = noted(timeline, 3 * small - 1)
    assert left == [n % 9 for n in range(small, 3 * small - 1)]
    assert len(timeline.read().events) == len(left)
    assert [path.name for path in sorted(timeline.path.parent.iterdir())] == [
        "timeline-one.jsonl",
        "timeline-one.older.jsonl",
    ]
    timeline.forget()
    assert (timeline.read().events, [*timeline.path.parent.iterdir()]) == ([], [])


def test_one_that_becomes_the_older_one_while_it_is_read_is_not_read_twice(
    timeline: Recorder, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted(timeline, small - 1)
    real = recording._text

    def text(path: Path) -> str:
        found = real(path)
        if path == timeline.path:
            timeline.note(EVENTS[0])
        return found

    monkeypatch.setattr(recording, "_text", text)
    assert (len(timeline.read().events), timeline.path.exists()) == (small, False)


def test_of_several_that_find_it_too_large_one_makes_it_the_older_one(timeline: Recorder) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from lab.timeline import recording; from lab.timeline.events import Event, Kind\n"
        "recording.MOST_BYTES = 40_000\n"
        "for n in range(200): recording.Recorder(Path(sys.argv[1])).note(Event(n, Kind.NODE, 'x', {'state': 'x' * 60}))"
    )
    started = [subprocess.Popen([sys.executable, "-c", code, str(timeline.path)], cwd=REPO) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    # 600 lines of 114 bytes or so are more than one file, and fewer than two.
    assert (len(timeline.read().events), timeline.read().damaged) == (600, 0)


def test_it_is_read_backwards_block_by_block_past_what_is_damaged(
    timeline: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_BLOCK", 7)
    assert [*timeline.backwards()] == []
    timeline.note(EVENTS[0])
    with timeline.path.open("a") as file:
        file.write('{"at":1')
    for event in EVENTS[1:]:
        timeline.note(event)
    assert [*timeline.backwards()] == EVENTS[::-1]


def test_a_lab_that_was_destroyed_gets_no_timeline_again(tmp_path: Path) -> None:
    Recorder(tmp_path / "gone" / "timeline-one.jsonl").note(EVENTS[0])
    assert not (tmp_path / "gone").exists()


def test_who_cannot_note_what_happens_goes_on() -> None:
    full = Recorder(Path("/dev/full"))
    full.note(EVENTS[0])
    Recorder(Path("/")).note(EVENTS[0])


def test_each_substrate_of_a_lab_has_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert recorder("blue", "one").path == tmp_path / "vagrant-docker-lab" / "labs" / "blue" / "timeline-one.jsonl"


def test_who_is_said_to_be_there_and_is_not_is_noted_as_gone(timeline: Recorder) -> None:
    told = ("worker-1 ready", "worker-2 ready", "worker-3 draining", "worker-3 absent", "worker-2 sleeping")
    for at, (name, state) in enumerate(words.split() for words in told):
        timeline.note(Event(float(at), Kind.NODE, name, {"state": state}))
    timeline.note(Event(8.0, Kind.CHANGE, "sleep"))
    timeline.note_gone(9.0, {"worker-1", "worker-9"})
    timeline.note_gone(10.0, {"worker-1"})
    found = timeline.read().events[len(told) + 1 :]
    assert found == [Event(9.0, Kind.NODE, "worker-2", {"state": "absent"})]
