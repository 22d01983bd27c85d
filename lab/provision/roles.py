"""Ansible roles, applied or compared: ansible-runner with its events as progress and its exit status as the truth."""

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible_mitogen
import ansible_runner

from lab.host import children
from lab.model.deadline import Deadline
from lab.model.errors import LabError

Inventory = Mapping[str, Mapping[str, Any]]
"""Host name to its variables."""

_SETTINGS = {
    "ANSIBLE_DEPRECATION_WARNINGS": "False",
    "ANSIBLE_NOCOLOR": "1",
    "ANSIBLE_PIPELINING": "1",
    # A worker's root is read-only: its /tmp is what can be written.
    "ANSIBLE_REMOTE_TEMP": "/tmp/.ansible",
    # Four emulated machines that are logged in to at once may take longer than Ansible's ten seconds.
    "ANSIBLE_TIMEOUT": "120",
    "LC_ALL": "C.UTF-8",
    # A normal user's PATH may lack the sbin folders, and a chroot inherits what we have.
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "TMPDIR": "/tmp",
}
_ONE_PYTHON = {
    "ANSIBLE_STRATEGY": "mitogen_linear",
    "ANSIBLE_STRATEGY_PLUGINS": str(Path(ansible_mitogen.__path__[0]) / "plugins" / "strategy"),
}


@dataclass(frozen=True)
class Play:
    """What is to be run: a playbook against an inventory. `check` changes nothing and tells what would change.

    With `one_python` a node keeps one interpreter for all tasks (Mitogen), where each task else starts its own, which
    takes many times as long.
    """

    playbook: Path
    inventory: Inventory
    variables: Mapping[str, Any] = field(default_factory=dict)
    check: bool = False
    one_python: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a play did, or in check mode would do: names of the changed tasks by host, each host is there."""

    changed: Mapping[str, tuple[str, ...]]


def play(
    what: Play, report: Callable[[str], None], by: Deadline, *, prefix: Sequence[str] = (), where: str = ""
) -> Outcome:
    """Runs a play to its end; `report` hears of each task. `prefix` goes before Ansible's command line.

    Raises LabError with the failed task's own words, for an unreachable host, and when the deadline is over.
    """
    # The prefix may lead into a namespace, where a pid means another process than here: what runs there ends with it.
    watcher = _Watcher(report, tells_pid=not prefix)
    recording = nullcontext([*prefix]) if prefix else children.recording_itself(["ansible-playbook"])
    with tempfile.TemporaryDirectory(prefix="lab-ansible-") as folder, watcher, recording as before:
        runner = ansible_runner.interface.init_runner(
            private_data_dir=folder,
            playbook=str(what.playbook),
            inventory={"all": {"hosts": {host: dict(pairs) for host, pairs in what.inventory.items()}}},
            extravars=dict(what.variables),
            cmdline="--check --diff" if what.check else None,
            envvars={**_SETTINGS, **(_ONE_PYTHON if what.one_python else {}), "ANSIBLE_HOME": f"{folder}/home"},
            event_handler=watcher.take,
            cancel_callback=by.is_over,
            quiet=True,
        )
        # The program that came with this Python, whatever PATH says.
        program = str(Path(sys.executable).parent / "ansible-playbook")
        runner.config.command = [*before, program, *runner.config.command[1:]]
        runner.run()
        said = runner.stdout.read()
    if runner.rc != 0 or runner.status != "successful":
        raise _failure(watcher, runner.status, said, by, where or what.playbook.name)
    return Outcome({host: tuple(watcher.changed.get(host, ())) for host in what.inventory})


class _Watcher:
    """Listens to a play's events: tells the steps, keeps what failed and what changed, knows the program's pid.

    `tells_pid` says whether the pid that Ansible tells is one of this computer's.
    """

    def __init__(self, report: Callable[[str], None], *, tells_pid: bool) -> None:
        self.failed: list[str] = []
        self.changed: dict[str, list[str]] = {}
        self._report = report
        self._tells_pid = tells_pid
        self._pid: int | None = None

    def __enter__(self) -> "_Watcher":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and self._pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGTERM)

    def take(self, event: Mapping[str, Any]) -> bool:
        """Takes one event; False tells ansible-runner to write no file for it."""
        name, details = event["event"], event.get("event_data", {})
        if name == "playbook_on_start" and self._tells_pid:
            self._pid = event["pid"]
        elif name == "playbook_on_task_start":
            self._report(details["name"])
        elif name in ("runner_on_failed", "runner_on_unreachable") and not details.get("ignore_errors"):
            self.failed.append(f"{details['task']} ({details['host']}): {_words(details['res'])}")
        elif name == "runner_on_ok" and details["res"].get("changed"):
            self.changed.setdefault(details["host"], []).append(details["task"])
        return False


def _words(result: Mapping[str, Any]) -> str:
    if "results" in result:
        failed = [each for each in result["results"] if each.get("failed")]
        return "; ".join(_words(each) for each in failed) or str(result.get("msg", ""))
    parts = [str(result[key]).strip() for key in ("msg", "stderr", "module_stderr") if result.get(key)]
    return "\n    ".join(dict.fromkeys(parts)) or "it told no reason"


def _failure(watcher: _Watcher, status: str, said: str, by: Deadline, where: str) -> LabError:
    if status == "canceled":
        return LabError(
            f"Ansible did not end in time ({by.label})", where=where, mend="run the same command again, it goes on"
        )
    words = watcher.failed or [line for line in said.splitlines() if line.strip()][-15:]
    return LabError(
        "Ansible failed:\n" + "\n".join(f"    {line}" for line in words),
        where=where,
        mend="the text above is the failed task's own; mend that and run the same command again",
    )
