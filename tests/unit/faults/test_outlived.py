"""What a killed or interrupted run left at work strikes nobody after the healing."""

import json
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from lab.faults import base, injection
from lab.flows import deployment, prove
from lab.flows.deployment import Deployed, Deployment
from lab.host import children, paths
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.node import Mode
from lab.substrates.base import Reach
from tests.unit.faults.ground import KEYS, ground
from tests.unit.model.test_plan import TOPOLOGY, make

HERE = Reach(("env",), ("env",), False, "here")
# The script goes on in the node when whoever told it is gone.
OUTLIVED = Reach(("sh", "-c", '"$@" >/dev/null 2>&1 &', "sh"), ("false",), False, "here")


def by() -> Deadline:
    return Deadline.after(30, "one test")


def test_a_script_that_heals_waits_for_the_end_of_one_that_still_strikes(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    base._told(OUTLIVED, f"cd {tmp_path}; touch begun; sleep 0.5; touch struck ended", by())
    await_until(lambda: None if begun.exists() else "not yet", by(), what="the first step", mend="")
    assert base._told(HERE, f"cd {tmp_path}; rm -f struck; ls", by()).split() == ["begun", "ended"]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """A lab that nobody brought up."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    lab = Deployment("blue", ground().substrate, Deployed(0, Mode.STATELESS, (1, 2), TOPOLOGY, KEYS), make())
    monkeypatch.setattr(deployment, "load", lambda *_: lab)
    return lab


@pytest.mark.parametrize("verb", ["run", "heal"])
def test_a_program_of_a_killed_run_is_ended_first_and_those_of_the_next_are_recorded(
    lab: Deployment, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    folder = paths.lab("blue") / "children" / "prove"
    folder.mkdir(parents=True)
    seen: list[list[str]] = []

    def look(*_: object) -> int:
        assert orphan.wait(timeout=20) < 0
        with children.recorded(1, ["init"]):
            seen.append([record.name for record in folder.iterdir()])
        raise InterruptedError

    monkeypatch.setattr(prove, "forecast", lambda *_: [])  # before that a run only looks
    monkeypatch.setattr(injection, "heal_all", look)
    monkeypatch.setattr(prove, "_refuse_beside", look)
    asked = prove.Asked("blue", "docker", 1, (), 3, 10, seed=1)
    begin: dict[str, Callable[[], object]] = {
        "run": lambda: prove.run(asked, lambda _: None, lambda _: None, by()),
        "heal": lambda: prove.heal(lab, lambda _: None, by()),
    }
    with subprocess.Popen(["sleep", "60"]) as orphan, ExitStack() as after:
        after.callback(orphan.kill)
        # Its starter's pid went to another process since: nobody waits for it.
        record = {"pid": orphan.pid, "started": children.start_time(orphan.pid), "argv": ["ssh"]}
        (folder / "orphan.json").write_text(json.dumps({**record, "by": {"pid": 1, "started": -1}}))
        with pytest.raises(InterruptedError):
            begin[verb]()
    assert seen == [["1.json"]]
