"""The rows as data: whole, in plain words, and of nobody's engine."""

import re
from itertools import groupby

import pytest

from lab.comparison import catalogue, columns, schedule
from lab.comparison.catalogue import BATCHES, ROWS, Batch, Group, RowSpec
from lab.comparison.columns import BARE, Place, Way
from lab.comparison.probes.every import probes
from lab.comparison.report import RowResult
from lab.substrates import registry
from lab.substrates.base import CanMeasure
from tests.unit.test_architecture import ENGINE_WORDS

PLACES = columns.places([registry.get(name) for name in registry.NAMES], tuned=True)


def test_names_are_unique() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert len({batch.name for batch in BATCHES}) == len(BATCHES)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_row_says_in_a_sentence_each_what_it_measures_and_why_columns_differ(row: RowSpec) -> None:
    assert re.fullmatch(r"[A-Z].{20,}\.", row.measures)
    assert re.fullmatch(r"[A-Z].{20,}\.", row.why)
    assert not re.search(r"\. [A-Z]", f"{row.measures}\n{row.why}"), "one sentence"
    text = f"{row.title} {row.measures} {row.why}".lower()
    assert not [word for word in ENGINE_WORDS if word in text]
    fields = {**{key: value for key, value in vars(row).items() if key != "group"}, "group": str(row.group)}
    assert RowResult(**fields, cells={})


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("start-tool", "telling a machine the time"),
        ("start-create", "a container's first process puts up the rest of it"),
        ("start-boot", "its first process puts up the rest of its fence"),
        ("start-source", "whether it reaches the store"),
        ("destroy", "a container's log would go with it, so the kit keeps that first"),
        ("memory-more", "share the file of the program that plays them"),
    ],
)
def test_what_only_some_columns_have_in_their_figure_stands_in_the_row(name: str, says: str) -> None:
    assert says in next(row.why for row in ROWS if row.name == name)


def test_groups_come_in_their_order_and_none_is_empty() -> None:
    assert [group for group, _ in groupby(row.group for row in ROWS)] == list(Group)


def test_the_phases_are_of_the_start_in_their_order() -> None:
    assert [row.name for row in ROWS if row.phases_of] == [
        f"start-{phase}" for phase in ("tool", "create", "boot", "source", "ready", "service")
    ]
    assert {row.phases_of for row in ROWS if row.phases_of} == {"start"}


@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: batch.name)
def test_each_batch_has_a_cost_where_it_is_measured_and_a_reason_where_not(batch: Batch) -> None:
    for place in PLACES:
        if batch.impossible(place) is None:
            assert batch.cost.of(place) > 0, place.key
        else:
            assert batch.impossible(place), place.key
    assert any(batch.impossible(place) is None for place in PLACES)


def test_how_often_is_by_how_long_it_takes() -> None:
    by_name = {batch.name: batch for batch in BATCHES}
    box = next(place for place in PLACES if place.way is Way.FRESH and not place.is_machine)
    machine = next(place for place in PLACES if place.way is Way.FRESH and place.is_machine)
    assert by_name["start"].repeats(box) == (20, 20)
    assert by_name["start"].repeats(machine) == (5, 20)
    assert by_name["density"].repeats(machine) == (3, 3)
    assert by_name["provisioning"].repeats(box) == (3, 3)
    assert by_name["durability"].repeats(box) == by_name["durability"].repeats(machine) == (5, 5)
    assert by_name["machine"].repeats(machine) == (20, 20)
    assert by_name["disk"].repeats(box) == by_name["disk"].repeats(machine) == (20, 20)
    assert by_name["isolation"].repeats(machine) == by_name["isolation"].repeats(machine, 7) == (1, 1)
    assert by_name["start"].repeats(box, 7) == by_name["density"].repeats(box, 7) == (7, 7)
    for batch in BATCHES:
        for place in PLACES:
            if batch.often is None and batch.impossible(place) is None and batch.rows[0].kind != "words":
                half = batch.cost.of(place) / (2 if batch.rows[0].kind == "time" else 1)
                assert batch.repeats(place)[0] >= (20 if half < 2 else 5)


def test_a_bare_process_comes_first_and_a_machine_that_can_sleep_is_cold_and_warm() -> None:
    names = [place.key for place in columns.places([registry.get(name) for name in registry.NAMES], tuned=False)]
    assert names == [BARE, "docker", "vagrant-cold", "vagrant-warm"]
    ways = {place.key: (place.way, place.is_machine) for place in PLACES}
    assert ways[BARE] == (Way.BARE, False)
    assert ways["vagrant-warm"] == (Way.WARM, True)


def test_machines_alone_have_no_bare_process_beside_them() -> None:
    found = columns.places([registry.get("vagrant")], tuned=False)
    assert [place.key for place in found] == ["vagrant-cold", "vagrant-warm"]


def test_what_one_run_costs_is_by_the_kind_of_column() -> None:
    cost = catalogue.Cost(1.0, 2.0, 3.0, 4.0)
    ways = [(Way.BARE, False), (Way.FRESH, False), (Way.FRESH, True), (Way.WARM, True), (Way.TUNED, True)]
    assert [cost.of(Place("k", "t", "s", way, is_machine)) for way, is_machine in ways] == [1.0, 2.0, 3.0, 4.0, 3.0]


@pytest.mark.parametrize("name", registry.NAMES)
def test_each_engine_tells_what_a_comparison_asks(name: str) -> None:
    substrate = registry.get(name)
    assert isinstance(substrate, CanMeasure)
    assert substrate.daemons
    assert all(len(daemon) <= 15 for daemon in substrate.daemons), "the kernel keeps no more of a name"


def test_each_batch_has_a_probe_and_each_probe_a_batch() -> None:
    found = probes()
    assert found.keys() == {batch.name for batch in BATCHES}
    assert all(name == probe.name for name, probe in found.items())


def test_what_takes_long_has_no_warm_up() -> None:
    start = next(batch for batch in BATCHES if batch.name == "start")
    ways = {place.key: start.warm_ups(place) for place in PLACES}
    assert (ways["docker"], ways["vagrant-cold"]) == (1, 0)
    assert {batch.warm_ups(place) for batch in BATCHES if not batch.is_standard for place in PLACES} == {0}


def test_half_of_a_run_is_the_time_that_it_measures_until_that_is_known() -> None:
    by_name = {batch.name: batch for batch in BATCHES}
    assert by_name["start"].is_quick(3.9)
    assert not by_name["start"].is_quick(4.1)
    assert by_name["start"].is_quick(4.1, 1.9)
    assert not by_name["start"].is_quick(3.9, 2.1)
    assert not by_name["replace"].is_quick(11.0, 0.1)
    assert not by_name["memory"].is_quick(3.9)


def test_only_provisioning_density_and_words_are_measured_less_than_five_times() -> None:
    fewer = {b.name for b in BATCHES for place in PLACES if b.impossible(place) is None and b.repeats(place)[0] < 5}
    assert fewer == {"density", "provisioning", "isolation"}


def test_what_a_run_costs_is_at_least_what_it_is_made_of() -> None:
    cost = {batch.name: batch.cost for batch in BATCHES}
    start, replace, durability = cost["start"], cost["replace"], cost["durability"]
    assert replace.machine > start.machine
    # A machine is made and put to sleep for the pool, and woken from it.
    assert replace.woken > start.machine + start.woken
    # Each run makes a lab of its own.
    assert durability.container > schedule._UP_S[False]
    assert durability.machine > schedule._UP_S[True]
