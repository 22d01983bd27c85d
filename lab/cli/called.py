"""How the kit was called: what people are told to type is what works where they are."""

import os

# bin/lab says it. Taken out of the environment, since it does not hold for what we start.
NAME = os.environ.pop("LAB_CALLED", "lab")


def as_called(text: str) -> str:
    """The text with each command in it as it can be typed here, for example `bin/lab up` for `lab up`."""
    return text.replace("`lab ", f"`{NAME} ")
