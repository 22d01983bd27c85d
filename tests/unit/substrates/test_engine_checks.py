"""What `doctor` asks about the engine of machines where a part of it is missing."""

from pathlib import Path

import pytest

from lab.model.deadline import Deadline
from lab.substrates.vagrant import engine_checks


def test_each_thing_that_is_missing_is_told_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    checks = engine_checks.checks(Deadline.after(20, "test"))
    assert [(check.name, check.ok) for check in checks] == [
        ("vagrant", False),
        ("libvirt", False),
        ("accelerator", False),
    ]
    assert all("is not installed" in check.found and check.mend for check in checks)


@pytest.mark.parametrize(
    ("program", "plugins", "is_ok", "mend"),
    [
        ("/usr/bin/vagrant", "vagrant-libvirt (0.11.2, system)\n", True, "run `lab setup`"),
        ("/usr/bin/vagrant", "No plugins installed.\n", False, "run `lab setup`"),
        ("/opt/vagrant/bin/vagrant", "No plugins installed.\n", False, "type `vagrant plugin install vagrant-libvirt`"),
        ("/opt/vagrant/bin/vagrant", "vagrant-libvirt (0.12.2, global)\n", True, "type `vagrant plugin"),
    ],
)
def test_a_vagrant_that_does_not_see_debians_plugin_gets_a_mend_that_helps(
    program: str, plugins: str, is_ok: bool, mend: str
) -> None:
    check = engine_checks.plugin("Vagrant 2.4", plugins, Path(program))
    assert check.ok is is_ok
    assert (check.mend or "").startswith(mend)
