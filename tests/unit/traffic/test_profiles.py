"""Profiles: their rates, their phases, and what is refused."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.model.errors import UsageError
from lab.traffic.profiles import SAYS, profile


def test_a_step_has_the_exact_number_of_requests_in_each_phase() -> None:
    step = profile("step", peak=40, duration_s=20)
    assert (step.base, step.pace.requests) == (10, 500)
    due_s = list(step.pace.due_s())
    counts = {phase.name: sum(phase.from_s <= at_s < phase.to_s for at_s in due_s) for phase in step.phases}
    assert counts == {"before": 50, "during": 400, "after": 50}
    assert [step.phase_at(at_s).name for at_s in (0, 4.9, 5, 15, 20, 21)] == [
        *("before", "before", "during", "after", "after", "after")
    ]


@pytest.mark.parametrize(
    ("name", "rates"),
    [
        ("step", [10, 10, 50, 50, 10]),
        ("ramp", [10, 30, 50, 30, 10]),
        ("day", [10, 23.82, 50, 30.01, 10]),
        ("spike", [10, 10, 50, 10, 10]),
    ],
)
def test_each_profile_goes_from_its_base_to_its_peak_and_back(name: str, rates: list[float]) -> None:
    pace = profile(name, peak=50, duration_s=100, base=10).pace
    times_s = (0, 20, 50, 80, 99.9999) if name == "ramp" else (0, 20, 50, 74.99, 99.9999)
    assert [pace.rate_at(at_s) for at_s in times_s] == pytest.approx(rates, abs=0.05)


@given(st.sampled_from([*SAYS]), st.floats(0.5, 200), st.floats(1, 600), st.none() | st.floats(0.01, 1))
def test_phases_follow_each_other_from_the_start_to_the_end(
    name: str, peak: float, duration_s: float, share: float | None
) -> None:
    made = profile(name, peak, duration_s, None if share is None else share * peak)
    assert made.phases[0].from_s == 0
    assert made.phases[-1].to_s == made.pace.duration_s == duration_s
    assert all(one.to_s == other.from_s for one, other in pairwise(made.phases))
    assert made.base - 1e-9 <= made.pace.rate_at(duration_s / 3) <= made.peak + 1e-9


REFUSED = {
    "an unknown profile": (
        ("cliff", 40, 20, None),
        "there is no profile 'cliff'\n  where: --profile\n  mend:  use one of step, ramp, day, spike",
    ),
    "a peak of nothing": (
        ("step", 0, 20, None),
        "0 requests a second is not possible\n  where: --peak\n  mend:  give more than 0 and at most 5000",
    ),
    "no time": (
        ("step", 40, 0, None),
        "0 seconds is not possible\n  where: --duration\n  mend:  give more than 0 and at most 86400",
    ),
    "a base above the peak": (
        ("step", 40, 20, 41),
        "41 requests a second is not possible\n  where: --base\n  mend:  give more than 0 and at most 40",
    ),
    "more than a load may have": (
        ("step", 5000, 600, 5000),
        "3,000,000 requests are more than one load may have\n"
        "  where: --peak, --duration\n  mend:  ask for at most 1,000,000 in all",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused(case: str) -> None:
    given, text = REFUSED[case]
    with pytest.raises(UsageError) as refused:
        profile(*given)
    assert str(refused.value) == text
