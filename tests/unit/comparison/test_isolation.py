"""What was seen from inside, in words: each in one line, and two kernels never taken for one."""

from typing import Any

import pytest

from lab.comparison import catalogue
from lab.comparison.probes.isolation import ROWS, capabilities, in_words

OURS = "6.18.44"
NONE, ALL = "0" * 16, "000001ffffffffff"
APP = {"CapEff": NONE, "CapBnd": NONE, "Seccomp": "2", "NoNewPrivs": "1"}
CONTAINER: dict[str, Any] = {
    "kernel": "6.18.44",
    "first": "gunicorn",
    "processes": 4,
    "outside seen": False,
    "app": APP,
    "root": {"CapEff": NONE},
    "devices": ["full", "null", "zero"],
    "disks": [],
    "module": "EPERM",
    "sibling reached": True,
    "sibling seen": 0,
    "sibling read": False,
    "tries": {
        "mount": "mount: permission denied",
        "kernel settings": "Read-only file system",
        "clock": "Not permitted",
    },
}
MACHINE: dict[str, Any] = {
    **CONTAINER,
    "kernel": "6.12.1-cloud",
    "first": "systemd",
    "processes": 70,
    "app": {**APP, "CapBnd": ALL, "NoNewPrivs": "0"},
    "root": {"CapEff": ALL},
    "disks": ["vda", "vdb"],
    "module": "ENOEXEC",
    "tries": {"mount": "", "kernel settings": "", "clock": ""},
}
BARE: dict[str, Any] = {
    **CONTAINER,
    "processes": 121,
    "outside seen": True,
    "app": {"CapEff": NONE, "CapBnd": ALL},
    "root": {"CapEff": ALL},
    "module": "ENOSYS",
    "sibling seen": 2,
    "sibling read": True,
    "tries": {"mount": "", "kernel settings": ""},
}


def test_a_container() -> None:
    assert in_words(CONTAINER, OURS) == {
        "isolation-kernel": "6.18.44, this computer's",
        "isolation-first": "gunicorn",
        "isolation-processes": "4, none of this computer's",
        "isolation-capabilities": "none, and can gain none",
        "isolation-seccomp": "yes, a filter",
        "isolation-devices": "3 in /dev; disks: none",
        "isolation-module": "no (EPERM)",
        "isolation-sibling": "its port over the network; none of its processes; none of its files",
        "isolation-root": "capabilities: none; allowed: none; refused: mount, kernel settings, clock",
    }


def test_a_machine() -> None:
    words = in_words(MACHINE, OURS)
    assert words["isolation-kernel"] == "6.12.1-cloud, its own"
    assert words["isolation-processes"] == "70, none of this computer's"
    assert words["isolation-capabilities"] == "none, could gain all"
    assert words["isolation-module"] == "yes, into its own kernel"
    assert words["isolation-root"] == "capabilities: all; allowed: mount, kernel settings, clock; refused: none"


def test_a_bare_process() -> None:
    words = in_words(BARE, OURS)
    assert words["isolation-processes"] == "121, this computer's among them"
    assert words["isolation-seccomp"] == "not told by this kernel"
    assert words["isolation-module"] == "no: this computer's kernel takes no modules"
    assert words["isolation-sibling"] == "its port over the network; 2 of its processes; its files"
    tried = "allowed: mount, kernel settings; refused: none; clock: not tried, it would be this computer's"
    assert words["isolation-root"] == f"capabilities: all; {tried}"


def test_an_app_that_was_not_found_is_not_taken_for_one_without_powers() -> None:
    assert in_words({**MACHINE, "app": {}}, OURS)["isolation-capabilities"] == "the app was not found"


def test_the_catalogue_has_these_rows_and_no_others() -> None:
    batch = next(batch for batch in catalogue.BATCHES if batch.name == "isolation")
    assert [row.name for row in batch.rows] == list(ROWS) == list(in_words(CONTAINER, OURS))


@pytest.mark.parametrize(
    ("mask", "names"),
    [
        ("0000000000000000", []),
        ("0000000000000400", ["net_bind_service"]),
        ("0000000000010001", ["chown", "sys_module"]),
        ("0000010000000000", ["checkpoint_restore"]),
        ("0000020000000000", ["41"]),
    ],
)
def test_a_mask_is_read_bit_by_bit(mask: str, names: list[str]) -> None:
    assert capabilities(mask) == names
