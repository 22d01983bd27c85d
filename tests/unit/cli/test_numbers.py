"""What is no finite number is refused by every option that takes one, before anything else is done."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from lab.cli.main import VERBS
from lab.cli.numbers import Between
from tests.conftest import REPO
from tests.unit.cli.labs import typed

# What has to be typed beside the option; the verb's substrate where nothing is said here.
BESIDE = {"load": ["docker", "--peak", "5"], "prove run": ["docker", "--rate", "3"]}


def _commands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield name, command
        return
    for own, found in command.commands.items():
        yield from _commands(f"{name} {own}", found)


def _options(command: click.Command) -> list[str]:
    """The options that take a number which may have a part after the point."""
    return [one.opts[0] for one in command.params if isinstance(one.type, click.types.FloatParamType)]


def _of_verbs() -> list[tuple[str, str]]:
    verbs = [found for verb in VERBS for found in _commands(verb, import_module(f"lab.cli.{verb}").command)]
    return [(name, option) for name, command in verbs for option in _options(command)]


def _of_benchmarks() -> list[tuple[str, str]]:
    modules = [path.stem for path in sorted((REPO / "benchmarks").glob("*.py")) if "@click.command" in path.read_text()]
    return [(name, option) for name in modules for option in _options(import_module(f"benchmarks.{name}").main)]


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
@pytest.mark.parametrize(("verb", "option"), _of_verbs())
def test_no_verb_takes_a_number_that_is_none(verb: str, option: str, number: str, tmp_path: Path) -> None:
    gave = typed(tmp_path, *verb.split(), *BESIDE.get(verb, ["docker"]), f"{option}={number}")
    assert (gave.code, gave.out) == (2, "")
    assert option in gave.err
    assert f"{number} " in gave.err


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
@pytest.mark.parametrize(("name", "option"), _of_benchmarks())
def test_no_benchmark_takes_one_either(name: str, option: str, number: str) -> None:
    # Only read, not run: one that took it would begin to measure.
    with pytest.raises(click.BadParameter, match=f"{number} is no"):
        import_module(f"benchmarks.{name}").main.make_context(name, [f"{option}={number}"])


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("nan", "nan is no finite number in the range 1<=x<=86400."),
        ("0.5", "0.5 is not in the range 1<=x<=86400."),
    ],
)
def test_the_refusal_is_the_usual_one_of_an_option(number: str, said: str, tmp_path: Path) -> None:
    gave = typed(tmp_path, "refresh", "docker", "--ready-within", number)
    assert gave.err.endswith(f"Error: Invalid value for '--ready-within': {said}\n")


def test_a_number_within_its_bounds_is_taken() -> None:
    assert [Between(1, 10).convert(text, None, None) for text in ("1", "2.5", "1e1")] == [1, 2.5, 10]
