"""`lab autoscale` as it is typed: what it refuses, each with one clear error, before it asks an engine for anything;
the table that it shows, and what is said when it is interrupted."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.cli import autoscale as verb
from lab.flows import autoscale, autoscaler, deployment
from lab.flows.autoscale import Look
from lab.flows.leases import leased
from lab.host.wait import await_until
from lab.loadbalancer.gauge import Sample
from lab.model.deadline import Deadline
from lab.model.node import Mode, NodeName, Role
from lab.model.topology import WORKERS_AT_MOST
from lab.scaling.decisions import Grow, Hold
from lab.scaling.places import Fleet
from tests.conftest import REPO, Typed, type_lab
from tests.unit.cli.inside import type_inside
from tests.unit.cli.screen import cells
from tests.unit.model.test_plan import TOPOLOGY

BAD = {
    "min above max": (
        ["--min", "5", "--max", "4"],
        "error: at least 5 and at most 4 workers cannot both be kept\n"
        "  where: --min, --max\n"
        "  mend:  make --min the smaller one\n",
    ),
    "target 0": (
        ["--target", "0"],
        "error: a worker cannot be kept at 0 requests at a time\n"
        "  where: --target\n"
        "  mend:  say more than 0: how many requests at a time one worker is meant to have\n",
    ),
    "negative cooldown": (
        ["--cooldown", "-1"],
        "error: nobody can wait -1 s\n  where: --cooldown\n  mend:  say 0 or more seconds\n",
    ),
    "a pool of fewer than none": (
        ["--warm-pool", "-1"],
        "error: -1 workers cannot sleep in the warm pool\n  where: --warm-pool\n  mend:  say 0 to {most}\n",
    ),
    "negative delay": (
        ["--deregistration-delay", "-1"],
        "error: nobody can wait -1 s\n  where: --deregistration-delay\n  mend:  say 0 or more seconds\n",
    ),
    "a delay without an end": (
        ["--deregistration-delay", "inf"],
        "error: nobody can wait inf s\n  where: --deregistration-delay\n  mend:  say 0 or more seconds\n",
    ),
    "a lab that is not up": (
        [],
        "error: lab blue is not up on docker\n"
        "  where: {folder}\n"
        "  mend:  run `lab up docker --name blue` first; `lab list` shows what there is\n",
    ),
}
W1, W2, W3, W4, W5, W6 = (NodeName(Role.WORKER, number) for number in range(1, 7))
GROWS = Look(
    Sample(1000.0, sessions=11, queued=2, rate=40, response_ms=123, errors=9, users=17, per_server={}),
    0.3,
    Fleet(serving=(W1, W2), warming=(W3,), draining=(W4,), asleep=(W5,), dead=(W6,)),
    Grow(4, "13 requests at a time need 4 workers", 1),
)
UNKNOWN = {
    "--victim": "'newest', 'oldest', 'fewest'",
    "--scale-in": "'sleep', 'delete'",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def typed(*words: str) -> Typed:
    return type_inside("autoscale", "docker", "--name", "blue", *words)


def note_lab(mode: Mode = Mode.STATELESS) -> None:
    file, keys = deployment.topology_file(), dict.fromkeys(Role, "0")
    deployment.intend("blue", "docker", mode=mode, workers=2, topology=TOPOLOGY, file=file, keys=keys)


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_one_error_and_changes_nothing(case: str, home: Path) -> None:
    words, text = BAD[case]
    gave = typed(*words)
    folder = home / "vagrant-docker-lab" / "labs" / "blue"
    assert (gave.code, gave.err) == (2, text.format(folder=folder, most=WORKERS_AT_MOST))
    assert list(home.rglob("*")) == []


@pytest.mark.parametrize("option", UNKNOWN)
def test_an_unknown_policy_is_told_with_those_that_there_are(option: str, home: Path) -> None:
    gave = typed(option, "loudest")
    assert gave.code == 2
    assert gave.err.endswith(f"Error: Invalid value for '{option}': 'loudest' is not one of {UNKNOWN[option]}.\n")
    assert list(home.rglob("*")) == []


@pytest.mark.usefixtures("home")
def test_a_lab_whose_workers_keep_data_is_refused() -> None:
    note_lab(Mode.STATEFUL)
    gave = typed()
    assert (gave.code, gave.err) == (
        2,
        "error: the workers of lab blue on docker keep what users gave them, so none of them may go\n"
        "  where: lab blue\n"
        "  mend:  autoscale a lab that was brought up without --stateful\n",
    )


@pytest.mark.usefixtures("home")
def test_a_dry_run_tells_the_limits_with_the_target_that_follows_from_the_topology() -> None:
    note_lab()
    for words, pool in (
        ([], ""),
        (["--warm-pool", "2"], ", 2 asleep in the warm pool"),
        (["--warm-pool", "0"], ", none asleep in the warm pool"),
    ):
        gave = typed("--dry-run", *words)
        assert (gave.code, gave.out) == (
            0,
            f"would keep lab blue on docker at 1 to 4 workers, 4 requests at a time for each{pool}; "
            "60 s of little load before one goes\n",
        )


@pytest.mark.usefixtures("home")
def test_a_second_autoscaler_is_refused_with_the_name_of_the_first_which_can_be_asked_for_and_ended() -> None:
    note_lab()
    code = (
        "import sys, time; from lab.flows.leases import leased\n"
        "with leased('blue', 'autoscale', 'autoscale vagrant'): print('held', flush=True); time.sleep(60)"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=REPO, env=os.environ.copy()
    )
    assert first.stdout is not None
    assert first.stdout.readline() == "held\n"
    refused = typed()
    assert refused.code == 2
    assert refused.err.startswith(f"error: `lab autoscale vagrant` (pid {first.pid}) is at work on this\n")
    assert autoscaler.running("blue", "docker") is None
    assert typed("--status").code == 1
    told = type_inside("autoscale", "vagrant", "--status", "--name", "blue")
    assert (told.code, told.out) == (
        0,
        f"an autoscaler is at work on lab blue on vagrant (pid {first.pid})\n",
    )
    dry = type_inside("autoscale", "vagrant", "--stop", "--dry-run", "--name", "blue")
    assert (dry.code, dry.out) == (0, f"would end the autoscaler of vagrant (pid {first.pid})\n")
    assert typed("--stop").out == "no autoscaler is at work on lab blue on docker\n"
    assert first.poll() is None
    first.kill()
    first.wait()
    assert autoscaler.running("blue") is None


@pytest.mark.parametrize("how", [[], ["--background"]])
def test_beside_a_run_of_the_proof_it_is_refused_with_one_error(home: Path, how: list[str]) -> None:
    note_lab()
    with leased("blue", "prove", "prove run docker"):
        gave = typed(*how)
    assert (gave.code, gave.out) == (2, "")
    assert gave.err == (
        f"error: `lab prove run docker` (pid {os.getpid()}) is at work on lab blue, and both would replace a worker "
        "that dies\n"
        f"  where: {home}/vagrant-docker-lab/labs/blue/prove.lease\n"
        "  mend:  wait for its end, then run this again\n"
    )
    assert not autoscaler.log_of("blue", "docker").exists()


@pytest.mark.usefixtures("home")
def test_one_in_the_background_outlives_its_command_and_goes_on_where_nothing_answers() -> None:
    note_lab()
    away = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
    begun = type_lab("autoscale", "docker", "--name", "blue", "--background", env=away)
    try:
        assert begun.code == 0, begun.err
        holder = autoscaler.running("blue", "docker")
        assert holder is not None
        assert begun.out == (
            f"an autoscaler is at work (pid {holder.pid}); `lab autoscale docker --stop --name blue` ends it\n"
        )
        log = autoscaler.log_of("blue", "docker")
        by = Deadline.after(60, "one test")
        what = "what it says"
        await_until(lambda: None if "nothing can be decided" in log.read_text() else "?", by, what=what, mend="")
        status = typed("--status")
        assert status.code == 0
        assert "  nothing can be decided: " in status.out
    finally:
        ended = typed("--stop")
    assert (ended.code, autoscaler.running("blue")) == (0, None)


def test_the_live_table_has_the_users_the_traffic_the_workers_and_why_what_was_decided_last() -> None:
    assert cells(verb._live(GROWS), 200) == {
        "users": "17",
        "requests/s": "40",
        "at a time": "13",
        "errors/s": "0.3",
        "response ms": "123",
        "workers": "2, 1 warming, 1 draining, 1 asleep, 1 dead",
        "decision": "add 1, to 4",
        "why": "13 requests at a time need 4 workers",
    }


def test_the_live_table_says_what_is_unknown_where_the_load_balancer_does_not_tell_and_that_nothing_is_done() -> None:
    row = cells(verb._live(Look(None, 0.0, Fleet(serving=(W1,), outdated=(W2,)), Hold(1, "it does not tell"))), 200)
    assert [row[head] for head in ("users", "requests/s", "at a time", "response ms")] == ["?"] * 4
    assert (row["workers"], row["decision"], row["why"]) == ("1, 1 outdated", "keep 1", "it does not tell")


class EndedError(Exception):
    """In the place of the end of this process."""


@pytest.mark.usefixtures("home")
def test_in_the_foreground_what_it_sees_is_shown_until_ctrl_c_which_says_how_it_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(asked: autoscale.Asked, watch: Callable[[Look], None], report: Callable[[str], None]) -> None:
        assert (asked.lab, asked.limits.most) == ("blue", 3)
        report("draining worker-4")
        watch(GROWS)
        raise KeyboardInterrupt

    def end(code: int) -> None:
        raise EndedError(code)

    note_lab()
    monkeypatch.setattr(autoscale, "run", run)
    monkeypatch.setattr(os, "_exit", end)
    for name, value in {"FORCE_COLOR": "1", "COLUMNS": "200"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(EndedError) as ended:
        verb.command.main(["docker", "--max", "3", "--name", "blue"], standalone_mode=False)
    assert ended.value.args == (130,)
    told = capsys.readouterr().err
    assert "draining worker-4\n" in told
    assert "13 requests at a time need 4 workers" in told
    said = "interrupted: the workers there are go on; the same command, typed again, goes on from there\n"
    assert told.endswith(said)
