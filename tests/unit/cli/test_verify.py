"""What `lab verify` exits with: the worst answer wins, and no answer at all is none. And where its report goes."""

from pathlib import Path

import pytest

from lab.cli.verify import exit_code
from lab.flows import verify
from lab.model.node import Node, NodeName, State
from lab.substrates import registry
from tests.unit.cli.labs import record, typed
from tests.unit.flows.test_verify import JUNIT


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([True, True], 0),
        ([True, None], 3),
        ([None, False, True], 1),
        ([], 3),
    ],
)
def test_the_exit_code_is_that_of_the_worst_answer(answers: list[bool | None], code: int) -> None:
    assert exit_code(answers) == code


@pytest.mark.parametrize(
    ("place", "code", "said"),
    [
        ("new/folder/report.xml", 1, ""),
        ("/dev/full", 4, "error: the report cannot be kept: No space left on device\n"),
    ],
)
def test_the_table_is_shown_whether_or_not_the_report_can_be_kept(
    place: str, code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path, {"docker": [1, 2]})
    monkeypatch.setattr(verify, "refuse_unless_up", lambda *_: None)
    monkeypatch.setattr(verify, "verify", lambda *_: JUNIT)
    file = tmp_path / place
    gave = typed(tmp_path, "verify", "docker", "--junit", str(file))
    assert (gave.code, gave.err.startswith(said)) == (code, True), gave.err
    assert [line[:2] for line in gave.out.splitlines()] == ["ok", "NO", "??", "??", "ok"]
    if not said:
        assert len(verify.parse(file.read_text())) == 5


@pytest.mark.parametrize(
    ("states", "away", "mend"),
    [
        ([State.RUNNING] * 2 + [State.SLEEPING], "worker-1 is sleeping", "`lab wake docker`"),
        ([State.STOPPED, State.RUNNING], "loadbalancer-1 is stopped, worker-1 is absent", "`lab up docker`"),
    ],
)
def test_a_lab_of_which_a_node_does_not_run_could_not_be_told_and_its_suite_is_not_begun(
    states: list[State], away: str, mend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path, {"docker": [1]})
    names = map(NodeName.parse, ("loadbalancer-1", "store-1", "worker-1"))
    nodes = [Node(name, state, "") for name, state in zip(names, states, strict=False)]
    monkeypatch.setattr(type(registry.get("docker")), "nodes", lambda *_: nodes)
    monkeypatch.setattr(verify, "verify", lambda *_: pytest.fail("it was begun"))
    gave = typed(tmp_path, "verify", "docker")
    told = f"error: what does not run cannot be checked: {away}\n  where: lab lab on docker\n  mend:  {mend}\n"
    assert (gave.code, gave.err, gave.out) == (3, told, "")
