"""What an interrupted refresh leaves to know: how many workers are wanted, while there may be one more."""

from pathlib import Path

from lab.flows import deployment
from lab.host import records


def _file(lab: str, substrate: str) -> Path:
    return deployment.refresh_note(lab, substrate)


def begin(lab: str, substrate: str, wanted: int) -> None:
    """Notes how many workers the lab is to have, before the first one more is made."""
    records.write_json(_file(lab, substrate), {"wanted": wanted})


def wanted(lab: str, substrate: str) -> int | None:
    """How many workers the lab is to have; None where no refresh is unfinished, so that its record tells it."""
    note = records.read_json(_file(lab, substrate))
    return int(note["wanted"]) if note else None


def end(lab: str, substrate: str) -> None:
    """The record tells it again: the refresh has ended, or somebody said how many workers they want."""
    _file(lab, substrate).unlink(missing_ok=True)
