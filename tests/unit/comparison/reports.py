"""Reports for tests. None of their values was measured."""

from collections.abc import Mapping

from hypothesis import strategies as st

from lab.comparison.report import Cell, Column, Kind, Report, RowResult, State

HOST = {"processor": "2 cores, made up", "memory": "1 GiB", "date": "2026-11-26 12:00 UTC", "load": "0.1"}
BARE = Column(key="bare", title="Bare process")
BOX = Column(key="box", title="Box", substrate="box", settings={"engine": "Box 1"})
COLD = Column(key="machine-cold", title="Machine, cold", substrate="machine", settings={"accelerator": "tcg"})


def measured(*samples: float, noisy: bool = False) -> Cell:
    """A cell with these samples."""
    quiet = tuple(0.0 for _ in samples)
    return Cell(state="measured", samples=samples, loads=quiet, others=quiet, noisy=noisy)


def row(name: str, cells: Mapping[str, Cell], unit: str = "s", kind: Kind = "time") -> RowResult:
    """A row of which less is better."""
    return RowResult(
        name=name,
        title=name.capitalize(),
        unit=unit,
        kind=kind,
        better="lower",
        measures=f"What {name} measures.",
        why="Why it differs.",
        group="start",
        cells=dict(cells),
    )


def report(
    *rows: RowResult, columns: tuple[Column, ...] = (BARE, BOX, COLD), made_at: str = "2026-11-26T12:00:00Z"
) -> Report:
    """A complete report of these rows."""
    return Report(schema_version=1, made_at=made_at, host=HOST, columns=columns, rows=rows, complete=True)


_SAMPLES = st.floats(0, 1e12, allow_nan=False)
_WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    """Any cell."""
    samples = tuple(draw(st.lists(_SAMPLES, max_size=6)))
    # What stands beside each sample are other figures, and not drawn: that would take more time than all else.
    loads, others = samples[::-1], tuple(1 / (1 + sample) for sample in samples)
    text = draw(st.just("") | _WORDS)
    states: list[State] = ["measured", "failed", "not measured"]
    state = draw(st.sampled_from(states))
    if state == "measured" and not (samples or text):
        state = "failed"
    return Cell(
        state=state,
        reason="" if state == "measured" else draw(_WORDS),
        samples=samples,
        loads=loads,
        others=others,
        noisy=draw(st.booleans()),
        text=text,
        extrapolated=draw(st.booleans()),
        note=draw(st.just("") | _WORDS),
    )


@st.composite
def reports(draw: st.DrawFn, columns: tuple[Column, ...] = (BARE, BOX, COLD)) -> Report:
    """Any report with these columns and some rows of a, b, c."""
    names = draw(st.lists(st.sampled_from("abc"), unique=True, max_size=3))
    rows = [row(name, {column.key: draw(cells()) for column in columns if draw(st.booleans())}) for name in names]
    day = draw(st.integers(10, 12))
    return report(*rows, columns=columns, made_at=f"2026-11-{day}T12:00:00Z").model_copy(
        update={"notes": tuple(draw(st.lists(_WORDS, max_size=2))), "complete": draw(st.booleans())}
    )
