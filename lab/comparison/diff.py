"""What changed between two reports, beyond the noise. Pure.

The rule. Of each cell that both have measured, the samples are held against each other with the Mann-Whitney U test
(1947), which asks for no distribution, as Go's benchstat does; of few samples it is an exact one. The interval of the
ratio of the medians comes from a bootstrap (`lab.comparison.figures`). A cell *changed* where that test gives p below
0.01, so that of a hundred cells about one is called changed by chance, and where the medians are a tenth or more apart:
two sessions on one computer differ by some per cent though nothing was changed in between, which samples of one session
cannot show (Kalibera and Jones, "Rigorous benchmarking in reasonable time", 2013; Mytkowicz and others, "Producing
wrong data without doing anything obviously wrong", 2009). Of fewer than five samples on a side nothing is said, since
with those even samples that do not overlap give no p that small; nor where a side is marked noisy.
"""

import math
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from scipy import stats

from lab.comparison import figures
from lab.comparison.figures import Figure
from lab.comparison.report import Better, Cell, Report, RowResult

LEVEL = 0.01
LEAST = 0.10
FEWEST = 5
# Ways to deal samples out to two sides that are still counted one by one.
_COUNTED = 20_000
# Processes come and go while nothing changes; whose they are is what this row tells.
_CHANGING = frozenset({"isolation-processes"})
RULE = (
    f"Changed: a Mann-Whitney test gives p below {LEVEL:g}, and the medians are {LEAST * 100:.0f} % or more apart. "
    f"With fewer than {FEWEST} runs on a side, or a noisy one, it cannot be told."
)


class Verdict(StrEnum):
    """What became of a cell."""

    BETTER = "better"
    WORSE = "worse"
    CHANGED = "changed"
    """In a row of which neither more nor less is better, or that is words."""
    SAME = "the same, as far as can be seen"
    UNKNOWN = "cannot be told"


@dataclass(frozen=True)
class Change:
    """A cell in both reports: its medians where it has any, the second as a multiple of the first, and why it is so."""

    row: str
    column: str
    unit: str
    verdict: Verdict
    why: str
    before: Figure | None = None
    after: Figure | None = None
    ratio: Figure | None = None


def differences(first: Report, second: Report) -> list[str]:
    """What else is not the same in the two, in words: computer, settings, what only one of them has."""
    lines = [
        f"the computer: {key} was {first.host.get(key, 'not told')}, then {second.host.get(key, 'not told')}"
        for key in sorted({*first.host, *second.host} - {"date", "load", "took"})
        if first.host.get(key) != second.host.get(key)
    ]
    known = {column.key: column for column in first.columns}
    for column in second.columns:
        before = known.get(column.key)
        for key in sorted({*column.settings, *before.settings} if before else ()):
            was, is_now = (one.settings.get(key, "not told") for one in (before or column, column))
            lines += [f"{column.title}: {key} was {was}, then {is_now}"] if was != is_now else []
    for here, there, which in ((first, second, "first"), (second, first, "second")):
        lines += [f"only the {which} has column {one.title}" for one in here.columns if not _has(there, one.key)]
        lines += [f"only the {which} has row {one.title}" for one in here.rows if there.row(one.name) is None]
    return lines


def _has(report: Report, column: str) -> bool:
    return any(one.key == column for one in report.columns)


def changes(first: Report, second: Report) -> list[Change]:
    """A change for each cell that both reports have and that one of them at least has measured."""
    return list(_changes(first, second))


def _changes(first: Report, second: Report) -> Iterator[Change]:
    for row in second.rows:
        before = first.row(row.name)
        for key, after in row.cells.items():
            if before is None or key not in before.cells:
                continue
            if "measured" in (before.cells[key].state, after.state):
                yield _change(before, row, key)


def _change(first: RowResult, second: RowResult, key: str) -> Change:
    before, after = first.cells[key], second.cells[key]
    if (why := _untold(first, second, before, after)) is not None:
        return Change(second.title, key, second.unit, Verdict.UNKNOWN, why)
    if second.kind == "words":
        is_same = _verdict(second.name, before.text) == _verdict(second.name, after.text)
        verdict = Verdict.SAME if is_same else Verdict.CHANGED
        return Change(second.title, key, second.unit, verdict, f"{before.text}; then {after.text}")
    return _judged(second, key, before.samples, after.samples)


def _verdict(row: str, text: str) -> str:
    """What a row of words says, without counts that change by themselves."""
    return re.sub(r"\d+", "some", text) if row in _CHANGING else text


def _untold(first: RowResult, second: RowResult, before: Cell, after: Cell) -> str | None:
    """Why nothing can be said of a cell, None where something can."""
    if (first.unit, first.kind) != (second.unit, second.kind):
        return "the row has another unit"
    for cell, which in ((before, "first"), (after, "second")):
        if cell.state != "measured":
            return f"{cell.state} in the {which}: {cell.reason}"
        if cell.noisy:
            return f"noisy in the {which}"
        if first.kind != "words" and len(cell.samples) < FEWEST:
            return f"{len(cell.samples)} runs in the {which} are too few"
    return None


def _judged(row: RowResult, key: str, before: Sequence[float], after: Sequence[float]) -> Change:
    verdict, why = judge(before, after, row.better)
    ratio = figures.ratio(after, before) if statistics.median(before) else None
    return Change(row.title, key, row.unit, verdict, why, figures.median(before), figures.median(after), ratio)


def judge(before: Sequence[float], after: Sequence[float], better: Better) -> tuple[Verdict, str]:
    """What the rule says of a cell's samples, and why."""
    was, is_now = statistics.median(before), statistics.median(after)
    p = _p(before, after)
    why = f"p = {p:.2g}"
    if p >= LEVEL:
        return Verdict.SAME, why
    if not abs(is_now - was) >= LEAST * max(was, is_now) > 0:
        return Verdict.SAME, f"{why}, and less than {LEAST * 100:.0f} % apart"
    if better == "neither":
        return Verdict.CHANGED, why
    return Verdict.BETTER if (is_now < was) == (better == "lower") else Verdict.WORSE, why


def _p(before: Sequence[float], after: Sequence[float]) -> float:
    """How likely samples so far apart are, or farther, if nothing changed.

    Of few samples it is counted, over all ways to deal them out to the two sides. scipy would count only where no two
    are alike, and what it estimates otherwise is too cautious: five against five, wholly apart, would not be enough.
    """
    if len({*before, *after}) == 1:
        return 1.0
    ways = math.comb(len(before) + len(after), len(before))
    method = stats.PermutationMethod(n_resamples=ways) if ways <= _COUNTED else "auto"
    return float(stats.mannwhitneyu(before, after, method=method).pvalue)
