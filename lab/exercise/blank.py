"""An exercise to fill in, for its author."""

import json
import re
from pathlib import Path

from lab.exercise import catalogue, lint
from lab.model.errors import UsageError
from lab.substrates import registry

_TOML = """name = "{name}"
title = "TODO"
goal = "TODO: what is true in the end that was not before."
minutes = 15
substrates = {substrates}

[[predict]]
id = "first"
asks = "TODO: what will …?"
choices = ["TODO", "TODO"]
answer = 1
measured = "thing"
says = "TODO"

[[hints]]
when = {{ thing = false }}
says = ["TODO", "TODO", "TODO"]

[[hints]]
says = ["`lab exercise check` says for each part what it saw, and what it expected."]

[[questions]]
id = "one"
asks = "TODO?"
choices = ["TODO", "TODO"]
answer = 1
feedback = "TODO"

[[questions]]
id = "two"
asks = "{{workers}} workers TODO?"
numbers = {{ workers = [3, 9] }}
answer = "workers - 1"
unit = "workers"
feedback = "{{answer}}: TODO"
"""
_CHECK = '''"""TODO: what has to be true in the end."""

from lab.exercise.scene import Look, Scene


def test_a_thing_is_there(scene: Scene, look: Look) -> None:
    """The thing is there"""
    look.at("the thing")
    found = "a thing" in scene.entries()  # TODO: look for it
    look.note(thing=found)
    look.expect(found, saw="nothing", expected="a thing", says="TODO: what that means, and which way to go.")
'''


def folder(exercises: Path, name: str) -> Path:
    """The folder that a new exercise of this name gets, after all others; raises UsageError for one that cannot be."""
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
        raise UsageError(f"{name!r} is no name", where="NAME", mend="use a-z, 0-9 and -, beginning with a letter")
    there = [catalogue.FOLDER.fullmatch(path.name) for path in exercises.iterdir()]
    if name in [one["name"] for one in there if one]:
        raise UsageError(f"there is an exercise {name}", where=str(exercises), mend="choose another name")
    number = max((int(one["number"]) for one in there if one), default=0) + 1
    return exercises / f"{number:02}-{name}"


def make(target: Path) -> None:
    """Makes the folder, with all its files to fill in."""
    number, _, name = target.name.partition("-")
    headings = "\n\n".join(f"## {heading}\n{lint.OPEN}" for heading in lint.HEADINGS[:-1])
    question = "## Questions\n<details><summary>TODO?</summary>\nTODO\n</details>"
    files = {
        "README.md": f"# {number} TODO\n\n{headings}\n\n{question}\n",
        "exercise.toml": _TOML.format(name=name, substrates=json.dumps(registry.NAMES)),
        "test_check.py": _CHECK,
        "solution/solve.sh": '# TODO: what this does.\nlab status "$SUBSTRATE" --name "$LAB"\n',
    }
    for attempt in ("one", "another"):
        files[f"wrong/{attempt}/attempt.sh"] = "# TODO: what somebody would try.\ntrue\n"
        files[f"wrong/{attempt}/message"] = f"TODO: what the check has to say to attempt {attempt}\n"
    for name, text in files.items():
        file = target / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
