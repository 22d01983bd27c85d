"""The end of a run: everything is read back into its journal, as users get it and straight from where it is kept."""

from lab.flows.deployment import Deployment
from lab.ledger.records import Source
from lab.ledger.writer import Journal
from lab.ledger.writes import What
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import STORE, Mode
from lab.store import contents
from lab.substrates.base import HasRoot, Report
from lab.traffic.read_back import read_back
from lab.traffic.session import Session

_READ_S = 300.0


def read_all(lab: Deployment, sessions: list[Session], journal: Journal, report: Report) -> None:
    """Reads everything back, both ways; what could not be read is noted as such, and reported."""
    report("reading everything back through the load balancer")
    by = Deadline.after(_READ_S, "reading back")
    read_back(lab.substrate.url(lab.plan), str(lab.plan.mode), sessions, journal, by)
    report("reading everything straight from where it is kept")
    _read_straight(lab, journal, report, Deadline.after(_READ_S, "reading straight"))


def _read_straight(lab: Deployment, journal: Journal, report: Report, by: Deadline) -> None:
    began_s = journal.now_s()
    try:
        found, complete = _contents(lab, by), True
    except LabError as error:
        report(f"that could not be read: {error.message}")
        found, complete = contents.Contents([], [], []), False
    for what, rows in ((What.ENTRY, found.entries), (What.FILE, found.files), (What.LOGIN, found.logins)):
        journal.final_read(Source.STORE, what, rows, began_s, complete=complete)


def _contents(lab: Deployment, by: Deadline) -> contents.Contents:
    if lab.plan.mode is Mode.STATEFUL:
        reaches = (lab.reach(spec.name) for spec in lab.plan.workers())
        return contents.together(contents.of_worker(reach, by) for reach in reaches)
    if not isinstance(lab.substrate, HasRoot):
        raise LabError("nobody can be root on the store", where=lab.substrate.name, mend="choose another substrate")
    return contents.of_store(lab.substrate.root(lab.lab, STORE), by)
