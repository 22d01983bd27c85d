"""A table that is shown while something goes on."""

from collections.abc import Callable
from typing import TypeVar

from rich.console import Console
from rich.live import Live
from rich.table import Table

from lab.cli import common
from lab.substrates.base import Report

Seen = TypeVar("Seen")
Came = TypeVar("Came")


def shown(draw: Callable[[Seen], Table], work: Callable[[Callable[[Seen], None], Report], Came]) -> Came:
    """What `work` came to. It is given whom to tell what is seen, which is drawn on a terminal until the next, and a
    report whose lines stand above that."""
    screen = Console(stderr=True, highlight=False)
    with Live(console=screen, auto_refresh=False, transient=True) as live:

        def watch(seen: Seen) -> None:
            if screen.is_terminal:
                live.update(draw(seen), refresh=True)

        came = work(watch, common.reporter(screen))
    return came
