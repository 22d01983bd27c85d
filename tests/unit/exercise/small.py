"""A small exercise whose checks read a file in the learner's folder: no lab is asked."""

import time
from pathlib import Path

from lab.exercise import catalogue, workspace
from lab.exercise.catalogue import Exercise
from lab.exercise.home import Home
from lab.model.deadline import Deadline

NAME = "count-the-words"
TOML = """
name = "count-the-words"
title = "Count the words"
goal = "There are three words."
minutes = 10
substrates = ["docker"]

[start]
says = "Your word is {word}."

[limits]
check_s = 20

[[predict]]
id = "count"
asks = "How many words are there?"
unit = "words"
measured = "words"
says = "There are as many as you write."

[[predict]]
id = "first"
asks = "Which one comes first?"
choices = ["a", "b"]
answer = 2
measured = "first"
says = "It does."

[[hints]]
when = { words = 0 }
says = ["Write.", "Write {word} into {workspace}/words."]

[[hints]]
when = { words = { below = 3 } }
says = ["You have {words}."]

[[hints]]
says = ["Read `lab exercise check`."]

[[questions]]
id = "one"
asks = "One?"
choices = ["yes", "no"]
answer = 1
feedback = "Because."

[[questions]]
id = "two"
asks = "{many} words and one more?"
numbers = { many = [3, 90] }
answer = "many + 1"
unit = "words"
feedback = "{answer}."
"""
CHECK = '''
"""Count the words."""

from lab.exercise.scene import Look, Scene
from lab.model.errors import UnknownError


def test_there_are_three(scene: Scene, look: Look) -> None:
    """There are three words"""
    look.at("the words in {workspace}")
    words = scene.workspace.joinpath("words").read_text().split()
    if "unreadable" in words:
        raise UnknownError("nobody can read that", where="words", mend="write it again")
    look.note(words=len(words))
    if words:
        look.note(first=words[0])
    look.expect(len(words) >= 3, saw=f"{len(words)} words", expected="three", says="Lab {lab} wants more of {word}.")


def test_the_second_part(look: Look) -> None:
    look.expect(True, saw="all", expected="all", says="never said")
'''


def write(exercises: Path, *, number: int = 1, name: str = NAME, toml: str = TOML, check: str = CHECK) -> Exercise:
    """The small exercise, in this folder."""
    folder = exercises / f"{number:02}-{name}"
    folder.mkdir(parents=True)
    (folder / "exercise.toml").write_text(toml.replace(NAME, name))
    (folder / "test_check.py").write_text(check)
    (folder / "solution").mkdir()
    (folder / "solution" / "solve.sh").write_text('echo "$WORD $WORD $WORD" >"$WORKSPACE/words"  # in $LAB\n')
    return catalogue.load(folder)


def begin(home: Home, exercise: Exercise, words: str = "") -> Path:
    """The exercise as one that was started; gives the file with the words."""
    workspace.ensure(home.workspaces, exercise, Deadline.after(60, "one test"))
    done = {"lab": "ex", "substrates": ("docker",), "started_at": time.time()}
    home.store.change(
        lambda progress: progress.with_done(exercise.name, **done).model_copy(update={"current": exercise.name})
    )
    file = home.workspaces / exercise.name / "words"
    file.write_text(words)
    return file
