"""What was deployed: one record a lab, written before anything is made, and the plan that follows from it."""

import itertools
import re
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lab.flows import leases, password
from lab.host import children, lock, paths, records
from lab.loadbalancer import config
from lab.loadbalancer.config import Limits
from lab.loadbalancer.runtime import LoadBalancer
from lab.model import labs
from lab.model import plan as planning
from lab.model import topology as topologies
from lab.model.deadline import Deadline
from lab.model.errors import UsageError
from lab.model.node import LOADBALANCER, LabPlan, Mode, NodeName, Role, State
from lab.model.plan import WORKERS_AT_MOST
from lab.model.topology import LABS_AT_MOST, Topology
from lab.substrates import registry
from lab.substrates.base import Reach, Report, Substrate
from lab.timeline import recording
from lab.timeline.events import Event, Kind
from lab.timeline.recording import Recorder

# They are held for milliseconds.
_PATIENCE_S = 10.0
# A change of the fleet is over soon, at the latest when a machine has booted; others can come between two of them.
_MOMENT_S = 120.0


@dataclass(frozen=True)
class Deployed:
    """One lab on one substrate as the record has it; `topology_file` is None for the kit's own.

    `workers` are the numbers of those that serve, `pool` of those that sleep until they are needed: never the same.
    `sticky` leads users to the same worker each time also where workers keep nothing.
    """

    slot: int
    mode: Mode
    workers: tuple[int, ...]
    topology: Topology
    keys: Mapping[Role, str]
    topology_file: Path | None = None
    pool: tuple[int, ...] = ()
    sticky: bool = False

    @property
    def is_sticky(self) -> bool:
        """Whether users stay with their worker."""
        return self.sticky or self.mode is Mode.STATEFUL


@dataclass(frozen=True)
class Deployment:
    """A lab on a substrate, with all that a flow needs to work on it."""

    lab: str
    substrate: Substrate
    deployed: Deployed
    plan: LabPlan

    @property
    def is_sticky(self) -> bool:
        """Whether users stay with their worker."""
        return self.deployed.is_sticky

    @property
    def copy_of_source(self) -> Path:
        """The repository on this computer that keeps what was fetched of the lab's source service."""
        return paths.lab(self.lab) / self.plan.substrate / "source.git"

    def typed(self, words: str) -> str:
        """The command `lab WORDS` as it is typed for this lab; an @ in it stands for the substrate."""
        return labs.typed(words.replace("@", self.plan.substrate), self.lab)

    def reach(self, name: NodeName) -> Reach:
        """How to get into a node."""
        return self.substrate.reach(self.lab, name)

    def checked(self, name: NodeName) -> NodeName:
        """The name, if the lab has such a node; raises UsageError otherwise."""
        names = [spec.name for spec in self.plan.nodes]
        if name not in names:
            raise UsageError(
                f"lab {self.lab} on {self.plan.substrate} has no {name}",
                where=f"lab {self.lab}",
                mend=f"its nodes are {', '.join(str(each) for each in names)}",
            )
        return name

    def states(self, by: Deadline) -> dict[NodeName, State]:
        """The state of each of the lab's nodes as the engine tells it now."""
        return {node.name: node.state for node in self.substrate.nodes(self.lab, by)}

    def destroy(self, name: NodeName, report: Report, by: Deadline) -> None:
        """Ends a node without warning and removes it; `report` hears why its log could not be kept, if so."""
        if (lost := self.substrate.destroy(self.lab, name, by)) is not None:
            report(lost)

    def loadbalancer(self) -> LoadBalancer:
        """The lab's load balancer."""
        address = self.plan.node(LOADBALANCER).address
        bounds, keeps = Limits.of(self.deployed.topology, self.plan.substrate), self.deployed.mode is Mode.STATEFUL
        return LoadBalancer(self.reach(LOADBALANCER), address, bounds, sticky=self.is_sticky, keeps=keeps)

    def timeline(self) -> Recorder:
        """What happens to the lab is noted there."""
        return recording.recorder(self.lab, self.plan.substrate)

    def note(self, state: str, *names: NodeName, **more: int) -> None:
        """Notes in the timeline what these nodes do from now on, in the words of `lab.timeline.events.Kind.NODE`."""
        for name in names:
            self.timeline().note(Event(time.time(), Kind.NODE, str(name), {"state": str(state), **more}))

    def note_gone(self, there: Iterable[NodeName]) -> None:
        """Notes in the timeline which of the nodes that it tells of are gone, since only these are there."""
        names = set(there)
        # A timeline may be long, and nearly always nobody is missing.
        if {spec.name for spec in self.plan.nodes} - names:
            self.timeline().note_gone(time.time(), {str(name) for name in names})


def checked_name(name: str) -> str:
    """The name, if a lab can have it; raises UsageError otherwise."""
    if not re.fullmatch(labs.NAME, name):
        raise UsageError(
            f"{name!r} cannot be the name of a lab",
            where="--name",
            mend="use 1 to 16 of a-z, 0-9 and -, beginning with a letter",
        )
    return name


def topology_file(before: Deployed | None = None) -> Path:
    """The topology file that a lab was last brought up with, or the kit's own; raises UsageError if it is gone."""
    file = before.topology_file if before else None
    if file is not None and not file.exists():
        raise UsageError(
            "the topology file that this lab was made from is gone",
            where=str(file),
            mend="restore it, or name the one that holds from now on: --topology FILE",
        )
    return file or paths.REPO / "topology.toml"


def read_topology(path: Path | None) -> Topology:
    """The topology in `path`, or in the kit's own file."""
    return topologies.load(path or topology_file(), registry.NAMES)


@contextmanager
def changing(
    lab: str,
    verb: str,
    by: Deadline,
    *,
    patience_s: float = 0.0,
    is_brief: bool = False,
    tell: Callable[[str], None] | None = None,
) -> Iterator[list[str]]:
    """Holds the lab's lock; gives the command lines of programs that a killed run had left, which are ended first.

    Raises UsageError that names the holder where somebody else has it, still after `patience_s`; who said by `is_brief`
    that it is for a moment is waited for a little longer, and `tell` hears of that.
    """
    folder, moment_s = paths.lab(lab), min(_MOMENT_S, by.left())
    with lock.held(leases.changes(lab), verb, patience_s=patience_s, moment_s=moment_s, is_brief=is_brief, tell=tell):
        orphans = children.end_orphans(folder / "children", by)
        try:
            with children.kept_in(folder / "children"):
                yield orphans
        finally:
            _leave_nothing(folder)


def _leave_nothing(folder: Path) -> None:
    """Removes the folder of a lab of which nothing was written down: what was asked for was refused."""
    if folder.exists() and {entry.name for entry in folder.iterdir()} <= {"lock", "children"}:
        shutil.rmtree(folder)


def all_records(verb: str) -> AbstractContextManager[None]:
    """Holds what guards every lab's record, for the moment in which one is read and written."""
    return lock.held(paths.state() / "slots.lock", verb, patience_s=_PATIENCE_S)


def _record(lab: str) -> Path:
    return paths.lab(lab) / "lab.json"


def _read(lab: str) -> dict[str, Any] | None:
    """The lab's record as it stands in its file, None where there is none; raises ValueError for a damaged one."""
    record = records.read_json(_record(lab))
    match record:
        case None | {"slot": int(), "substrates": dict()}:
            return record
    raise ValueError("it is no record of a lab")


def _undamaged(lab: str) -> dict[str, Any] | None:
    """The lab's record, None also where it is damaged: whoever removes it, or looks at others, has no need of it."""
    try:
        return _read(lab)
    except ValueError:
        return None


def leave_nothing(verb: str) -> None:
    """Removes the folder of all labs where nothing is left of any: not even the secret of data that was kept."""
    labs = paths.state() / "labs"
    with all_records(verb), suppress(OSError):  # a folder that is not empty
        if labs.exists():
            labs.rmdir()
        (paths.state() / "slots.lock").unlink()
        paths.state().rmdir()


def names() -> list[str]:
    """The labs that have a record on this computer."""
    return sorted(path.parent.name for path in paths.state().glob("labs/*/lab.json"))


def deployed(lab: str) -> dict[str, Deployed]:
    """What is deployed of a lab, by substrate; empty where nothing is."""
    try:
        record = _read(lab) or {"substrates": {}}
        return {name: _parse(record["slot"], entry) for name, entry in record["substrates"].items()}
    except (ValidationError, KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"the record of lab {lab} cannot be read; it is damaged, or another version of the kit wrote it",
            where=f"{_record(lab)}: {str(error).splitlines()[0]}",
            mend=f"{labs.typed('destroy', lab)}, which keeps its data, then {labs.typed('up', lab)}",
        ) from error


def _parse(slot: int, entry: Mapping[str, Any]) -> Deployed:
    return Deployed(
        slot=slot,
        mode=Mode(entry["mode"]),
        workers=tuple(entry["workers"]),
        topology=Topology.model_validate(entry["topology"]),
        keys={Role(role): key for role, key in entry["keys"].items()},
        topology_file=Path(entry["topology_file"]) if entry.get("topology_file") else None,
        pool=tuple(entry.get("pool", ())),
        sticky=entry.get("sticky", False),
    )


def is_there(lab: str, substrate: str) -> bool:
    """Whether the lab has a record on this substrate still: nobody destroyed it."""
    return substrate in (_undamaged(lab) or {"substrates": {}})["substrates"]


def load(lab: str, substrate: str) -> Deployment:
    """The lab on this substrate; raises UsageError if it was never brought up."""
    found = deployed(lab).get(substrate)
    if found is None:
        raise UsageError(
            f"lab {lab} is not up on {substrate}",
            where=str(paths.lab(lab)),
            mend=f"run {labs.typed(f'up {substrate}', lab)} first; `lab list` shows what there is",
        )
    return Deployment(lab, registry.get(substrate), found, plan_of(lab, substrate, found))


def intend(
    lab: str,
    substrate: str,
    *,
    mode: Mode,
    workers: int,
    topology: Topology,
    file: Path,
    keys: Mapping[Role, str],
    sticky: bool = False,
    has_data: bool = False,
    unchecked: Collection[int] = (),
    spared: Collection[int] = (),
) -> Deployment:
    """Writes down what is wanted, before anything is made; gives it as a deployment. `file` holds the topology;
    `has_data` says of a lab without a secret that its store has data all the same. None of the workers is one of
    `unchecked`, and those of them that are `spared` stay wanted besides."""
    with all_records("up"):
        record = records.read_json(_record(lab)) or {"lab": lab, "slot": slot(lab), "substrates": {}}
        before = record["substrates"].get(substrate, {"workers": []})
        pool = before.get("pool", [])
        others = [number for number in before["workers"] if number not in unchecked]
        record["substrates"][substrate] = {
            "mode": str(mode),
            "sticky": sticky,
            "workers": sorted([*numbers(others, workers, taken=[*pool, *unchecked]), *spared]),
            "pool": pool,
            "topology": topology.model_dump(),
            "topology_file": None if file == topology_file() else str(file),
            "keys": {str(role): key for role, key in keys.items()},
        }
        records.write_json(_record(lab), record)
    password.make(lab, substrate, has_data=has_data)
    return load(lab, substrate)


def restaff(lab: Deployment, workers: Iterable[int], pool: Iterable[int]) -> Deployment:
    """Writes down the numbers of the workers that are wanted from now on, to serve and to sleep, before anything is
    made or ended; gives the lab as it is wanted then. Raises UsageError for more than a lab can have."""
    numbers_wanted = {"workers": sorted(workers), "pool": sorted(pool)}
    if max([*numbers_wanted["workers"], *numbers_wanted["pool"]], default=0) > WORKERS_AT_MOST:
        raise UsageError(
            f"a lab has {WORKERS_AT_MOST} workers at most, those that sleep included",
            where=f"lab {lab.lab} on {lab.plan.substrate}",
            mend="ask for fewer, or for a smaller warm pool",
        )
    with all_records("autoscale"):
        record = records.read_json(_record(lab.lab)) or {"substrates": {}}
        if (entry := record["substrates"].get(lab.plan.substrate)) is not None:
            entry |= numbers_wanted
            records.write_json(_record(lab.lab), record)
    return load(lab.lab, lab.plan.substrate)


def numbers(before: Iterable[int], count: int, *, taken: Collection[int] = ()) -> list[int]:
    """The numbers of `count` workers: those there are, the highest dropped first, the lowest free ones added."""
    kept = sorted(before)[:count]
    free = (number for number in itertools.count(1) if number not in kept and number not in taken)
    return sorted([*kept, *itertools.islice(free, count - len(kept))])


def forget(lab: str, substrate: str, *, volumes: bool) -> None:
    """Removes the record of a lab on a substrate; what happened to it, and its secret, only together with its data."""
    folder = paths.lab(lab)
    with all_records("destroy"):
        record = _undamaged(lab)
        if record is not None and record["substrates"].keys() - {substrate}:
            record["substrates"].pop(substrate, None)
            records.write_json(_record(lab), record)
        else:
            _record(lab).unlink(missing_ok=True)
    shutil.rmtree(folder / substrate, ignore_errors=True)
    for log in folder.glob(f"logs/{substrate}-*"):
        log.unlink()
    refresh_note(lab, substrate).unlink(missing_ok=True)
    if volumes:
        recording.recorder(lab, substrate).forget()
        password.forget(lab, substrate)


def open_faults(lab: str, substrate: str) -> Path:
    """The file that tells which faults of the lab are not healed yet."""
    return paths.lab(lab) / f"faults-{substrate}.json"


def refresh_note(lab: str, substrate: str) -> Path:
    """The file that tells of a refresh that has not ended yet."""
    return paths.lab(lab) / f"refresh-{substrate}.json"


def slot(lab: str) -> int:
    """The lab's number on this computer: the one it has, or the one it would get."""
    record = records.read_json(_record(lab))
    return int(record["slot"]) if record else _free_slot()


def _free_slot() -> int:
    taken = {(_undamaged(name) or {}).get("slot") for name in names()}
    for slot in range(LABS_AT_MOST):
        if slot not in taken:
            return slot
    raise UsageError(
        f"there are {LABS_AT_MOST} labs already", where=str(paths.state() / "labs"), mend="destroy one: `lab list`"
    )


def plan_of(lab: str, substrate: str, found: Deployed) -> LabPlan:
    """The plan that follows from the record."""
    asked = planning.Asked(lab, substrate, found.slot, found.mode, found.workers, found.pool)
    render = partial(_configuration, Limits.of(found.topology, substrate), found.is_sticky)
    return planning.make(asked, found.topology, found.keys, password.read(lab, substrate), render)


def _configuration(bounds: Limits, sticky: bool, workers: Iterable[tuple[str, str]], mode: Mode) -> str:
    return config.render(workers, bounds, sticky=sticky, keeps=mode is Mode.STATEFUL)
