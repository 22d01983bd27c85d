"""The row of what a kill loses: in a lab of its own, whose database never flushes, the store's power goes off."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from lab.comparison import labs
from lab.comparison.columns import Way
from lab.comparison.probes.base import Ground, Seen, Value
from lab.comparison.probes.worker import visitors_rate
from lab.flows import deployment, destroy, prove, sleep, up
from lab.ledger import report as verdicts
from lab.ledger.audit import Account
from lab.ledger.files import audit_file
from lab.ledger.sorts import Sort
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.substrates.base import CanSleep

_SETTING = ("fsync = true", "fsync = false")
_FAULT = "store-off"
_DURATION_S, _RUN_S, _REMOVE_S, _WAKE_S = 20.0, 240.0, 300.0, 300.0
_WORKERS = 2


class Durability:
    """Visitors write, the store loses its power, and every write is accounted for. A database that does not even start
    any more has lost all that it had acknowledged."""

    name = "durability"

    def impossible(self, ground: Ground) -> Mapping[str, str]:
        if ground.place.way is Way.TUNED:
            return {self.name: "it is measured with the kit's own settings"}
        return {}

    def prepare(self, ground: Ground, by: Deadline) -> None:
        """Nothing: a run may leave its lab in pieces, so each has one of its own."""

    def once(self, ground: Ground, by: Deadline) -> Mapping[str, Value]:
        lab, rate = labs.beside(ground.lab), visitors_rate(by)
        with _asleep(ground, by), _lab_of_its_own(ground, lab, by):
            asked = prove.Asked(lab, ground.place.substrate, 0, (_FAULT,), rate, _DURATION_S, seed=1)
            # A database that does not come back is not awaited for as long as a run may take.
            soon = by.at_most(_RUN_S, f"{_RUN_S:g} s")
            journal = prove.run(asked, lambda _: None, ground.report, soon)
            return {self.name: lost(audit_file(journal), rate)}

    def clear(self, ground: Ground, by: Deadline) -> None:
        """Nothing."""


@contextmanager
def _asleep(ground: Ground, by: Deadline) -> Iterator[None]:
    """Has the nodes of the comparison's lab sleep as long as the block lasts: nobody asks them anything meanwhile."""
    lab = ground.deployment()
    if not isinstance(lab.substrate, CanSleep):
        yield
        return
    sleep.sleep(lab, ground.report, by)
    try:
        yield
    finally:
        # By a time of its own: that of the run may be over.
        sleep.wake(lab, ground.report, Deadline.after(_WAKE_S, f"waking a lab: {_WAKE_S:g} s"))


@contextmanager
def _lab_of_its_own(ground: Ground, lab: str, by: Deadline) -> Iterator[None]:
    """A lab whose database never flushes, as long as the block lasts."""
    text = deployment.topology_file(ground.deployment().deployed).read_text()
    if _SETTING[0] not in text:
        message = f"the topology file does not say {_SETTING[0]!r}"
        raise LabError(message, where=str(deployment.topology_file()), mend="restore it: git checkout it")
    file = ground.scratch / "no-fsync.toml"
    file.write_text(text.replace(*_SETTING))
    try:
        labs.mark(lab)
        up.up(up.Wanted(lab, ground.place.substrate, _WORKERS, topology=file), ground.report, by)
        yield
    finally:
        ends = Deadline.after(_REMOVE_S, f"removing a lab: {_REMOVE_S:g} s")
        destroy.destroy(lab, [ground.place.substrate], ground.report, ends, volumes=True)


def lost(account: Account, rate: float) -> Seen:
    """How many acknowledged writes are not there any more, of visitors at this rate (requests a second). Pure; raises
    LabError for a run that tells nothing."""
    gone = account.count(Sort.LOST)
    asked = f"at {rate:g} requests a second"
    if account.is_whole:
        return Seen(gone, f"of {account.acknowledged} acknowledged writes, {asked}")
    if not account.faults or not account.acknowledged:
        word = verdicts.verdict(account).word
        raise LabError(f"the run says nothing: {word}", where="durability", mend="measure it again")
    return Seen(account.acknowledged, f"all that were acknowledged, {asked}: the database did not come back")
