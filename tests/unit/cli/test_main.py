"""The entry: what it makes of a computer that refuses a file, and of a bug of ours."""

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import ModuleType

import click
import pytest

from lab.cli import main

Typed = Callable[[Exception], tuple[int, list[str]]]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Typed]:
    """Types a verb that raises this, beside the kit's own in the table of verbs; gives exit code and error lines."""
    raised: list[Exception] = []
    module = ModuleType("lab.cli.broken")

    @click.command()
    def command() -> None:
        raise raised[-1]

    def typed(error: Exception) -> tuple[int, list[str]]:
        raised.append(error)
        with pytest.raises(SystemExit) as ended:
            main.main()
        assert isinstance(ended.value.code, int)
        return ended.value.code, capsys.readouterr().err.splitlines()

    module.command = command  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lab.cli.broken", module)
    monkeypatch.setitem(main.VERBS, "broken", "Do what nobody thought of.")
    monkeypatch.setattr(sys, "argv", ["lab", "broken"])
    before = signal.getsignal(signal.SIGTERM)
    yield typed
    signal.signal(signal.SIGTERM, before)


def refused(number: int, file: str | None) -> OSError:
    return OSError(number, os.strerror(number), file)


@pytest.mark.parametrize(
    ("number", "mend"),
    [
        (errno.ENOSPC, "free some space there"),
        (errno.EDQUOT, "free some space there"),
        (errno.EROFS, "see whose it is"),
        (errno.EACCES, "see whose it is"),
        (errno.EPERM, "see whose it is"),
    ],
)
def test_a_computer_that_refuses_a_file_gets_one_error_that_names_it(broken: Typed, number: int, mend: str) -> None:
    code, told = broken(refused(number, "/state/lab.json"))
    assert code == 2
    assert told[:2] == [
        f"error: this computer refuses a file: {os.strerror(number)}",
        "  where: /state/lab.json",
    ]
    assert [line.startswith(f"  mend:  {mend}") for line in told[2:]] == [True]


@pytest.mark.parametrize(
    ("error", "last"),
    [
        (KeyError("what nobody thought of"), "KeyError: 'what nobody thought of'"),
        (refused(errno.ENOENT, "/gone"), "FileNotFoundError: [Errno 2] No such file or directory: '/gone'"),
        (refused(errno.EPERM, None), "PermissionError: [Errno 1] Operation not permitted"),
    ],
)
def test_a_bug_of_ours_keeps_its_traceback_and_says_that_it_is_one(broken: Typed, error: Exception, last: str) -> None:
    code, told = broken(error)
    assert code == 70
    assert told[0] == "Traceback (most recent call last):"
    assert told[-2:] == [last, "this is a bug in the kit, not in what you did"]
