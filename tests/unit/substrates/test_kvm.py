"""KVM or TCG: the tiny guest, and when it is asked again."""

from pathlib import Path

import pytest

from lab.model.deadline import Deadline
from lab.substrates.vagrant import engine_checks, kvm


@pytest.fixture
def boots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The accelerators that were tried; a guest runs under each of them."""
    tried: list[str] = []

    def boot(accelerator: str, _by: Deadline) -> bool:
        tried.append(accelerator)
        return True

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(kvm, "boots", boot)
    monkeypatch.setattr(kvm, "_circumstances", lambda: {"boot": "1", "may_open": True})
    return tried


def deadline() -> Deadline:
    return Deadline.after(20, "test")


def test_the_guest_is_a_sector_that_firmware_boots() -> None:
    sector = kvm.boot_sector()
    assert len(sector) == 512
    assert sector[-2:] == b"\x55\xaa"


def test_the_answer_is_found_out_once(boots: list[str]) -> None:
    assert [kvm.accelerator(deadline()) for _ in range(3)] == ["kvm"] * 3
    assert boots == ["kvm"]


def test_what_is_known_is_told_without_finding_it_out(boots: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert kvm.known() is None
    assert boots == []
    kvm.accelerator(deadline())
    assert kvm.known() == "kvm"
    monkeypatch.setattr(kvm, "_circumstances", lambda: {"boot": "2", "may_open": True})
    assert kvm.known() is None
    monkeypatch.undo()
    monkeypatch.setenv("PATH", "/nowhere")
    assert kvm.known() is None
    assert boots == ["kvm"]


@pytest.mark.parametrize("change", [{"boot": "2", "may_open": True}, {"boot": "1", "may_open": True, "qemu": "new"}])
def test_it_is_asked_again_after_a_boot_or_with_another_qemu(
    boots: list[str], monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
) -> None:
    kvm.accelerator(deadline())
    monkeypatch.setattr(kvm, "_circumstances", lambda: change)
    kvm.accelerator(deadline())
    assert boots == ["kvm", "kvm"]


def test_a_device_that_we_may_not_open_is_no_kvm(boots: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kvm, "_circumstances", lambda: {"boot": "1", "may_open": False})
    assert kvm.accelerator(deadline()) == "tcg"
    assert boots == []


@pytest.mark.usefixtures("boots")
def test_doctor_finds_it_out_anew_for_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kvm, "boots", lambda *_: False)  # the computer is too busy
    assert kvm.accelerator(deadline()) == "tcg"
    monkeypatch.setattr(kvm, "boots", lambda *_: True)
    assert kvm.accelerator(deadline()) == "tcg", "it is found out once"
    monkeypatch.setenv("PATH", "/nowhere")  # no engine is asked
    told = {check.name: check.found for check in engine_checks.checks(deadline())}
    assert told["accelerator"].startswith("KVM: ")
    assert kvm.accelerator(deadline()) == "kvm"
