"""`lab test`: whom it refuses, before anything is installed, and where nothing has to be."""

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from lab.cli import test
from lab.cli.test import environments_of, meaning, needs_engines, refuse_without_sudo
from lab.flows import setup
from lab.model.errors import UsageError
from tests.conftest import REPO
from tests.unit.cli.labs import typed


@pytest.fixture
def sudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where sudo would be, for a normal user."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path / "sudo"


def write(program: Path, text: str) -> None:
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)


@pytest.mark.parametrize("text", [None, "echo a password is required >&2; exit 1"], ids=["no sudo", "a password"])
def test_a_user_whose_sudo_asks_for_a_password_is_told_before_the_tests(sudo: Path, text: str | None) -> None:
    if text is not None:
        write(sudo, text)
    with pytest.raises(UsageError) as raised:
        refuse_without_sudo()
    assert raised.value.message == "the tests on engines need sudo that asks for no password"
    assert "sudoers.d" in raised.value.mend


def test_sudo_without_a_password_will_do(sudo: Path) -> None:
    write(sudo, 'test "$*" = "-k -n true"')
    refuse_without_sudo()


@pytest.mark.usefixtures("sudo")
def test_root_needs_no_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    refuse_without_sudo()


@pytest.mark.parametrize("environments", [(), ("docker",), ("unit,vagrant",), ("lint", "long")])
def test_tests_on_engines_are_known(environments: tuple[str, ...]) -> None:
    assert needs_engines(environments)


@pytest.mark.usefixtures("sudo")
@pytest.mark.parametrize("words", [["-e", "lint,unit"], ["-e", "lint", "-e", "site"], ["-e", "unit", "--", "-e"]])
def test_what_needs_no_engine_needs_no_root_and_installs_none(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []

    def tox(argv: list[str], **_: object) -> SimpleNamespace:
        ran.append(argv)
        return SimpleNamespace(returncode=1)

    monkeypatch.setattr(test, "ensure", pytest.fail)
    monkeypatch.setattr(setup, "plan", pytest.fail)
    monkeypatch.setattr(subprocess, "run", tox)
    assert typed(tmp_path, "test", "--dry-run", *words).code == 0
    assert ran == []
    assert typed(tmp_path, "test", *words).code == 1
    assert [argv[-len(words) :] for argv in ran] == [words]


def test_a_name_that_no_tests_have_is_refused_before_anything_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test, "ensure", pytest.fail)
    monkeypatch.setattr(setup, "plan", pytest.fail)
    for words in (["-e", "uint"], ["-e", "lint,uint", "--dry-run"]):
        gave = typed(tmp_path, "test", *words)
        assert gave.code == 2
        told = "error: there are no tests 'uint'\n  where: --env\n  mend:  name some of: "
        assert gave.err.startswith(told), gave.err
        assert " unit, " in gave.err


def test_the_environments_are_those_of_the_file() -> None:
    assert environments_of("[testenv]\n[testenv:lint]\n[testenv:long{,-docker,-vagrant}]\n") == [
        "lint",
        "long",
        "long-docker",
        "long-vagrant",
    ]
    known = environments_of((REPO / "tox.ini").read_text())
    assert {"lint", "unit", "docker", "vagrant", "long", "long-docker", "site", "browser"} <= {*known}


@pytest.mark.parametrize(
    ("status", "environments", "code"),
    [
        (0, (), 0),
        (1, (), 1),
        (1, ("unit",), 1),
        (2, ("lint",), 1),
        (2, ("unit",), 4),
        (5, ("docker",), 4),
        (254, ("unit",), 4),
        (-9, (), 4),
    ],
)
def test_tox_status_becomes_one_of_the_kits(status: int, environments: tuple[str, ...], code: int) -> None:
    assert meaning(status, environments) == code
