"""The one family of errors that people see: what happened, where, and the mend."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a verb's exit status says. Scripts rely on these numbers."""

    DONE = 0
    CHECK_SAID_NO = 1
    USAGE = 2
    UNKNOWN = 3
    FAILED = 4
    OUR_BUG = 70
    INTERRUPTED = 130


class LabError(Exception):
    """Something a person can mend.

    `message` says what happened, `where` in which file, node or setting, `mend` what to do about it.
    The command line prints all three and exits with `code`.
    """

    code = ExitCode.FAILED

    def __init__(self, message: str, *, where: str, mend: str) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.message}\n  where: {self.where}\n  mend:  {self.mend}"


class LateError(LabError):
    """It did not end by its deadline, so what came of it is not known."""


class UsageError(LabError):
    """The input or the environment is at fault; nothing was changed."""

    code = ExitCode.USAGE


class UnknownError(LabError):
    """It could not be told, for example because an engine does not answer."""

    code = ExitCode.UNKNOWN
