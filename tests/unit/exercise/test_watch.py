"""Watching: keys, and changes once they have settled."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from lab.exercise import watch
from lab.exercise.watch import AT_MOST_S, QUIET_S, Act, Keys, Settling


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    os.close(ends[0])


@pytest.mark.parametrize(
    ("is_terminal", "typed", "keys"),
    [(True, "hC", ["h", "c"]), (False, "help\nC\n\n q\n", ["h", "c", "q"])],
)
def test_a_key_or_the_first_letter_of_a_line_is_read(
    pipe: tuple[int, int], is_terminal: bool, typed: str, keys: list[str]
) -> None:
    source, sink = pipe
    reader = Keys(source, is_terminal=is_terminal)
    assert reader.read(0.01) is None
    os.write(sink, typed.encode())
    assert [reader.read(0.01) for _ in range(len(keys) + 1)] == [*keys, None]
    os.close(sink)
    assert [reader.read(0.01), reader.read(0.01)] == [None, None], "nobody types any more, and it goes on"


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
