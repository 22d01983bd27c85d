"""Vagrant itself, through python-vagrant, with a deadline, its output in errors, and its process recorded."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import vagrant
from lab.host import processes
from lab.host.run import run, tail
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import NodeName

_TRIES = 3
# Each line with the seconds since the boot at which it came: Vagrant writes its output a line at a time.
_STAMPED = 'vagrant "$@" 2>&1 | while IFS= read -r line; do read -r now _ </proc/uptime; echo "$now $line"; done'
_SLOW = "timeout during server version negotiating"
_EITHER = {0: "done", 1: "failed"}
_FRAME = re.compile(r"\.rb:\d+:in ")


class Tool(vagrant.Vagrant):
    """python-vagrant on one folder. It has no time-out and drops the output, so running is ours."""

    def __init__(self, folder: Path, by: Deadline) -> None:
        super().__init__(root=str(folder))  # type: ignore[no-untyped-call]
        self._folder = folder
        self._by = by

    def bring_up(self, names: Sequence[NodeName]) -> None:
        """Makes or starts these machines, all at once, and returns when each answers over ssh."""
        for left in range(_TRIES - 1, -1, -1):
            try:
                self.up(vm_name=one_of(names), provider="libvirt")  # type: ignore[no-untyped-call]
                return
            except LabError as error:
                # Vagrant gives up when an emulated machine on a busy computer takes 15 s to say its first word.
                if not left or _SLOW not in error.message:
                    raise

    def _call_vagrant_command(self, args: Sequence[str | None]) -> None:
        self._run_vagrant_command(args)

    def _run_vagrant_command(self, args: Sequence[str | None]) -> str:
        argv = ["vagrant", *(word for word in args if word is not None), "--no-tty"]
        where = f"vagrant in {self._folder}"
        ended = run(
            argv, by=self._by, cwd=self._folder, env={"VAGRANT_CHECKPOINT_DISABLE": "1"}, where=where, ok=_EITHER
        )
        if ended.status:
            said = tail(without_frames(ended.out), without_frames(ended.err))
            raise LabError(
                f"`{' '.join(argv)}` ended with status {ended.status}\n{said}",
                where=where,
                mend="read the output above; `lab doctor` checks what the kit needs",
            )
        return ended.out


def typed_up(folder: Path, name: NodeName, by: Deadline) -> float:
    """Types `vagrant up` for one machine, and gives the seconds that Vagrant took before it had libvirt do anything."""
    argv = ["bash", "-o", "pipefail", "-c", _STAMPED, "vagrant", "up", str(name), "--provider", "libvirt", "--no-tty"]
    where, began_s = f"vagrant in {folder}", processes.now_s()
    said = run(argv, by=by, cwd=folder, env={"VAGRANT_CHECKPOINT_DISABLE": "1"}, where=where).out
    return max(0.0, first_word_s(said, name) - began_s)


def first_word_s(said: str, name: NodeName) -> float:
    """When Vagrant's provider said its first word about a machine, which is that it makes its disk (vagrant-libvirt's
    action.rb, action_up), in stamped output. Pure; raises LabError where it never did."""
    for line in said.splitlines():
        moment, _, words = line.partition(" ")
        if words.startswith(f"==> {name}: "):
            return float(moment)
    mend = "read the output above; `lab doctor` checks what the kit needs"
    raise LabError(f"Vagrant did not say that it makes {name}\n{tail(said, '')}", where="vagrant up", mend=mend)


def without_frames(said: str) -> str:
    """What Vagrant said without the forty lines that tell where in its own code it was."""
    return "\n".join(line for line in said.splitlines() if not _FRAME.search(line))


def one_of(names: Sequence[NodeName]) -> str:
    """The word that names several machines to Vagrant: a regular expression between slashes."""
    return f"/^({'|'.join(str(name) for name in names)})$/"


def box_folder(box: str) -> Path:
    """Where Vagrant keeps a box that was added."""
    home = Path(os.environ.get("VAGRANT_HOME", Path.home() / ".vagrant.d"))
    return home / "boxes" / box.replace("/", "-VAGRANTSLASH-")
