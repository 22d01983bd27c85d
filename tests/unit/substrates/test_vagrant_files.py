"""The files of machines lie in the lab's folder, and those of a machine that is there on its settings disk, too."""

from pathlib import Path

import pytest

from lab.host import paths
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import LOADBALANCER
from lab.substrates.vagrant import ssh, substrate, virsh
from lab.substrates.vagrant.names import Names
from tests.unit.model.test_plan import make
from tests.unit.substrates.test_settings import files

BY = Deadline.after(30, "one test")
VOLUME = Names("blue").settings(LOADBALANCER)


class Pool:
    """libvirt's pool: the volumes that are there, and what was put into them. `is_cut`: nothing can be."""

    def __init__(self, *there: str) -> None:
        self.there, self.uploads, self.is_cut = {*there}, dict[str, list[str]](), False

    def write(self, name: str, content: bytes, _by: Deadline, _present: set[str]) -> None:
        if self.is_cut:
            raise LabError("cut off", where="virsh", mend="again")
        self.uploads.setdefault(name, []).append(files(content)["lab/haproxy.cfg"][1])


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pool:
    pool = Pool()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(virsh, "volumes", lambda _: pool.there)
    monkeypatch.setattr(virsh, "write", pool.write)
    folder = paths.lab("blue") / "vagrant"
    for key in (folder / "ssh" / "key.pub", ssh.host_key(folder, LOADBALANCER)):
        key.parent.mkdir(parents=True, exist_ok=True)
        key.write_text("a key")
    return pool


def readable() -> str:
    return (paths.lab("blue") / "vagrant" / "nodes" / "loadbalancer-1" / "haproxy.cfg").read_text()


def test_a_machine_that_is_still_to_be_made_gets_its_disk_when_it_is(pool: Pool) -> None:
    substrate.render_files(make(), BY)
    assert "worker-2" in readable()
    assert pool.uploads == {}


def test_the_disk_of_a_machine_that_is_there_is_made_anew_when_its_files_change_and_only_then(pool: Pool) -> None:
    substrate.render_files(make(), BY)
    pool.there |= {VOLUME}
    for _ in range(2):
        substrate.render_files(make(workers=(1, 2, 3)), BY)
    assert "worker-3" in readable()
    assert pool.uploads == {VOLUME: [readable()]}


def test_an_upload_that_was_cut_is_made_by_the_next_one(pool: Pool) -> None:
    pool.there, pool.is_cut = {VOLUME}, True
    with pytest.raises(LabError):
        substrate.render_files(make(), BY)
    pool.is_cut = False
    substrate.render_files(make(), BY)
    assert pool.uploads == {VOLUME: [readable()]}
