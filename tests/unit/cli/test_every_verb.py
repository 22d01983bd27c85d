"""What holds for each verb: an example, the name of a lab, and a dry run where it changes something."""

from importlib import import_module
from pathlib import Path

import click
import pytest

from lab.cli.main import VERBS
from tests.unit.cli.labs import typed

# Verbs that only look; a command in a node is the node's affair.
LOOKS = {
    "doctor",
    "status",
    "timeline",
    "list",
    "verify",
    "logs",
    "shell",
    "exec",
    "compare show",
    "compare diff",
    "prove show",
    "prove list",
    "prove audit",
    "exercise list",
    "exercise check",
    "exercise watch",
    "exercise hint",
    "exercise solution",
    "exercise status",
}


def _typed_verbs() -> list[str]:
    """Each verb as it is typed; one that is a group has verbs of its own."""
    found = []
    for verb in VERBS:
        loaded = import_module(f"lab.cli.{verb}").command
        found += [f"{verb} {own}" for own in loaded.commands] if isinstance(loaded, click.Group) else [verb]
    return found


@pytest.mark.parametrize("verb", _typed_verbs())
def test_every_verb_has_an_example_takes_a_name_and_where_it_changes_something_a_dry_run(
    verb: str, tmp_path: Path
) -> None:
    gave = typed(tmp_path, *verb.split(), "--help")
    assert gave.code == 0
    assert f"Example: lab {verb}" in gave.out
    assert "--name LAB" in gave.out
    assert ("--dry-run" in gave.out) is (verb not in LOOKS)


@pytest.mark.parametrize("verb", ["setup", "doctor", "build", "list", "clean", "test"])
def test_a_name_that_no_lab_can_have_is_refused_also_where_it_means_little(verb: str, tmp_path: Path) -> None:
    gave = typed(tmp_path, verb, "--name", "Blue_1")
    assert gave.code == 2
    assert "'Blue_1' cannot be the name of a lab" in gave.err
