"""Only a file system that is the store's alone is filled to the last block."""

import pytest

from lab.faults.store import DiskFull
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import STORE
from tests.unit.faults.ground import told

# What findmnt tells of a loop device, of a folder of this computer's disk, and of what is no mount at all.
OWN, FOLDER, NO_MOUNT = "/", "/var/lib/engine/volumes/lab_store/_data", ""


@pytest.mark.parametrize(
    ("size_mb", "root", "is_possible"),
    [("800", OWN, True), ("800", FOLDER, False), ("800", NO_MOUNT, False), ("900000", OWN, False)],
)
def test_a_disk_is_filled_where_it_is_bounded_and_nobody_elses(size_mb: str, root: str, is_possible: bool) -> None:
    on, by = told(answers={"output=size": size_mb, "FSROOT": root}), Deadline.after(30, "one test")
    fault = DiskFull(on, STORE)
    why = fault.impossible(by)
    if is_possible:
        assert why is None
        return
    assert why == (
        f"not on this substrate: /srv/store is not bounded ({size_mb} MB), filling it would fill this computer's disk"
    )
    with pytest.raises(LabError, match="is not bounded"):
        fault.inject(by)
    assert not [script for script in on.said if "fallocate" in script]
