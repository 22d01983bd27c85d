"""A sample of what `lab compare` gives, measured on this computer: its report and its page, to be looked at by others.

    PYTHONPATH=. .venv/bin/python -m benchmarks.sample           # the standard rows: about 20 minutes without KVM
    PYTHONPATH=. .venv/bin/python -m benchmarks.sample --page    # measures nothing, and writes the page anew

Interrupted, it goes on when it is typed again. Needs root, for a bare process. A comparison of which something failed
is no sample: it stays where it is, so that only what failed is measured again.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

from lab.comparison import page, report
from lab.comparison.report import Report
from lab.host import paths

FOLDER = paths.REPO / "docs" / "sample-comparison"


@click.command()
@click.option("--page", "page_only", is_flag=True, help="Measure nothing, only write the page anew.")
def main(page_only: bool) -> None:
    """Measures the standard rows, and puts report and page where they are committed."""
    begun = paths.cache() / FOLDER.name
    if not page_only:
        if os.geteuid() != 0:
            raise click.UsageError("measuring needs root: a bare process is one of the columns")
        words = [str(paths.REPO / "bin" / "lab"), "compare", "--out", str(begun)]
        if status := subprocess.run(words, check=False).returncode:
            sys.exit(status)
    write(report.load(FOLDER if page_only else begun), FOLDER)
    if not page_only:
        shutil.rmtree(begun)


def write(found: Report, folder: Path) -> None:
    """Keeps a report and its page. Raises UsageError where there is no room or right for them."""
    report.save(found, folder)
    report.keep(folder / "report.html", page.render(found))


if __name__ == "__main__":
    main()
