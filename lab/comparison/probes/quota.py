"""A bound on the processor time of a bare process, which the kernel keeps as it does for an engine's nodes: a control
group (cgroups(7))."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from lab.host.wait import await_until
from lab.model.deadline import Deadline

_MOUNTED = Path("/sys/fs/cgroup")
# Where the controller `cpu` lies: under cgroup 1 by itself or with its neighbour, and under cgroup 2.
_PLACES = ("cpu", "cpu,cpuacct", ".")
_MEMBERS = "cgroup.procs"
_PERIOD_US = 100_000
_END_S = 10.0


@dataclass(frozen=True)
class Quota:
    """A bound that some processes share; `impossible` says why there is none, and is empty where there is one."""

    group: Path | None
    impossible: str = ""

    def hold(self, pids: Iterable[int]) -> None:
        """Bounds these processes from now on, and those that they start later. Does nothing where there is no bound."""
        if self.group is None:
            return
        for pid in pids:
            # One that ended meanwhile needs no bound.
            with suppress(ProcessLookupError):
                (self.group / _MEMBERS).write_text(str(pid))


@contextmanager
def quota(name: str, cpus: float, mounted: Path = _MOUNTED) -> Iterator[Quota]:
    """A bound of so many processors for whoever is put under it; its processes have to end before the block does."""
    group = next((mounted / each for each in _PLACES if (mounted / each / _MEMBERS).exists()), mounted) / name
    # One that a run left that was killed will do.
    if refused := _refused(lambda: group.mkdir(exist_ok=True)):
        yield Quota(None, refused)
        return
    try:
        refused = _refused(lambda: _set(group, cpus))
        yield Quota(None if refused else group, refused)
    finally:
        _remove(group)


def _refused(action: Callable[[], None]) -> str:
    """In words, that the kernel did not let us; empty where it did."""
    try:
        action()
    except OSError as error:
        return f"the kernel refused a control group: {error.strerror}"
    return ""


def _set(group: Path, cpus: float) -> None:
    allowed_us = round(cpus * _PERIOD_US)
    if (group / "cpu.cfs_quota_us").exists():
        (group / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
        (group / "cpu.cfs_quota_us").write_text(str(allowed_us))
        return
    # Where the controller is off there is no such file, and none is to be made.
    with (group / "cpu.max").open("r+") as file:
        file.write(f"{allowed_us} {_PERIOD_US}")


def _remove(group: Path) -> None:
    def probe() -> str | None:
        try:
            group.rmdir()
        except FileNotFoundError:
            return None
        except OSError as error:
            # The kernel takes a moment to let go of a process that has ended.
            return str(error.strerror)
        return None

    by = Deadline.after(_END_S, f"{_END_S:g} s")
    await_until(probe, by, what=f"the end of control group {group}", mend="end the processes that are in it")
