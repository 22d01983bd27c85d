"""The commands that people are told to type."""

import ast
import re

import pytest

from lab.model import labs
from tests.conftest import REPO

# A verb that changes a lab, where nothing says which lab.
_NAMELESS = re.compile(r"`lab (up|kill|replace|destroy|provision|heal|deploy|refresh)\b(?!` for this lab)")


@pytest.mark.parametrize(("lab", "words"), [("lab", "`lab up docker`"), ("blue", "`lab up docker --name blue`")])
def test_a_command_names_its_lab_unless_that_is_the_default(lab: str, words: str) -> None:
    assert labs.typed("up docker", lab) == words


def test_no_text_tells_to_change_a_lab_without_saying_which() -> None:
    found = []
    for path in (REPO / "lab").rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        docs = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        texts = (str(node.value) for node in nodes if isinstance(node, ast.Constant) and id(node) not in docs)
        found += [f"{path.relative_to(REPO)}: {text}" for text in texts if _NAMELESS.search(text)]
    assert found == []
