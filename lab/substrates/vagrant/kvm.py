"""KVM or TCG: told by really booting a tiny guest, since /dev/kvm may be there, answer, and still run no guest."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.host import computer, paths, records
from lab.host.run import run
from lab.model.deadline import Deadline
from lab.model.errors import LabError

KVM, TCG = "kvm", "tcg"
# Where KVM works the guest ends within 0.3 s; where it does not, it was seen to hang for ever.
_LIMIT_S = 5.0
QEMU = "qemu-system-x86_64"
# The guest writes 0x10 to the port of isa-debug-exit, and QEMU then ends with (0x10 << 1) | 1.
_ENDED_ITSELF = 0x21
_SECTOR = 512
# A boot sector that does what a kernel begins with: a page table for the first 2 MB, long mode, then ten million turns
# of a loop. Real mode alone proves nothing: a KVM was seen that runs it and hangs in 64-bit code.
_GUEST = bytes.fromhex(
    "fa 31c0 8ed8 8ec0 8ed0 bc007c"  # cli; ds, es, ss = 0; sp = 0x7c00
    "bf0010 b90018 f3ab"  # clear 0x1000 to 0x3fff
    "c70600100320 c70600200330 c70600308300"  # PML4 -> PDPT -> PD -> one page of 2 MB
    "66b800100000 0f22d8"  # cr3 = 0x1000
    "0f20e0 0c20 0f22e0"  # cr4 |= PAE
    "66b9800000c0 0f32 80cc01 0f30"  # EFER |= LME
    "0f0116807c"  # lgdt [0x7c80]
    "0f20c0 660d01000080 0f22c0"  # cr0 |= PG | PE
    "ea5a7c0800"  # jmp 8:0x7c5a, which is 64-bit code
    "b980969800 ffc9 75fc"  # ecx = 10,000,000; dec ecx; jnz
    "b010 66baf400 ee"  # out 0xf4, 0x10
    "f4 ebfd 0f1f00"  # hlt, for ever; padding
    "0000000000000000 00000000009a2000"  # the descriptors: none, 64-bit code
    "0f00 707c0000"  # 0x7c80: their size and address
)


def accelerator(by: Deadline, *, anew: bool = False) -> str:
    """`kvm` where a guest runs under it, else `tcg`; found out once per boot, QEMU and rights on the device, or `anew`,
    for on a computer that was too busy the tiny guest may not have ended in time.

    Raises LabError where QEMU is missing or the deadline is over.
    """
    now = _circumstances()
    if not anew and (before := _remembered(now)) is not None:
        return before
    found = KVM if now["may_open"] and boots(KVM, by) else TCG
    records.write_json(_memory(), {"circumstances": now, "accelerator": found})
    return found


def known() -> str | None:
    """What `accelerator` found out since the last boot; None where it has not been asked, or QEMU is missing."""
    try:
        return _remembered(_circumstances())
    except LabError:
        return None


def _memory() -> Path:
    return paths.cache() / "accelerator.json"


def _remembered(now: Mapping[str, Any]) -> str | None:
    found = records.read_json(_memory())
    return str(found["accelerator"]) if isinstance(found, dict) and found.get("circumstances") == now else None


def boots(accelerator: str, by: Deadline) -> bool:
    """Whether the tiny guest runs to its end under this accelerator; raises LabError if the deadline leaves no time."""
    limit = by.at_most(_LIMIT_S, f"a tiny guest under {accelerator}: {_LIMIT_S:.0f} s")
    with tempfile.TemporaryDirectory(prefix="lab-accelerator-") as folder:
        disk = Path(folder) / "boot.img"
        disk.write_bytes(boot_sector())
        try:
            run(_argv(accelerator, disk), by=limit, ok={_ENDED_ITSELF: "the guest ran to its end"})
        except LabError:
            if by.is_over():
                raise
            return False
    return True


def boot_sector() -> bytes:
    """The guest as a disk that a PC's firmware boots."""
    return _GUEST.ljust(_SECTOR - 2, b"\0") + b"\x55\xaa"


def _argv(accelerator: str, disk: Path) -> list[str]:
    return [
        *(QEMU, "-machine", "pc", "-accel", accelerator, "-nodefaults", "-no-user-config", "-display", "none"),
        *("-m", "16", "-drive", f"file={disk},format=raw,if=floppy"),
        *("-device", "isa-debug-exit,iobase=0xf4,iosize=4"),
    ]


def _circumstances() -> dict[str, Any]:
    program = shutil.which(QEMU)
    if program is None:
        raise LabError(f"{QEMU} is not installed", where="this computer", mend="run `lab setup`")
    return {
        "boot": Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
        "qemu": [program, Path(program).stat().st_mtime_ns],
        "may_open": os.access(computer.KVM, os.R_OK | os.W_OK),
    }
