"""What setup would change, decided from what was found; the words for it; and the refusals."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from lab.cli import as_root
from lab.flows import setup
from lab.flows.setup import Found, Needs, Plan
from lab.host import computer
from lab.host.computer import Rights
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UnknownError, UsageError
from lab.provision import layers, roles

NEEDS = Needs(
    packages=("git", "qemu"),
    groups=("docker", "kvm"),
    daemons={"one": Path("/run/one"), "two": Path("/run/two")},
    pool="default",
    pool_ask=("true",),
    device_modes=("0660", "0666"),
    engines_here={"ENGINE": ("unix:///here",)},
    counting={"qemu-of-others": "qemu"},
)
ALL_THERE = Found(
    user="ada",
    packages=frozenset({"git", "qemu", "vim"}),
    memberships=frozenset({"docker", "kvm", "users"}),
    has_ids=True,
    device=Rights("kvm", "0660"),
    running=frozenset({"one", "two"}),
    has_pool=True,
)


def test_nothing_is_done_where_all_is_there() -> None:
    assert setup.decide(NEEDS, ALL_THERE) == Plan("ada")
    assert setup.decide(NEEDS, ALL_THERE).lines() == []


CASES: dict[str, tuple[dict[str, Any], Plan]] = {
    "a package is missing": ({"packages": frozenset({"git"})}, Plan("ada", packages=("qemu",))),
    "another's package counts for ours": ({"packages": frozenset({"git", "qemu-of-others"})}, Plan("ada")),
    "the user lacks a group": ({"memberships": frozenset({"kvm"})}, Plan("ada", groups=("docker",))),
    "the user has no ids for builds": ({"has_ids": False}, Plan("ada", needs_ids=True)),
    "root needs neither groups nor ids": (
        {"user": "root", "memberships": frozenset(), "has_ids": False},
        Plan("root"),
    ),
    "the device is for root only": ({"device": Rights("root", "0600")}, Plan("ada", mends_device=True)),
    "the device's group may not write": ({"device": Rights("kvm", "0640")}, Plan("ada", mends_device=True)),
    "all may use the device": ({"device": Rights("kvm", "0666")}, Plan("ada")),
    "there is no device": ({"device": None}, Plan("ada")),
    "a daemon does not run": ({"running": frozenset({"two"})}, Plan("ada", daemons=("one",))),
    "the pool is not active": ({"has_pool": False}, Plan("ada", needs_pool=True)),
    "the pool could not be told": ({"has_pool": None}, Plan("ada")),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_lacking_is_planned_and_nothing_else(case: str) -> None:
    found, wanted = CASES[case]
    assert setup.decide(NEEDS, replace(ALL_THERE, **found)) == wanted


def test_a_plan_says_each_change_in_words() -> None:
    plan = Plan("ada", ("git", "qemu"), ("docker", "kvm"), True, True, ("one",), True)
    assert plan.lines() == [
        "install 2 packages and what they need: git qemu",
        "put ada in the groups docker, kvm",
        "give ada a range of user and group ids for builds (/etc/subuid, /etc/subgid)",
        "let the group kvm use /dev/kvm",
        "start one",
        "define and start the storage pool of machines",
    ]
    assert plan.lines(start=False) == plan.lines()[:4]


@pytest.mark.parametrize(
    ("lines", "first"),
    [
        ([], 100_000),
        (["ada:100000:65536"], 165_536),
        (["bob:300000:10", "ada:100000:65536"], 300_010),
        (["not a range", "eve:50:10"], 100_000),
    ],
)
def test_a_new_range_of_ids_overlaps_no_other(lines: list[str], first: int) -> None:
    assert computer.first_free_id(lines) == first


def test_both_releases_of_debian_are_known_and_differ_where_their_packages_do() -> None:
    bookworm = setup.read_needs("debian", "12", has_apparmor=False)
    trixie = setup.read_needs("debian", "13", has_apparmor=True)
    assert set(trixie.packages) - set(bookworm.packages) == {"docker-cli", "apparmor"}
    assert set(bookworm.groups) == {"docker", "libvirt", "kvm"}


@pytest.mark.parametrize("version", ["12", "13"])
def test_an_engine_that_its_makers_give_out_is_not_replaced_by_debians(version: str) -> None:
    needs = setup.read_needs("debian", version, has_apparmor=False)
    engine = {"docker.io", "docker-cli", "docker-compose"}
    others = {"docker-ce", "docker-ce-cli", "containerd.io", "docker-compose-plugin"}
    found = replace(ALL_THERE, packages=frozenset({*needs.packages} - engine | others))
    assert setup.decide(needs, found).packages == ()


def test_another_system_is_refused_in_one_message() -> None:
    with pytest.raises(UsageError) as raised:
        setup.read_needs("ubuntu", "24.04", has_apparmor=False)
    assert str(raised.value) == (
        "not supported: ubuntu 24.04\n"
        "  where: /etc/os-release\n"
        "  mend:  run the kit on Debian 12 or 13 on amd64, for example in a virtual machine"
    )


def test_an_engine_elsewhere_is_refused_in_one_message() -> None:
    with pytest.raises(UsageError) as raised:
        setup.refuse_engines_elsewhere({"ENGINE": "tcp://there:1"}, NEEDS.engines_here)
    assert str(raised.value) == (
        "ENGINE names an engine elsewhere: tcp://there:1\n"
        "  where: the environment\n"
        "  mend:  unset ENGINE: the kit sets up this computer's own engines"
    )


@pytest.mark.parametrize("environment", [{}, {"ENGINE": ""}, {"ENGINE": "unix:///here"}, {"OTHER": "tcp://there"}])
def test_this_computers_own_engine_is_not_refused(environment: dict[str, str]) -> None:
    setup.refuse_engines_elsewhere(environment, NEEDS.engines_here)


def test_a_record_is_told_in_words_before_it_is_undone() -> None:
    record = {
        "packages": ["git", "qemu"],
        "users": {
            "ada": {"groups": ["kvm"], "subids": ["/etc/subuid"]},
            "bob": {"groups": ["docker", "kvm"], "subids": []},
        },
        "kvm": {"owner": "root", "group": "root", "mode": "0600"},
        "units": [],
        "pool": False,
        "pool_was": {"autostart": False, "active": True, "mode": "0711"},
    }
    assert setup.in_words(record) == [
        "purge the packages git qemu",
        "take ada out of the groups kvm",
        "remove the id ranges of ada from /etc/subuid",
        "take bob out of the groups docker kvm",
        "give /dev/kvm back its rights",
        "leave the storage pool of machines as it was",
        "end the daemons that setup started",
    ]
    assert setup.in_words({}) == []


def test_undo_is_refused_while_there_are_labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    monkeypatch.setenv("LIBVIRT_DEFAULT_URI", "qemu+unix:///system?socket=/nowhere/libvirt.sock")
    (tmp_path / "vagrant-docker-lab/labs/blue").mkdir(parents=True)
    with pytest.raises(UsageError) as raised:
        setup.undo(pytest.fail, Deadline.after(1, "test"))
    assert raised.value.message == "there are labs: blue"
    assert raised.value.mend == "remove them first: lab destroy --volumes --yes --name blue"


def answer_in_place_of_sudo(folder: Path, monkeypatch: pytest.MonkeyPatch, said: str, code: int) -> None:
    (folder / "said").write_text(said)
    (folder / "sudo").write_text(f"#!/bin/sh\ncat {folder}/said\nexit {code}\n")
    (folder / "sudo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


@pytest.mark.parametrize("kind", [LabError, UsageError, UnknownError])
def test_an_error_of_the_half_that_is_root_stays_what_it_is(
    kind: type[LabError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise kind("apt is busy", where="there", mend="wait")

    monkeypatch.setattr(setup, "undo", fail)
    assert as_root.main(["5", "undo"]) == kind.code
    answer_in_place_of_sudo(tmp_path, monkeypatch, capsys.readouterr().out, kind.code)
    with pytest.raises(LabError) as raised:
        setup.apply("ada", lambda _: None, Deadline.after(60, "test"))
    assert (type(raised.value), str(raised.value)) == (kind, "apt is busy\n  where: there\n  mend:  wait")


def test_nobody_who_could_become_root_is_a_fault_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_in_place_of_sudo(tmp_path, monkeypatch, "sudo: a terminal is required\n", 1)
    with pytest.raises(UsageError, match="could not become root: sudo: a terminal is required"):
        setup.apply("ada", lambda _: None, Deadline.after(60, "test"))


POOL_AS_WANTED = {"results": [{"stat": {"exists": True}}, {"stat": {"exists": True}}, {"stat": {"mode": "0711"}}]}
POOL_ASLEEP = {"results": [{"stat": {"exists": False}}, {"stat": {"exists": False}}, {"stat": {"mode": "0755"}}]}


def setup_by(record: Path, user: str, groups: str, *, has_ids: bool, **more: Any) -> Mapping[str, Any]:
    """The play in which the role notes this user, found in these groups; it changes nothing but the record."""
    asked = [{"rc": 0 if has_ids else 1, "item": file} for file in ("/etc/subuid", "/etc/subgid")]
    found = {
        "host_record": str(record),
        "host_user": user,
        "host_memberships": {"stdout": groups},
        "host_subids": {"results": asked},
        "host_missing": [],
        "host_kvm_fine": True,
        "host_pool_definition": {"stat": {"exists": True}},
        "host_pool_found": POOL_AS_WANTED,
        "host_enabled": {"results": []},
        **more,
    }
    read = {"ansible.builtin.slurp": {"src": str(record)}, "register": "host_recorded", "failed_when": False}
    role = {"ansible.builtin.import_role": {"name": "host", "tasks_from": "note"}}
    return {"hosts": "host", "gather_facts": False, "vars": found, "tasks": [read, role]}


def undo_of_the_pool(folder: Path, noted: Mapping[str, Any]) -> Mapping[str, Any]:
    """The play that takes back what this record says of the storage pool; it calls the `virsh` in this folder."""
    role = {"ansible.builtin.import_role": {"name": "host", "tasks_from": "undo_pool"}}
    told = {
        "host_noted": noted,
        "host_pool_definition_file": str(folder / "virsh"),
        "host_pool_folder": str(folder / "images"),
    }
    path = {"PATH": f"{folder}:{os.environ['PATH']}"}
    return {"hosts": "undone", "gather_facts": False, "environment": path, "tasks": [{**role, "vars": told}]}


def play(playbook: Path, plays: list[Mapping[str, Any]]) -> None:
    playbook.write_text(json.dumps(plays))  # which is YAML, too
    (playbook.parent / "roles").symlink_to(layers.PLAYBOOKS / "roles")
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    roles.play(
        roles.Play(playbook, {"host": local, "undone": local}, one_python=True),
        lambda _: None,
        Deadline.after(300, "test"),
        where="test",
    )


@dataclass(frozen=True)
class Played:
    """The records that three users made, one on a computer with a pool of its own, and one that a refused setup was to
    make; the refusal; and the folder in which pools were taken back, one that is forgotten and two that are left."""

    record: Path
    pooled: Path
    undone: Path
    refused: Path
    refusal: LabError


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """All in one run of Ansible, which takes a second to start."""
    folder = tmp_path_factory.mktemp("noted")
    record, pooled, refused = (folder / name / "setup.json" for name in ("noted", "pooled", "refused"))
    undone = folder / "undone"
    (undone / "images").mkdir(parents=True)
    (undone / "images").chmod(0o711)
    (undone / "virsh").write_text('#!/bin/sh\necho "$3 $4" >>"${0%/*}/asked"\n')
    (undone / "virsh").chmod(0o755)
    asleep = {"autostart": False, "active": False, "mode": "0755"}
    simulated = {"stdout": "Remv engine-of-others [1:2]\nInst engine (3 Debian:12)\n"}
    plays = [
        setup_by(record, "ada", "ada kvm", has_ids=False),
        # The second time all is there: what was given the first time stays noted.
        setup_by(record, "ada", "ada docker kvm libvirt", has_ids=True),
        setup_by(record, "root", "root", has_ids=False),
        setup_by(record, "bob", "bob libvirt", has_ids=True),
        setup_by(pooled, "root", "root", has_ids=True, host_pool_found=POOL_ASLEEP),
        # As setup left it: what it was the first time stays noted.
        setup_by(pooled, "root", "root", has_ids=True),
        undo_of_the_pool(undone, {"pool": True, "pool_was": None}),
        undo_of_the_pool(undone, {"pool": False}),
        undo_of_the_pool(undone, {"pool": False, "pool_was": {**asleep, "active": True}}),
        undo_of_the_pool(undone, {"pool": False, "pool_was": asleep}),
        setup_by(refused, "root", "root", has_ids=True, host_missing=["engine"], host_simulated=simulated),
    ]
    with pytest.raises(LabError) as raised:
        play(folder / "note.yml", plays)
    return Played(record, pooled, undone, refused, raised.value)


def test_what_each_user_was_given_is_noted_for_all_who_set_up_this_computer(played: Played) -> None:
    assert json.loads(played.record.read_text())["users"] == {
        "ada": {"groups": ["docker", "libvirt"], "subids": ["/etc/subgid", "/etc/subuid"]},
        "bob": {"groups": ["docker", "kvm"], "subids": []},
    }


def test_what_a_storage_pool_was_that_others_defined_is_noted_and_given_back(played: Played) -> None:
    assert json.loads(played.record.read_text())["pool_was"] is None
    noted = json.loads(played.pooled.read_text())
    assert (noted["pool"], noted["pool_was"]) == (False, {"autostart": False, "active": False, "mode": "0755"})
    assert (played.undone / "asked").read_text().splitlines() == [
        "pool-destroy default",
        "pool-undefine default",
        "pool-autostart --disable",
        "pool-autostart --disable",
        "pool-destroy default",
    ]
    assert (played.undone / "images").stat().st_mode & 0o777 == 0o755


def test_setup_refuses_to_remove_what_others_installed_and_notes_nothing(played: Played) -> None:
    told = "apt would remove engine-of-others to install engine, so nothing was changed"
    assert told in played.refusal.message
    assert not played.refused.exists()
