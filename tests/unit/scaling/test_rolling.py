"""The order of a refresh holds in every lab, whatever goes wrong on the way; and what traffic says of a new version."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.model.node import NodeName, Role
from lab.scaling import rolling
from lab.scaling.rolling import Admit, Done, Launch, Leave, Place, Served, Step, Traffic, Worker

Lab = dict[NodeName, Worker]


def worker(number: int, right: bool = False, place: Place = Place.SERVING) -> Worker:
    return Worker(NodeName(Role.WORKER, number), right, place)


def lab_of(*workers: Worker) -> Lab:
    return {one.name: one for one in workers}


def old(count: int) -> Lab:
    return lab_of(*(worker(number + 1) for number in range(count)))


def serving(lab: Lab) -> int:
    return sum(one.place is Place.SERVING for one in lab.values())


def apply(lab: Lab, step: Step) -> None:
    """What a step does where all goes well."""
    match step:
        case Launch():
            number = next(n for n in range(1, 1000) if NodeName(Role.WORKER, n) not in lab)
            lab[NodeName(Role.WORKER, number)] = worker(number, right=True, place=Place.WAITING)
        case Admit(name):
            lab[name] = replace(lab[name], place=Place.SERVING)
        case Leave(name):
            del lab[name]


def roll(lab: Lab, wanted: int) -> Iterator[Step]:
    """Each step, already done, until nothing is left to do."""
    for _ in range(10 * wanted + 3 * len(lab) + 10):
        step = rolling.next_step(wanted, list(lab.values()))
        if isinstance(step, Done):
            return
        apply(lab, step)
        yield step
    raise AssertionError("it does not end")


def all_right(lab: Lab, wanted: int) -> bool:
    return len(lab) == wanted and all(one.is_right and one.place is Place.SERVING for one in lab.values())


def back(lab: Lab) -> None:
    """From now on the version before is the right one."""
    for name, one in lab.items():
        lab[name] = replace(one, is_right=not one.is_right)


def test_each_worker_is_replaced_by_one_that_was_launched_checked_and_admitted_before() -> None:
    lab = old(2)
    names = [NodeName(Role.WORKER, number) for number in (1, 2, 3)]
    first, second, third = names
    assert list(roll(lab, 2)) == [Launch(), Admit(third), Leave(first), Launch(), Admit(first), Leave(second)]
    assert sorted(lab) == [first, third]


def test_where_all_is_right_nothing_is_done() -> None:
    assert rolling.next_step(2, [worker(1, right=True), worker(2, right=True)]) == Done()


@pytest.mark.parametrize(
    ("left", "step"),
    [
        (worker(3, right=True, place=Place.WAITING), Admit(NodeName(Role.WORKER, 3))),
        (worker(3, right=False, place=Place.WAITING), Leave(NodeName(Role.WORKER, 3))),
        (worker(3, right=True, place=Place.ASIDE), Leave(NodeName(Role.WORKER, 3))),
        (worker(3, right=True, place=Place.SERVING), Leave(NodeName(Role.WORKER, 1))),
    ],
)
def test_what_an_interrupted_refresh_left_is_taken_up(left: Worker, step: Step) -> None:
    assert rolling.next_step(2, [worker(1), worker(2), left]) == step


@given(st.integers(1, 20))
def test_a_refresh_ends_with_all_new_and_never_has_too_few_or_more_than_one_too_many(wanted: int) -> None:
    lab = old(wanted)
    for _ in roll(lab, wanted):
        assert serving(lab) >= wanted
        assert len(lab) <= wanted + 1
    assert all_right(lab, wanted)


@given(wanted=st.integers(1, 12), steps=st.integers(0, 36), admitted=st.booleans())
def test_going_back_ends_with_all_old_and_never_has_too_few(wanted: int, steps: int, admitted: bool) -> None:
    """It goes wrong at any moment: before a new worker got traffic, or after it."""
    lab = old(wanted)
    for number, step in enumerate(roll(lab, wanted)):
        if number >= steps and isinstance(step, Admit if admitted else Launch):
            break
    back(lab)
    for _ in roll(lab, wanted):
        assert serving(lab) >= wanted
        assert len(lab) <= wanted + 1
    assert all_right(lab, wanted)


@given(
    wanted=st.integers(1, 8),
    left=st.lists(st.tuples(st.integers(1, 20), st.booleans(), st.sampled_from(Place)), unique_by=lambda one: one[0]),
)
def test_whatever_was_left_it_ends_with_all_new_and_no_step_of_ours_takes_one_too_many(
    wanted: int, left: Sequence[tuple[int, bool, Place]]
) -> None:
    lab = lab_of(*(worker(*one) for one in left))
    served, most = serving(lab), len(lab)
    for step in roll(lab, wanted):
        assert serving(lab) >= min(wanted, served), step
        assert len(lab) <= max(wanted + 1, most)
        served = serving(lab)
    assert all_right(lab, wanted)


@given(wanted=st.integers(1, 8), deaths=st.lists(st.integers(0, 30), max_size=5))
def test_workers_that_die_on_the_way_are_made_up_for(wanted: int, deaths: Sequence[int]) -> None:
    lab = old(wanted)
    for number, _ in enumerate(roll(lab, wanted + 5)):
        if number in deaths and lab:
            name = min(lab)
            lab[name] = replace(lab[name], place=Place.ASIDE)
    assert all_right(lab, wanted + 5)


def test_an_old_worker_that_missed_its_checks_stays_until_another_one_is_there_for_it() -> None:
    lab = lab_of(worker(1), worker(2, place=Place.WAITING))
    assert [str(step) for step in roll(lab, 2)][:3] == [
        str(step) for step in (Launch(), Admit(NodeName(Role.WORKER, 3)), Leave(NodeName(Role.WORKER, 2)))
    ]
    assert all_right(lab, 2)


@given(wanted=st.integers(1, 8), blinks=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=8))
def test_workers_that_miss_their_checks_for_a_moment_do_no_harm(wanted: int, blinks: list[tuple[int, int]]) -> None:
    lab, away = old(wanted), list[NodeName]()
    for number, _ in enumerate(roll(lab, wanted)):
        for name in away:
            if name in lab:
                lab[name] = replace(lab[name], place=Place.SERVING)
        away = [NodeName(Role.WORKER, index) for at, index in blinks if at == number]
        away = [name for name in away if name in lab and lab[name].place is Place.SERVING]
        for name in away:
            lab[name] = replace(lab[name], place=Place.WAITING)
        assert serving(lab) + len(away) >= wanted
        assert len(lab) <= wanted + 1
    assert all_right(lab, wanted)


def test_what_was_counted_before_a_refresh_counts_for_nothing_and_who_has_left_is_not_forgotten() -> None:
    traffic = Traffic({"worker-1": Served(100, 7)})
    traffic = traffic.seen({"worker-1": Served(110, 7), "worker-2": Served(4, 1)}, {"worker-2"})
    traffic = traffic.seen({"worker-1": Served(120, 8), "worker-2": Served(5, 1)}, {"worker-2"})
    assert (traffic.new, traffic.old) == (Served(5, 1), Served(20, 1))
    gone = traffic.seen({"worker-2": Served(6, 1)}, {"worker-2"})
    assert (gone.new, gone.old) == (Served(6, 1), Served(20, 1))
    again = gone.seen({"worker-1": Served(3, 0), "worker-2": Served(6, 1)}, {"worker-1", "worker-2"})
    assert (again.new, again.old) == (Served(9, 1), Served(20, 1)), "its number was used again, for a new one"


def test_new_workers_are_held_against_what_the_old_ones_did_meanwhile() -> None:
    calm = Traffic({}).seen({"worker-1": Served(2000, 0)}, ())
    away = calm.seen({"worker-1": Served(2080, 20), "worker-2": Served(20, 5)}, {"worker-2"})
    assert (away.old, away.beside) == (Served(2080, 20), Served(80, 20))
    assert away.complaint() is None, "the store was away for all of them"


def test_a_load_balancer_that_was_started_anew_counts_from_nothing() -> None:
    assert Traffic({"worker-1": Served(100, 7)}).seen({"worker-1": Served(3, 0)}, ()).old == Served(3, 0)


@pytest.mark.parametrize(
    ("new", "before", "speaks"),
    [
        (Served(0, 0), Served(0, 0), False),
        (Served(50, 0), Served(200, 0), False),
        (Served(50, 1), Served(200, 0), False),
        (Served(50, 2), Served(200, 0), True),
        (Served(5, 5), Served(0, 0), True),
        (Served(50, 25), Served(200, 100), False),
        (Served(50, 50), Served(200, 100), False),
        (Served(50, 3), Served(200, 2), True),
    ],
)
def test_new_workers_may_not_fail_where_old_ones_do_not(new: Served, before: Served, speaks: bool) -> None:
    assert (Traffic({}, new=new, beside=before).complaint() is not None) is speaks


def test_a_complaint_tells_the_figures_of_both() -> None:
    said = Traffic({}, new=Served(60, 12), old=Served(9000, 1), beside=Served(1200, 0)).complaint()
    assert said == "new workers failed 12 of 60 requests, those of the version before 0 of 1,200 requests"
