"""The layers of root file systems: what changes a key, and what does not."""

import shutil
from pathlib import Path

import pytest

from lab.model.errors import LabError
from lab.provision import layers
from lab.provision.layers import Layer
from tests.unit.model.test_plan import TOPOLOGY

VERSIONS = TOPOLOGY.versions
ROLES = ("loadbalancer", "store", "worker")


@pytest.fixture
def playbooks(tmp_path: Path) -> Path:
    """A copy of the playbooks that a test may change."""
    shutil.copytree(layers.PLAYBOOKS, tmp_path / "playbooks")
    return tmp_path / "playbooks"


def _stack(playbooks: Path, role: str) -> Layer:
    common = layers.extended(layers.base(VERSIONS.debian), "common", {}, playbooks)
    return layers.extended(common, role, {}, playbooks)


def test_a_role_stands_on_common_and_common_on_base() -> None:
    assert [layer.name for layer in layers.for_role("worker", VERSIONS).lineage()] == ["base", "common", "worker"]


def test_a_layer_on_top_of_a_role_is_named_after_both() -> None:
    box = layers.extended(layers.for_role("store", VERSIONS), "machine", {"node_role": "store"})
    assert (box.name, box.role, box.variables) == ("store-machine", "machine", (("node_role", "store"),))


def test_the_same_files_give_the_same_keys(playbooks: Path) -> None:
    assert _stack(playbooks, "worker") == layers.for_role("worker", VERSIONS)


def test_a_changed_role_file_changes_only_the_keys_that_depend_on_it(playbooks: Path) -> None:
    before = {role: _stack(playbooks, role) for role in ("loadbalancer", "worker")}
    with (playbooks / "roles" / "worker" / "files" / "worker").open("a") as script:
        script.write("# changed\n")
    after = {role: _stack(playbooks, role) for role in ("loadbalancer", "worker")}
    assert after["worker"].key != before["worker"].key
    assert after["worker"].parent == before["worker"].parent
    assert after["loadbalancer"] == before["loadbalancer"]


def test_a_change_of_common_changes_the_keys_of_all_roles(playbooks: Path) -> None:
    before = [_stack(playbooks, role).key for role in ("loadbalancer", "store", "worker")]
    (playbooks / "roles" / "common" / "files").mkdir(exist_ok=True)
    (playbooks / "roles" / "common" / "files" / "new").write_text("new\n")
    after = [_stack(playbooks, role).key for role in ("loadbalancer", "store", "worker")]
    assert not set(before) & set(after)


def test_a_file_that_became_executable_changes_the_key(playbooks: Path) -> None:
    script = playbooks / "roles" / "worker" / "files" / "worker"
    script.chmod(0o644)
    before = _stack(playbooks, "worker").key
    script.chmod(0o755)
    assert _stack(playbooks, "worker").key != before


def test_an_editors_backup_changes_no_key(playbooks: Path) -> None:
    before = _stack(playbooks, "worker")
    (playbooks / "roles" / "worker" / "files" / "worker~").write_text("old\n")
    assert _stack(playbooks, "worker") == before


def test_a_variable_changes_the_key() -> None:
    parent = layers.for_role("worker", VERSIONS)
    keys = {layers.extended(parent, "machine", {"node_role": role}).key for role in ("worker", "store")}
    assert len(keys) == 2


@pytest.mark.parametrize(
    ("change", "rebuilt"),
    [
        ({"debian": "forky"}, set(ROLES)),
        ({"postgresql": 18}, {"store"}),
        ({"haproxy": "3.2"}, {"loadbalancer"}),
    ],
)
def test_another_version_rebuilds_only_what_depends_on_it(change: dict[str, object], rebuilt: set[str]) -> None:
    changed = VERSIONS.model_copy(update=change)
    before = {role: layers.for_role(role, VERSIONS).key for role in ROLES}
    after = {role: layers.for_role(role, changed).key for role in ROLES}
    assert {role for role in ROLES if before[role] != after[role]} == rebuilt


def test_a_role_that_is_not_there_is_told_by_name(playbooks: Path) -> None:
    with pytest.raises(LabError) as caught:
        _stack(playbooks, "cache")
    assert str(caught.value) == (
        "there is no Ansible role 'cache'\n"
        f"  where: {playbooks}/roles/cache\n"
        "  mend:  a role is a folder with tasks/main.yml; restore it from git, or correct the name"
    )
