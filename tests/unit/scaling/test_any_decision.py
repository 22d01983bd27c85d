"""What holds of every decision, whatever it is made from."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.model.node import NodeName
from lab.scaling.capacity import Full
from lab.scaling.decide import decide
from lab.scaling.decisions import Decision, Finish, Grow, Lack, Memory, Refill, Replace, Shrink
from lab.scaling.limits import Limits, Victim
from lab.scaling.places import Fleet
from tests.unit.scaling.queueing import check, sample, worker, workers
from tests.unit.scaling.situations import NOW, steadily


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    where = ["serving", "warming", "draining", "frozen", "asleep", "sleepy", "dead", "outdated", "lost"]
    places = draw(st.lists(st.sampled_from(where), max_size=9))
    found: dict[str, tuple[NodeName, ...]] = {}
    for number, place in enumerate(places, 1):
        found[place] = (*found.get(place, ()), worker(number))
    return Fleet(**found)


@st.composite
def limits_of(draw: st.DrawFn) -> Limits:
    least, more = draw(st.integers(1, 5)), draw(st.integers(0, 5))
    target, cooldown_s = draw(st.floats(0.1, 50)), draw(st.floats(0, 300))
    return Limits(
        least, least + more, target, cooldown_s, draw(st.none() | st.integers(0, 3)), draw(st.sampled_from(Victim))
    )


lacks = st.builds(Lack, st.floats(0, NOW), st.integers(0, 9), st.floats(0, 100))
# Less than nothing is served where more came than the whole last second had.
fulls = st.builds(Full, st.floats(0, NOW), st.integers(1, 9), st.floats(-50, 200))
retries = st.sampled_from([0.0, NOW, NOW + 5])


@st.composite
def memories(draw: st.DrawFn) -> Memory:
    return Memory(
        changed_at_s=draw(st.floats(0, NOW)),
        lacks=tuple(draw(st.lists(lacks, max_size=3))),
        finished=draw(st.frozensets(st.integers(1, 9).map(worker))),
        adding=draw(st.booleans()),
        removing=draw(st.none() | st.integers(1, 9).map(worker)),
        retry_at_s=draw(retries),
        refilling=draw(st.booleans()),
        retry_add_at_s=draw(retries),
        fulls=tuple(draw(st.lists(fulls, max_size=3))),
        doubt=draw(st.none() | lacks),
    )


def check_pause(decision: Decision, memory: Memory) -> None:
    """After a change that failed, nothing of what it keeps back is begun before it is time."""
    if isinstance(decision, Grow | Replace | Finish):
        assert memory.retry_add_at_s <= NOW
    if isinstance(decision, Shrink | Refill | Finish):
        assert memory.retry_at_s <= NOW


@settings(max_examples=300)
@given(
    figures=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=80),
    fleet=fleets(),
    limits=limits_of(),
    memory=memories(),
)
def test_no_decision_breaks_a_bound_or_takes_away_while_it_adds(
    figures: list[tuple[int, int]], fleet: Fleet, limits: Limits, memory: Memory
) -> None:
    samples = [sample(NOW - len(figures) + 1 + n, *each) for n, each in enumerate(figures)]
    decision = decide(samples, fleet, limits, NOW, memory)
    check(decision, fleet, limits, memory)
    check_pause(decision, memory)


@given(
    figures=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=80),
    fleet=fleets(),
    limits=limits_of(),
    ago_s=st.lists(st.integers(0, 4000), min_size=4, max_size=4),
    later_s=st.integers(-900, 100_000_000),
)
def test_no_decision_depends_on_when_its_clock_began(
    figures: list[tuple[int, int]], fleet: Fleet, limits: Limits, ago_s: list[int], later_s: int
) -> None:
    """Only on what was when, seen from now: so a clock will do that nobody sets."""
    limits = replace(limits, cooldown_s=round(limits.cooldown_s))

    def decided(now_s: float) -> Decision:
        changed_s, lack_s, full_s, retry_s = (now_s - ago for ago in ago_s)
        memory = Memory(changed_s, (Lack(lack_s, 1, 9.0),), retry_at_s=retry_s, fulls=(Full(full_s, 1, 20.0),))
        samples = [sample(now_s - len(figures) + 1 + n, *each) for n, each in enumerate(figures)]
        decision = decide(samples, fleet, limits, now_s, memory)
        if isinstance(decision, Shrink) and decision.doubt:
            return replace(decision, doubt=replace(decision.doubt, at_s=decision.doubt.at_s - now_s))
        return decision

    assert decided(NOW) == decided(NOW + later_s)


@given(
    load=st.integers(0, 30),
    rate=st.integers(0, 100),
    count=st.integers(1, 6),
    limits=limits_of(),
    memory=memories(),
)
def test_under_a_steady_load_nobody_goes_whom_the_target_asks_for_whatever_is_remembered(
    load: int, rate: int, count: int, limits: Limits, memory: Memory
) -> None:
    # Of what is drawn for the test above next to nothing lets a worker go for little load.
    memory = replace(memory, changed_at_s=0.0, adding=False, removing=None, refilling=False)
    fleet = Fleet(serving=workers(*range(1, count + 1)))
    decision = decide(steadily(load, rate, 310), fleet, limits, NOW, memory)
    check(decision, fleet, limits, memory)
    check_pause(decision, memory)
    if isinstance(decision, Shrink) and count <= limits.most:
        assert load <= limits.target * (count - 1)
