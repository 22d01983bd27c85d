"""The pytest plugin of a check: gives `scene`, `scenes` and `look` to its tests, and tells how each of them ended."""

import json
import os
from collections.abc import Callable, Generator, Mapping

import pytest

from lab.exercise import evidence, telling
from lab.exercise.scene import Given, Look, Refused, Scene, words
from lab.exercise.telling import Part, Told
from lab.flows.verify import in_words
from lab.model.deadline import Deadline
from lab.model.errors import LabError

GIVEN, DOOR = "LAB_EXERCISE_GIVEN", "LAB_EXERCISE_DOOR"
"""Variables of the environment: what the check is given, as JSON, and the file that it tells to."""

_ASK_S = 20.0
_LOOK = pytest.StashKey[Look]()
_BUG = "this is a mistake of the check, not of yours; please report it"


def _tell(told: Told) -> None:
    # Refused where nobody listens any more, for who started us was killed: else it would wait for ever (fifo(7)).
    door = os.open(os.environ[DOOR], os.O_WRONLY | os.O_NONBLOCK)
    os.set_blocking(door, True)
    with os.fdopen(door, "w") as lines:
        lines.write(told.line())


@pytest.fixture(scope="session")
def given() -> Given:
    """What the check is about."""
    told = json.loads(os.environ[GIVEN])
    return Given(**told | {"substrates": tuple(told["substrates"])})


@pytest.fixture(scope="session", autouse=True)
def _gone_are_noted(given: Given) -> None:
    """Before anything is looked at: parts ask the timeline who was there when."""
    for substrate in given.substrates:
        evidence.note_gone(given.lab, substrate, Deadline.after(_ASK_S, "asking the engine who is there"))


@pytest.fixture
def scenes(given: Given) -> Mapping[str, Scene]:
    """The lab on each of the learner's substrates, by its name."""
    return {name: Scene(given, name) for name in given.substrates}


@pytest.fixture
def scene(given: Given) -> Scene:
    """The lab on the learner's substrate; the first, where the exercise is on each of several."""
    return Scene(given, given.substrates[0])


@pytest.fixture
def look(request: pytest.FixtureRequest, given: Given) -> Look:
    """How the check says what it looks at, saw and expects."""
    made = Look(_tell, words(given))
    request.node.stash[_LOOK] = made
    return made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tells how a part ended: with its call, or with a fixture that could not be made."""
    report = yield
    if report.when == "call" or (report.when == "setup" and not report.passed):
        look = item.stash.get(_LOOK, None)
        problem = call.excinfo.value if call.excinfo else None
        _tell(Told(telling.Kind.ENDED, part=part(claim(item), look, problem)))
    return report


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """A check that cannot even be read is one that could not be checked."""
    if report.failed:
        _tell(Told(telling.Kind.ENDED, part=Part("the check can be read", None, str(report.longrepr)[-500:], "", _BUG)))


def claim(item: pytest.Item) -> str:
    """What a part of the check claims: the first line of its docstring, or else its name as a sentence."""
    function: Callable[..., object] | None = getattr(item, "function", None)
    doc = (function.__doc__ or "").strip() if function else ""
    return doc.splitlines()[0] if doc else in_words(item.name)


def part(claim: str, look: Look | None, problem: BaseException | None) -> Part:
    """How a part ended. Only what was expected and not seen is a failure; all else could not be checked. Pure."""
    if problem is None:
        return Part(claim, True, *((look.saw, look.expected) if look else ()))
    if isinstance(problem, Refused):
        return Part(claim, False, problem.saw, problem.expected, problem.says)
    if isinstance(problem, LabError):
        return Part(claim, None, problem.message, "", f"{problem.mend} (where: {problem.where})")
    return Part(claim, None, f"{type(problem).__name__}: {problem}", "", _BUG)
