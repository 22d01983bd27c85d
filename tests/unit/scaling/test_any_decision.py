"""What holds of every decision, whatever it is made from."""

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.model.node import NodeName
from lab.scaling.decide import decide
from lab.scaling.decisions import Lack, Memory
from lab.scaling.limits import Limits, Victim
from tests.unit.scaling.queueing import Workers, check, sample, worker
from tests.unit.scaling.situations import NOW


@st.composite
def fleets(draw: st.DrawFn) -> Workers:
    where = ["serving", "warming", "draining", "asleep", "dead", "outdated"]
    places = draw(st.lists(st.sampled_from(where), max_size=9))
    found: dict[str, tuple[NodeName, ...]] = {}
    for number, place in enumerate(places, 1):
        found[place] = (*found.get(place, ()), worker(number))
    return Workers(**found)


@st.composite
def limits_of(draw: st.DrawFn) -> Limits:
    least, more = draw(st.integers(1, 5)), draw(st.integers(0, 5))
    target, cooldown_s = draw(st.floats(0.1, 50)), draw(st.floats(0, 300))
    return Limits(
        least, least + more, target, cooldown_s, draw(st.none() | st.integers(0, 3)), draw(st.sampled_from(Victim))
    )


@st.composite
def memories(draw: st.DrawFn) -> Memory:
    removing = draw(st.none() | st.integers(1, 9).map(worker))
    lacks = draw(st.lists(st.builds(Lack, st.floats(0, NOW), st.integers(0, 9), st.floats(0, 100)), max_size=3))
    changed_at_s, adding = draw(st.floats(0, NOW)), draw(st.booleans())
    finished, refilling = draw(st.frozensets(st.integers(1, 9).map(worker))), draw(st.booleans())
    return Memory(changed_at_s, tuple(lacks), finished, adding, removing, refilling=refilling)


@settings(max_examples=300)
@given(
    figures=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=80),
    fleet=fleets(),
    limits=limits_of(),
    memory=memories(),
)
def test_no_decision_breaks_a_bound_or_takes_away_while_it_adds(
    figures: list[tuple[int, int]], fleet: Workers, limits: Limits, memory: Memory
) -> None:
    samples = [sample(NOW - len(figures) + 1 + n, *each) for n, each in enumerate(figures)]
    check(decide(samples, fleet, limits, NOW, memory), fleet, limits, memory)
