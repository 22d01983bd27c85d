"""Exercises as their folders tell them."""

from pathlib import Path

import pytest

from lab.exercise import catalogue
from lab.exercise.catalogue import Exercise
from lab.model.errors import UsageError
from tests.conftest import REPO
from tests.unit.exercise import small

BAD = {
    "an unknown key": ("minutes = 10", "minutes = 10\nhours = 1", "hours: Extra inputs are not permitted"),
    "too long for its learner": ("minutes = 10", "minutes = 40", "minutes: Input should be less than or equal to 25"),
    "no TOML": ("minutes = 10", "minutes = ", "Invalid value"),
    "another name than its folder": (f'name = "{small.NAME}"', 'name = "x"', "name = 'x', and the folder says"),
    "no substrate": ('["docker"]', "[]", "substrates: Tuple should have at least 1 item"),
    "an empty hint": ('"Write.",', '" ",', "hints.0.says.0: String should match pattern"),
    "a hint that hides others": ("when = { words = 0 }", "when = {}", "the last of `hints`, and only the last"),
    "a choice that is not offered": ("answer = 2", "answer = 3", "predict.1: Value error, `answer` is the number of"),
    "numbers the wrong way round": (
        "[3, 90]",
        "[90, 3]",
        "questions.1: Value error, numbers are given as [least, most]",
    ),
    "choices and no right one": ('answer = "many + 1"', "answer = 5", "questions.1: Value error, it needs either"),
    "two predictions of one id": ('id = "first"', 'id = "count"', "two of `predict` have the same id"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_exercise_is_refused_by_file_and_key(case: str, tmp_path: Path) -> None:
    before, after, told = BAD[case]
    assert before in small.TOML
    with pytest.raises(UsageError) as refused:
        small.write(tmp_path, toml=small.TOML.replace(before, after, 1))
    assert told in refused.value.message
    assert refused.value.where == str(tmp_path / "01-count-the-words" / "exercise.toml")


def test_an_exercise_is_found_by_name_number_and_folder(exercise: Exercise) -> None:
    other = exercise.model_copy(update={"name": "other", "number": 12, "folder": Path("12-other")})
    for text in ("count-the-words", "1", "01", "01-count-the-words"):
        assert catalogue.named([other, exercise], text) is exercise
    with pytest.raises(UsageError, match="there is no exercise 'words'"):
        catalogue.named([other, exercise], "words")


def test_two_exercises_of_one_name_are_refused(tmp_path: Path) -> None:
    for number in (1, 2):
        small.write(tmp_path, number=number)
    with pytest.raises(UsageError, match="two exercises are called count-the-words"):
        catalogue.load_all(tmp_path)


def test_the_kits_own_exercises_can_be_read_and_come_in_order() -> None:
    numbers = [exercise.number for exercise in catalogue.load_all(REPO / "exercises")]
    assert numbers
    assert numbers == sorted(set(numbers))
