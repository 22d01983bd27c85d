"""What the exercise of scaling reads out of a lab's timeline."""

from types import ModuleType
from typing import Any

import pytest

from lab.cli.parsing import parse
from lab.flows import autoscale
from lab.model.node import NodeName
from lab.scaling import limits
from lab.scaling.decisions import Decision, Grow, Shrink
from lab.timeline.events import Event, Kind
from tests.conftest import REPO
from tests.unit.exercise import loaded
from tests.unit.scaling.queueing import Lab

NOW = 1000.0
CROWD = "20.0 requests at a time in the last 3 s need 5 workers"
BEGAN = Event(NOW, Kind.CHANGE, "autoscale", {"why": f"began: {limits.Limits(1, 3, 4.0, 15.0).in_words()}"})
AT_LEAST_3 = Event(NOW, Kind.CHANGE, "autoscale", {"why": f"began: {limits.Limits(3, 3, 4.0, 15.0).in_words()}"})
AT_MOST_1 = Event(NOW, Kind.CHANGE, "autoscale", {"why": f"began: {limits.Limits(1, 1, 4.0, 15.0).in_words()}"})
LOAD = Event(NOW + 1, Kind.CHANGE, "load", {"why": "began: 600 requests in 40 s, step, 5 to 25 a second"})
LOADED = Event(NOW + 41, Kind.CHANGE, "load", {"why": "ended: 1,003 of 1,400 requests failed"})
VISIT = Event(NOW + 12, Kind.SAMPLE, "visitors", {"requests": 25.0})
W2 = NodeName.parse("worker-2")


def look(at: float, workers: int, there: int) -> Event:
    return Event(NOW + at, Kind.SAMPLE, "autoscale", {"workers": workers, "sessions": 8, "queue": there - 8})


def decided(at: float, decision: Decision) -> Event:
    return Event(NOW + at, Kind.DECISION, autoscale.words(decision), {"why": decision.why})


CALM, BREACH, WORSE = look(10, 1, 2), look(12, 1, 9), look(13, 1, 30)
GROWN = decided(14, Grow(3, CROWD, 2))
HELPED = look(17.5, 3, 40)
BACK = decided(55, Shrink(2, "1.0 requests at a time in the last 15 s fit 2 workers", W2))
CAME = Event(NOW + 17, Kind.NODE, "worker-2", {"state": "ready"})
WHOLE = [BEGAN, LOAD, CALM, BREACH, WORSE, VISIT, GROWN, HELPED, CAME, LOADED, BACK]


@pytest.fixture(scope="module")
def check() -> ModuleType:
    return loaded.check_of("06-scale")


def told(check: ModuleType, *events: Event) -> Any:
    return check.story(events, NOW)


def test_the_whole_story_is_read(check: ModuleType) -> None:
    seen = told(check, *WHOLE)
    assert (seen.limits.least, seen.limits.most, seen.limits.target) == (1, 3, 4.0)
    assert (seen.helped, seen.taken_back, seen.help_s, seen.failed) == (HELPED, [BACK], 5.5, 1003)
    assert told(check, Event(NOW - 1, Kind.CHANGE, "autoscale", BEGAN.fields)).limits is None


def test_visitors_are_coming_until_their_load_has_ended_or_was_killed(check: ModuleType) -> None:
    assert told(check, LOAD, VISIT).is_coming(NOW + 15)
    assert not told(check, LOAD, VISIT).is_coming(NOW + 60)
    assert not told(check, LOAD, VISIT, LOADED).is_coming(NOW + 42)
    assert not told(check).is_coming(NOW)


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ([], "Nobody watches this lab yet"),
        ([LOAD, VISIT, LOADED], "Visitors came, and nobody was there to see"),
        ([CAME, LOAD, VISIT, LOADED], "Workers came because you said so."),
        ([BEGAN, CALM], "An autoscaler watches, and nobody comes."),
        ([BEGAN, CALM, VISIT], "One worker was enough for these visitors: it never had more than 2 requests"),
        ([AT_MOST_1, CALM, VISIT, WORSE], "you allowed it one worker at most (--max 1)"),
        ([AT_MOST_1, CALM, VISIT], "One worker was enough"),
        (
            [AT_LEAST_3, decided(1, Grow(3, "1 worker, and --min is 3", 2)), VISIT, look(12, 3, 9)],
            "There were 3 workers because of --min",
        ),
        ([BEGAN, CALM, VISIT, WORSE, GROWN], "asked for workers, and none of them served"),
    ],
)
def test_each_way_to_have_no_help_gets_its_own_message(check: ModuleType, events: list[Event], says: str) -> None:
    seen = told(check, *events)
    assert seen.helped is None
    assert says in check.not_grown(seen)


@pytest.mark.parametrize(
    ("events", "left", "is_coming", "is_at_work", "says"),
    [
        ([], 1, False, False, "None came for a crowd yet"),
        (WHOLE[:-2], 3, True, True, "Visitors are still coming."),
        (WHOLE[:-1], 3, False, False, "You ended the autoscaler while 3 workers served."),
        (WHOLE[:-1], 3, False, True, "The autoscaler has not taken them back yet."),
        (WHOLE[:-1], 1, False, True, "it was not the autoscaler that sent them"),
    ],
)
def test_each_way_to_keep_or_lose_workers_gets_its_own_message(
    check: ModuleType, events: list[Event], left: int, is_coming: bool, is_at_work: bool, says: str
) -> None:
    seen = told(check, *events)
    assert says in check.not_back(seen, left, 1, is_coming=is_coming, is_at_work=is_at_work)


@pytest.mark.parametrize("per_s", [8, 10, 13])
@pytest.mark.parametrize("seed", range(5))
def test_the_crowd_of_the_text_is_one_and_its_workers_go_one_by_one_within_the_check(per_s: int, seed: int) -> None:
    """On a lab that is a queueing model: `--base 5 --peak 25 --duration 40`, `--max 3 --cooldown 15`."""

    def rate(at_s: float) -> float:
        return 0.0 if at_s >= 40 else 25.0 if 10 <= at_s < 30 else 5.0

    lab = Lab(limits.Limits(1, 3, 4.0, 15.0), rate, per_s=per_s, seed=seed).run(100)
    assert [type(decision) for _, decision in lab.made] == [Grow, Shrink, Shrink]
    assert lab.counts[-1] == 1


@pytest.mark.parametrize("per_s", [1.0, 1.6])
@pytest.mark.parametrize("seed", range(3))
def test_the_crowd_of_the_text_is_one_for_emulated_machines_too(per_s: float, seed: int) -> None:
    """`--base 0.5 --peak 2 --duration 400`, where a worker does so many a second: with `--work 1000` six of ten
    requests take a second of its processor, so it does 1.7 at most; where it does 6 a second without work, 1.3.

    The model does one a second, so all else is so much the slower for it.
    """

    def rate(at_s: float) -> float:
        at_s /= per_s
        return (0.0 if at_s >= 400 else 2.0 if 100 <= at_s < 300 else 0.5) / per_s

    lab = Lab(limits.Limits(1, 3, 4.0, 15.0), rate, per_s=1, boot_s=20 * per_s, seed=seed).run(640 * per_s)
    grown = [at_s / per_s for at_s, decision in lab.made if isinstance(decision, Grow)]
    assert 100 <= grown[0] < 200
    assert max(lab.counts) == 3
    assert lab.counts[-1] == 1


@pytest.mark.parametrize("accelerator", [None, "kvm", "tcg"])
def test_what_hints_tell_to_type_is_what_the_text_and_the_solution_have(
    check: ModuleType, accelerator: str | None
) -> None:
    folder = REPO / "exercises" / "06-scale"
    substrate = "docker" if accelerator is None else "vagrant"
    text, solution = (folder / "README.md").read_text(), (folder / "solution" / "solve.sh").read_text()
    for words in check.commands(accelerator):
        assert parse(words.replace("@", substrate).split(), True) is None
        name = "vagrant" if accelerator == "tcg" else "docker"
        assert f"bin/lab {words.replace('@', name)} --name ex\n" in text
        assert f'"{words.partition(" @ ")[2]}"\n' in solution
