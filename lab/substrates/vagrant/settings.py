"""A node's services, and its settings disk: a tar that a machine unpacks into /run before anything else starts."""

import io
import tarfile

from lab.model.node import NodeSpec, Role

# The units that are stopped and started, and whose CPU is bounded.
SERVICES = {
    Role.LOADBALANCER: ("lab-loadbalancer",),
    Role.STORE: ("lab-database",),
    Role.WORKER: ("lab-worker",),
}
# What serves beside these, and is started again with them. Not lab-disk: what it mounted is in use by them all.
_BESIDE = {Role.STORE: ("lab-source", "lab-drive")}
_MIB = 1024 * 1024


def restart(role: Role) -> str:
    """What a shell in a node is told to start its services again, as their units are by now."""
    again = f"systemctl restart {' '.join([*SERVICES[role], *_BESIDE.get(role, ())])}"
    # A worker's units are never repaired, and reading all of them takes an emulated machine seconds.
    return again if role is Role.WORKER else f"systemctl daemon-reload && {again}"


def archive(node: NodeSpec, authorized_key: str, host_key: str) -> bytes:
    """The content of a node's settings disk, a multiple of 1 MiB long."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        env = "".join(f"{key}={value}\n" for key, value in node.env.items())
        _add(tar, "lab/node.env", env, 0o600)
        _add(tar, "lab/authorized_keys", authorized_key, 0o600)
        _add(tar, "lab/ssh_host_ed25519_key", host_key, 0o600)
        _add(tar, "lab/hosts", f"127.0.0.1 localhost\n127.0.1.1 {node.name}\n", 0o644)
        for service in SERVICES[node.name.role]:
            _add(tar, f"systemd/system/{service}.service.d/limits.conf", _limits(node), 0o644)
        for file, text in node.files.items():
            _add(tar, f"lab/{file}", text, 0o644)
    content = buffer.getvalue()
    return content.ljust(-(-len(content) // _MIB) * _MIB, b"\0")


def quota(node: NodeSpec) -> str:
    """The bound on its service's processor time, as systemd reads it (systemd.resource-control(5))."""
    return f"CPUQuota={node.cpu_quota * 100:.0f}%"


def _limits(node: NodeSpec) -> str:
    """A drop-in that bounds a service's CPU; a worker's only from when it serves: it is capacity that is bounded."""
    if node.name.role is not Role.WORKER:
        return f"[Service]\n{quota(node)}\n"
    # gunicorn tells systemd when it is up (sd_notify); `+` runs as root, which the service itself does not.
    post = f"ExecStartPost=+/usr/bin/systemctl set-property --runtime lab-worker.service {quota(node)}"
    return f"[Service]\nType=notify\nTimeoutStartSec=infinity\n{post}\n"


def _add(tar: tarfile.TarFile, path: str, text: str, mode: int) -> None:
    content = text.encode()
    entry = tarfile.TarInfo(path)
    entry.size = len(content)
    entry.mode = mode
    tar.addfile(entry, io.BytesIO(content))
