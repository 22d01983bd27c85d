"""The guest agent of a machine, asked through libvirt: it answers long before an emulated one lets anybody log in."""

import json
import time

from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.substrates.vagrant.virsh import virsh

_OFF_AT_MOST_S = 0.3
_SET_AT_MOST = 3
_ANSWER_S = "10"
# libvirt's words for an agent that cannot be asked now: also of one whose machine has only just begun to run.
_SOON = "Guest agent is not responding"


def set_clock(domain: str, by: Deadline) -> None:
    """Sets a machine's clock to this computer's: one that was saved goes on with the time at which it was.

    The guest may be busy with waking when it is told the time, so it is asked for its own, and told again if it was
    late. The clock of one that never answers in time stays about as wrong as it is slow. Raises LabError for a machine
    that was made without an agent.
    """
    for _ in range(_SET_AT_MOST):
        _ask(domain, "guest-set-time", by, now=True)
        asked = time.time()
        told = _ask(domain, "guest-get-time", by)
        if abs(told / 1e9 - (asked + time.time()) / 2) <= _OFF_AT_MOST_S:
            return


def _ask(domain: str, command: str, by: Deadline, *, now: bool = False) -> float:
    """What the agent answers to a command, which is told the time of now where it wants one; both in nanoseconds."""
    given = list[str]()

    def probe() -> str | None:
        arguments = {"time": time.time_ns()} if now else {}
        asked = json.dumps({"execute": command, "arguments": arguments})
        try:
            given.append(virsh("qemu-agent-command", "--timeout", _ANSWER_S, domain, asked, by=by).out)
        except LabError as error:
            if _SOON in error.message:
                return error.message.splitlines()[-1]
            raise
        return None

    await_until(probe, by, what=f"an answer of the guest agent in {domain}", mend="read its log", every_s=0.1)
    return float(json.loads(given[0])["return"] or 0)
