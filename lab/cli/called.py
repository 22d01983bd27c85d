"""How the kit was called: what people are told to type is what works where they are."""

import os
import re

# bin/lab says it. Taken out of the environment, since it does not hold for what we start.
NAME = os.environ.pop("LAB_CALLED", "lab")

# Where a shell takes the next word for a command's name.
_COMMAND = re.compile(r"(?P<before>(?:^|[;&|(]|\b(?:do|then|else|until|while|if)\b)\s*)lab (?=[a-z])")


def as_called(text: str) -> str:
    """The text with each command in it as it can be typed here, for example `bin/lab up` for `lab up`."""
    return text.replace("`lab ", f"`{NAME} ")


def script_as_called(script: str) -> str:
    """A shell script with each of its commands `lab …` as it can be typed here; remarks stay as they are."""
    lines = script.splitlines(keepends=True)
    return "".join(line if line.lstrip().startswith("#") else _typed(line) for line in lines)


def _typed(line: str) -> str:
    return _COMMAND.sub(rf"\g<before>{NAME} ", line)
