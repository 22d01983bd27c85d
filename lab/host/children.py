"""Programs that we started and that outlive us if we are killed: recorded by pid and start time.

A pid alone may have been given to another program since; pid and start time together name one process.
"""

import json
import os
import secrets
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from lab.host import records
from lab.host.wait import await_until
from lab.model.deadline import Deadline


class _Records:
    """Where this process records its children; a process runs one verb, so one place is enough."""

    folder: Path | None = None


@contextmanager
def kept_in(folder: Path) -> Iterator[None]:
    """Programs started inside are recorded in `folder` while they run."""
    folder.mkdir(parents=True, exist_ok=True)
    before, _Records.folder = _Records.folder, folder
    try:
        yield
    finally:
        _Records.folder = before


class Gate:
    """Holds a program back until it is recorded: killed in between, we would leave it running and unknown.

    `prefix` goes before its command line, and `fds` are passed on to it.
    """

    # Not by its number alone: Debian's sh knows only those of one digit.
    _WAIT = 'read -r go </dev/fd/"$0" || exit 1; exec "$@"'

    def __init__(self) -> None:
        is_needed = _Records.folder is not None
        self._ends: Sequence[int] = os.pipe() if is_needed else ()
        self.fds = tuple(self._ends[:1])
        self.prefix = ["sh", "-c", self._WAIT, *map(str, self.fds)] if is_needed else []

    def open(self) -> None:
        """Lets the program begin. A gate that is closed unopened, as the kernel does for a killed process, ends it."""
        if self._ends:
            os.write(self._ends[1], b"go\n")

    def close(self) -> None:
        """Gives the descriptors back."""
        for end in self._ends:
            os.close(end)


@contextmanager
def recorded(pid: int, argv: Sequence[str]) -> Iterator[None]:
    """Keeps a record of the running program `pid` for as long as the block lasts."""
    folder = _Records.folder
    if folder is None:
        yield
        return
    record = folder / f"{pid}.json"
    try:
        with records.naming(record):
            record.write_text(json.dumps({"pid": pid, "started": start_time(pid), **_entry(argv)}))
        yield
    finally:
        record.unlink(missing_ok=True)


def _entry(argv: Sequence[str]) -> dict[str, Any]:
    return {"argv": list(argv), "by": {"pid": os.getpid(), "started": start_time(os.getpid())}}


# $0 the record, $1 the rest of what stands in it. The pid and the start time stay when it becomes the program.
_RECORD_ITSELF = """
started=$(read -r stat </proc/$$/stat; set -- ${stat##*") "}; shift 19; echo "$1")
printf '{"pid": %s, "started": %s, %s' $$ "$started" "${1#?}" >"$0" || exit 1
shift
exec "$@"
"""


@contextmanager
def recording_itself(argv: Sequence[str]) -> Iterator[list[str]]:
    """What goes before the command line of a program that a library starts, which does not tell us its pid before it
    begins: it records itself first, for as long as the block lasts. An error in the block ends it."""
    folder = _Records.folder
    if folder is None:
        yield []
        return
    record = folder / f"{os.getpid()}-{secrets.token_hex(4)}.json"
    try:
        yield ["sh", "-c", _RECORD_ITSELF, str(record), json.dumps(_entry(argv))]
    except BaseException:
        with suppress(FileNotFoundError, ProcessLookupError, json.JSONDecodeError):
            os.kill(json.loads(record.read_text())["pid"], signal.SIGTERM)
        raise
    finally:
        record.unlink(missing_ok=True)


def start_time(pid: int) -> int | None:
    """When a process started, in clock ticks since the boot (proc(5), field 22 of stat); None if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(stat.rpartition(")")[2].split()[19])


def end_orphans(folder: Path, by: Deadline) -> list[str]:
    """Ends what an earlier, killed run left running and recorded in `folder`; gives their command lines.

    What was started by somebody who lives is no orphan: another thread of ours, or of who held the lock before.
    """
    ended = []
    for record in sorted(folder.glob("*.json")):
        try:
            entry = json.loads(record.read_text())
        except json.JSONDecodeError:
            # We were killed while writing the record: the program had then only just been started.
            record.unlink()
            continue
        if (parent := entry.get("by")) and lives(parent["pid"], parent["started"]):
            continue
        if _is_same(entry):
            end_tree(entry["pid"], by)
            ended.append(" ".join(entry["argv"]))
        record.unlink(missing_ok=True)
    return ended


def _is_same(entry: Mapping[str, Any]) -> bool:
    """Whether the process that was recorded is still the one that has its pid."""
    return entry["started"] is not None and start_time(entry["pid"]) == entry["started"]


def lives(pid: int, started: int | None) -> bool:
    """Whether the process that had this pid and start time still runs."""
    return _is_alive(pid) and _is_same({"pid": pid, "started": started})


def end_tree(pid: int, by: Deadline) -> None:
    """Ends a process and its descendants without warning; returns when none of them runs."""
    family = [pid, *_descendants(pid)]
    born = {member: start_time(member) for member in family}
    for member in family:
        try:
            os.kill(member, signal.SIGKILL)
        except ProcessLookupError:
            continue

    def still_there() -> str | None:
        alive = [m for m in family if _is_alive(m) and start_time(m) == born[m]]
        return f"processes {alive} still run" if alive else None

    await_until(still_there, by, what="the end of orphaned programs", mend=f"end process {pid} by hand")


def _is_alive(pid: int) -> bool:
    """Whether a process runs. One whose first thread has ended looks like a zombie, while other threads still hold its
    files and ports."""
    try:
        is_zombie = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        return not is_zombie or len([*Path(f"/proc/{pid}/task").iterdir()]) > 1
    except (FileNotFoundError, ProcessLookupError):
        return False


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found: list[int] = []
    todo = [pid]
    while todo:
        mine = children.get(todo.pop(), [])
        found += mine
        todo += mine
    return found
