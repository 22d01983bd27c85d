"""In which order rows are measured in columns, and how long that takes. Pure.

Interleaved: in rounds, in each of which every column has its turn with a part of its runs of every row, so that
whatever slows this computer down for a while slows all columns. Within a round a column's runs come one after the
other: guests are put to sleep and woken between columns, and that takes longer than many a run.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lab.comparison.catalogue import Batch
from lab.comparison.columns import Place

ROUNDS = 5
# What it takes until a lab of two workers is up, and to put one to sleep and wake another: two cores without KVM.
_UP_S = {False: 15.0, True: 100.0}
_SWITCH_S = {False: 0.0, True: 12.0}
_DOWN_S = 10.0


@dataclass(frozen=True)
class Task:
    """A batch in a column, to be measured `runs` times after `warm_ups` that are discarded."""

    batch: Batch
    place: Place
    runs: int
    warm_ups: int

    @property
    def run_s(self) -> float:
        """The seconds that the catalogue expects of one run."""
        return self.batch.cost.of(self.place)

    @property
    def name(self) -> tuple[str, str]:
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
    done: Mapping[tuple[str, str], int],
) -> list[Task]:
    """What is still to be measured: each batch, in each column that it makes sense in, as often as `repeats` says, or
    the catalogue, less what was `done`, by names of batch and column."""
    found = []
    for place in places:
        for batch in batches:
            if batch.impossible(place) is None:
                runs = (repeats or batch.repeats(place)) - done.get((batch.name, place.key), 0)
                found.append(Task(batch, place, runs, int(batch.has_warm_up)))
    return [task for task in found if task.runs > 0]


def turns(asked: Sequence[Task]) -> Iterator[Turn]:
    """The tasks' runs in the order in which they are made. A warm-up comes right before the first run of its task."""
    for turn in range(ROUNDS):
        for task in asked:
            before, until = (math.ceil(task.runs * each / ROUNDS) for each in (turn, turn + 1))
            if until > before:
                yield Turn(task, until - before, 0 if before else task.warm_ups)


def left_s(
    coming: Iterable[Turn], took: Mapping[tuple[str, str], Sequence[float]], opened: Iterable[str] = ()
) -> float:
    """The seconds that these turns take, from what the runs so far `took`, by names of batch and column.

    What was not measured yet is expected as the catalogue says, made longer or shorter as the column's others were.
    `opened` are the substrates whose lab is up already.
    """
    coming, up = list(coming), set(opened)
    pace = _pace(coming, took)
    total, last = 0.0, ""
    for turn in coming:
        place, name = turn.task.place, turn.task.name
        mean = sum(took[name]) / len(took[name]) if took.get(name) else turn.task.run_s * pace.get(place.key, 1.0)
        total += mean * (turn.runs + turn.warm_ups)
        if place.substrate != last:
            total += _SWITCH_S[place.is_machine] if place.substrate in up else _UP_S[place.is_machine] + _DOWN_S
            up, last = up | {place.substrate}, place.substrate
    return total


def _pace(coming: Iterable[Turn], took: Mapping[tuple[str, str], Sequence[float]]) -> dict[str, float]:
    """How many times as long as expected the runs of each column took."""
    expected: dict[str, float] = {}
    measured: dict[str, float] = {}
    for task in {turn.task.name: turn.task for turn in coming}.values():
        if seconds := took.get(task.name):
            expected[task.place.key] = expected.get(task.place.key, 0.0) + task.run_s * len(seconds)
            measured[task.place.key] = measured.get(task.place.key, 0.0) + sum(seconds)
    return {key: measured[key] / expected[key] for key in expected if expected[key]}
