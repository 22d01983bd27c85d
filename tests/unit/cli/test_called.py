"""What people are told to type works where they are."""

import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

from lab.cli import called, demo
from tests.conftest import type_lab
from tests.unit.cli.labs import typed


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("lab up docker", "bin/lab up docker"),
        ("    lab up docker &", "    bin/lab up docker &"),
        ("until lab status; do lab up; done", "until bin/lab status; do bin/lab up; done"),
        ("address=$(lab status | head -1)", "address=$(bin/lab status | head -1)"),
        ("true && lab up || lab heal", "true && bin/lab up || bin/lab heal"),
        ("# lab up brings it back", "# lab up brings it back"),
        ("echo the lab is up in my-lab now", "echo the lab is up in my-lab now"),
    ],
)
def test_a_script_is_shown_as_it_can_be_typed(monkeypatch: pytest.MonkeyPatch, line: str, typed: str) -> None:
    monkeypatch.setattr(called, "NAME", "bin/lab")
    assert called.script_as_called(f"{line}\n") == f"{typed}\n"


def test_errors_say_what_can_be_typed_where_one_is(tmp_path: Path) -> None:
    words = ["kill", "worker-1", "--name", "blue"]
    called_so = {"LAB_CALLED": "bin/lab", "XDG_STATE_HOME": str(tmp_path)}
    for gave, name in ((type_lab(*words, env=called_so), "bin/lab"), (typed(tmp_path, *words), "lab")):
        assert f"mend:  run `{name} up docker --name blue` first" in gave.err


@pytest.mark.parametrize(("lab", "asked"), [("lab", []), ("blue", ["--name", "blue"])])
def test_what_the_demo_says_to_try_next_can_be_typed_as_it_stands(lab: str, asked: list[str]) -> None:
    lines = [re.split(" {3,}", line) for line in demo.next_steps(lab, "docker", "vagrant")]
    assert len(lines) == 5
    for command, _ in lines:
        name, verb, *words = shlex.split(command)
        assert name == "lab"
        assert words[len(words) - len(asked) :] == asked
        assert import_module(f"lab.cli.{verb}").command.make_context(verb, words).params["lab"] == lab
