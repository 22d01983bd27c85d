"""How values are written, and read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.comparison import words


@pytest.mark.parametrize(
    ("number", "unit", "told"),
    [
        (0.0, "s", "0 s"),
        (1.2345, "s", "1.23 s"),
        (0.0456, "s", "45.6 ms"),
        (0.99999, "s", "1.00 s"),
        (3e-7, "s", "0.300 µs"),
        (99.96, "s", "100 s"),
        (195.0, "s", "3.25 min"),
        (395e6, "B", "395 MB"),
        (1.5e9, "B", "1.50 GB"),
        (4.2e8, "B/s", "420 MB/s"),
        (12345.6, "requests/s", "12,300 requests/s"),
        (131418.0, "writes", "131,418 writes"),
        (8.0, "workers", "8 workers"),
        (10 / 3, "workers", "3.33 workers"),
    ],
)
def test_a_value_is_told_with_its_unit(number: float, unit: str, told: str) -> None:
    assert words.value(number, unit) == told


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("2", "s", 2.0),
        ("300 ms", "s", 0.3),
        ("300ms", "s", 0.3),
        ("5 min", "s", 300.0),
        ("0.5 Seconds", "s", 0.5),
        ("1.5 GB", "B", 1.5e9),
        ("300 mb", "B", 3e8),
        ("50 MB/s", "B/s", 5e7),
        ("50 MB", "B/s", 5e7),
        ("50", "B/s", 5e7),
        ("300", "B", 3e8),
        ("300 B", "B", 300.0),
        ("7", "workers", 7.0),
        ("12,000 requests/s", "requests/s", 12000.0),
        ("4 workers", "workers", 4.0),
        ("3 lightyears", "s", None),
        ("5 s", "B", None),
        ("-3", "s", None),
        ("soon", "s", None),
        ("", "s", None),
        ("1e9", "s", None),
        ("1,234,567", "B", 1.234567e12),
        ("1,5", "s", None),
        ("9" * 400, "s", None),
        ("99999999999 GB", "B", None),
    ],
)
def test_what_people_type_is_read_in_the_unit_of_the_row(text: str, unit: str, number: float | None) -> None:
    assert words.read(text, unit) == (None if number is None else pytest.approx(number))


def test_what_colours_a_terminal_is_no_word() -> None:
    assert words.printable("a\x1b[31;1mred\x1b[0m\r\nb\tc\x07\ud800é") == "ared\nb\tcé"


@given(st.floats(1e-6, 1e12), st.sampled_from(["s", "B", "B/s", "calls/s"]))
def test_what_is_told_is_read_again_to_three_digits(number: float, unit: str) -> None:
    # The scale of the smallest is not finer than the row's own unit where there is none.
    told = words.read(words.value(number, unit), unit)
    assert told == pytest.approx(number, rel=0.006, abs=1e-9)


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.2, "1 s"), (40, "40 s"), (95, "2 min"), (1400, "24 min"), (7300, "2 h 2 min")]
)
def test_how_long_somebody_waits(seconds: float, told: str) -> None:
    assert words.span_s(seconds) == told


def test_a_factor() -> None:
    assert words.times(3.249) == "3.25 x"
    assert words.digits(float("inf")) == "∞"
