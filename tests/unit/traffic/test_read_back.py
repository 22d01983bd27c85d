"""The final read of a site whose answers are not as the contract has them: it did not come to its end."""

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from lab.ledger import report
from lab.ledger.files import audit_file
from lab.ledger.records import Source
from lab.ledger.writer import Journal
from lab.ledger.writes import What
from lab.model.deadline import Deadline
from lab.traffic.read_back import read_back
from lab.traffic.session import Session
from tests.unit.ledger import histories
from tests.unit.traffic.test_visitor import served

ENTRY = {"id": 1, "key": "other-1-1", "text": "of others"}
FILE = {"name": "other", "size": 1, "sha256": "0" * 64}


def site(entry: dict[str, Any], file: dict[str, Any]) -> type[BaseHTTPRequestHandler]:
    """A site that has one entry and one file, and nobody who is logged in."""
    pages = {"/entries": {"entries": [entry], "next": None}, "/files": {"files": [file]}}

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = pages.get(self.path.partition("?")[0])
            self.send_response(200 if told else 401)
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    return Site


def unread(path: Path, mode: str, entry: dict[str, Any], file: dict[str, Any]) -> list[What]:
    """The kinds that were not read back through the load balancer, as the journal at `path` has it."""
    with served(site(entry, file)) as url, Journal(path, histories.header(mode=mode)) as journal:
        read_back(url, mode, [Session(f"{histories.RUN}-0")], journal, Deadline.after(5, "final read"))
    account = audit_file(path, histories.RUN)
    assert report.verdict(account).word == "unknown"
    with path.open() as lines:
        ends = [told for line in lines if (told := json.loads(line))["kind"] == "read_back"]
    assert {told["source"] for told in ends} == {Source.BALANCER}
    return [What(told["what"]) for told in ends if not told["complete"]]


@pytest.mark.parametrize("mode", ["stateless", "stateful"])
@pytest.mark.parametrize(
    ("entry", "file", "missing"),
    [
        ({}, {}, []),
        ({"key": None}, {}, [What.ENTRY]),
        ({"key": 7}, {}, [What.ENTRY]),
        ({"text": None}, {}, [What.ENTRY]),
        ({}, {"name": None}, [What.FILE]),
        ({}, {"sha256": None}, [What.FILE]),
        ({"key": ["other-1-1"]}, {"name": {}}, [What.ENTRY, What.FILE]),
    ],
)
def test_a_name_that_is_no_text_is_an_answer_that_does_not_tell_what_is_there(
    tmp_path: Path, mode: str, entry: dict[str, Any], file: dict[str, Any], missing: list[What]
) -> None:
    assert unread(tmp_path / "j.jsonl", mode, ENTRY | entry, FILE | file) == missing
