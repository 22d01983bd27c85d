"""Small programs that run inside a worker, given as text, since a worker has nothing of ours. Each prints JSON."""

import json
from collections.abc import Mapping
from typing import Any

from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.substrates.base import Reach

# argv: the store's address. Rates are per second of processor time, so that no bound on it counts.
MACHINE = r"""
import errno, hashlib, json, os, socket, statistics, sys, time

def hashed(for_s):
    block, blocks, begun = bytes(1 << 18), 0, time.process_time()
    while (took := time.process_time() - begun) < for_s:
        hashlib.sha256(block).digest()
        blocks += 1
    return blocks * len(block) / took

def copied(count):
    argv = ["dd", "if=/dev/zero", "of=/dev/null", "bs=1", "count=%d" % count, "status=none"]
    _, status, used = os.wait4(os.posix_spawnp("dd", argv, os.environ), 0)
    assert status == 0, status
    return used.ru_utime + used.ru_stime

def called(count):
    # The start of the program is hundreds of calls and a tenth of so short a run, and far more where it is emulated.
    return max(copied(count) - copied(0), 0.005)

def calls(for_s):
    count, took = 20000, called(20000)
    if took < for_s:
        count = int(count * for_s / took)
        took = called(count)
    return 2 * count / took

def round_trip(address, port, times):
    def once():
        with socket.socket() as door:
            door.settimeout(5)
            begun = time.perf_counter()
            said = door.connect_ex((address, port))
            took = time.perf_counter() - begun
        assert said in (0, errno.ECONNREFUSED), os.strerror(said)
        return took
    return statistics.median(once() for _ in range(times))

print(json.dumps({"hash": hashed(0.3), "syscalls": calls(0.2), "round-trip": round_trip(sys.argv[1], 9, 50)}))
"""

# argv: a folder; a user's number for who is root, or -. Small writes that are each made to last, for half a second.
FLUSHES = r"""
import json, os, sys, tempfile, time

folder, user = sys.argv[1:]
if user != "-" and os.getuid() == 0:
    os.setgroups([])
    os.setgid(int(user))
    os.setuid(int(user))
with tempfile.NamedTemporaryFile(dir=folder, prefix=".flushes.", suffix=".part") as file:
    block, count, begun = os.urandom(4096), 0, time.perf_counter()
    while (took := time.perf_counter() - begun) < 0.5 or count < 3:
        os.pwrite(file.fileno(), block, 4096 * (count % 64))
        os.fsync(file.fileno())
        count += 1
print(json.dumps({"rate": count / took}))
"""

# As root. argv: its own name, the sibling's name and address with its port; a file of the sibling's; a word that stands
# on the command line of a program outside, written backwards, or it would be found on this one's; whether it may be
# tried to set the clock.
ISOLATION = r"""
import contextlib, ctypes, errno, json, os, socket, subprocess, sys, time

own, sibling, address, port, file_of_sibling, backwards, may_set_clock = sys.argv[1:]

def text(path):
    with contextlib.suppress(OSError), open(path, "rb") as file:
        return file.read().decode(errors="replace")
    return ""

def status(pid):
    return dict(line.split(":\t", 1) for line in text("/proc/%s/status" % pid).splitlines() if ":\t" in line)

def tried(action):
    try:
        action()
    except OSError as error:
        return error.strerror
    return ""

def module():
    libc = ctypes.CDLL(None, use_errno=True)
    # No module at all: who may load one is told that this is none, who may not that it is not permitted.
    libc.syscall(ctypes.c_long(175), None, ctypes.c_ulong(0), b"")
    return errno.errorcode.get(ctypes.get_errno(), "")

def mount():
    folder = "/tmp/.mounted"
    os.makedirs(folder, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "none", folder], capture_output=True, text=True)
    if done.returncode:
        raise OSError(errno.EPERM, done.stderr.strip())
    subprocess.run(["umount", folder], check=True)

def setting():
    path = "/proc/sys/kernel/domainname"
    before = text(path)
    with open(path, "w") as file:
        file.write(before)

def reached():
    with contextlib.suppress(OSError), socket.create_connection((address, int(port)), timeout=5):
        return True
    return False

def listed(folder):
    # A bare process has no /sys of its own.
    return os.listdir(folder) if os.path.isdir(folder) else []

pids = [pid for pid in os.listdir("/proc") if pid.isdigit()]
lines = {pid: text("/proc/%s/cmdline" % pid) for pid in pids}
app = {pid: text("/proc/%s/environ" % pid) for pid in pids if "gunicorn" in lines[pid]}
theirs = [pid for pid, told in app.items() if ("LAB_NODE=" + sibling) in told]
# Root without powers may not read what another user's process was told.
mine = [pid for pid, told in app.items() if ("LAB_NODE=" + own) in told] or [pid for pid in app if pid not in theirs]
tries = {"mount": tried(mount), "kernel settings": tried(setting)}
if may_set_clock == "yes":
    tries["clock"] = tried(lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()))
print(json.dumps({
    "kernel": os.uname().release,
    "first": text("/proc/1/comm").strip(),
    "processes": len(pids),
    "outside seen": any(backwards[::-1] in line for line in lines.values()),
    "app": status(min(mine, key=int)) if mine else {},
    "root": status("self"),
    "devices": sorted(os.listdir("/dev")),
    "disks": sorted(each for each in listed("/sys/block") if os.path.exists("/dev/" + each)),
    "module": module(),
    "sibling reached": reached(),
    "sibling seen": len(theirs),
    "sibling read": any(os.path.exists(top + file_of_sibling) for top in ["", *map("/proc/{}/root".format, theirs)]),
    "tries": tries,
}))
"""


def told(reach: Reach, program: str, words: list[str], by: Deadline) -> Mapping[str, Any]:
    """What one of these programs said in a node."""
    # Not on the command line: where it fails, that is told as the reason.
    said = reach.run(["python3", "-", *words], by, stdin=program.encode()).out
    try:
        found: Mapping[str, Any] = json.loads(said)
    except json.JSONDecodeError as error:
        mend = "read the log of the worker"
        raise LabError(f"a program in a worker said {said!r}", where=reach.testinfra, mend=mend) from error
    return found
