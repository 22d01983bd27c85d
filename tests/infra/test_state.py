"""Where state lives: the drive is one drive, the database commits synchronously, and every worker runs one version."""

import hashlib
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import requests
from testinfra.host import Host

from lab.flows.deployment import Deployment
from lab.model.deadline import Deadline
from lab.model.node import STORE, NodeName
from lab.model.topology import WORKERS_AT_MOST
from tests.conftest import REPO

_AS_LAB = "setpriv --reuid=64000 --regid=64000 --keep-groups"
Into = Callable[[NodeName], Host]


@dataclass(frozen=True)
class Sent:
    """A file that a visitor sent: its name, its hash, and the worker that took it."""

    name: str
    sha256: str
    worker: str


@contextmanager
def sent(url: str) -> Iterator[Sent]:
    """A file, for the block; deleted by who sent it, for some labs lead a visitor to the same worker again."""
    name, content = f"probe-{uuid.uuid4().hex}", uuid.uuid4().bytes * 64
    with requests.Session() as visitor:
        written = visitor.put(f"{url}/files/{name}", data=content, timeout=60)
        assert written.status_code == 201, written.text
        try:
            yield Sent(name, hashlib.sha256(content).hexdigest(), written.json()["worker"])
        finally:
            assert visitor.delete(f"{url}/files/{name}", timeout=60).status_code == 204


@pytest.mark.only("stateless")
def test_a_file_written_through_one_worker_is_on_the_drive_of_every_worker(
    into: Into, running_lab: Deployment, url: str
) -> None:
    with sent(url) as file:
        for spec in running_lab.plan.workers():
            # As the app's own user: the drive is closed to everybody else, root of another machine included.
            read = into(spec.name).check_output(f"{_AS_LAB} sha256sum /srv/drive/{file.name}")
            assert read.split()[0] == file.sha256, spec.name


@pytest.mark.only("stateful")
def test_a_file_written_through_one_worker_is_on_that_workers_own_disk_alone(
    into: Into, running_lab: Deployment, url: str, deadline: Deadline
) -> None:
    with sent(url) as file:
        for spec in running_lab.plan.workers():
            path, is_its_own = f"{spec.env['LAB_LOCAL']}/files/{file.name}", str(spec.name) == file.worker
            read = into(spec.name).run(f"{_AS_LAB} sha256sum {path}")
            assert (read.stdout.split() or [""])[0] == (file.sha256 if is_its_own else ""), spec.name
            # As the engine tells it: what lies in a node's memory, or in a volume, is not written on its own root.
            assert not is_its_own or running_lab.substrate.written(running_lab.lab, spec.name, deadline)


@pytest.mark.only("vagrant")
def test_a_machines_drive_loses_no_write_of_a_store_that_is_away(into: Into, worker: NodeName) -> None:
    mounts = [line.split() for line in into(worker).file("/proc/mounts").content_string.splitlines()]
    kind, options = next((words[2], words[3].split(",")) for words in mounts if words[1] == "/srv/drive")
    assert kind == "nfs4"
    assert {"vers=4.1", "hard", "sync"} <= set(options)


def _told(host: Host, question: str) -> str:
    """What the running database answers to a question in SQL."""
    as_postgres = "setpriv --reuid=postgres --regid=postgres --clear-groups"
    return str(host.check_output(f'{as_postgres} psql -h /run/postgresql -At -d lab -c "{question}"')).strip()


def test_the_database_answers_a_commit_when_it_is_on_disk(into: Into) -> None:
    host = into(STORE)
    assert _told(host, "SHOW synchronous_commit") == "on"
    assert _told(host, "SHOW fsync") == "on"


def test_the_database_has_a_connection_for_whatever_the_most_workers_may_ask(into: Into) -> None:
    of_a_worker = re.search(r"^CONNECTIONS = (\d+)", (REPO / "app" / "postgres.py").read_text(), re.MULTILINE)
    assert of_a_worker
    allowed = int(_told(into(STORE), "SHOW max_connections"))
    reserved = int(_told(into(STORE), "SHOW superuser_reserved_connections"))
    assert allowed - reserved >= int(of_a_worker[1]) * WORKERS_AT_MOST


def test_the_database_gives_up_on_a_worker_that_vanished_within_a_minute(into: Into) -> None:
    # As it was started: SHOW says 0 where the connection that asks is no TCP connection.
    asked = "SELECT reset_val FROM pg_settings WHERE name = 'tcp_keepalives_{}'"
    idle, interval, count = (int(_told(into(STORE), asked.format(part))) for part in ("idle", "interval", "count"))
    assert 0 < idle + interval * count <= 60


def test_the_database_asks_for_a_password(into: Into, running_lab: Deployment) -> None:
    # The rules of the file that it was started with, as it reads them; an error in one would be told here too.
    rules = _told(into(STORE), "SELECT type, address, auth_method, error FROM pg_hba_file_rules WHERE type <> 'local'")
    subnet = running_lab.plan.subnet.partition("/")[0]
    assert rules.splitlines() == [f"host|{subnet}|scram-sha-256|"]


def test_every_worker_runs_the_newest_version(into: Into, running_lab: Deployment) -> None:
    def content(commit: str) -> str:
        # After a version was taken back, the newest commit has the same content as the one before the bad one.
        asked = f"git --git-dir=/srv/store/source/app.git rev-parse '{commit}^{{tree}}'"
        return str(into(STORE).check_output(asked))

    for spec in running_lab.plan.workers():
        answer = requests.get(f"http://{spec.address}:8000/whoami", timeout=60).json()
        assert content(answer["commit"]) == content("main")
        assert answer["worker"] == str(spec.name)
        assert answer["substrate"] == running_lab.plan.substrate
