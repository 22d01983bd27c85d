"""What every node is, seen from inside: one body for both substrates."""

from collections.abc import Callable
from ipaddress import ip_address

import pytest
from testinfra.host import Host

from lab.flows.deployment import Deployment
from lab.host import paths
from lab.host.run import run
from lab.model.deadline import Deadline
from lab.model.node import LOADBALANCER, STORE, NodeName, Role
from tests.infra.conftest import listening, networks, processes

LAB_UID = 64000
_SERVICE = {Role.LOADBALANCER: "haproxy", Role.STORE: "postgres", Role.WORKER: "gunicorn"}
_PORTS = {Role.LOADBALANCER: {8080, 8404}, Role.STORE: {5432, 9418}, Role.WORKER: {8000}}
# Programs by role, and as whom they may run.
_USERS: dict[Role, dict[str, tuple[str, ...]]] = {
    Role.LOADBALANCER: {"haproxy": ("root", "haproxy")},
    Role.STORE: {"postgres": ("postgres",), "git-daemon": ("lab",)},
    Role.WORKER: {"gunicorn": ("lab",)},
}
# What a machine with a kernel and a door of its own listens on besides: ssh, for the moment in which it renews its
# address DHCP, and on the store NFS with its mountd.
_MACHINE = {("tcp", 22), ("udp", 68)}
_MACHINE_PORTS = {
    Role.LOADBALANCER: _MACHINE,
    Role.STORE: _MACHINE | {("tcp", 2049), ("tcp", 20048)},
    Role.WORKER: _MACHINE,
}
Into = Callable[[NodeName], Host]


def test_the_service_runs(into: Into, node: NodeName) -> None:
    assert _SERVICE[node.role] in {process.name for process in processes(into(node))}


def test_the_service_runs_as_whom_it_should(into: Into, node: NodeName) -> None:
    host = into(node)
    users = [line.split(":") for line in host.check_output("cat /etc/passwd").splitlines()]
    uids = {name: int(uid) for name, _, uid, *_ in users}
    everything = processes(host)
    for program, allowed in _USERS[node.role].items():
        found = {process.uid for process in everything if process.name == program}
        assert found
        assert found <= {uids[user] for user in allowed}, program


def test_a_worker_runs_without_root_and_without_capabilities(into: Into, worker: NodeName) -> None:
    app = [process for process in processes(into(worker)) if process.name == "gunicorn"]
    assert app
    assert {process.uid for process in app} == {LAB_UID}
    assert {process.capabilities for process in app} == {0}
    assert all(process.no_new_privileges for process in app)


def test_the_load_balancer_that_users_reach_runs_without_root_and_without_capabilities(into: Into) -> None:
    # Its master, which starts it and serves nobody, stays root.
    serving = [process for process in processes(into(LOADBALANCER)) if process.name == "haproxy" and process.uid]
    assert [process.capabilities for process in serving] == [0]


def test_nothing_listens_but_the_service(into: Into, node: NodeName, running_lab: Deployment) -> None:
    doors = {door for door in listening(into(node)) if not door.address.is_loopback}
    more = _MACHINE_PORTS[node.role] if running_lab.substrate.has_own_kernel else set()
    wanted = {("tcp", port) for port in _PORTS[node.role]}
    found = {(door.protocol, door.port) for door in doors}
    assert wanted <= found
    assert found <= wanted | more
    # A node is on the lab's network only.
    own = ip_address(running_lab.plan.node(node).address)
    assert {door.address for door in doors if not door.address.is_unspecified} <= {own}
    assert networks(into(node)) == {running_lab.plan.subnet}


@pytest.mark.only("stateless")
def test_a_workers_root_is_read_only_and_a_write_fails(into: Into, worker: NodeName) -> None:
    host = into(worker)
    options = next(
        line.split()[3] for line in host.file("/proc/mounts").content_string.splitlines() if line.split()[1] == "/"
    )
    assert "ro" in options.split(",")
    written = host.run("touch /usr/written")
    assert written.failed
    assert "Read-only file system" in written.stderr


@pytest.mark.only("stateless")
def test_a_worker_wrote_nothing_on_its_own_root(running_lab: Deployment, worker: NodeName, deadline: Deadline) -> None:
    assert running_lab.substrate.written(running_lab.lab, worker, deadline) == []


# The bound of a machine's service, of a container under cgroup 2, or of one under cgroup 1: microseconds of how many.
QUOTA = """
cd /sys/fs/cgroup
for file in system.slice/{}.service/cpu.max cpu.max; do
    if [ -e "$file" ]; then cat "$file"; exit; fi
done
cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us
"""
UNIT = {Role.LOADBALANCER: "lab-loadbalancer", Role.STORE: "lab-database", Role.WORKER: "lab-worker"}


def test_a_nodes_processor_time_is_bounded_as_the_topology_says(
    into: Into, node: NodeName, running_lab: Deployment
) -> None:
    quota, period = into(node).check_output(QUOTA.format(UNIT[node.role])).split()
    assert int(quota) / int(period) == pytest.approx(running_lab.plan.node(node).cpu_quota, abs=0.01)


_SANDBOX = {
    **dict.fromkeys(("ProtectHome", "ProtectClock", "ProtectControlGroups", "ProtectKernelLogs"), "yes"),
    **dict.fromkeys(("ProtectKernelModules", "ProtectKernelTunables", "PrivateDevices", "NoNewPrivileges"), "yes"),
    **dict.fromkeys(("LockPersonality", "RestrictRealtime", "RestrictSUIDSGID"), "yes"),
    **{"ProtectSystem": "strict", "CapabilityBoundingSet": "", "SystemCallArchitectures": "native", "User": "lab"},
}


@pytest.mark.only("vagrant")
def test_systemd_shuts_a_machines_worker_in(into: Into, worker: NodeName) -> None:
    shown = into(worker).check_output(f"systemctl show lab-worker --property={','.join(_SANDBOX)}")
    assert dict(line.split("=", 1) for line in shown.splitlines()) == _SANDBOX


# Prints what shows one of the lines given on standard input: files that everybody in the node may read, logs whoever
# may, and command lines, which everybody may.
_SEARCH = """
import glob, os, stat, sys
secrets = sys.stdin.buffer.read().splitlines()
def shows(path):
    try:
        content = open(path, "rb").read()
        return any(secret in content for secret in secrets)
    except OSError:
        return False
def is_open(path):
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) and (mode & stat.S_IROTH or path.startswith(("/var/log/", "/run/log/")))
for top in ("/etc", "/run", "/srv", "/tmp", "/usr/local", "/var"):
    for folder, _, files in os.walk(top):
        for path in (os.path.join(folder, file) for file in files):
            if is_open(path) and shows(path):
                print(path)
for path in filter(shows, glob.glob("/proc/[0-9]*/cmdline")):
    print(path)
"""
_PRIVATE_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----"


def test_no_secret_is_readable_for_everybody_or_in_a_log_or_a_command_line(
    node: NodeName, running_lab: Deployment, deadline: Deadline
) -> None:
    secrets = [running_lab.plan.node(STORE).env["LAB_DATABASE_PASSWORD"], _PRIVATE_KEY]
    found = running_lab.reach(node).run(["python3", "-c", _SEARCH], deadline, stdin="\n".join(secrets).encode())
    assert found.out.splitlines() == []
    # Its log as this computer keeps it, of machines the console.
    said = run(running_lab.substrate.log(running_lab.lab, node, follow=False), by=deadline)
    assert not [secret for secret in secrets if secret in said.out + said.err]


# A process may end between the shell's list and the look at it.
_SOME_ENDED = {0: "all read", 1: "some had ended"}


def test_the_password_of_the_database_is_in_no_command_line_of_this_computer(running_lab: Deployment) -> None:
    password = running_lab.plan.node(STORE).env["LAB_DATABASE_PASSWORD"]
    lines = run(["sh", "-c", "cat /proc/[0-9]*/cmdline"], by=Deadline.after(60, "looking"), ok=_SOME_ENDED).out
    assert "python" in lines, "our own"
    assert password not in lines


# Prints each key that opens a door of the node: from every file of that name, wherever somebody may put one.
_AUTHORIZED = """
import os
for top in ("/etc", "/home", "/root", "/run", "/usr/local", "/var"):
    for folder, _, files in os.walk(top):
        for file in files:
            if file.startswith("authorized_keys"):
                print(open(os.path.join(folder, file)).read())
"""


def test_the_labs_own_key_alone_opens_a_node(node: NodeName, running_lab: Deployment, deadline: Deadline) -> None:
    own = [
        path.read_text().strip()
        for path in paths.lab(running_lab.lab).glob(f"{running_lab.substrate.name}/ssh/key.pub")
    ]
    found = running_lab.reach(node).run(["python3", "-c", _AUTHORIZED], deadline).out.split("\n")
    assert {line for line in found if line} == set(own), "Vagrant's public key, for one, would open it for everybody"


def test_the_labs_secrets_are_readable_for_their_owner_only(running_lab: Deployment) -> None:
    folder = paths.lab(running_lab.lab)
    secret = [
        *folder.glob("secrets/*"),
        *folder.glob("*/nodes/*.env"),
        *folder.glob("*/ssh/*key"),
        *folder.glob("*/ssh/host-*[0-9]"),
    ]
    assert secret
    assert {path.stat().st_mode & 0o777 for path in secret} == {0o600}
