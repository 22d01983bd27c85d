"""The journal's form: whatever is done to it, it is never taken for a proof."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.ledger import journal, report
from lab.ledger.audit import audit
from lab.ledger.writes import Outcome, What
from lab.model.errors import UsageError
from tests.unit.ledger import histories
from tests.unit.ledger.histories import Past

LINES = histories.lines(
    histories.told([Past(what, number, [Outcome.ACKNOWLEDGED], True) for number, what in enumerate(What)])
)
BYTES = b"".join(LINES)


def _word(content: bytes, run: str | None = None) -> str:
    return report.verdict(audit(journal.read(io.BytesIO(content), "j", run))).word


def test_a_whole_journal_is_kept() -> None:
    assert _word(BYTES) == "kept"
    assert _word(BYTES, histories.RUN) == "kept"


def test_a_journal_cut_off_at_any_byte_is_unknown() -> None:
    assert {_word(BYTES[:size]) for size in range(len(BYTES))} == {"unknown"}


@given(at=st.integers(0, len(BYTES) - 1), flip=st.integers(1, 255))
def test_a_flipped_byte_is_refused_with_its_line(at: int, flip: int) -> None:
    line = BYTES[:at].count(b"\n") + 1
    changed = bytearray(BYTES)
    changed[at] ^= flip
    if at == len(BYTES) - 1:  # the last line is then not whole, as after a crash
        assert _word(bytes(changed)) == "unknown"
        return
    with pytest.raises(UsageError) as refused:
        _word(bytes(changed))
    assert refused.value.where == f"j, line {line}"


@given(st.data())
def test_lines_that_were_taken_out_doubled_or_moved_are_refused(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(LINES) - 2))
    taken = LINES[:place] + LINES[place + 1 :]
    doubled = LINES[: place + 1] + LINES[place:]
    moved = [*taken[:-1], LINES[place], taken[-1]]
    for changed in (taken, doubled) if moved == LINES else (taken, doubled, moved):
        with pytest.raises(UsageError):
            _word(b"".join(changed))


@pytest.mark.parametrize("more", [LINES[-1], b"\n", LINES[1][:20], b"x"], ids=["a line", "an empty one", "half", "x"])
def test_what_follows_the_end_is_refused_whole_or_torn(more: bytes) -> None:
    with pytest.raises(UsageError, match="a line follows the end record") as refused:
        _word(BYTES + more)
    assert refused.value.where == f"j, line {len(LINES) + 1}"


def test_another_runs_journal_is_refused() -> None:
    with pytest.raises(UsageError) as refused:
        _word(BYTES, "r2")
    assert str(refused.value) == (
        "this is the journal of run r1, not of r2\n"
        "  where: j, line 1\n"
        "  mend:  name the run that the journal belongs to; `lab prove list` shows them"
    )


@pytest.mark.parametrize("content", [b"hello\n", b"{}\n", LINES[1], b"\n", b"\x00" * 100 + b"\n"])
def test_what_is_no_journal_is_refused(content: bytes) -> None:
    with pytest.raises(UsageError) as refused:
        _word(content)
    assert refused.value.where == "j, line 1"


def test_a_journal_of_another_format_is_refused() -> None:
    line, _ = journal.seal(histories.header().record() | {"format": 2}, journal.START)
    with pytest.raises(UsageError) as refused:
        _word(line)
    assert str(refused.value) == (
        "the journal is of format 2, and this kit reads format 1\n"
        "  where: j, line 1\n"
        "  mend:  audit it with the kit that wrote it"
    )


def test_a_journal_from_before_targets_were_planned_is_still_read() -> None:
    told = histories.told([Past(what, number, [Outcome.ACKNOWLEDGED], True) for number, what in enumerate(What)])
    del told[0]["targets"]
    assert _word(b"".join(histories.lines(told))) == "kept"


@pytest.mark.parametrize("due_s", [float("nan"), float("inf"), -float("inf")])
def test_a_time_that_is_no_number_of_json_is_refused_with_its_line(due_s: float) -> None:
    told = histories.told(histories.ONE_OF_EACH)
    told[1]["rows"] = [row._replace(due_s=due_s) for row in told[1]["rows"]]
    with pytest.raises(UsageError, match="the line is no JSON") as refused:
        _word(b"".join(histories.lines(told)))
    assert refused.value.where == "j, line 2"


@pytest.mark.parametrize("kind", ["x", "", None, 1, [], {}, ["run"]])
def test_a_record_of_no_kind_is_refused_with_its_line(kind: object) -> None:
    told = histories.told(histories.ONE_OF_EACH)
    told[1]["kind"] = kind
    with pytest.raises(UsageError, match="the line is no record of a run") as refused:
        _word(b"".join(histories.lines(told)))
    assert refused.value.where == "j, line 2"
