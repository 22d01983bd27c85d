"""Hints follow from what was observed: the first rule that holds, and of its ladder the next rung. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.exercise.catalogue import Condition, Hint, Seen


@dataclass(frozen=True)
class Rung:
    """A hint to show: of which rule (its number among them), the how-manieth of how many, from 1, and the text."""

    rule: int
    rung: int
    rungs: int
    text: str


def matching(hints: Sequence[Hint], observed: Mapping[str, Seen]) -> int:
    """The number of the first rule whose conditions all hold. The last one has none, so there always is one."""
    return next(number for number, hint in enumerate(hints) if _holds(hint, observed))


def next_rung(hints: Sequence[Hint], observed: Mapping[str, Seen], shown: Mapping[int, int]) -> Rung:
    """The hint for what was observed, when so many rungs of each rule were shown; the last one comes again."""
    rule = matching(hints, observed)
    says = hints[rule].says
    rung = min(shown.get(rule, 0) + 1, len(says))
    return Rung(rule, rung, len(says), says[rung - 1])


def _holds(hint: Hint, observed: Mapping[str, Seen]) -> bool:
    return all(_fits(asked, observed.get(name)) for name, asked in hint.when.items())


def _fits(asked: Seen | Condition, seen: Seen | None) -> bool:
    """Whether an observation is as a rule asks; None, which was not observed, fits only a rule that asks for that."""
    if not isinstance(asked, Condition):
        return _same(asked, seen)
    if asked.seen is not None and asked.seen is not (seen is not None):
        return False
    if asked.one_of is not None and not any(_same(one, seen) for one in asked.one_of):
        return False
    return (asked.below is None or (_is_number(seen) and float(seen or 0) < asked.below)) and (
        asked.above is None or (_is_number(seen) and float(seen or 0) > asked.above)
    )


def _same(asked: Seen, seen: Seen | None) -> bool:
    # 1 == True in Python, and a check that counted one did not say yes.
    return seen is not None and isinstance(asked, bool) is isinstance(seen, bool) and asked == seen


def _is_number(seen: Seen | None) -> bool:
    return isinstance(seen, int | float) and not isinstance(seen, bool)
