"""Faults of the network: two nodes cut from each other, delay, loss.

A cut makes one node send everything for the other to a hardware address that nobody has: packets vanish as they do
behind a broken switch, and no one is told. (A blackhole route would answer the sender at once.)
"""

import re
from abc import abstractmethod
from typing import ClassVar

from lab.faults.base import NO_POWER, Before, Fault
from lab.host.wait import await_until
from lab.ledger.unshown import Harm
from lab.model.deadline import Deadline
from lab.model.node import LOADBALANCER, STORE, NodeName, Role
from lab.model.plan import WORKER_PORT

_NOBODY = "02:00:00:00:00:01"
_DATABASE_PORT = 5432
_LOSE_S = 10.0
_LATE_US = 50_000
# Without starting a program in between, which may take longer than what is measured. With a comma in some languages.
_CONNECT = """
timeout 10 bash -c 'for each in 1 2 3; do
    began=${{EPOCHREALTIME//[.,]/}}
    exec 3<>/dev/tcp/{}/{} || exit
    echo $((${{EPOCHREALTIME//[.,]/}} - began))
done' 2>/dev/null | sort -n | head -n 1
"""


def _device(address: str) -> str:
    return f"$(ip -o route get {address} | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p')"


def cut(address: str) -> str:
    """The command after which nothing that a node sends to this address arrives."""
    return f"ip neigh replace {address} lladdr {_NOBODY} nud permanent dev {_device(address)}"


def joined(address: str) -> str:
    """The commands that undo `cut`, where there is anything to undo, and print what is still there of it."""
    undone = f"ip neigh del {address} dev {_device(address)} 2>/dev/null || true"
    return f"{undone}; ip neigh show to {address} | grep {_NOBODY} || true"


class _Cut(Fault):
    """One node sends another nothing that arrives; both still reach all others."""

    role = Role.WORKER
    needs_root = True
    hold_s = 6.0
    takes = (Harm.NETWORK,)
    stays: ClassVar[str] = ""
    """What the evidence says of a substrate without kernels of its own: what the cut does not reach."""

    @abstractmethod
    def _ends(self) -> tuple[NodeName, NodeName, int]:
        """The node that is cut off, from which node, and on which port it is tried."""

    def before(self, by: Deadline) -> Before:
        return {"connects": str(self._connects(by))}

    def inject(self, by: Deadline) -> None:
        at, peer, _ = self._ends()
        self.ground.tell_network(at, cut(self.ground.address(peer)), by)

    def verify(self, before: Before, by: Deadline) -> str:
        at, peer, _ = self._ends()
        now = self._connects(by)
        if before["connects"] != "True" or now:
            raise self.did_not_happen(f"{at} reached {peer} before: {before['connects']}, now: {now}")
        return f"{at} reached {peer} and does no more{'' if self.ground.substrate.has_own_kernel else self.stays}"

    def heal(self, by: Deadline) -> None:
        at, peer, _ = self._ends()
        self.undo(self.ground.tell_network, at, joined(self.ground.address(peer)), by)

    def _connects(self, by: Deadline) -> bool:
        at, peer, port = self._ends()
        try_it = f"timeout 2 bash -c '</dev/tcp/{self.ground.address(peer)}/{port}' 2>/dev/null && echo yes || echo no"
        return self.ground.tell_network(at, try_it, by) == "yes"


class CutFromStore(_Cut):
    """A worker reaches the store no more, while the load balancer still reaches the worker."""

    name = "cut-store"
    says = "a worker is cut from the store for some seconds"
    stays = "; the drive stays: it is a folder of this computer, which no network leads to"

    def _ends(self) -> tuple[NodeName, NodeName, int]:
        return self.target, STORE, _DATABASE_PORT


class CutFromBalancer(_Cut):
    """The load balancer reaches a worker no more, while the worker still reaches the store."""

    name = "cut-balancer"
    says = "the load balancer is cut from a worker for some seconds"

    def _ends(self) -> tuple[NodeName, NodeName, int]:
        return LOADBALANCER, self.target, WORKER_PORT


class Shaped(Fault):
    """All that a worker sends is delayed or partly lost (the kernel's netem)."""

    netem: ClassVar[str]
    role = Role.WORKER
    needs_root = True
    hold_s = 6.0

    def impossible(self, by: Deadline) -> str | None:
        # A kernel tells only by doing it. For that moment it delays and loses nothing; the script ends also without us.
        tried = (
            "tc qdisc add dev lo root netem limit 1000 2>/dev/null && tc qdisc del dev lo root && echo yes || echo no"
        )
        if self.ground.tell_network(self.target, tried, by) == "yes":
            return None
        return f"{NO_POWER}: the kernel that {self.target} runs on has no netem"

    def inject(self, by: Deadline) -> None:
        device = _device(self.ground.address(STORE))
        self.ground.tell_network(self.target, f"tc qdisc replace dev {device} root netem {self.netem}", by)

    def verify(self, before: Before, by: Deadline) -> str:
        shown = self._shown(by)
        if "netem" not in shown:
            raise self.did_not_happen(shown.splitlines()[0])
        return shown.splitlines()[0]

    def _shown(self, by: Deadline) -> str:
        return self.ground.tell_network(self.target, f"tc -s qdisc show dev {_device(self.ground.address(STORE))}", by)

    def heal(self, by: Deadline) -> None:
        undone = f"tc qdisc del dev {_device(self.ground.address(STORE))} root 2>/dev/null || true"
        script = f"{undone}; tc qdisc show | grep netem || true"
        self.undo(self.ground.tell_network, self.target, script, by)


class Delay(Shaped):
    """All that a worker sends is late."""

    name = "delay"
    takes = (Harm.SLOW,)
    says = "all that a worker sends is 100 ms late"
    netem = "delay 100ms 20ms"

    def before(self, by: Deadline) -> Before:
        return {"connect_us": str(self._connect_us(by))}

    def verify(self, before: Before, by: Deadline) -> str:
        shaped, was_us, now_us = super().verify(before, by), int(before["connect_us"]), self._connect_us(by)
        told = f"a connection to {STORE} took {was_us / 1000:.1f} ms before, and takes {now_us / 1000:.1f} ms"
        if now_us - was_us < _LATE_US:
            raise self.did_not_happen(told)
        return f"{told}; {shaped}"

    def _connect_us(self, by: Deadline) -> int:
        """The shortest time that one of three connections to the database took: a busy node makes some take longer."""
        told = self.ground.tell_network(self.target, _CONNECT.format(self.ground.address(STORE), _DATABASE_PORT), by)
        if not told:
            raise self.did_not_happen(f"{self.target} reached no {STORE}")
        return int(told)


class Loss(Shaped):
    """A part of what a worker sends is lost."""

    name = "loss"
    takes = (Harm.LOSSY,)
    says = "every tenth packet that a worker sends is lost"
    netem = "loss 10%"
    shows_late = True

    def confirm(self, seen: str, by: Deadline) -> str:
        counts = [0]

        def probe() -> str | None:
            counts[0] = dropped(self._shown(by))
            return None if counts[0] else "not one packet was lost"

        lose = by.at_most(_LOSE_S, f"{_LOSE_S:g} s for one loss")
        await_until(probe, lose, what=f"a loss on {self.target}", mend="run it at a higher rate")
        return f"{counts[0]} packets of {self.target} were lost"


def dropped(shown: str) -> int:
    """How many packets netem let fall, from the answer to `tc -s qdisc show`; no other queue's losses count. Pure."""
    found = re.search(r"^qdisc netem .*\n.*\(dropped (\d+),", shown, re.MULTILINE)
    return int(found[1]) if found else 0
