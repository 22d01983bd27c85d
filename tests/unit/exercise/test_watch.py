"""Watching: keys, and changes once they have settled."""

import os
import pty
import termios
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from lab.exercise import watch
from lab.exercise.watch import AT_MOST_S, QUIET_S, Act, Keys, Settling
from lab.flows import leases
from lab.host import lock, paths


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    os.close(ends[0])


def test_without_a_terminal_the_first_letter_of_each_line_is_a_key(pipe: tuple[int, int]) -> None:
    source, sink = pipe
    reader = Keys(source, is_terminal=False)
    assert reader.read(0.01) is None
    os.write(sink, b"help\nC\n\n q\n")
    assert [reader.read(0.01) for _ in range(4)] == ["h", "c", "q", None]
    os.close(sink)
    assert [reader.read(0.01), reader.read(0.01)] == [None, None], "nobody types any more, and it goes on"


def test_a_terminal_gives_keys_at_once_unseen_but_for_what_is_asked_in_between() -> None:
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    reader = Keys(theirs, is_terminal=True)

    def is_echoed() -> bool:
        return bool(termios.tcgetattr(theirs)[3] & termios.ECHO)

    with reader.one_by_one():
        os.write(ours, b"hC")
        assert [reader.read(5), reader.read(5), reader.read(0.01)] == ["h", "c", None]
        assert not is_echoed()
        os.write(ours, b"n")
        with reader.in_lines():
            assert is_echoed()
            assert reader.read(0.01) is None, "a key that was pressed before is no answer"
        assert not is_echoed()
    assert termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize(
    ("seen", "busy", "settled_at"),
    [
        ("aaaaaaaaaa", "", []),
        ("abbbbbbbbb", "", [2]),
        ("abcccccccc", "", [3]),
        ("abbbcccccc", "", [2, 5]),
        ("abbbbbbbbb", "11110", [4]),
        ("abcdefghijklmnopqrstuvwxyz", "", [16]),
    ],
)
def test_a_change_is_told_once_it_has_settled_and_while_nobody_is_at_work(
    seen: str, busy: str, settled_at: list[int]
) -> None:
    settling = Settling("a")
    assert (QUIET_S, AT_MOST_S) == (1.0, 15.0)
    found = [
        at for at, what in enumerate(seen) if settling.is_settled(what, float(at), is_busy=busy[at : at + 1] == "1")
    ]
    assert found[: len(settled_at)] == settled_at
    assert len(settled_at) == len(found) or len(seen) > 20


def test_what_changes_a_signature(tmp_path: Path) -> None:
    folder, file = tmp_path / "w", tmp_path / "lab.json"
    (folder / "deep").mkdir(parents=True)

    def now() -> watch.Signature:
        return watch.signature([folder], [file])

    seen = [now()]
    (folder / "deep" / "a").write_text("1")
    seen.append(now())
    (folder / "deep" / "a").write_text("11")
    seen.append(now())
    file.write_text("{}")
    seen.append(now())
    file.unlink()
    seen.append(now())
    assert len(set(seen[:4])) == 4
    assert seen[4] == seen[2]


def test_keys_and_changes_come_as_what_is_to_be_done(pipe: tuple[int, int]) -> None:
    source, sink = pipe
    os.write(sink, b"h\nz\nn\n")
    states, clock = iter("aab" + "b" * 50), count()
    acts = watch.acts(Keys(source, is_terminal=False), lambda: next(states), lambda: False, lambda: float(next(clock)))
    found = [next(acts), next(acts), next(acts)]
    os.write(sink, b"q\n")
    assert [*found, *acts] == [Act.HINT, Act.NEXT, Act.CHANGED, Act.QUIT]
    os.close(sink)


@pytest.mark.parametrize("name", ["prove.lease", "refresh.lease", "lock"])
def test_somebody_is_at_work_while_a_verb_holds_the_lab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert not leases.is_anybody_at_work("ex")
    assert not (tmp_path / paths.KIT).exists(), "to look leaves nothing"
    with lock.held(paths.lab("ex") / name, "prove run docker"):
        assert leases.is_anybody_at_work("ex")
    assert not leases.is_anybody_at_work("ex")
