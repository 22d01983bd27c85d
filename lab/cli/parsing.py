"""Commands as texts show them, held against the verbs that there are."""

from collections.abc import Sequence

import click

from lab.cli import main
from lab.model.errors import LabError


def parse(words: Sequence[str], is_whole: bool) -> str | None:
    """What is wrong with the words after `lab`, None if they can be typed; the verb alone unless they are whole."""
    found: click.Command = main.lab
    # With the settings of the program: a command keeps the names of its help's option from where it was first asked.
    left, context = list(words), click.Context(main.lab, **main.lab.context_settings)
    # A group may be typed itself, with options of its own.
    while isinstance(found, click.Group) and left and not left[0].startswith("-"):
        name = left.pop(0)
        following = found.get_command(context, name)
        if following is None:
            return f"there is no `{name}`"
        found = following
    if not is_whole:
        return None
    try:
        found.make_context("lab", left, parent=context)
    except click.exceptions.Exit:
        return None
    except click.ClickException as error:
        return error.format_message()
    except LabError as error:
        return error.message
    return None
