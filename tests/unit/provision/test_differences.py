"""What is told about a box that differs from its image."""

import pytest
import yaml

from lab.provision import differences
from lab.provision.differences import Allowed, Manifest

_IMAGE: Manifest = {
    "packages": {"git": "2.47"},
    "files": {"etc/hosts": "sha256:1", "usr/bin/git": "sha256:2"},
    "owners": {"usr/bin/git": "git"},
}
_MAY = Allowed(packages=("systemd",), changed=("etc/hosts",), added=("boot/*",), linked=("etc/systemd/*",))


def _box(
    packages: dict[str, str] | None = None, files: dict[str, str] | None = None, owners: dict[str, str] | None = None
) -> Manifest:
    return {
        "packages": {**_IMAGE["packages"], **(packages or {})},
        "files": {**_IMAGE["files"], **(files or {})},
        "owners": {**_IMAGE["owners"], **(owners or {})},
    }


def test_what_the_list_names_is_no_difference() -> None:
    files = {
        "etc/hosts": "link:/run/lab/hosts",
        "boot/lab/initrd": "sha256:3",
        "usr/lib/systemd/systemd": "sha256:4",
        "etc/systemd/system/getty.service": "link:/dev/null",
        "etc/systemd/system": "dir",
    }
    box = _box({"systemd": "257"}, files, {"usr/lib/systemd/systemd": "systemd"})
    assert differences.unexpected(_IMAGE, box, _MAY) == []


@pytest.mark.parametrize(
    ("box", "told"),
    [
        (_box({"git": "2.48"}), "package git: 2.47 in the image, 2.48 in the box"),
        (_box({"nc": "1", "systemd": "257"}), "package nc: in the box alone"),
        (_box(files={"usr/bin/git": "sha256:9"}), "usr/bin/git: sha256:2 in the image, sha256:9 in the box"),
        (_box(files={"usr/bin/new": "sha256:9"}), "usr/bin/new: in the box alone"),
        (_box(files={"etc/systemd/x.service": "sha256:9"}), "etc/systemd/x.service: in the box alone"),
        (
            _box(files={"usr/bin/gitk": "sha256:9"}, owners={"usr/bin/gitk": "git"}),
            "usr/bin/gitk: in the box alone",
        ),
        ({**_box(), "packages": {}}, "package git: 2.47 in the image, missing in the box"),
        ({**_box(), "files": {"etc/hosts": "sha256:1"}}, "usr/bin/git: in the image, missing in the box"),
    ],
)
def test_any_other_difference_is_told(box: Manifest, told: str) -> None:
    assert differences.unexpected(_IMAGE, box, _MAY) == [told]


@pytest.mark.parametrize(
    "path",
    [
        "usr/bin/planted",
        "usr/sbin/planted",
        "usr/lib/planted.so",
        "usr/lib/modules/6.12.1-cloud-amd64/planted",
        "usr/share/planted",
        "etc/default/planted",
        "etc/pam.d/planted",
        "etc/ssh/ssh_host_ed25519_key",
        "etc/systemd/system/planted.service",
        "etc/cron.d/planted",
        "usr/local/lib/lab/planted",
        "var/log/planted.log",
        "root/.ssh/authorized_keys",
        "boot/planted",
    ],
)
def test_the_committed_list_lets_no_planted_file_pass(path: str) -> None:
    box = _box(files={path: "sha256:9"})
    assert differences.unexpected(_IMAGE, box, differences.allowed()) == [f"{path}: in the box alone"]


def test_each_entry_of_the_committed_list_has_its_reason() -> None:
    content = yaml.safe_load(differences.LIST.read_text())
    assert set(content) == {"packages", "changed", "added", "linked"}
    assert all(entry["why"] for entries in content.values() for entry in entries)
