"""The picture: well-formed, self-contained, told in words too, and nothing outside its frame."""

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.model.errors import UsageError
from lab.timeline.draw import Picture, draw, draw_all, page, sheet, summary
from lab.timeline.events import Event, Kind
from lab.timeline.layout import LEFT, RIGHT, WIDTH, Panel, lay_out, nice_step

SVG = "{http://www.w3.org/2000/svg}"
T0 = 1_700_000_000.0
RUN = [
    *(
        Event(
            T0 + n,
            Kind.SAMPLE,
            "visitors",
            {"span_s": 1, "requests": 50, "answers": 40, "errors": n % 2, "p99_ms": 10 * n},
        )
        for n in range(1, 31)
    ),
    Event(T0, Kind.NODE, "worker-1", {"state": "ready"}),
    Event(T0 + 10, Kind.NODE, "worker-1", {"state": "absent"}),
    Event(T0 + 12, Kind.NODE, "worker-1", {"state": "creating"}),
    Event(T0 + 14, Kind.NODE, "worker-1", {"state": "ready"}),
    Event(T0 + 10, Kind.FAULT, "kill", {"target": "worker-1", "until": T0 + 14, "verified": True}),
    Event(T0 + 20, Kind.FAULT, "clock", {"target": "store-1", "until": None, "verified": False}),
]


def test_the_picture_of_a_run_has_its_parts_with_units() -> None:
    text = "".join(ET.fromstring(draw(RUN, "Run r1")).itertext())
    for part in (
        "Run r1",
        "Requests a second",
        "Time to answer",
        "100 ms",
        "Faults",
        "Nodes",
        "seconds since the start",
    ):
        assert part in text
    assert "Users" not in text


def test_what_was_not_verified_or_not_healed_looks_like_it() -> None:
    faults = next(panel for panel in lay_out(sorted(RUN, key=lambda e: e.at)).panels if panel.title == "Faults")
    spans = {lane.label: lane.spans[0] for lane in faults.lanes}
    assert (spans["kill"].style, spans["clock"].style) == ("fault", "doubtful")
    assert spans["clock"].x + spans["clock"].width == WIDTH - RIGHT
    assert spans["kill"].x == pytest.approx(LEFT + (WIDTH - LEFT - RIGHT) / 3, abs=0.1)


def test_a_node_is_shown_in_each_of_its_states_and_not_while_absent() -> None:
    nodes = next(panel for panel in lay_out(sorted(RUN, key=lambda e: e.at)).panels if panel.title == "Nodes")
    assert [span.style for span in nodes.lanes[0].spans] == ["ready", "between", "ready"]


def test_it_is_told_in_words_for_those_who_do_not_see_it() -> None:
    drawing = ET.fromstring(draw(RUN, "Run r1"))
    ids = drawing.attrib["aria-labelledby"].split()
    assert [
        drawing.find(f"{SVG}{tag}[@id='{name}']") is not None for tag, name in zip(("title", "desc"), ids, strict=True)
    ]
    assert summary(RUN) == (
        "30 seconds on one time axis. About 15 errors. The slowest second had 99 of 100 answers within 300 ms. "
        "Faults: 1 times clock, 1 times kill. Nodes: worker-1."
    )


def test_what_two_sources_tell_of_the_same_requests_is_told_once() -> None:
    told = [
        Event(at, Kind.SAMPLE, what, {"errors": 2, "span_s": 1}) for at in (1, 2) for what in ("autoscale", "visitors")
    ]
    assert "About 4 errors." in summary(told)


def test_a_page_needs_no_network_and_no_script() -> None:
    html = page("Two labs", [draw(RUN, "one"), draw(RUN, "other")], "a <b> & c", {"A list": ["d <e> `f<g`"]})
    assert html.count("<svg ") == 2
    assert "a &lt;b&gt; &amp; c" in html
    assert "<li>d &lt;e&gt; <code>f&lt;g</code></li>" in html
    assert not re.findall(r"<script|<link|<img|@import|src=|href=", html)
    assert set(re.findall(r"https?://[^\"' ]+", html)) == {"http://www.w3.org/2000/svg"}
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_names_are_shown_and_never_run() -> None:
    hostile = '<script>alert("x")</script>'
    events = [Event(T0, Kind.FAULT, hostile, {"target": hostile, "verified": True})]
    drawing = draw(events, hostile, hostile)
    assert "<script" not in drawing
    assert hostile in "".join(ET.fromstring(drawing).itertext())


def test_nothing_is_no_picture() -> None:
    with pytest.raises(UsageError, match="there is nothing to draw"):
        draw([], "Run r1")


def panel(events: list[Event], title: str) -> Panel:
    return next(panel for panel in lay_out(events).panels if panel.title == title)


def sample(at: float, what: str, **fields: float) -> Event:
    return Event(T0 + at, Kind.SAMPLE, what, {"span_s": 1, **fields})


def test_a_pause_between_two_loads_is_a_gap_and_no_line() -> None:
    events = [sample(n, "visitors", requests=n) for n in (1, 2, 3, 60, 61, 200)]
    path = panel(events, "Requests a second").lines[0].path
    assert [piece.count("L") for piece in path.split("M")[1:]] == [2, 1, 0]


def test_two_who_tell_of_the_same_have_a_line_each_with_their_names() -> None:
    events = [sample(n, what, requests=n, workers=2) for n in range(1, 5) for what in ("balancer", "visitors")]
    requests = panel(events, "Requests a second")
    assert [(line.label, line.style) for line in requests.lines] == [
        ("due, visitors", "requests"),
        ("due, balancer", "requests other"),
    ]
    assert [(sign.style, sign.label) for sign in requests.legend] == [("requests", "due"), ("source", "balancer")]


def test_workers_are_counted_from_the_nodes_where_no_sample_tells() -> None:
    events = [
        Event(T0, Kind.NODE, "store-1", {"state": "ready"}),
        Event(T0, Kind.NODE, "worker-1", {"state": "ready"}),
        Event(T0 + 5, Kind.NODE, "worker-2", {"state": "creating"}),
        Event(T0 + 10, Kind.NODE, "worker-2", {"state": "ready"}),
        Event(T0 + 20, Kind.NODE, "worker-1", {"state": "sleeping"}),
    ]
    counted = panel(events, "Workers that serve")
    levels = {tick.label: tick.at for tick in counted.ticks}
    heights = [float(y) for y in re.findall(r",([\d.]+)", counted.lines[0].path)]
    assert heights == [levels[label] for label in ("1", "1", "1", "1", "2", "2", "1", "1")]
    nodes = {lane.label: [span.style for span in lane.spans] for lane in panel(events, "Nodes").lanes}
    assert nodes["worker-1"] == ["ready", "asleep"]
    assert (
        panel([*events, sample(21, "visitors", workers=7)], "Workers that serve").lines[0].label == "workers, visitors"
    )


def test_pictures_of_one_page_have_one_time_axis() -> None:
    late = [sample(n, "visitors", users=3) for n in range(901, 1001)]
    one, other = (
        re.findall(r'text-anchor="middle">([^<]+)<', drawn)
        for drawn in draw_all([Picture(RUN, "one"), Picture(late, "other")])
    )
    assert one == other
    assert "minutes since the start" in one


def test_one_sheet_holds_both_pictures_side_by_side() -> None:
    root = ET.fromstring(sheet([Picture(RUN, "one", "words " * 40), Picture(RUN[:3], "other")]))
    parts = root.findall(f"{SVG}svg")
    assert [(part.attrib["x"], part.attrib["width"]) for part in parts] == [("0", str(WIDTH)), (str(WIDTH), str(WIDTH))]
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    assert (width, height) == (2 * WIDTH, max(float(part.attrib["height"]) for part in parts))
    assert sheet([Picture(RUN, "one")]) == draw(RUN, "one")


NUMBERS = st.floats(0, 1e6) | st.none()
ANY = st.builds(
    Event,
    st.floats(T0, T0 + 1e6),
    st.sampled_from(Kind),
    st.sampled_from(["kill", "worker-1", "worker-10", "a-very-long-name-of-a-fault"]),
    st.fixed_dictionaries(
        {"span_s": st.floats(0, 10)},
        optional={
            **dict.fromkeys(("requests", "answers", "errors", "users", "workers", "queue", "p50_ms"), NUMBERS),
            **dict.fromkeys(("p99_ms", "response_ms"), NUMBERS),
            "state": st.sampled_from(["ready", "absent", "creating", "failed", "sleeping"]),
            "until": st.none() | st.floats(T0, T0 + 2e6),
            "verified": st.booleans(),
        },
    ),
)


@given(st.lists(ANY, min_size=1, max_size=12))
def test_whatever_happened_lies_within_the_frame(events: list[Event]) -> None:
    drawing = ET.fromstring(draw(events, "any"))
    height = float(drawing.attrib["viewBox"].split()[3])
    for rect in drawing.iter(f"{SVG}rect"):
        assert 0 <= float(rect.attrib["x"]) <= WIDTH
        assert 0 <= float(rect.attrib["y"]) <= height
    for path in drawing.iter(f"{SVG}path"):
        for x, y in re.findall(r"([\d.e+-]+),([\d.e+-]+)", path.attrib["d"]):
            assert 0 <= float(x) <= WIDTH
            assert 0 <= float(y) <= height


@pytest.mark.parametrize(
    ("rough", "nice"), [(0.3, 0.5), (1, 1), (1.1, 2), (3, 5), (6, 10), (20, 20), (21, 50), (501, 1000)]
)
def test_ticks_are_round(rough: float, nice: float) -> None:
    assert nice_step(rough) == pytest.approx(nice)
