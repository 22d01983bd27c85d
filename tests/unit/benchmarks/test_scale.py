"""The page about scale: slopes are those of the figures, and what was not measured is said."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import scale
from benchmarks.scale import COUNTS, STORE_MB, topology
from benchmarks.scale_page import SessionJson, medians, page, slope
from lab.flows import deployment
from lab.host import records
from lab.model import topology as topologies
from lab.substrates import registry


def session(each_s: float, counts: tuple[int, ...] = (1, 2, 4)) -> SessionJson:
    runs = {
        str(count): [{"up": 10 + each_s * count + extra, "status": 0.5, "destroy": 2.0} for extra in (0, 0.25, 5)]
        for count in counts
    }
    return {"circumstances": {"date": "today"}, "runs": runs}


def test_a_line_is_found_where_there_is_one() -> None:
    found = slope({1: 12.0, 2: 14.0, 4: 18.0, 8: 26.0})
    assert found is not None
    assert (found.each_s, found.beside_s, found.off) == pytest.approx((2, 10, 0))


def test_what_grows_quicker_than_the_number_is_off_the_line() -> None:
    found = slope({count: 1.0 + count**2 for count in (1, 2, 4, 8, 16, 32)})
    assert found is not None
    assert found.off > 1


def test_one_number_of_workers_makes_no_line() -> None:
    assert slope({4: 3.0}) is None
    assert slope({}) is None


def test_medians_come_in_the_order_of_numbers_and_not_of_letters() -> None:
    assert medians(session(2, (16, 1, 2)), "up") == {1: 12.25, 2: 14.25, 16: 42.25}


def test_the_page_tells_slope_and_every_figure() -> None:
    told = page({"docker": session(2)}, ["docker", "vagrant"])
    assert "| `lab up` | 2 s | 10.2 s | 0% |" in told
    assert "| 4 | 18.2 s (18 to 23) | 0.5 s (0.5 to 0.5) | 2 s (2 to 2) | 3 |" in told
    assert told.index("## vagrant") < told.index("Not measured yet.")


def test_one_count_alone_has_no_slope_on_the_page() -> None:
    assert "| `lab up` | not known |  |  |" in page({"docker": session(2, (1,))}, ["docker"])


class Cut(Exception):
    """Somebody interrupted it."""


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a benchmark without labs keeps its figures."""
    monkeypatch.setattr(scale, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(scale, "PAGE", tmp_path / "scale.md")
    return tmp_path / "results.json"


def _measuring(monkeypatch: pytest.MonkeyPatch, *found: SessionJson, is_cut: bool) -> None:
    def measured(*_: object) -> Iterator[SessionJson]:
        yield from found
        if is_cut:
            raise Cut

    monkeypatch.setattr(scale, "_measured", measured)
    done = CliRunner().invoke(scale.main, ["--only", "docker"])
    assert isinstance(done.exception, Cut if is_cut else type(None)), done.output


def test_figures_that_are_kept_stay_until_all_runs_of_the_new_ones_have_ended(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, first, whole = session(2), session(3, (1,)), session(3)
    records.write_json(kept, {"docker": old, "vagrant": session(9)})
    _measuring(monkeypatch, first, is_cut=True)
    assert records.read_json(kept) == {"docker": old, "vagrant": session(9)}
    assert scale.PAGE.read_text() == page({"docker": old, "vagrant": session(9)}, registry.NAMES)
    _measuring(monkeypatch, first, whole, is_cut=False)
    assert records.read_json(kept) == {"docker": whole, "vagrant": session(9)}
    assert scale.PAGE.read_text() == page({"docker": whole, "vagrant": session(9)}, registry.NAMES)


def test_where_nothing_is_kept_yet_an_interruption_leaves_what_there_is(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _measuring(monkeypatch, session(3, (1,)), is_cut=True)
    assert records.read_json(kept) == {"docker": session(3, (1,))}


@pytest.mark.parametrize("substrate", registry.NAMES)
def test_only_the_memory_of_this_substrates_store_is_another(substrate: str) -> None:
    before = deployment.topology_file().read_text()
    after = topology(before, substrate)
    changed = [pair for pair in zip(before.splitlines(), after.splitlines(), strict=True) if pair[0] != pair[1]]
    assert [new for _, new in changed] == [f"store_memory_mb = {STORE_MB}"]
    section = after[: after.index(f"store_memory_mb = {STORE_MB}")].rpartition("[substrates.")[2]
    assert re.match(substrate, section)


def test_each_substrate_has_its_numbers_of_workers_and_all_are_allowed() -> None:
    assert COUNTS.keys() == set(registry.NAMES)
    assert max(max(counts) for counts in COUNTS.values()) <= topologies.WORKERS_AT_MOST
