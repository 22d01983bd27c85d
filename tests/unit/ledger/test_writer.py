"""The journal on disk, written by a real process and ended by real signals."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from lab.ledger import records, report
from lab.ledger.files import audit_file
from lab.ledger.writer import Journal
from lab.ledger.writes import Outcome, What
from lab.model.errors import LabError, UsageError
from tests.unit.ledger import histories
from tests.unit.ledger.histories import Past

REPO = Path(__file__).resolve().parents[3]
TOLD = histories.told([Past(what, number, [Outcome.ACKNOWLEDGED], True) for number, what in enumerate(What)])


def _write(path: Path) -> None:
    with Journal(path, histories.header()) as journal:
        for record in TOLD[1:]:
            journal.append(record)


def test_what_was_written_is_audited_from_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "r1.jsonl"
    _write(path)
    assert path.read_bytes() == b"".join(histories.lines(TOLD))
    assert report.verdict(audit_file(path, "r1")).word == "kept"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_durable_record_is_in_the_file_when_its_result_is_there(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    with Journal(path, histories.header()) as journal:
        journal.append_durably(records.intents([])).result(timeout=10)
        assert len(path.read_bytes().splitlines()) == 2


def test_a_durable_record_was_flushed_to_the_disk_when_its_result_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, fsync, flushed = tmp_path / "j.jsonl", os.fsync, list[int]()

    def note(file: int) -> None:
        fsync(file)
        flushed.append(os.fstat(file).st_size)

    monkeypatch.setattr(os, "fsync", note)
    with Journal(path, histories.header()) as journal:
        for _ in range(3):
            assert flushed[-1] == path.stat().st_size
            journal.append_durably(records.intents([])).result(timeout=10)
    assert len(set(flushed)) == 4


def test_no_run_writes_into_the_journal_of_another(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    _write(path)
    before = path.read_bytes()
    with pytest.raises(LabError, match="File exists"):
        Journal(path, histories.header())
    assert path.read_bytes() == before


def test_a_missing_journal_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        audit_file(tmp_path / "none.jsonl")
    assert str(refused.value).startswith("the journal cannot be read: No such file or directory\n  where: ")


WRITER = """
import resource, sys
from pathlib import Path
from lab.ledger import records
from lab.ledger.writer import Journal
from tests.unit.ledger import histories
path, limit = Path(sys.argv[1]), int(sys.argv[2])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
with Journal(path, histories.header()) as journal:
    print("began", flush=True)
    while True:
        journal.append_durably(records.intents([])).result()
"""


def _writer(path: Path, limit: int = 0) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", WRITER, str(path), str(limit)]
    environment = os.environ | {"PYTHONPATH": str(REPO)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_run_that_was_killed_leaves_a_journal_that_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    with _writer(path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "began\n"
        process.send_signal(signal.SIGKILL)
    assert report.verdict(audit_file(path)).word == "unknown"


def test_a_journal_that_cannot_be_written_ends_its_run_with_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    with _writer(path, limit=4096) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "LabError: the journal could not be written: File too large" in said
    assert report.verdict(audit_file(path)).word == "unknown"
