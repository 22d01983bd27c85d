"""The store's settings, held against what a lab can ask of it."""

import re
from pathlib import Path

from lab.model.topology import WORKERS_AT_MOST

REPO = Path(__file__).resolve().parents[3]
_OF_THE_SUPERUSER = 3


def test_the_database_has_a_connection_for_whatever_the_most_workers_may_ask() -> None:
    of_a_worker = re.search(r"^CONNECTIONS = (\d+)", (REPO / "app" / "postgres.py").read_text(), re.MULTILINE)
    allowed = re.search(
        r"-c max_connections=(\d+)", (REPO / "playbooks" / "roles" / "store" / "files" / "database").read_text()
    )
    assert of_a_worker
    assert allowed
    assert int(allowed[1]) - _OF_THE_SUPERUSER >= int(of_a_worker[1]) * WORKERS_AT_MOST
