"""What a learner has done is kept, whatever comes between."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.exercise.progress import Progress, Store
from lab.model.errors import UsageError

_CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "passed_at": st.none() | st.floats(1, 9),
        "started_at": st.none() | st.floats(1, 9),
        "checks": st.just(1),
    },
)


@given(st.lists(st.tuples(st.sampled_from("ab"), _CHANGES), max_size=12))
def test_what_is_passed_stays_passed_whatever_happens_later(steps: list[tuple[str, dict[str, float]]]) -> None:
    progress, first = Progress(learner="1"), dict[str, float]()
    for name, changes in steps:
        progress = progress.with_done(name, **changes)
        if changes.get("passed_at") is not None:
            first.setdefault(name, changes["passed_at"])
    assert {name: progress.of(name).passed_at for name in progress.passed} == first
    assert progress.passed == sorted(first, key=lambda name: (first[name], name))


def test_progress_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    store = Store(tmp_path / "home" / "progress.json")
    learner = store.change(lambda progress: progress).learner
    written = store.change(
        lambda progress: progress.with_done(
            "a", hints={1: 2}, shown=frozenset({"x"}), noted={"one": {"workers": ["w"]}}, predicted={"x": 2.5}
        )
    )
    assert store.read() == written
    assert store.read().learner == learner
    assert store.read().of("a").hints == {1: 2}


def test_nothing_is_written_by_who_only_looks(tmp_path: Path) -> None:
    store = Store(tmp_path / "home" / "progress.json")
    assert store.read().exercises == {}
    assert not (tmp_path / "home").exists()


def test_of_changes_at_the_same_time_none_is_lost(tmp_path: Path) -> None:
    store = Store(tmp_path / "progress.json")

    def check(name: str) -> None:
        store.change(lambda progress: progress.with_done(name, checks=1))

    with ThreadPoolExecutor(8) as at_once:
        list(at_once.map(check, map(str, range(24))))
    assert len(store.read().exercises) == 24


@pytest.mark.parametrize("text", ["", "{", "[]", '{"learner": "1", "format": 2}', '{"format": 1}'])
def test_a_damaged_record_is_refused_and_left_as_it_is(tmp_path: Path, text: str) -> None:
    store = Store(tmp_path / "progress.json")
    store.file.write_text(text)
    for attempt in (store.read, lambda: store.change(lambda progress: progress)):
        with pytest.raises(UsageError, match="the record of your progress cannot be read") as refused:
            attempt()
        assert refused.value.where == str(store.file)
    assert store.file.read_text() == text
