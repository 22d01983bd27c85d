"""What the kit asks of an engine: one small protocol, and optional powers in protocols of their own."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from lab.host.run import SUCCESS, Result, run, tail
from lab.model.checks import Check
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import LabPlan, Node, NodeName, Role

Report = Callable[[str], None]

# What ssh ends with where the command's own status did not come (ssh(1), "EXIT STATUS").
_LOST = 255


class UnreachedError(LabError):
    """A node could not be reached, or no longer: whether the command has run there is not known."""


class UnstartedError(LabError):
    """A node's service was told to start, and did not come up: what it runs is at fault, not the engine."""


@dataclass(frozen=True)
class Reach:
    """How to get into a running node: for our own commands, for testinfra and for Ansible.

    `prefix` goes before a command; `terminal` does so for a person's terminal. Where `is_remote_shell` is
    true the other end is a shell that splits words again, so the command is quoted.
    """

    prefix: tuple[str, ...]
    terminal: tuple[str, ...]
    is_remote_shell: bool
    testinfra: str
    ssh_config: Path | None = None
    ansible: Mapping[str, str] = field(default_factory=dict)

    def argv(self, command: Sequence[str], *, terminal: bool = False) -> list[str]:
        """The command line, on this computer, that runs `command` in the node."""
        words = [shlex.join(command)] if self.is_remote_shell else list(command)
        return [*(self.terminal if terminal else self.prefix), *words]

    def run(
        self, command: Sequence[str], by: Deadline, *, stdin: bytes | None = None, ok: Mapping[int, str] = SUCCESS
    ) -> Result:
        """What `command` gave when run in the node.

        Raises LabError as `lab.host.run.run` does, and UnreachedError where a remote shell tells of no connection.
        """
        argv, where = self.argv(command), f"node {self.testinfra}"
        lost = {_LOST: "no connection"} if self.is_remote_shell and _LOST not in ok else {}
        result = run(argv, by=by, stdin=stdin, ok={**ok, **lost}, where=where)
        if result.status in lost:
            message = f"`{' '.join(argv)}` lost its connection, or got none\n{tail(result.out, result.err)}"
            raise UnreachedError(message, where=where, mend="see whether the node runs: `lab status`")
        return result


class Substrate(Protocol):
    """An engine that makes nodes. Each operation succeeds when its work is already done.

    All raise LabError; an engine that does not answer raises UnknownError.
    """

    name: str
    adds: tuple[str, ...]
    """Ansible roles that this substrate puts on top of a node's root file system."""

    packs_with: tuple[Path, ...]
    """Files of the kit that say how an image or box is packed: a change of one makes all of them anew."""

    publishes: bool
    """Whether the load balancer is reached through a port of this computer, rather than at its own address."""

    has_own_kernel: bool
    """Whether a node has a kernel, and so a page cache and a clock, of its own: its end loses what was not flushed."""

    drive_port: int | None
    """Where a store serves the shared drive to the workers; None where no server stands between them and it."""

    def is_packed(self, role: Role, key: str) -> bool:
        """Whether the image or box of this role and content key is there."""

    def pack(self, role: Role, key: str, tar: Path, report: Report, by: Deadline) -> None:
        """Makes the image or box of a role from a root file system."""

    def packed(self, by: Deadline) -> Mapping[str, str]:
        """Every image or box that `pack` made, and whatever belongs to one: its name with its content key."""

    def unpack(self, names: Sequence[str], by: Deadline) -> None:
        """Removes images or boxes, named as `packed` names them."""

    def prepare(self, plan: LabPlan, by: Deadline) -> None:
        """Renders what the engine reads, and makes the lab's network and volumes."""

    def create(self, plan: LabPlan, names: Sequence[NodeName], report: Report, by: Deadline) -> None:
        """Makes and starts these nodes of the plan, all at once. A node that is stopped is started.

        The engine keeps the digest of a node's specification with it, for `nodes` to tell.
        """

    def nodes(self, lab: str, by: Deadline) -> list[Node]:
        """The lab's nodes as the engine tells them now."""

    def reach(self, lab: str, name: NodeName) -> Reach:
        """How to get into a running node."""

    def url(self, plan: LabPlan) -> str:
        """The address of the lab's load balancer for a person on this computer, without a slash at the end."""

    def stop(self, lab: str, name: NodeName, by: Deadline) -> None:
        """Asks the node's service to end (SIGTERM) and returns when the node has stopped."""

    def restart(self, lab: str, name: NodeName, by: Deadline) -> None:
        """Ends a node's service and starts it again; returns when it was started, not when it is ready. Raises
        UnstartedError where that is known to be in vain."""

    def destroy(self, lab: str, name: NodeName, by: Deadline) -> str | None:
        """Ends a node without warning and removes it; in words, why its log could not be kept, else None."""

    def remove(self, lab: str, removed: Report, by: Deadline, *, volumes: bool) -> None:
        """Removes all that is this lab's, the store's data only with `volumes`; `removed` hears of each thing's end."""

    def is_networked(self, lab: str, by: Deadline) -> bool:
        """Whether the lab's network is there and up, so that this computer's routes know it."""

    def leftovers(self, by: Deadline) -> Mapping[str, list[str]]:
        """What the engine has of any lab: lab name to the sorted names of nodes, networks, volumes."""

    def data(self, lab: str, by: Deadline) -> list[str]:
        """Those of the lab's things that hold the store's data: what `remove` leaves unless it is told `volumes`."""

    def written(self, lab: str, name: NodeName, by: Deadline) -> list[str]:
        """What a node wrote on its own root since it was made, as the engine sees it from outside."""

    def log(self, lab: str, name: NodeName, *, follow: bool) -> list[str]:
        """A command line, on this computer, that prints the node's log, after what is kept of its predecessors'."""

    def accelerator(self, by: Deadline) -> str | None:
        """What runs the guests' instructions, `kvm` or `tcg`; None where nodes run on this computer's own kernel."""

    def known_accelerator(self) -> str | None:
        """The accelerator as far as it was found out already: to find it out takes seconds after each boot."""

    def facts(self, by: Deadline) -> Mapping[str, str]:
        """What a report has to say about this engine, for example the accelerator."""

    def checks(self, by: Deadline) -> list[Check]:
        """What `doctor` asks about this engine."""


@runtime_checkable
class CanPause(Protocol):
    """An engine that can freeze a node where it stands and let it go on."""

    def pause(self, lab: str, name: NodeName, by: Deadline) -> None:
        """Freezes a running node."""

    def resume(self, lab: str, name: NodeName, by: Deadline) -> None:
        """Lets a frozen node go on."""


@runtime_checkable
class CanSleep(Protocol):
    """An engine that can put nodes to sleep, so that they use no processor, and wake them where they were.

    Each operation takes all nodes at once, begins with them in the order given, and leaves those alone that are not
    there or do what is asked already. A pause (`CanPause`) is a fault and keeps a node's memory where it is; sleep is
    what costs this computer least while nobody needs the node.
    """

    def sleep(self, lab: str, names: Sequence[NodeName], by: Deadline) -> None:
        """Puts these nodes to sleep; returns when all are."""

    def wake(self, lab: str, names: Sequence[NodeName], by: Deadline) -> None:
        """Wakes these nodes; returns when all run and their clocks are right, not when they are ready."""


@runtime_checkable
class CanPowerOff(Protocol):
    """An engine that can end a node at once, keep what is on its disks, and start it again."""

    def power_off(self, lab: str, name: NodeName, by: Deadline) -> None:
        """Ends a node without warning; its disks stay."""

    def power_on(self, lab: str, name: NodeName, by: Deadline) -> None:
        """Starts a node that is off; returns when it was started, not when it is ready."""


@runtime_checkable
class HasRoot(Protocol):
    """An engine that lets us be root in a node."""

    def root(self, lab: str, name: NodeName) -> Reach:
        """How to get into a running node as root."""

    def network(self, lab: str, name: NodeName, by: Deadline) -> Reach:
        """How to run a command as root in a running node's network; its files may be another's."""


@dataclass(frozen=True)
class Typed:
    """How a node came to be by the engine's own command; moments are seconds since this computer's boot.

    `tool_s` of the seconds from `asked_s`, when the command was typed, passed before it had the engine do anything for
    this node. `ended_s`: it ended.
    """

    asked_s: float
    tool_s: float
    ended_s: float


@dataclass(frozen=True)
class Processes:
    """This computer's processes that are a node, and those that stand beside it for it alone and end with it."""

    own: frozenset[int]
    beside: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Disk:
    """What a node has on this computer's disk, in bytes that are really taken: `image` is what it was made from, of
    which all nodes of its role really use `shared`; `own` is there once more for each. `note` says what these are."""

    image: int
    shared: int
    own: int
    note: str


@dataclass(frozen=True)
class Scratch:
    """A disk that holds nothing yet, in a node: how to get in, as root, and the folder where it is mounted."""

    reach: Reach
    folder: str


@runtime_checkable
class CanMeasure(Protocol):
    """An engine that tells what a comparison has to know of it.

    A `variant` is the name of a setting other than the kit's own, one of `variants`; "" is none.
    """

    title: str
    """What a comparison calls its nodes in the title of a column."""

    variants: Mapping[str, str]
    """The settings other than the kit's own that it can be measured with: a short name, and words for a title."""

    daemons: frozenset[str]
    """The names, of 15 characters at most (proc(5), comm), of its programs that serve all labs and stay."""

    def facts_with(self, facts: Mapping[str, str], variant: str) -> Mapping[str, str]:
        """What `facts` told, as it is with this setting. Pure."""

    def type_start(self, plan: LabPlan, name: NodeName, by: Deadline, variant: str = "") -> Typed:
        """Makes and starts a node that is not there as a person does, by the engine's own command, typed on what
        `prepare` rendered. It is the node that `create` would have made, but for the variant, and starts with no bound
        on its processor time: see `bound`."""

    def bound(self, plan: LabPlan, name: NodeName, by: Deadline, *, holds: bool) -> None:
        """Has the plan's bound on a running worker's processor time hold from now on, or none. An engine may set that
        bound by itself each time that the worker serves."""

    def processes(self, lab: str, name: NodeName, by: Deadline) -> Processes:
        """The processes of a node; none for one that does not run."""

    def around(self, lab: str, by: Deadline) -> frozenset[int]:
        """The processes that stand beside the whole lab, for all its nodes together."""

    def disk(self, plan: LabPlan, name: NodeName, by: Deadline) -> Disk:
        """What a node that is there has on the disk."""

    def scratch(
        self, plan: LabPlan, name: NodeName, by: Deadline, variant: str = ""
    ) -> AbstractContextManager[Scratch]:
        """A new disk for a node that runs, or for one that is the same but for its name, removed after the block."""


@dataclass(frozen=True)
class Apart:
    """A worker that stands beside its lab: how to get in as its own user and as root."""

    reach: Reach
    root: Reach


@runtime_checkable
class CanStandApart(Protocol):
    """An engine that can run a worker on this computer's own network, beside the lab whose store it has."""

    apart: frozenset[str]
    """Those variants (`CanMeasure`) of which the workers stand so: no load balancer leads to them."""

    def stand_apart(
        self, plan: LabPlan, name: NodeName, told: Mapping[str, str], by: Deadline
    ) -> AbstractContextManager[Apart]:
        """A worker made as this one of the plan is, but for its network and what it is `told` otherwise by its
        environment; it is started, and removed after the block."""


@runtime_checkable
class LendsDrive(Protocol):
    """An engine whose shared drive is a folder of this computer, so that any program of this computer can use it."""

    def drive(self, lab: str, by: Deadline) -> Path:
        """The folder that is the lab's drive while the lab runs; root alone may look into it."""
