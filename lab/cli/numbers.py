"""Numbers as they are typed."""

import math
from typing import Any

import click


class Between(click.FloatRange):
    """A number from `min` to `max`, as click's own range, but `nan` and the infinite ones are refused: `nan` is on
    neither side of any bound, so click takes it for a number within them."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{number:g} is no finite number in the range {self._describe_range()}.", param, ctx)
        return number
