"""The two questions after an exercise: the learner's own numbers, the right answer, and which come back when. Pure."""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lab.exercise import seeds
from lab.exercise.catalogue import Exercise, Question
from lab.exercise.scene import fill

AGAIN_AFTER = 2
"""A question comes back once, when so many more exercises are passed, or when there are no more to pass."""

_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


@dataclass(frozen=True)
class Posed:
    """A question as one learner gets it. `answer` is the number of the right choice, or the number asked for."""

    exercise: str
    id: str
    text: str
    choices: tuple[str, ...]
    unit: str
    answer: float
    tolerance: float
    feedback: str

    def is_right(self, given: float) -> bool:
        """Whether this is the answer."""
        return abs(given - self.answer) <= self.tolerance + 1e-9


def posed(exercise: Exercise, question: Question, learner: str) -> Posed:
    """The question with the learner's own numbers; raises ValueError where its answer cannot be reckoned."""
    drawn = seeds.numbers(learner, exercise.name, question.id, question.numbers)
    answer = reckon(question.answer, drawn) if isinstance(question.answer, str) else float(question.answer)
    words = {**drawn, "answer": f"{answer:g}"}
    return Posed(
        exercise.name,
        question.id,
        fill(question.asks, words),
        tuple(fill(choice, words) for choice in question.choices),
        question.unit,
        answer,
        question.tolerance,
        fill(question.feedback, words),
    )


def reckon(expression: str, numbers: Mapping[str, int]) -> float:
    """The value of an expression of numbers, names, + - * / // % and brackets; raises ValueError for any other."""
    try:
        return _value(ast.parse(expression, mode="eval").body, numbers)
    except (SyntaxError, ZeroDivisionError) as wrong:
        raise ValueError(f"{expression!r} cannot be reckoned: {wrong}") from wrong


def _value(node: ast.expr, numbers: Mapping[str, int]) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.Name) and node.id in numbers:
        return float(numbers[node.id])
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_value(node.left, numbers), _value(node.right, numbers))
    raise ValueError(f"{ast.unparse(node)!r} is none of the question's numbers")


def due(
    exercises: Sequence[Exercise], passed: Sequence[str], answered: Mapping[str, Sequence[str]]
) -> list[tuple[Exercise, Question]]:
    """The questions that wait: each once when its exercise is passed, once more two exercises later or
    when all are passed.

    `passed` are names in the order in which they were passed; `answered` has each answered question as often as it was.
    """
    known = {exercise.name: exercise for exercise in exercises}
    is_all = known.keys() <= set(passed)
    found = []
    for place, name in enumerate(passed):
        if name not in known:
            continue
        wanted = 2 if is_all or len(passed) - 1 - place >= AGAIN_AFTER else 1
        had = list(answered.get(name, ()))
        found += [(known[name], one) for one in known[name].questions if had.count(one.id) < wanted]
    return found
