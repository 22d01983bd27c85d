"""docs/long.md from what pytest wrote of the long tests: each one's name, outcome and seconds.

    PYTHONPATH=. .venv/bin/python -m benchmarks.long_report docker.xml vagrant.xml

`tox -e long` runs them with `--junit-xml` and then this.
"""

import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from pathlib import Path

from lab.comparison.measure import circumstances
from lab.host import paths, records

PAGE = paths.REPO / "docs" / "long.md"
_HEAD = """# The long tests

`tox -e long` wrote this page: what CI has no time for, as it last ended on both substrates.
"""


def main() -> None:
    """Writes the page; the files are named on the command line, one for each substrate and named like it."""
    records.write(PAGE, page([Path(word) for word in sys.argv[1:]], circumstances()))


def page(files: Sequence[Path], where: dict[str, str]) -> str:
    """The page for these files of pytest's; one that is not there is told as such, not left out."""
    told = "; ".join(f"{key}: {value}" for key, value in where.items())
    return "\n".join([_HEAD, f"{told}.", *(line for file in files for line in _section(file))]) + "\n"


def _section(file: Path) -> Iterator[str]:
    yield f"\n## {file.stem}\n"
    if not file.exists():
        yield "Did not run to its end."
        return
    cases = list(ElementTree.parse(file).getroot().iter("testcase"))
    passed = sum(_outcome(case) == "passed" for case in cases)
    yield f"{passed} of {len(cases)} passed.\n"
    yield "| test | outcome | seconds |"
    yield "| --- | --- | --- |"
    for case in cases:
        yield f"| {_name(case)} | {_outcome(case)} | {float(case.get('time', 0)):.1f} |"


def _name(case: ElementTree.Element) -> str:
    return f"{case.get('classname', '').rpartition('.')[2]}: {case.get('name', '')}".replace("|", "\\|")


def _outcome(case: ElementTree.Element) -> str:
    for kind in ("failure", "error", "skipped"):
        if case.find(kind) is not None:
            return "skipped" if kind == "skipped" else "**failed**"
    return "passed"


if __name__ == "__main__":
    main()
