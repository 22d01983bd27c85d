"""What libvirt and Vagrant say, read; and the settings of a column in the Vagrantfile."""

from pathlib import Path

import pytest

from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import NodeName, Role
from lab.substrates.base import Reach
from lab.substrates.vagrant import measure, render, substrate
from lab.substrates.vagrant.names import Names, lab_of_volume
from lab.substrates.vagrant.tool import first_word_s, typed_up
from tests.unit.model.test_plan import make
from tests.unit.substrates.test_vagrant_tool import vagrant_that

W1 = NodeName(Role.WORKER, 1)
# As `virsh vol-info --bytes` says it.
VOLUME = "Name:           some.img\nCapacity:       2147483648 bytes\nAllocation:     593362944 bytes\n"
SAID = """100.25 Bringing machine 'worker-1' up with 'libvirt' provider...
103.50 ==> worker-1: Creating image (snapshot of base box volume).
103.75 ==> worker-1: Creating domain with the following settings...
"""


def test_the_space_that_a_volume_takes_is_read_and_not_its_size() -> None:
    assert measure.allocation(VOLUME) == 593362944
    with pytest.raises(LabError, match="did not say how large"):
        measure.allocation("error: no such volume\n")


def test_vagrants_own_time_ends_with_its_first_word_about_the_machine() -> None:
    assert first_word_s(SAID, W1) == 103.5
    with pytest.raises(LabError, match="did not say that it makes worker-11"):
        first_word_s(SAID, NodeName(Role.WORKER, 11))


def test_each_line_is_stamped_when_it_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "vagrant"
    program.write_text('#!/bin/sh\necho "$@"\nsleep 0.4\necho "==> worker-1: Creating image"\nsleep 0.4\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert typed_up(tmp_path, W1, Deadline.after(30, "test")) == pytest.approx(0.4, abs=0.2)


def test_a_start_that_fails_is_told_in_vagrants_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vagrant_that(9, "no such box", tmp_path, monkeypatch)
    with pytest.raises(LabError, match="no such box"):
        typed_up(tmp_path, W1, Deadline.after(30, "test"))


def vagrantfile(driver: str, variant: str = "") -> str:
    return render.vagrantfile(
        make(),
        Path("/lab"),
        driver,
        Path("/pool"),
        lambda *_: "",
        lambda _: Path("/console"),
        measure.TUNED[variant],
    )


def test_a_setting_of_a_column_is_in_the_vagrantfile_and_nothing_else_changes() -> None:
    plain = vagrantfile("qemu").splitlines()
    two = vagrantfile("qemu", "cpus").splitlines()
    assert {*two} ^ {*plain} == {"    libvirt.cpus = 1", "    libvirt.cpus = 2"}
    assert "    libvirt.cpus = 1" in vagrantfile("kvm", "cpus")
    assert "    libvirt.cpus = 2" in vagrantfile("kvm")
    uncached = vagrantfile("qemu", "no-cache").splitlines()
    assert {*uncached} ^ {*plain} == {'    libvirt.disk_driver cache: "none"'}
    assert {line for line in plain if "cpu_model" in line} - {*vagrantfile("kvm").splitlines()}, "KVM has the real one"


def test_each_setting_that_is_offered_is_made() -> None:
    assert {"", *measure.VARIANTS} == measure.TUNED.keys()


def test_a_scratch_disk_is_known_as_its_labs() -> None:
    assert lab_of_volume(Names("blue").scratch(W1)) == "blue"


def test_what_is_told_of_a_machine_is_what_stands_in_its_vagrantfile() -> None:
    for accelerator, driver in (("tcg", "qemu"), ("kvm", "kvm")):
        plain = measure.facts_with({"accelerator": accelerator, "disk cache": "writeback"}, "")
        for variant in measure.TUNED:
            told = measure.facts_with(plain, variant)
            assert f"    libvirt.cpus = {told['processors']}" in vagrantfile(driver, variant)
            assert (told == plain) is not bool(variant)
    assert measure.facts_with({"accelerator": "kvm", "disk cache": "writeback"}, "no-cache")["disk cache"] == "none"


@pytest.mark.parametrize(("holds", "quota"), [(True, "CPUQuota=40%"), (False, "CPUQuota=")])
def test_the_bound_of_a_machines_service_is_the_plans_or_none(tmp_path: Path, holds: bool, quota: str) -> None:
    said = tmp_path / "said"
    prefix = ("sh", "-c", f'echo "$@" >{said}', "sh")
    measure.bound(Reach(prefix, prefix, False, "here"), make().node(W1), Deadline.after(60, "test"), holds=holds)
    assert said.read_text() == f"systemctl set-property --runtime lab-worker.service {quota}\n"


def test_what_the_kit_gives_a_machine_is_there_before_the_clock_of_its_start_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []

    def typed(*_: object) -> float:
        done.append("typed")
        return 0.5

    monkeypatch.setattr(substrate, "_vagrantfile", lambda *_: "")
    monkeypatch.setattr("lab.host.records.write", lambda *_: None)
    monkeypatch.setattr(substrate, "_ready_to_boot", lambda *_: done.append("made ready"))
    monkeypatch.setattr("lab.host.processes.now_s", lambda: float(len(done)))
    monkeypatch.setattr("lab.substrates.vagrant.tool.typed_up", typed)
    found = substrate.make().type_start(make(), W1, Deadline.after(60, "test"))
    assert (found.asked_s, found.tool_s, found.ended_s) == (1, 0.5, 2)
