"""`lab test`: whom it refuses, before anything is installed."""

import os
from pathlib import Path

import pytest

from lab.cli.test import refuse_without_sudo
from lab.model.errors import UsageError


@pytest.fixture
def sudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where sudo would be, for a normal user."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path / "sudo"


def write(program: Path, text: str) -> None:
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)


@pytest.mark.parametrize("environments", [(), ("docker",), ("unit,vagrant",), ("lint", "long")])
@pytest.mark.parametrize("text", [None, "echo a password is required >&2; exit 1"], ids=["no sudo", "a password"])
def test_a_user_whose_sudo_asks_for_a_password_is_told_before_the_tests(
    sudo: Path, text: str | None, environments: tuple[str, ...]
) -> None:
    if text is not None:
        write(sudo, text)
    with pytest.raises(UsageError) as raised:
        refuse_without_sudo(environments)
    assert raised.value.message == "the tests on engines need sudo that asks for no password"
    assert "sudoers.d" in raised.value.mend


def test_sudo_without_a_password_will_do(sudo: Path) -> None:
    write(sudo, 'test "$*" = "-k -n true"')
    refuse_without_sudo(())


@pytest.mark.usefixtures("sudo")
def test_what_needs_no_engine_needs_no_root() -> None:
    refuse_without_sudo(("lint,unit",))
    refuse_without_sudo(("lint", "unit"))


@pytest.mark.usefixtures("sudo")
def test_root_needs_no_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    refuse_without_sudo(())
