"""The entry: what it makes of a bug of ours."""

import signal
import sys
from collections.abc import Iterator
from types import ModuleType

import click
import pytest

from lab.cli import main


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A verb with a bug, beside the kit's own in the table of verbs."""
    module = ModuleType("lab.cli.broken")

    @click.command()
    def command() -> None:
        raise KeyError("what nobody thought of")

    module.command = command  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lab.cli.broken", module)
    monkeypatch.setitem(main.VERBS, "broken", "Do what nobody thought of.")
    before = signal.getsignal(signal.SIGTERM)
    yield "broken"
    signal.signal(signal.SIGTERM, before)


def test_a_bug_of_ours_keeps_its_traceback_and_says_that_it_is_one(
    broken: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["lab", broken])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 70
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "Traceback (most recent call last):"
    assert told[-2:] == ["KeyError: 'what nobody thought of'", "this is a bug in the kit, not in what you did"]
