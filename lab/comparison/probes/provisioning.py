"""Rows of Ansible: running nodes held against their roles, with something to mend, and with nothing."""

from collections.abc import Mapping

from lab.comparison.columns import Way
from lab.comparison.measure import seconds
from lab.comparison.probes.base import Ground, Value
from lab.comparison.probes.worker import root_of
from lab.flows import readiness
from lab.flows.provision import Drift, provision
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import LOADBALANCER, STORE

FIRST, AGAIN = "provision-first", "provision-again"
# A mode that a role sets, of a file that is read only when the node's service starts.
_SPOIL = "chmod 0700 /usr/local/lib/lab/{}"


class Provisioning:
    """`lab provision --apply`: the store and the load balancer mended and started again, the workers compared; then the
    same once more. What there is to mend is planted before the clock starts."""

    name = "provisioning"

    def impossible(self, ground: Ground) -> Mapping[str, str]:
        if ground.place.way is Way.TUNED:
            return dict.fromkeys((FIRST, AGAIN), "the setting changes nothing here")
        return {}

    def prepare(self, ground: Ground, by: Deadline) -> None:
        """Nothing."""

    def once(self, ground: Ground, by: Deadline) -> Mapping[str, Value]:
        lab = ground.deployment()
        for name in (LOADBALANCER, STORE):
            root_of(lab, name).run(["sh", "-c", _SPOIL.format(name.role)], by)
        found: list[Drift] = []
        first_s = seconds(lambda: found.extend(provision(lab, ground.report, by, apply=True)))
        mended = {drift.node for drift in found if drift.repaired and drift.tasks}
        if mended != {str(LOADBALANCER), str(STORE)}:
            message = f"of what was planted, only that on {', '.join(sorted(mended)) or 'no node'} was mended"
            raise LabError(message, where=f"lab {lab.lab}", mend=lab.typed("provision @"))
        again_s = seconds(lambda: provision(lab, ground.report, by, apply=True))
        readiness.await_node(lab, STORE, ground.report, by)
        readiness.await_serving(lab, lab.plan.worker_names, ground.report, by)
        return {FIRST: first_s, AGAIN: again_s}

    def clear(self, ground: Ground, by: Deadline) -> None:
        """Nothing."""
