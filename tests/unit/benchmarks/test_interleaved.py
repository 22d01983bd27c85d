"""The order of runs, and what is kept of them."""

from collections.abc import Iterator, Mapping

import pytest

from benchmarks.interleaved import Case, Row, Samples, interleaved


def _counting(name: str, done: list[str], at_most: int = 100) -> Case:
    def run() -> Mapping[Row, float]:
        done.append(name)
        return {Row(name): float(len(done))}

    return Case(name, run, at_most)


def _last(runs: Iterator[Mapping[Row, Samples]]) -> Mapping[Row, Samples]:
    return list(runs)[-1]


def test_runs_are_interleaved() -> None:
    done: list[str] = []
    _last(interleaved([_counting("a", done), _counting("b", done)], 3, lambda _: None))
    assert done == ["a", "b", "a", "b", "a", "b"]


def test_what_takes_long_runs_less_often() -> None:
    done: list[str] = []
    _last(interleaved([_counting("a", done), _counting("slow", done, at_most=1)], 3, lambda _: None))
    assert done == ["a", "slow", "a", "a"]


def test_the_warm_up_is_discarded() -> None:
    done: list[str] = []
    found = _last(interleaved([_counting("a", done)], 2, lambda _: None, warm_up=1))
    assert done == ["a", "a", "a"]
    assert found[Row("a")].values == [2.0, 3.0]
    assert len(found[Row("a")].loads) == 2


def test_what_takes_long_has_no_warm_up() -> None:
    done: list[str] = []
    _last(interleaved([_counting("a", done), _counting("slow", done, at_most=1)], 2, lambda _: None, warm_up=1))
    assert done == ["a", "a", "slow", "a"]


def test_what_was_measured_before_a_failure_is_kept() -> None:
    done: list[str] = []

    def fail() -> Mapping[Row, float]:
        raise RuntimeError("the engine is away")

    kept: list[Mapping[Row, Samples]] = []
    with pytest.raises(RuntimeError, match="away"):
        kept.extend(interleaved([_counting("a", done), Case("b", fail)], 2, lambda _: None))
    assert kept[-1][Row("a")].values == [1.0]


def test_each_run_is_told_with_its_value() -> None:
    told: list[str] = []
    _last(interleaved([_counting("a", [])], 1, told.append, warm_up=1))
    assert told == ["a, warm-up: a 1 s", "a, 1 of 1: a 2 s"]
