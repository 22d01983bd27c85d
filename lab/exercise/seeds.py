"""What differs from learner to learner: words and numbers drawn from their seed. Pure."""

import random
from collections.abc import Mapping

# Words that nobody writes into a site by chance, together with their number.
_WORDS = ("heron", "otter", "maple", "comet", "lantern", "harbour", "pepper", "walnut", "meadow", "copper", "velvet")


def word(learner: str, exercise: str, began_at: float) -> str:
    """The learner's own word for one beginning of an exercise, for example `otter-4711`: what they write can be told
    from all else, also from what they wrote when they did it before."""
    drawn = random.Random(f"{learner}/{exercise}/{began_at}")
    return f"{drawn.choice(_WORDS)}-{drawn.randint(1000, 9999)}"


def numbers(learner: str, exercise: str, question: str, wanted: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """A number from [least, most] for each name."""
    return {
        name: random.Random(f"{learner}/{exercise}/{question}/{name}").randint(*bounds)
        for name, bounds in wanted.items()
    }
