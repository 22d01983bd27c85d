"""Asking libvirt. `virsh` answers in 20 ms where Vagrant takes seconds to start."""

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.host.run import SUCCESS, Result, run
from lab.model.deadline import Deadline
from lab.model.errors import LabError, LateError, UnknownError
from lab.substrates.vagrant.names import POOL

# A question is answered in 20 ms; where libvirtd probes QEMU first, in 4 s.
_ANSWER_S = 10.0
# virsh's tables have no separator but spaces, and two of them stand in no state or title of ours.
_COLUMNS = re.compile(r"\s{2,}")
_AWAY = (
    "failed to connect",
    "Failed to connect",
    "Cannot recv data",
    "End of file while reading data",
    "virsh is not installed",
)


def uri() -> str:
    """The libvirt that LIBVIRT_DEFAULT_URI names, or this computer's."""
    return os.environ.get("LIBVIRT_DEFAULT_URI", "qemu:///system")


def virsh(*words: str, by: Deadline, ok: Mapping[int, str] = SUCCESS) -> Result:
    """What virsh says. Raises UnknownError where libvirt does not answer, LabError for a refusal."""
    try:
        return run(["virsh", "-q", "-c", uri(), *words], by=by, ok=ok, env={"LC_ALL": "C"}, where="libvirt")
    except LabError as error:
        if any(sign in error.message for sign in _AWAY):
            raise UnknownError(
                f"libvirt does not answer: {error.message}", where=uri(), mend="run `lab setup`, which starts it"
            ) from error
        raise


def ask(*words: str, by: Deadline) -> str:
    """What virsh says to a question. Raises UnknownError also where the answer does not come within some seconds."""
    limit = by.at_most(_ANSWER_S, f"asking libvirt: {_ANSWER_S:.0f} s")
    try:
        return virsh(*words, by=limit).out
    except LateError as error:
        raise UnknownError(
            f"libvirt does not answer: {error.message}", where=uri(), mend="see /var/log/libvirt, or restart libvirtd"
        ) from error


@dataclass(frozen=True)
class Domain:
    """A virtual machine: its state in libvirt's words (`saved` for one whose memory is on disk), and its title."""

    state: str
    title: str


def domains(by: Deadline) -> dict[str, Domain]:
    """Every domain by name."""
    return parsed(ask("list", "--all", "--managed-save", "--title", by=by))


def parsed(table: str) -> dict[str, Domain]:
    """The domains in the table of `virsh -q list --all --managed-save --title`. Pure."""
    found = {}
    for line in table.splitlines():
        if line.strip():
            _, name, state, title, *_ = [*_COLUMNS.split(line.strip(), maxsplit=3), ""]
            found[name] = Domain(state, title)
    return found


def volumes(by: Deadline) -> set[str]:
    """The names of all volumes in the pool."""
    lines = ask("vol-list", "--pool", POOL, by=by).splitlines()
    return {line.split()[0] for line in lines if line.strip()}


def networks(by: Deadline) -> dict[str, bool]:
    """Every network by name, with whether it is active."""
    lines = ask("net-list", "--all", by=by).splitlines()
    return {line.split()[0]: line.split()[1] == "active" for line in lines if line.strip()}


def upload(name: str, content: Path, by: Deadline, present: Sequence[str] | set[str]) -> None:
    """Puts a file into the pool as raw volume `name`; QEMU can read it there, whoever may read our folders."""
    if name in present:
        delete(name, by)
    virsh("vol-create-as", POOL, name, str(content.stat().st_size), "--format", "raw", by=by)
    _fill(name, content, by)


def write(name: str, content: bytes, by: Deadline, present: Sequence[str] | set[str]) -> None:
    """Puts bytes into the pool as raw volume `name`. One that is there is written over: QEMU of a machine that runs has
    it open, and where it was removed libvirt cannot save the machine (bdrv_inactivate_all), which then never sleeps."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        if name in present:
            _fill(name, Path(file.name), by)
        else:
            upload(name, Path(file.name), by, present)


def _fill(name: str, content: Path, by: Deadline) -> None:
    virsh("vol-upload", name, str(content), "--pool", POOL, by=by)


def delete(name: str, by: Deadline) -> None:
    """Removes a volume."""
    virsh("vol-delete", name, "--pool", POOL, by=by)


def pool_folder(by: Deadline) -> Path:
    """Where the pool's volumes lie."""
    xml = ask("pool-dumpxml", POOL, by=by)
    return Path(xml.partition("<path>")[2].partition("</path>")[0])
