"""Rows of what a worker sees and may do: asked and tried from inside, as root."""

import os
import secrets
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from lab.comparison.columns import Way
from lab.comparison.probes import bare
from lab.comparison.probes.base import Ground, Value
from lab.comparison.probes.inside import ISOLATION, told
from lab.comparison.probes.worker import OfServing, Worker, root_of, url_of
from lab.model.deadline import Deadline

_WHAT = "kernel first processes capabilities seccomp devices module sibling root"
ROWS = tuple(f"isolation-{what}" for what in _WHAT.split())
# capabilities(7), by their numbers.
_NAMES = """chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service
    net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin
    sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override
    mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore"""
_CAPABILITIES = tuple(_NAMES.split())
_FEW, _HERE = 5, "this computer's"


class Isolation(OfServing):
    """Nothing that is tried changes anything: a module that is none, a mount that is undone at once, a setting of the
    kernel and the time set to what they are. A bare process, whose clock is this computer's, is not asked to set it.

    What it sees of others is looked for: a program of this computer, and a file of a sibling, made for that.
    """

    name = "isolation"
    rows = ROWS

    def once(self, ground: Ground, by: Deadline) -> Mapping[str, Value]:
        word = secrets.token_hex(8)
        may_set_clock = "no" if ground.place.way is Way.BARE else "yes"
        with self._keeper.serving(ground, by) as worker, _another(ground, by) as sibling:
            there = urlsplit(sibling.url)
            words = [worker.name, sibling.name, str(there.hostname), str(there.port)]
            with outside(word), _file_of(sibling, by) as file:
                found = told(worker.root, ISOLATION, [*words, file, word[::-1], may_set_clock], by)
        return dict(in_words(found, os.uname().release))


@contextmanager
def _another(ground: Ground, by: Deadline) -> Iterator[Worker]:
    """Another worker of the column's kind: a second bare process, or the lab's first worker."""
    if ground.place.way is Way.BARE:
        with bare.running(ground, by, 2) as process:
            process.await_ready(by)
            yield Worker(process.name, process.url, process.reach, process.root)
        return
    lab = ground.deployment()
    name = lab.plan.workers()[0].name
    yield Worker(str(name), url_of(lab, name), lab.reach(name), root_of(lab, name))


@contextmanager
def outside(word: str) -> Iterator[None]:
    """A program of this computer that has this word on its command line runs as long as the block lasts."""
    # It waits for what never comes, and so it ends with us.
    with subprocess.Popen(["sh", "-c", "read -r _", word], stdin=subprocess.PIPE):
        yield


@contextmanager
def _file_of(worker: Worker, by: Deadline) -> Iterator[str]:
    """A file of a worker's own is there as long as the block lasts."""
    path = f"/tmp/{secrets.token_hex(8)}"
    worker.reach.run(["touch", path], by)
    try:
        yield path
    finally:
        worker.reach.run(["rm", "-f", path], by)


def in_words(found: Mapping[str, Any], kernel: str) -> dict[str, str]:
    """What each row says of what was seen inside; `kernel` is this computer's. Pure."""
    is_shared = found["kernel"] == kernel
    return {
        "isolation-kernel": f"{found['kernel']}, {_HERE if is_shared else 'its own'}",
        "isolation-first": found["first"],
        "isolation-processes": _processes(found),
        "isolation-capabilities": _of_app(found["app"]),
        "isolation-seccomp": _filter(found["app"]),
        "isolation-devices": f"{len(found['devices'])} in /dev; disks: {_listed(found['disks'])}",
        "isolation-module": _module(found["module"], is_shared=is_shared),
        "isolation-sibling": _sibling(found),
        "isolation-root": _root(found),
    }


def _processes(found: Mapping[str, Any]) -> str:
    return f"{found['processes']}, {f'{_HERE} among them' if found['outside seen'] else f'none of {_HERE}'}"


def capabilities(mask: str) -> list[str]:
    """The names in a mask of /proc/PID/status, which is in hexadecimal digits. Pure."""
    bits = int(mask, 16)
    known = [name for number, name in enumerate(_CAPABILITIES) if bits >> number & 1]
    return known + [str(number) for number in range(len(_CAPABILITIES), 64) if bits >> number & 1]


def _of_app(status: Mapping[str, str]) -> str:
    if not status:
        return "the app was not found"
    has, may_get = (capabilities(status[key]) for key in ("CapEff", "CapBnd"))
    gains = "and can gain none" if status.get("NoNewPrivs") == "1" or not may_get else f"could gain {_many(may_get)}"
    return f"{_many(has)}, {gains}"


def _many(names: Sequence[str]) -> str:
    if len(names) >= len(_CAPABILITIES) - 1:
        return "all"
    return ", ".join(names) if 0 < len(names) <= _FEW else str(len(names) or "none")


def _filter(status: Mapping[str, str]) -> str:
    """The field Seccomp of /proc/PID/status: 0 none, 1 strict, 2 a filter."""
    return {"0": "none", "1": "strict", "2": "yes, a filter"}.get(status.get("Seccomp", ""), "not told by this kernel")


def _module(said: str, *, is_shared: bool) -> str:
    whose = "this computer's kernel" if is_shared else "its own kernel"
    if said in ("EPERM", "EACCES"):
        return f"no ({said})"
    return f"no: {whose} takes no modules" if said == "ENOSYS" else f"yes, into {whose}"


def _sibling(found: Mapping[str, Any]) -> str:
    network = "its port over the network" if found["sibling reached"] else "nothing over the network"
    files = "its files" if found["sibling read"] else "none of its files"
    return f"{network}; {found['sibling seen'] or 'none'} of its processes; {files}"


def _root(found: Mapping[str, Any]) -> str:
    has = _many(capabilities(found["root"]["CapEff"]))
    tries = found["tries"]
    allowed, refused = ([what for what, why in tries.items() if bool(why) is no] for no in (False, True))
    left_out = "" if "clock" in tries else f"; clock: not tried, it would be {_HERE}"
    return f"capabilities: {has}; allowed: {_listed(allowed)}; refused: {_listed(refused)}{left_out}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
