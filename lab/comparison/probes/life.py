"""Rows of what may become of a worker: its site is started again, or it is destroyed and replaced under load."""

from collections.abc import Mapping

from lab.comparison.columns import Way
from lab.comparison.measure import seconds
from lab.comparison.probes import bare
from lab.comparison.probes.base import Ground, Seen, Value
from lab.comparison.probes.worker import (
    APART,
    VERB,
    Keeper,
    await_ready,
    await_served,
    measured,
    often_s,
    stands_apart,
    unbounded,
    url_of,
    visitors_rate,
)
from lab.comparison.visitors import visiting
from lab.flows import deployment, fleet
from lab.flows.deployment import Deployment
from lab.model.deadline import Deadline
from lab.model.errors import LabError

_ANOTHER = "its successor is made with the kit's own settings: see the column without this one"


class Restart:
    """The site of a worker ended politely and started again, until the worker's own door says that it is ready.

    In a container that is the container, in a machine a service; a bare process is started as at first.
    """

    name = "restart"

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def impossible(self, ground: Ground) -> Mapping[str, str]:
        why = bare.impossible(ground.place) or (APART if stands_apart(ground) else None)
        return {self.name: why} if why else {}

    def prepare(self, ground: Ground, by: Deadline) -> None:
        bare.prepare(ground, by)

    def once(self, ground: Ground, by: Deadline) -> Mapping[str, Value]:
        if ground.place.way is Way.BARE:
            return {self.name: _restarted(ground, by)}
        lab = self._keeper.set(ground, by)
        name = measured(lab)

        def both() -> None:
            lab.substrate.restart(lab.lab, name, by)
            await_ready(url_of(lab, name), by, every_s=often_s(lab))

        with self._keeper.whole(ground), deployment.changing(lab.lab, VERB, by):
            with unbounded(lab, name, by):
                took_s = seconds(both)
            await_served(lab, name, by)
        return {self.name: took_s}

    def clear(self, ground: Ground, by: Deadline) -> None:
        """Nothing."""


def _restarted(ground: Ground, by: Deadline) -> float:
    with bare.running(ground, by) as process:
        process.await_ready(by)
        stop_s = seconds(lambda: process.stop(by))
    with bare.running(ground, by) as process:
        return stop_s + seconds(lambda: process.await_ready(by))


class Replace:
    """A worker of two destroyed without warning while visitors come, and what became of them until another one served.

    The clock runs from the order to destroy it. The successor is made, or woken, as an autoscaler does it, but for what
    that takes to notice: here nothing of the old one is left before the new one is asked for.
    """

    name = "replace"
    _ROWS = ("destroy", "replace", "replace-failed")

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def impossible(self, ground: Ground) -> Mapping[str, str]:
        return dict.fromkeys(self._ROWS, _ANOTHER) if ground.place.way is Way.TUNED else {}

    def prepare(self, ground: Ground, by: Deadline) -> None:
        """Nothing: the pool is filled before each run, which uses it up."""

    def once(self, ground: Ground, by: Deadline) -> Mapping[str, Value]:
        with self._keeper.whole(ground):
            self._keeper.set(ground, by)
            # Also where none is wanted: a column beside this one may have been cut off with its pool full.
            size = 1 if ground.place.way is Way.WARM else 0
            return self._replaced(ground, fleet.fill_pool(ground.deployment(), size, ground.report, by), by)

    def clear(self, ground: Ground, by: Deadline) -> None:
        """Nothing: a run uses its pool up, and one that failed has the lab made whole."""

    def _replaced(self, ground: Ground, lab: Deployment, by: Deadline) -> Mapping[str, Value]:
        victim, rate = measured(lab), visitors_rate(by)
        with visiting(lab, rate, by) as visit:
            destroy_s = seconds(lambda: lab.substrate.destroy(lab.lab, victim, by))
            replace_s = seconds(lambda: fleet.replace_dead(lab, [victim], ground.report, by))
            if visit.has_ended:
                message = "the visitors had gone before the successor served"
                raise LabError(message, where=f"lab {lab.lab}", mend="measure it again")
        each = f"of {visit.requests} at {rate:g} a second; one that was repeated counts each time"
        return {
            "destroy": destroy_s,
            "replace": Seen(destroy_s + replace_s, f"under {rate:g} requests a second"),
            "replace-failed": Seen(visit.told.errors, each),
        }
