"""An autoscaler that is at work, seen from outside: who it is, what it said last, how it is started and ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lab.flows import leases
from lab.flows.leases import leased
from lab.host import children, lock, paths
from lab.host.lock import Holder
from lab.host.wait import await_until
from lab.model import labs
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UsageError
from lab.substrates.base import Report
from lab.timeline import recording
from lab.timeline.events import Event, Kind

LEASE = "autoscale"
_POLITELY_S = 10.0
_LAST_LINES = 10


def holding(substrate: str) -> str:
    """What an autoscaler of this substrate says of itself while it holds the lab's lease."""
    return f"{LEASE} {substrate}"


@contextmanager
def alone(lab: str, substrate: str) -> Iterator[None]:
    """Holds the lease of an autoscaler; raises UsageError where another one, or a run of the proof, is at work."""
    with leased(lab, LEASE, holding(substrate)):
        leases.refuse_beside(lab, leases.PROVE, leases.proving(substrate), "wait for its end, then run this again")
        yield


def refuse_beside(lab: str, substrate: str) -> None:
    """Raises UsageError while an autoscaler is at work, for who kills workers and makes their successors."""
    stop, load = (
        labs.typed(words, lab) for words in (f"autoscale {substrate} --stop", f"load {substrate} --prove --peak 5")
    )
    mend = f"{stop} ends it; or account for every write beside it: {load}"
    leases.refuse_beside(lab, LEASE, holding(substrate), mend)


def running(lab: str, substrate: str | None = None) -> Holder | None:
    """The autoscaler of a lab, if one is at work; of this substrate, if one is named."""
    holder = lock.holder(leases.lease(lab, LEASE))
    return holder if holder and (substrate is None or holder.verb == holding(substrate)) else None


def said(lab: str, substrate: str) -> tuple[Event | None, Event | None]:
    """The last sample that an autoscaler took of a lab, and what it decided last."""
    found: dict[Kind, Event] = {}
    for event in recording.recorder(lab, substrate).backwards():
        if event.what == LEASE or event.kind is Kind.DECISION:
            found.setdefault(event.kind, event)
        if {Kind.SAMPLE, Kind.DECISION} <= found.keys():
            break
    sample, noted = found.get(Kind.SAMPLE), found.get(Kind.DECISION)
    return sample, _decided(sample, noted)


def _decided(sample: Event | None, noted: Event | None) -> Event | None:
    """What was decided last: what the last sample tells of that, since a decision that is no news is not noted by
    itself, or what was noted after it."""
    if sample is None or "decision" not in sample.fields or (noted is not None and noted.at > sample.at):
        return noted
    return Event(sample.at, Kind.DECISION, str(sample.fields["decision"]), {"why": sample.fields["why"]})


def begin(lab: str, substrate: str, words: Sequence[str], by: Deadline) -> Holder:
    """The autoscaler that was started by typing `lab WORDS`, once it is at work; it outlives us.

    Raises LabError with its own words where it ends at once, and UsageError where another one is at work.
    """
    log = log_of(lab, substrate)
    log.parent.mkdir(parents=True, exist_ok=True)
    with alone(lab, substrate):
        log.write_text("")
    with log.open("a") as told:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "lab", *words],
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=told,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(paths.REPO)},
        )

    def probe() -> str | None:
        if process.poll() is not None:
            raise LabError(
                f"the autoscaler ended at once:\n{_tail(log)}", where=str(log), mend="see what it said, above"
            )
        holder = running(lab, substrate)
        return None if holder and holder.pid == process.pid else "it has not begun yet"

    try:
        await_until(probe, by, what="the autoscaler beginning", mend=f"read {log}")
    except BaseException:
        process.terminate()
        raise
    return Holder(holding(substrate), process.pid)


def log_of(lab: str, substrate: str) -> Path:
    """What an autoscaler in the background says."""
    return paths.lab(lab) / "logs" / f"{substrate}-autoscale.log"


def stop(lab: str, substrates: Sequence[str], report: Report, by: Deadline) -> bool:
    """Ends the autoscaler of a lab, if one is at work on one of these substrates; gives whether one was.

    It is asked to, and ended after ten seconds: it can be ended at any moment, since it keeps no state of its own.
    """
    for name in substrates:
        if (holder := running(lab, name)) is not None:
            _end(holder.pid, by)
            report(f"ended the autoscaler of {name}")
            return True
    return False


def _end(pid: int, by: Deadline) -> None:
    """Returns once the process is gone, not only its lease: what it was doing ends with it."""
    polite, started = by.at_most(_POLITELY_S, f"{_POLITELY_S:g} s"), children.start_time(pid)
    _signal(pid, signal.SIGTERM)

    def probe() -> str | None:
        if not children.lives(pid, started):
            return None
        if polite.is_over():
            _signal(pid, signal.SIGKILL)
        return f"process {pid} still runs"

    await_until(probe, by, what="the end of the autoscaler", mend=f"end process {pid} by hand")


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise UsageError(
            f"the autoscaler is somebody else's (pid {pid})", where="this computer", mend="have them end it"
        ) from error


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
    return "\n".join(f"    {line}" for line in lines)
