"""`lab build`: a root file system for each role, and each substrate's image or box from it."""

from collections.abc import Sequence

from lab.flows.artefacts import keys, layer, missing
from lab.host import children, lock, paths
from lab.model.deadline import Deadline
from lab.model.topology import Versions
from lab.provision import rootfs
from lab.substrates.base import Report, Substrate


def build(substrates: Sequence[Substrate], versions: Versions, report: Report, by: Deadline) -> None:
    """Makes what is missing, and nothing else. One build at a time; what a killed one left running is ended first."""
    if not any(missing(substrate, versions) for substrate in substrates):
        return
    programs = paths.cache() / "children"
    with lock.held(paths.cache() / "build.lock", "build"), children.kept_in(programs):
        for line in children.end_orphans(programs, by):
            report(f"ended what an interrupted build had left: {line}")
        for substrate in substrates:
            for role in missing(substrate, versions):
                made = rootfs.make(layer(substrate, role, versions), report, by)
                substrate.pack(role, keys(substrate, versions)[role], made.tar, report, by)
