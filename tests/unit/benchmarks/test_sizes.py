"""What bin/lab says of sizes is held against what was measured."""

from benchmarks.sizes import LAUNCHER, said, wrong

NAMED = ["DOWNLOAD_MB", "VENV_MB", "ENGINES_DOWNLOAD_MB", "ENGINES_MB", "BUILD_DOWNLOAD_MB", "TEST_DOWNLOAD_MB"]


def test_the_sizes_are_read_from_the_launcher_itself() -> None:
    found = said(LAUNCHER.read_text())
    assert list(found) == NAMED
    assert all(found.values())


def test_a_figure_that_says_too_little_or_far_too_much_is_wrong_and_so_is_one_that_was_not_measured() -> None:
    named = {"too little": 80, "right": 95, "a bit more": 140, "far too much": 160, "unmeasured": 5}
    measured = {"too little": 100.0, "right": 100.0, "a bit more": 100.0, "far too much": 100.0}
    assert wrong(named, measured) == ["too little", "far too much", "unmeasured"]
