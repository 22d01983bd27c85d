"""Running other programs: each accepted exit status is named, each failure shows the command and its output."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from lab.host import children, interrupt
from lab.model.deadline import Deadline
from lab.model.errors import LabError, LateError

SUCCESS = {0: "done"}
_TAIL_LINES = 25


@dataclass(frozen=True)
class Result:
    """What a program gave: its exit status, what that status means, and its output as text."""

    status: int
    meaning: str
    out: str
    err: str


def run(
    argv: Sequence[str],
    *,
    by: Deadline,
    ok: Mapping[int, str] = SUCCESS,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    where: str = "this computer",
    mend: str = "read the output above; `lab doctor` checks what the kit needs",
) -> Result:
    """The result of a program whose exit status stands in `ok`.

    `env` is added to the environment. The program gets a process group of its own, is recorded while it
    runs (so that a later verb finds it if we are killed), and is ended with its group at the deadline.
    Raises LabError for a missing program or another exit status, LateError for a deadline that is over.
    """
    with closing(children.Gate()) as gate, ExitStack() as undo:
        # Ctrl-C between the start of a program and the note that it was started would leave it running.
        with interrupt.delayed():
            process = _started(argv, gate, stdin, env or {}, cwd, where)
            undo.callback(_end_if_running, process)
        with children.recorded(process.pid, argv):
            gate.open()
            out, err = _communicate(process, argv, stdin, by, where)
        undo.pop_all()
    if process.returncode not in ok:
        raise LabError(
            f"`{' '.join(argv)}` ended with status {process.returncode}\n{tail(out, err)}", where=where, mend=mend
        )
    return Result(process.returncode, ok[process.returncode], out, err)


def _started(
    argv: Sequence[str],
    gate: children.Gate,
    stdin: bytes | None,
    env: Mapping[str, str],
    cwd: Path | None,
    where: str,
) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, **env}
    if shutil.which(argv[0], path=environment.get("PATH")) is None:
        raise LabError(f"{argv[0]} is not installed", where=where, mend="run `lab setup`")
    return subprocess.Popen(
        [*gate.prefix, *argv],
        stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=cwd,
        start_new_session=True,
        pass_fds=gate.fds,
    )


def _communicate(
    process: "subprocess.Popen[bytes]", argv: Sequence[str], stdin: bytes | None, by: Deadline, where: str
) -> tuple[str, str]:
    try:
        out, err = process.communicate(stdin, timeout=by.left())
    except subprocess.TimeoutExpired as error:
        printed = tail(*map(_text, _end(process)))
        raise LateError(
            f"`{' '.join(argv)}` did not end in time ({by.label})\n{printed}",
            where=where,
            mend="see what it waited for above, then run the same command again",
        ) from error
    return _text(out), _text(err)


def _text(output: bytes) -> str:
    return output.decode(errors="replace")


def _end_if_running(process: "subprocess.Popen[bytes]") -> None:
    if process.returncode is None:
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> tuple[bytes, bytes]:
    """Ends a program and its group, politely first; gives what it had printed."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, signal_number)
        except ProcessLookupError:
            break
        try:
            return process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            continue
    return process.communicate()


def tail(out: str, err: str) -> str:
    """The last lines of what a program printed, indented, as errors show them."""
    lines = [line for line in (out + "\n" + err).splitlines() if line.strip()]
    return "\n".join(f"    {line}" for line in lines[-_TAIL_LINES:])
