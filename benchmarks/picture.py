"""Makes the picture in README: what `lab demo` prints on this computer, as an SVG.

PYTHONPATH=. .venv/bin/python -m benchmarks.picture docs/demo.svg
"""

import os
import re
import subprocess
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from lab.host import paths

_WIDTH = 112


@click.command(help=__doc__)
@click.argument("target", metavar="FILE", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def main(target: Path) -> None:
    """Runs the demo, shows its steps as they come, and writes the picture."""
    console = Console(record=True, width=_WIDTH, force_terminal=True)
    console.print(Text("$ bin/lab demo --yes", style="bold"))
    # As it is typed: what it says to type next is called likewise.
    process = subprocess.Popen(
        ["bin/lab", "demo", "--yes"],
        cwd=paths.REPO,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "COLUMNS": str(_WIDTH)},
    )
    assert process.stdout is not None
    with process:
        for line in process.stdout:
            console.print(Text(line.rstrip("\n")))
    if process.returncode != 0:
        raise SystemExit(process.returncode)
    svg = console.export_svg(title="One app, on containers and on virtual machines")
    # Rich names a font to be fetched from the internet; the picture has to look right without one.
    target.write_text(re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL))


if __name__ == "__main__":
    main()
