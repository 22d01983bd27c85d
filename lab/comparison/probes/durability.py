"""The row of what a kill loses: in a lab of its own, whose database never flushes, the store's power goes off."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from lab.comparison import labs
from lab.comparison.columns import Way
from lab.comparison.probes.base import Ground, Seen, Value
from lab.comparison.probes.worker import visitors_rate
from lab.flows import deployment, destroy, prove, sleep, up
from lab.flows.deployment import Deployment
from lab.host.wait import await_until
from lab.ledger import report as verdicts
from lab.ledger.audit import Account
from lab.ledger.files import audit_file
from lab.ledger.sorts import Sort
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import STORE, State
from lab.store import database
from lab.substrates.base import CanSleep

_SETTING = ("fsync = true", "fsync = false")
_FAULT = "store-off"
_DURATION_S, _RUN_S, _REMOVE_S, _WAKE_S = 20.0, 240.0, 300.0, 300.0
_COME_BACK_S, _LOOK_S = 30.0, 5.0
_WORKERS = 2


class Durability:
    """Visitors write, the store loses its power, and every write is accounted for. A database that does not even start
    any more has lost all that it had acknowledged. A run that ends early for another reason, or after which not
    everything was looked at, tells nothing."""

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
            account = audit_file(journal)
            gone = None if account.is_whole else refused(deployment.load(lab, ground.place.substrate), by)
            return {self.name: lost(account, rate, gone)}

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


def refused(lab: Deployment, by: Deadline) -> str | None:
    """What the database of a store that runs was seen to do, still after a while, in place of letting anybody in. None
    where it lets them in; and where the store does not run, which may have any cause."""
    if lab.states(by).get(STORE) is not State.RUNNING:
        return None
    address = lab.plan.node(STORE).address

    def probe() -> str | None:
        return database.refusal(address, by.at_most(_LOOK_S, "one look"))

    try:
        soon = by.at_most(_COME_BACK_S, f"{_COME_BACK_S:g} s")
        await_until(probe, soon, what="the database coming back", mend="read the log of the store", every_s=0.5)
    except LabError as late:
        return late.where
    return None


def lost(account: Account, rate: float, refusal: str | None = None) -> Seen:
    """How many acknowledged writes are not there any more, of visitors at this rate (requests a second). Pure.

    `refusal` is what the database did after a run that ended early, where it let nobody in. Raises LabError for a run
    after which not everything was looked at.
    """
    asked = f"at {rate:g} requests a second"
    struck = account.acknowledged and any(fault.verified for fault in account.faults)
    if struck and refusal and not account.is_whole:
        all_of_them = f"all that were acknowledged, files on the drive among them, {asked}"
        return Seen(account.acknowledged, f"{all_of_them}: the database did not come back ({refusal})")
    if doubts := verdicts.doubts(account):
        message = f"the run says nothing: {'; '.join(doubts)}"
        raise LabError(message, where="durability", mend="measure it again")
    return Seen(account.count(Sort.LOST), f"of {account.acknowledged} acknowledged writes, {asked}")
