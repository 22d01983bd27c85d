"""What an exercise needs that no lab has to be asked for: texts that are there, links and commands that exist. Pure but
for reading its folder and the kit's topology."""

import ast
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from lab.exercise import questions, scene, topology
from lab.exercise.catalogue import Exercise
from lab.host import paths
from lab.substrates import registry

Parse = Callable[[Sequence[str], bool], str | None]
"""What is wrong with the words after `lab`, None if nothing; true: with all of them, false: with the verb alone."""

HEADINGS = ("Goal", "Background", "Predict", "Steps", "What to observe", "Questions")
WRONG_AT_LEAST = 2
OPEN = "TODO"
"""What `new` writes where its author has to."""

_SEEDS = 20
"""Learners for whom questions are reckoned."""

# What stands in for the learner's own in commands.
_WORDS = {
    "lab": "ex",
    "substrate": registry.NAMES[0],
    "substrates": " ".join(registry.NAMES),
    "word": "otter-4711",
    "workspace": "workspace",
}
_BREAKS = {"&&", "||", "|", ";", "&"}

# Programs that a computer may lack, and that `lab setup` does not install.
_MAY_LACK = ("curl", "dig", "ip", "jq", "nc", "pgrep", "pkill", "ps", "socat", "sqlite3", "ss", "wget")
# At the beginning of a command, with variables set for it or not.
_CALL = re.compile(
    rf"(?:^|[|;&(!]|\b(?:if|while|until|do|then|else))\s*(?:\w+=\S*\s+)*({'|'.join(_MAY_LACK)})(?![\w.-])", re.MULTILINE
)
# In a script: a line that goes on, a remark, and what stands in single quotes, which another shell may run in a node.
_NO_CALL = re.compile(r"\\\n|(?:^|[ \t])#.*|'[^'\n]*'", re.MULTILINE)


def faults(exercise: Exercise, parse: Parse) -> list[str]:
    """What is wrong with an exercise, a line each; none if nothing is."""
    return [f"{exercise.folder.name}: {fault}" for fault in _faults(exercise, parse)]


def _faults(exercise: Exercise, parse: Parse) -> Iterator[str]:
    if unreadable := list(_unreadable(exercise)):
        yield from unreadable
        return
    yield from _open(exercise)
    yield from _unknown(exercise)
    yield from _text(exercise, parse)
    yield from _needs(exercise)
    yield from _wrong(exercise)
    yield from _observations(exercise)
    yield from _questions(exercise)
    yield from _told_commands(exercise, parse)
    named = [*exercise.start.patches, *exercise.start.files.values()]
    yield from (f"[start] names {name}, which is not there" for name in named if not (exercise.folder / name).is_file())


def _unreadable(exercise: Exercise) -> Iterator[str]:
    """What keeps all else from being looked at: a file that is missing, empty, no text, or no Python."""
    for path in _files(exercise):
        name = path.relative_to(exercise.folder)
        try:
            text = path.read_text() if path.is_file() else ""
            if path == exercise.check:
                ast.parse(text)
        except UnicodeDecodeError as wrong:
            yield f"{name} is no text: {wrong.reason}"
        except SyntaxError as wrong:
            yield f"{name} is no Python: {wrong.msg}, line {wrong.lineno}"
        else:
            if not text.strip() and not path.is_relative_to(exercise.folder / "wrong"):
                yield f"{name} is missing or empty"


def _files(exercise: Exercise) -> list[Path]:
    """Those that its author writes."""
    toml = exercise.folder / "exercise.toml"
    return [exercise.readme, toml, exercise.check, exercise.solution, *sorted(exercise.folder.glob("wrong/*/*"))]


def _open(exercise: Exercise) -> Iterator[str]:
    for path in _files(exercise):
        if count := path.read_text().count(OPEN):
            places = "1 place that says" if count == 1 else f"{count} places that say"
            yield f"{path.relative_to(exercise.folder)} has {places} {OPEN}"


def _unknown(exercise: Exercise) -> Iterator[str]:
    """What exercise.toml names and the kit does not know."""
    known = ", ".join(registry.NAMES)
    yield from (f"there is no substrate {name}: {known}" for name in exercise.substrates if name not in registry.NAMES)
    try:
        topology.changed((paths.REPO / "topology.toml").read_text(), exercise.start.topology)
    except ValueError as wrong:
        yield f"[start] topology: {wrong}"


def _text(exercise: Exercise, parse: Parse) -> Iterator[str]:
    text = exercise.readme.read_text()
    title = f"# {exercise.number:02} {exercise.title}"
    if text.splitlines()[0] != title:
        yield f"README.md does not begin with {title!r}"
    found = re.findall(r"^## (.+)$", text, re.MULTILINE)
    if found != list(HEADINGS):
        yield f"README.md has the headings {', '.join(found)}; it needs {', '.join(HEADINGS)}"
    if not re.search(r"<details><summary>.+?</summary>\s*\S.*?</details>", text, re.DOTALL):
        yield "README.md has no answer folded away under Questions"
    for link in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text):
        if not (exercise.folder / link).exists():
            yield f"README.md links to {link}, which is not there"
    for line in re.findall(r"^ {4,}(\S.*)$", text, re.MULTILINE):
        for words in commands(line):
            if (wrong := parse(words, True)) is not None:
                yield f"README.md: `{line.strip()}`: {wrong}"
    yield from _spoken("README.md", text, parse)


def commands(line: str) -> Iterator[list[str]]:
    """The words after `lab` of each of its commands in a line of a shell; a remark is none of it."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="&|;")
    lexer.whitespace_split, words = True, list[str]()
    try:
        tokens = [*lexer, ";"]
    except ValueError:
        return
    for token in tokens:
        if token not in _BREAKS:
            words.append(token)
            continue
        if words and words[0] in ("lab", "bin/lab"):
            yield words[1:]
        words = []


def _spoken(where: str, text: str, parse: Parse) -> Iterator[str]:
    """Commands in a sentence, in backticks: whole where they name a lab, else their verb."""
    for told in re.findall(r"`((?:bin/)?lab [^`]+)`", text):
        for words in commands(scene.fill(told, _WORDS)):
            if (wrong := parse(words, "--name" in words)) is not None:
                yield f"{where}: `{told}`: {wrong}"


def _told_commands(exercise: Exercise, parse: Parse) -> Iterator[str]:
    for number, hint in enumerate(exercise.hints, start=1):
        for text in hint.says:
            yield from _spoken(f"hint {number}", text, parse)
    # What a check tells is written in its source, where braces of f-strings are doubled.
    yield from _spoken("test_check.py", exercise.check.read_text().replace("{{", "{").replace("}}", "}"), parse)
    for words in exercise.start.run:
        if (wrong := parse([scene.fill(word, _WORDS) for word in words], True)) is not None:
            yield f"[start] run: `lab {' '.join(words)}`: {wrong}"


def _needs(exercise: Exercise) -> Iterator[str]:
    for name in sorted(programs(exercise.solution.read_text()) - set(exercise.needs)):
        yield f"solution/solve.sh calls {name}, which is not among its `needs`"


def programs(script: str) -> set[str]:
    """Those of the programs that a computer may lack which a shell's script calls there, and not in a node. Pure."""
    return set(_CALL.findall(_NO_CALL.sub(" ", script)))


def _wrong(exercise: Exercise) -> Iterator[str]:
    if len(exercise.wrong) < WRONG_AT_LEAST:
        yield f"it has {len(exercise.wrong)} wrong attempts, and needs {WRONG_AT_LEAST}"
    for folder in exercise.wrong:
        for name in ("attempt.sh", "message"):
            file = folder / name
            if not file.is_file() or not file.read_text().strip():
                yield f"wrong/{folder.name}/{name} is missing or empty"
    messages = [file.read_text().strip() for folder in exercise.wrong if (file := folder / "message").is_file()]
    if len(set(messages)) < len(messages):
        yield "two wrong attempts get the same message"


def _observations(exercise: Exercise) -> Iterator[str]:
    noted = observations(exercise.check.read_text())
    asked = {name: f"hint {number}" for number, hint in enumerate(exercise.hints, start=1) for name in hint.when}
    asked |= {one.measured: f"prediction {one.id}" for one in exercise.predict}
    for name, who in asked.items():
        if name not in noted:
            yield f"{who} asks for {name}, which the check does not note"
    for number, hint in enumerate(exercise.hints, start=1):
        for name in re.findall(r"\{(\w+)\}", " ".join(hint.says)):
            if name not in noted | _WORDS.keys():
                yield f"hint {number}: nothing stands for {{{name}}}"
            if name == "substrate" and exercise.on == "each":
                yield f"hint {number}: {{substrate}} is the first of two: have the check note the command for each"


def observations(source: str) -> set[str]:
    """The names of what a check notes, from its source: the keywords of each call of `note`."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    notes = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "note"]
    return {word.arg for call in notes for word in call.keywords if word.arg}


def _questions(exercise: Exercise) -> Iterator[str]:
    for question in exercise.questions:
        for learner in range(_SEEDS):
            try:
                posed = questions.posed(exercise, question, str(learner))
            except ValueError as wrong:
                yield f"question {question.id}: {wrong}"
                break
            if left := re.findall(r"\{\w+\}", " ".join([posed.text, posed.feedback, *posed.choices])):
                yield f"question {question.id}: nothing stands for {left[0]}"
                break
