"""The verb `setup`, and what other verbs have it do first."""

import os
import sys
from typing import Any

import pytest

from lab.cli import setup
from lab.flows import setup as flow
from lab.host import paths
from lab.model.deadline import Deadline


def test_a_command_that_setup_gave_groups_begins_again_and_is_not_asked_for_room_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[Any] = []
    monkeypatch.setattr(setup, "change", lambda **_: True)
    monkeypatch.setattr(flow, "has_fresh_groups", lambda: True)
    monkeypatch.setattr(sys, "argv", ["lab", "demo", "--yes"])
    for program in ("execv", "execve"):
        monkeypatch.setattr(os, program, lambda *words: begun.extend(words))
    setup.ensure(yes=True, report=lambda _: None, by=Deadline.after(1, "test"))
    launcher = str(paths.REPO / "bin/lab")
    assert begun == [launcher, [launcher, "demo", "--yes"], {**os.environ, "LAB_ROOM_CHECKED": "1"}]
