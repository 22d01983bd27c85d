"""The part of `lab setup` that needs root, as a program that sudo can start: its output is steps, a line each."""

import json
import sys

from lab.flows import setup
from lab.model.deadline import Deadline
from lab.model.errors import ExitCode, LabError


def main(words: list[str]) -> int:
    """Runs `SECONDS apply USER START` or `SECONDS undo`; gives the exit status."""
    seconds, what, *rest = words
    by = Deadline.after(float(seconds), f"setup: {seconds} s")
    try:
        if what == "apply":
            setup.apply(rest[0], _say, by, start=rest[1] == "1")
        else:
            setup.undo(_say, by)
    except LabError as error:
        told = {"message": error.message, "where": error.where, "mend": error.mend, "code": error.code}
        _say(setup.ERROR + json.dumps(told))
        return error.code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    return ExitCode.DONE


def _say(step: str) -> None:
    print(step, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
