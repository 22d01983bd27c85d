"""What lies on the settings disk of a machine, and how what it serves is started again."""

import io
import tarfile
from collections.abc import Mapping

from lab.model.node import Role
from lab.substrates.vagrant import settings
from tests.conftest import REPO
from tests.unit.model.test_plan import make


def files(archive: bytes) -> Mapping[str, tuple[int, str]]:
    """Mode and text of each file."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        opened = [(entry, tar.extractfile(entry)) for entry in tar.getmembers()]
        return {entry.name: (entry.mode, file.read().decode()) for entry, file in opened if file is not None}


def test_the_processor_time_of_each_service_is_bounded_as_the_topology_says() -> None:
    for node in make().nodes:
        on_disk = files(settings.archive(node, "key", "host key"))
        assert node.cpu_quota > 0
        for service in settings.SERVICES[node.name.role]:
            _, limits = on_disk[f"systemd/system/{service}.service.d/limits.conf"]
            # A worker's holds from when it serves: its start is no part of its capacity.
            at_once = node.name.role is not Role.WORKER
            assert f"CPUQuota={node.cpu_quota * 100:.0f}%\n" in limits
            assert ("\nCPUQuota=" in limits) is at_once
            assert ("\nExecStartPost=+/usr/bin/systemctl set-property --runtime lab-worker" in limits) is not at_once


def test_secrets_on_the_disk_are_for_root_alone() -> None:
    for node in make().nodes:
        on_disk = files(settings.archive(node, "key", "host key"))
        for secret in ("lab/node.env", "lab/authorized_keys", "lab/ssh_host_ed25519_key"):
            assert on_disk[secret][0] == 0o600


def test_what_serves_in_a_store_is_started_again_as_its_units_are_by_now() -> None:
    told = settings.restart(Role.STORE)
    assert told == "systemctl daemon-reload && systemctl restart lab-database lab-source lab-drive"
    units = (REPO / "playbooks/roles/machine/files/units").glob("lab-*.service")
    of_a_store = {unit.stem for unit in units if "lab-disk.service" in unit.read_text()}
    assert set(told.split()[5:]) == of_a_store
    assert settings.restart(Role.WORKER) == "systemctl restart lab-worker"
