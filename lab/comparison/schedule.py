"""In which order rows are measured in columns, and how long that takes. Pure.

Interleaved: in rounds, in each of which every column has its turn with a part of its runs of every row, so that
whatever slows this computer down for a while slows all columns. Within a round a column's runs come one after the
other: guests are put to sleep and woken between columns, and that takes longer than many a run.
"""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from lab.comparison.catalogue import Batch
from lab.comparison.columns import Place, Way

# More of them would spread the runs better; with each, the guests fall asleep and wake once more.
ROUNDS = 3
# What it takes until a lab of two workers is up; and to go from one lab to another: the one falls asleep, role by role,
# and `up` wakes the other, looks at all of it, sets its clocks. By whether they are machines: two cores without KVM.
_UP_S = {False: 15.0, True: 100.0}
_SWITCH_S = {False: 3.0, True: 25.0}
_DOWN_S = 10.0

Name = tuple[str, str]
"""Of a task: those of its batch and its column."""
Took = Mapping[Name, Sequence[float]]
"""The seconds that each run of a task took, warm-ups included."""
NOTHING: Took = MappingProxyType({})
NONE: Mapping[Name, int] = MappingProxyType({})


@dataclass(frozen=True)
class Task:
    """A batch in a column, to be measured `runs` times more after `warm_ups` that are discarded: once, or of machines
    that sleep between the rounds in each of those.

    It is measured `if_quick` times more where a run turns out to be quick, whatever the catalogue expected. `before` it
    was measured so often already, and the first row `told` these seconds then, if that is a time. Where it was measured
    more often before than was expected, `runs` is below 0.
    """

    batch: Batch
    place: Place
    runs: int
    if_quick: int
    warm_ups: int
    before: int = 0
    told: tuple[float, ...] = ()

    @property
    def run_s(self) -> float:
        """The seconds that the catalogue expects of one run."""
        return self.batch.cost.of(self.place)

    @property
    def name(self) -> Name:
        """The names of batch and column."""
        return self.batch.name, self.place.key


@dataclass(frozen=True)
class Turn:
    """The part of a task that is done at a time."""

    task: Task
    runs: int
    warm_ups: int


def tasks(
    batches: Sequence[Batch],
    places: Sequence[Place],
    repeats: int | None,
    done: Mapping[Name, int],
    told: Took = NOTHING,
) -> list[Task]:
    """What is still to be measured: each batch, in each column that it makes sense in, as often as `repeats` says, or
    the catalogue, less what was `done`. What was done is quick or not as its first row `told`."""
    found = []
    for place in places:
        for batch in batches:
            if batch.impossible(place) is None:
                name = batch.name, place.key
                known, seconds = done.get(name, 0), tuple(told.get(name, ()))
                runs, if_quick = batch.repeats(place, repeats)
                warm_ups = batch.warm_ups(place)
                found.append(Task(batch, place, runs - known, if_quick - known, warm_ups, known, seconds))
    return [task for task in found if wanted(task) > 0]


def wanted(task: Task, seconds: Sequence[float] = (), own: Sequence[float] = ()) -> int:
    """How often a task is to be measured, from what its runs took, and what its first row tells if that is a time."""
    if not seconds and not task.before:
        return task.runs
    told = (*task.told, *own)
    run_s = statistics.mean(seconds) if seconds else _before_s(task)
    is_quick = task.batch.is_quick(run_s, statistics.mean(told) if told else None)
    return task.if_quick if is_quick else task.runs


def _before_s(task: Task) -> float:
    """The seconds that an earlier run took, as far as that can be told: a report keeps what was measured, not how long
    that took. More runs than were expected have only been made because they were quick."""
    return 0.0 if task.runs < 0 else task.run_s


def steps(asked: Sequence[Task]) -> range:
    """The numbers of all turns: each task has one in each round."""
    return range(ROUNDS * len(asked))


def turn(
    asked: Sequence[Task],
    step: int,
    took: Took,
    made: Mapping[Name, int],
    own: Took = NOTHING,
    warmed: Mapping[Name, int] = NONE,
) -> Turn:
    """The turn of this number, from what the runs `took`, how many were `made`, and what their first row told as its
    `own` time; `warmed` is how many were discarded. It may have no runs."""
    round_, place = divmod(step, len(asked))
    task = asked[place]
    until = math.ceil(wanted(task, took.get(task.name, ()), own.get(task.name, ())) * (round_ + 1) / ROUNDS)
    cold = (1 + round_ if _sleeps(task, asked) else 1) * task.warm_ups - warmed.get(task.name, 0)
    return Turn(task, max(0, until - made.get(task.name, 0)), min(max(0, cold), task.warm_ups))


def _sleeps(task: Task, asked: Sequence[Task]) -> bool:
    """Whether what is measured sleeps between the rounds, and is as cold then as at first: a machine that wakes is
    played by another program, which has nothing of what the one before had translated and read; a container that wakes
    is the same processes."""
    return task.place.is_machine and any(one.place.substrate != task.place.substrate for one in asked)


def coming(
    asked: Sequence[Task],
    step: int,
    took: Took,
    made: Mapping[Name, int],
    own: Took = NOTHING,
    warmed: Mapping[Name, int] = NONE,
) -> list[Turn]:
    """The turns from this one on, in the order in which they are taken."""
    made, warmed, found = Counter(made), Counter(warmed), []
    for each in steps(asked)[step:]:
        one = turn(asked, each, took, made, own, warmed)
        if one.runs:
            made[one.task.name] += one.runs
            warmed[one.task.name] += one.warm_ups
            found.append(one)
    return found


def left_s(turns: Sequence[Turn], took: Took, opened: Iterable[str] = ()) -> float:
    """The seconds that these turns take, from what the runs so far `took`.

    What was not measured yet is expected as the catalogue says, made longer or shorter as the column's others were.
    `opened` are the substrates whose lab is up already.
    """
    up, pace = set(opened), _pace(turns, took)
    total, last = 0.0, ("", False)
    for one in turns:
        place, name = one.task.place, one.task.name
        mean = sum(took[name]) / len(took[name]) if took.get(name) else one.task.run_s * pace.get(place.key, 1.0)
        total += mean * (one.runs + one.warm_ups)
        # Beside a bare process most of the lab sleeps.
        here = place.substrate, place.way is Way.BARE
        if here != last:
            total += _SWITCH_S[place.is_machine] if place.substrate in up else _UP_S[place.is_machine] + _DOWN_S
            up, last = up | {place.substrate}, here
    return total


def _pace(turns: Iterable[Turn], took: Took) -> dict[str, float]:
    """How many times as long as expected the runs of each column took."""
    expected: dict[str, float] = {}
    measured: dict[str, float] = {}
    for task in {one.task.name: one.task for one in turns}.values():
        if seconds := took.get(task.name):
            expected[task.place.key] = expected.get(task.place.key, 0.0) + task.run_s * len(seconds)
            measured[task.place.key] = measured.get(task.place.key, 0.0) + sum(seconds)
    return {key: measured[key] / expected[key] for key in expected if expected[key]}
