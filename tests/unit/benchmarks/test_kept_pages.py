"""On the pages of figures nothing is typed: each is what its script writes from the figures that are kept beside it."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks import autoscale, capacity, long_report, proof, refresh, replace, scale, speed
from lab.host import records
from lab.substrates import registry
from tests.conftest import REPO

# A script, and what its page is made from besides the figures.
PAGES: dict[str, tuple[Any, Sequence[Any]]] = {
    "autoscale": (autoscale, ()),
    "capacity": (capacity, [registry.NAMES]),
    "proof": (proof, ()),
    "refresh": (refresh, ()),
    "replace": (replace, [replace.DEMANDS, replace._HEAD, replace._FOOT]),
    "scale": (scale, [registry.NAMES]),
    "speed": (speed, ()),
}

# A row's test, up to how it ended: a stroke in a name stands behind a backslash.
_ROW = re.compile(r"^\| (.+?) \| (?:passed|skipped|\*\*failed\*\*|\*\*not run\*\*) \|", re.MULTILINE)


@pytest.mark.parametrize("name", PAGES)
def test_the_page_that_is_kept_is_what_the_figures_give(name: str) -> None:
    script, more = PAGES[name]
    assert script.PAGE.read_text() == script.page(records.read_json(script.RESULTS) or {}, *more)


def rows() -> dict[str, list[str]]:
    """The tests on the page of the long ones, by substrate."""
    _, *sections = re.split(r"^## ", long_report.PAGE.read_text(), flags=re.MULTILINE)
    found = {section.split("\n", 1)[0]: _ROW.findall(section) for section in sections}
    return {name: [f"tests/{test}".replace("\\|", "|") for test in tests] for name, tests in found.items()}


def test_the_page_of_the_long_tests_is_what_their_results_give() -> None:
    results, there = records.read_json(long_report.RESULTS) or {}, rows()
    assert long_report.PAGE.read_text() == long_report.page(results, there)
    assert not [test for name in registry.NAMES for test in results[name] if test not in there[name]]


def marks(decorators: Sequence[ast.expr], module: ast.Module) -> Iterator[tuple[str, set[str]]]:
    """The marks of a test and of its parameters, also of those that a constant of its module has: name and words."""
    named = {n.id for one in decorators for n in ast.walk(one) if isinstance(n, ast.Name)}
    constants = [
        n.value
        for n in module.body
        if isinstance(n, ast.Assign) and {t.id for t in n.targets if isinstance(t, ast.Name)} & named
    ]
    nodes = [n for one in (*decorators, *constants) for n in ast.walk(one)]
    words = {
        id(n.func): {str(a.value) for a in n.args if isinstance(a, ast.Constant)}
        for n in nodes
        if isinstance(n, ast.Call)
    }
    for node in nodes:
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "pytest.mark":
            yield node.attr, words.get(id(node), set())


def long_tests(file: Path) -> Iterator[tuple[str, str]]:
    """The long tests in a file, without their parameters, each with a substrate that has it. Read, not collected by
    pytest: that takes ten seconds."""
    module = ast.parse(file.read_text())
    for test in (n for n in module.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")):
        found = [*marks(test.decorator_list, module)]
        for name in registry.NAMES:
            is_long = any(mark == "long" and name in (words or {name}) for mark, words in found)
            if is_long and all(mark != "only" or words & {name, "stateless"} for mark, words in found):
                yield name, f"{file.relative_to(REPO)}::{test.name}"


def test_every_long_test_stands_on_the_page_and_no_other() -> None:
    files = [file for file in (REPO / "tests").glob("*/test_*.py") if file.parent.name != "unit"]
    there = {found for file in files for found in long_tests(file)}
    assert there == {(name, test.partition("[")[0]) for name, tests in rows().items() for test in tests}
