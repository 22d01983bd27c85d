"""What stands on a reader's screen."""

import io

from rich.console import Console
from rich.table import Table


def cells(table: Table, width: int) -> dict[str, str]:
    """The one row of a table as a reader sees it on a screen of so many columns, by the heads of its own."""
    paper = io.StringIO()
    Console(file=paper, color_system=None, width=width).print(table)
    heads, row = ([cell.strip() for cell in line[1:-1].split(line[0])] for line in paper.getvalue().splitlines()[1:4:2])
    return dict(zip(heads, row, strict=True))
