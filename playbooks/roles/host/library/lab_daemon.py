"""Starts or ends a daemon on a computer without systemd, exactly once, by pid and start time."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: lab_daemon
short_description: Starts or ends a daemon on a computer without systemd
description:
  - A daemon that answers on its socket already is left alone, whoever started it.
  - Only a daemon that this module started is ever ended.
options:
  name: {description: Names the daemon's record and log., type: str, required: true}
  argv: {description: The daemon's command line., type: list, elements: str, default: []}
  socket: {description: The socket that it listens on., type: str}
  ask: {description: A command that ends well once it answers., type: list, elements: str, default: []}
  runtime: {description: Folder of the records; emptied by a boot., type: str, required: true}
  logs: {description: Folder of the logs., type: str, default: ""}
  timeout_s: {description: How long its start or end may take., type: int, default: 90}
  state: {description: started or stopped., type: str, default: started, choices: [started, stopped]}
"""

ARGUMENTS = {
    "name": {"type": "str", "required": True},
    "argv": {"type": "list", "elements": "str", "default": []},
    "socket": {"type": "str"},
    "ask": {"type": "list", "elements": "str", "default": []},
    "runtime": {"type": "str", "required": True},
    "logs": {"type": "str", "default": ""},
    "timeout_s": {"type": "int", "default": 90},
    "state": {"type": "str", "default": "started", "choices": ["started", "stopped"]},
}
PASSED_ON = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE")


def main():
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    runtime = Path(module.params["runtime"])
    record = runtime / f"{module.params['name']}.json"
    if module.params["state"] == "stopped":
        stop(module, record)
    if answers(module.params):
        module.exit_json(changed=False, msg="runs already")
    if module.check_mode:
        module.exit_json(changed=True)
    with (runtime / f"{module.params['name']}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        start(module, record)


def start(module, record):
    """Starts the daemon, unless somebody did while we waited for the lock, and awaits that it answers."""
    if answers(module.params):
        module.exit_json(changed=False, msg="runs already")
    log = Path(module.params["logs"]) / f"{module.params['name']}.log"
    pid = alive(record)
    if pid is None:
        pid = spawn(module.params["argv"], log)
        record.write_text(json.dumps({"pid": pid, "started": start_time(pid)}))
    end = time.monotonic() + module.params["timeout_s"]
    while not answers(module.params):
        if alive(record) is None or time.monotonic() > end:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            module.fail_json(msg=f"{module.params['name']} does not answer; the end of {log}:\n{tail}")
        time.sleep(0.1)
    module.exit_json(changed=True, pid=pid)


def spawn(argv, log):
    """The pid of the daemon, in a session of its own and with an environment that no caller coloured."""
    keep = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8", **keep}
    with log.open("a") as output:
        return subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env, cwd="/", start_new_session=True
        ).pid


def answers(params):
    """Whether somebody listens on the daemon's socket, and answers there."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(params["socket"])
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    if not params["ask"]:
        return True
    return subprocess.run(params["ask"], stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0


def stop(module, record):
    """Ends the daemon that we started; one that others started is not ours to end."""
    pid = alive(record)
    if pid is None:
        record.unlink(missing_ok=True)
        module.exit_json(changed=False, msg="we started none")
    if module.check_mode:
        module.exit_json(changed=True)
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        os.kill(pid, signal_number)
        end = time.monotonic() + module.params["timeout_s"]
        while alive(record) is not None and time.monotonic() < end:
            time.sleep(0.1)
        if alive(record) is None:
            record.unlink()
            module.exit_json(changed=True)
    module.fail_json(msg=f"process {pid} does not end")


def alive(record):
    """The pid of the recorded process if it still runs: a pid may have been given to another one since."""
    try:
        entry = json.loads(record.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return entry["pid"] if start_time(entry["pid"]) == entry["started"] is not None else None


def start_time(pid):
    """When a process started, in clock ticks since the boot; None for one that is gone or a zombie (proc(5))."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else int(fields[19])


if __name__ == "__main__":
    main()
