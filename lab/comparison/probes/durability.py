"""The row of what a kill loses: in a lab of its own, whose database never flushes, the store's power goes off."""

from collections.abc import Mapping

from lab.comparison.columns import Way
from lab.comparison.probes.base import Ground, Seen, Value
from lab.flows import deployment, destroy, prove, up
from lab.ledger import report as verdicts
from lab.ledger.audit import Account, Sort
from lab.ledger.files import audit_file
from lab.model.deadline import Deadline
from lab.model.errors import LabError

_SETTING = ("fsync = true", "fsync = false")
_FAULT = "store-off"
_DURATION_S, _RUN_S, _REMOVE_S = 20.0, 240.0, 300.0
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
        lab, substrate = f"{ground.lab[:9]}-nosync", ground.place.substrate
        try:
            _bring_up(ground, lab, by)
            rate = prove.usual_rate(substrate, by)
            asked = prove.Asked(lab, substrate, 0, (_FAULT,), rate, _DURATION_S, seed=1)
            # A database that does not come back is not awaited for as long as a run may take.
            soon = by.at_most(_RUN_S, f"{_RUN_S:g} s")
            journal = prove.run(asked, lambda _: None, ground.report, soon)
            return {self.name: lost(audit_file(journal))}
        finally:
            _remove(ground, lab)

    def clear(self, ground: Ground, by: Deadline) -> None:
        """Nothing."""


def _bring_up(ground: Ground, lab: str, by: Deadline) -> None:
    text = deployment.topology_file(ground.deployment().deployed).read_text()
    if _SETTING[0] not in text:
        message = f"the topology file does not say {_SETTING[0]!r}"
        raise LabError(message, where=str(deployment.topology_file()), mend="restore it: git checkout it")
    file = ground.scratch / "no-fsync.toml"
    file.write_text(text.replace(*_SETTING))
    up.up(up.Wanted(lab, ground.place.substrate, _WORKERS, topology=file), ground.report, by)


def _remove(ground: Ground, lab: str) -> None:
    # By a time of its own: that of the run may be over.
    by = Deadline.after(_REMOVE_S, f"removing a lab: {_REMOVE_S:g} s")
    destroy.destroy(lab, [ground.place.substrate], ground.report, by, volumes=True)


def lost(account: Account) -> Seen:
    """How many acknowledged writes are not there any more. Pure; raises LabError for a run that tells nothing."""
    gone = account.count(Sort.LOST)
    if account.is_whole:
        return Seen(gone, f"of {account.acknowledged} acknowledged writes")
    if not account.faults or not account.acknowledged:
        word = verdicts.verdict(account).word
        raise LabError(f"the run says nothing: {word}", where="durability", mend="measure it again")
    return Seen(account.acknowledged, "all that were acknowledged: the database did not come back")
