"""Which command puts a machine to sleep or wakes it, by its state; and how a woken one gets the right time."""

import json
import os
import time
from contextlib import nullcontext
from pathlib import Path

import pytest

from lab.host import paths
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UnknownError
from lab.model.node import NodeName, Role, State
from lab.substrates.vagrant import agent, machines, substrate
from lab.substrates.vagrant.names import title

W1, W2, W3, W4, W5 = (NodeName(Role.WORKER, number) for number in range(1, 6))
STATES = {W1: "running", W2: "paused", W3: "saved", W4: "shut off"}
# Answers the list of all machines, and notes what else it is told.
VIRSH = """#!/bin/sh
shift 3
case $1 in
    list) cat "$0.table" ;;
    *) echo "$@" >>"$0.log" ;;
esac
"""
# The agent of a machine that is just being woken: it is away at first, and notes what it is told after that. Its clock
# is this computer's, but for what "$0.behind" says: so many seconds, a line each time it is asked.
AGENT = """#!/bin/sh
if [ ! -e "$0.met" ]; then touch "$0.met"; cat "$0.away" >&2; exit 1; fi
echo "$@" >>"$0.log"
case $* in
    *guest-get-time*)
        behind=$(head -n 1 "$0.behind") && sed -i 1d "$0.behind"
        echo "{\\"return\\":$(date -d "-${behind:-0} seconds" +%s%N)}" ;;
    *) echo '{"return":{}}' ;;
esac
"""
AWAY = "error: Guest agent is not responding: QEMU guest agent is not connected"
NEVER = "error: argument unsupported: QEMU guest agent is not configured"


@pytest.fixture
def by() -> Deadline:
    return Deadline.after(30, "one test")


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What virsh was told to do with the machines in the table above."""
    program = _program(tmp_path / "virsh", VIRSH)
    rows = [
        f" -   labkit-blue_{name}   {state}   {title('blue', name, 'ab', 'tcg')}\n" for name, state in STATES.items()
    ]
    (tmp_path / "virsh.table").write_text("".join(rows))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return program.with_name("virsh.log")


def _program(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_only_a_machine_that_runs_or_is_paused_is_put_to_sleep_and_will_run_when_it_wakes(
    log: Path, by: Deadline
) -> None:
    machines.sleep("blue", [W1, W2, W3, W4, W5], by)
    told = ["managedsave --running labkit-blue_worker-1", "managedsave --running labkit-blue_worker-2"]
    assert sorted(log.read_text().splitlines()) == told


def test_only_a_machine_that_sleeps_is_woken_and_who_runs_is_told(log: Path, by: Deadline) -> None:
    assert machines.wake("blue", [W5, W4, W3, W2, W1], by) == [W1]
    assert sorted(log.read_text().splitlines()) == ["resume labkit-blue_worker-2", "start labkit-blue_worker-3"]


@pytest.mark.parametrize(("name", "is_left"), [(W1, False), (W2, True), (W5, False)])
def test_a_refused_resume_matters_only_for_a_machine_that_is_still_paused(
    log: Path, by: Deadline, name: NodeName, is_left: bool
) -> None:
    _program(log.with_name("virsh"), VIRSH + '[ "$1" = list ] || { echo "domain is already running" >&2; exit 1; }\n')
    with pytest.raises(LabError, match="already running") if is_left else nullcontext():
        machines.resume(f"labkit-blue_{name}", by)
    assert log.read_text() == f"resume labkit-blue_{name}\n"


@pytest.mark.parametrize(
    ("reason", "seen"), [("paused (starting up)", State.RUNNING), ("paused (user)", State.SLEEPING)]
)
def test_a_machine_that_libvirt_just_starts_is_no_sleeper(log: Path, by: Deadline, reason: str, seen: State) -> None:
    _program(log.with_name("virsh"), VIRSH.replace("*)", f'domstate) echo "{reason}" ;;\n    *)'))
    states = {node.name: node.state for node in machines.nodes("blue", {}, "tcg", by)}
    assert (states[W1], states[W2]) == (State.RUNNING, seen)


# What libvirt says where the kernel does not let QEMU go in time, and where a machine was removed meanwhile.
BUSY = "error: Failed to terminate process 4711 with SIGKILL: Device or resource busy"
GONE = "error: failed to get domain 'labkit-blue_worker-1'"


@pytest.mark.parametrize("later", ["shut off", "", "running"])
def test_a_machine_that_libvirt_could_not_end_is_not_taken_for_off_before_it_is(
    log: Path, by: Deadline, later: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = log.with_name("virsh.table")
    row, *others = table.read_text().splitlines(keepends=True)
    log.with_name("virsh.later").write_text("".join([row.replace("running", later)] * bool(later) + others))
    # It has ended, or has not, when it is looked for the fourth time.
    asked = 'list) echo >>"$0.asked"; [ $(wc -l <"$0.asked") -lt 4 ] || cp "$0.later" "$0.table"; cat "$0.table" ;;'
    refused = f'destroy) echo "$@" >>"$0.log"; echo "{BUSY}" >&2; exit 1 ;;'
    _program(log.with_name("virsh"), VIRSH.replace('list) cat "$0.table" ;;', f"{asked}\n    {refused}"))
    if later == "running":
        monkeypatch.setattr(machines, "_END_S", 1.5)
        with pytest.raises(LabError, match="the end of machine labkit-blue_worker-1 did not come about") as raised:
            machines.power_off("labkit-blue_worker-1", by)
        assert raised.value.where == f"last seen: {BUSY}"
    else:
        machines.power_off("labkit-blue_worker-1", by)
    assert log.read_text() == "destroy labkit-blue_worker-1\n"


def test_a_machine_that_runs_on_is_not_removed(log: Path, by: Deadline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines, "_END_S", 0.5)
    refused = f'destroy) echo "{BUSY}" >&2; exit 1 ;;\n    vol-list) ;;'
    _program(log.with_name("virsh"), VIRSH.replace("*)", f"{refused}\n    *)"))
    with pytest.raises(LabError, match="did not come about"):
        machines.destroy("blue", W1, by)
    assert not log.exists(), "neither its definition nor its disk was removed"


def test_a_machine_that_was_removed_while_it_is_asked_for_is_told_as_it_was(log: Path, by: Deadline) -> None:
    _program(log.with_name("virsh"), VIRSH.replace("*)", f'dom*) echo "{GONE}" >&2; exit 1 ;;\n    *)'))
    told = {node.name: node.state for node in machines.nodes("blue", {}, "tcg", by)}
    assert told == {W1: State.RUNNING, W2: State.SLEEPING, W3: State.SLEEPING, W4: State.STOPPED}


def test_an_engine_that_goes_while_it_is_asked_is_no_machine_that_went(log: Path, by: Deadline) -> None:
    _program(log.with_name("virsh"), VIRSH.replace("*)", 'dom*) echo "failed to connect" >&2; exit 1 ;;\n    *)'))
    with pytest.raises(UnknownError):
        machines.nodes("blue", {}, "tcg", by)


def test_nobody_to_wake_is_nothing_to_do(log: Path, by: Deadline) -> None:
    assert machines.wake("blue", [], by) == []
    assert not log.exists()


def test_the_time_is_told_as_soon_as_the_agent_answers(log: Path, by: Deadline) -> None:
    setting, asking = clock_set(log, [], by)
    (said,) = said_times([setting])
    assert abs(said - time.time()) < 10
    assert '"guest-get-time"' in asking
    assert " qemu-agent-command --timeout 10 labkit-blue_worker-1 " in asking


@pytest.mark.parametrize(
    ("behind", "times"), [([40], 2), ([40, 0.5], 3), ([40, 40, 40, 40], 3), ([-40], 2), ([0.1], 1)]
)
def test_a_clock_that_was_told_late_is_told_again(behind: list[float], times: int, log: Path, by: Deadline) -> None:
    said = said_times(clock_set(log, behind, by))
    assert len(said) == times
    assert said == sorted(said)


def test_a_machine_without_an_agent_is_not_waited_for(log: Path, by: Deadline) -> None:
    with pytest.raises(LabError, match="not configured"):
        clock_set(log, [], by, away=NEVER)
    assert not log.exists()


def clock_set(log: Path, behind: list[float], by: Deadline, away: str = AWAY) -> list[str]:
    """What the agent was told of a machine whose clock is so far behind each time that it is asked."""
    program = _program(log.with_name("virsh"), AGENT)
    program.with_name("virsh.behind").write_text("".join(f"{late}\n" for late in behind))
    program.with_name("virsh.away").write_text(f"{away}\n")
    agent.set_clock("labkit-blue_worker-1", by)
    return log.read_text().splitlines()


def said_times(told: list[str]) -> list[float]:
    """The times that the agent was told, in seconds since 1970."""
    said = [json.loads(line[line.index("{") :]) for line in told]
    return [one["arguments"]["time"] / 1e9 for one in said if one["execute"] == "guest-set-time"]


@pytest.mark.parametrize("end", ["sleep", "power_off", "destroy", "remove"])
def test_a_connection_that_was_kept_open_ends_before_its_machine_does(
    end: str, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = paths.lab("blue") / "vagrant"
    folder.mkdir(parents=True)
    (folder / "ssh_config").write_text("")
    (folder / "addresses.json").write_text('{"worker-1": "10.0.0.1"}')
    _program(tmp_path / "ssh", f'#!/bin/sh\necho "ssh $@" >>{log}\n')
    _program(tmp_path / "virsh", VIRSH.replace("list)", "*-list|list)"))
    made = substrate.make()
    match end:
        case "sleep":
            made.sleep("blue", [W1], by)
        case "power_off":
            made.power_off("blue", W1, by)
        case "destroy":
            made.destroy("blue", W1, by)
        case "remove":
            made.remove("blue", lambda _: None, by, volumes=False)
    closed, *ended = log.read_text().splitlines()
    assert closed == f"ssh -F {folder}/ssh_config -O exit worker-1"
    assert ended[0].split()[0] == ("managedsave" if end == "sleep" else "destroy")
