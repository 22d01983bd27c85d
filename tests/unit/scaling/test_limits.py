"""Limits that nobody can keep are refused, each with one clear error."""

from dataclasses import replace

import pytest

from lab.model.errors import UsageError
from lab.scaling import limits
from lab.scaling.limits import Limits

GOOD = Limits(least=1, most=4, target=4.0, cooldown_s=60.0, pool=1)
BAD = {
    "min above max": (
        replace(GOOD, least=5),
        "at least 5 and at most 4 workers cannot both be kept\n"
        "  where: --min, --max\n"
        "  mend:  make --min the smaller one",
    ),
    "min of none": (
        replace(GOOD, least=0),
        "0 workers serve nobody\n  where: --min\n  mend:  keep at least 1",
    ),
    "max above what a lab can have": (
        replace(GOOD, most=101),
        "a lab has 100 workers at most, not 101\n  where: --max\n  mend:  say 100 or less",
    ),
    "target 0": (
        replace(GOOD, target=0.0),
        "a worker cannot be kept at 0 requests at a time\n"
        "  where: --target\n"
        "  mend:  say more than 0: how many requests at a time one worker is meant to have",
    ),
    "a target that is no number": (
        replace(GOOD, target=float("nan")),
        "a worker cannot be kept at nan requests at a time\n"
        "  where: --target\n"
        "  mend:  say more than 0: how many requests at a time one worker is meant to have",
    ),
    "negative cooldown": (
        replace(GOOD, cooldown_s=-1.0),
        "nobody can wait -1 s\n  where: --cooldown\n  mend:  say 0 or more seconds",
    ),
    "negative pool": (
        replace(GOOD, pool=-1),
        "-1 workers cannot sleep in the warm pool\n  where: --warm-pool\n  mend:  say 0 to 100",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_limits_that_cannot_be_kept_are_refused(case: str) -> None:
    wrong, text = BAD[case]
    with pytest.raises(UsageError) as refused:
        limits.checked(wrong, 100)
    assert str(refused.value) == text


def test_good_limits_are_given_back() -> None:
    assert limits.checked(GOOD, 100) is GOOD


def test_workers_are_rounded_up() -> None:
    assert [GOOD.needed(each) for each in (0, 0.1, 4.0, 4.01, 8.0)] == [0, 1, 1, 2, 2]
