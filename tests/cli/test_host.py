"""`lab setup`, `lab doctor` and the accelerator on this computer, which setup has prepared."""

import json
import os
import shutil
from pathlib import Path

import pytest

from lab.flows import doctor, setup
from lab.flows.deployment import Deployment
from lab.host import computer, records
from lab.model.deadline import Deadline
from lab.substrates.vagrant import kvm
from tests.conftest import type_lab


@pytest.mark.only("docker")
def test_setup_has_nothing_to_do_a_second_time() -> None:
    done = type_lab("setup", "--yes")
    assert done.code == 0
    assert done.err == "this computer has all that the kit needs; nothing to change\n"


@pytest.mark.only("docker")
def test_setup_tells_what_undo_would_take_back_and_takes_nothing() -> None:
    noted = records.read_json(setup.RECORD) or {}
    done = type_lab("setup", "--undo", "--dry-run")
    assert done.code == 0
    told = [line.removeprefix("to undo: ") for line in done.err.splitlines()]
    packages = [line.split()[3:] for line in told if line.startswith("purge the packages ")]
    assert packages == ([noted["packages"]] if noted.get("packages") else [])
    for user, given in noted.get("users", {}).items():
        assert (f"take {user} out of the groups {' '.join(given['groups'])}" in told) is bool(given["groups"])
    assert ("forget the storage pool of machines" in told) is bool(noted.get("pool"))
    assert told[-1] in ("end the daemons that setup started", "setup changed nothing here")
    assert (records.read_json(setup.RECORD) or {}) == noted
    assert setup.plan().lines() == []


def test_undo_sees_labs_that_another_user_made(
    running_lab: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As for root behind sudo: none of the records are this user's.
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert running_lab.lab in setup.labs_left(Deadline.after(60, "looking"))


@pytest.mark.only("docker")
def test_doctor_finds_this_computer_fit() -> None:
    done = type_lab("doctor", "--json")
    answer = json.loads(done.out)
    assert {name: check for name, check in answer.items() if name != "checks"} == {"ok": True}, done.out
    assert done.code == 0
    assert all(set(check) == {"name", "ok", "found", "mend"} for check in answer["checks"])
    assert {"python", "memory", "network of dockerd", "accelerator"} <= {check["name"] for check in answer["checks"]}


def test_doctor_counts_what_labs_have_already(running_lab: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    # What README asks for, less what the engines keep by now.
    monkeypatch.setattr(computer, "free_mb", lambda _folder: 8000 - doctor.read_sizes()["engines_mb"])
    monkeypatch.setattr(computer, "available_memory_mb", lambda: 2990)
    checks = doctor.examine([running_lab.substrate], Deadline.after(60, "looking"))
    short = [check for check in checks if check.name.startswith(("disk", "memory")) and not check.ok]
    assert short == []


@pytest.mark.only("docker")
def test_doctor_cannot_tell_where_one_check_cannot_be_told(tmp_path: Path) -> None:
    virsh = tmp_path / "virsh"
    virsh.write_text(f'#!/bin/sh\ncase "$*" in *pool-list*) exit 1 ;; esac\nexec {shutil.which("virsh")} "$@"\n')
    virsh.chmod(0o755)
    done = type_lab("doctor", "--json", env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    answer = json.loads(done.out)
    assert (done.code, answer["ok"]) == (3, None), done.out
    assert [check["name"] for check in answer["checks"] if check["ok"] is None] == ["storage pool"]


@pytest.mark.only("docker")
def test_doctor_says_no_with_a_mend_where_an_engine_is_elsewhere() -> None:
    done = type_lab("doctor", env={"DOCKER_HOST": "tcp://127.0.0.1:9"})
    assert done.code == 1
    assert "DOCKER_HOST names an engine elsewhere: tcp://127.0.0.1:9" in done.out
    assert "mend: unset DOCKER_HOST" in done.out


@pytest.mark.only("vagrant")
def test_the_tiny_guest_runs_to_its_end_under_emulation() -> None:
    assert kvm.boots("tcg", Deadline.after(60, "test"))


@pytest.mark.only("vagrant")
def test_an_accelerator_that_there_is_not_boots_nothing() -> None:
    assert not kvm.boots("hvf", Deadline.after(60, "test"))
