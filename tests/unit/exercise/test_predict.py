"""What was predicted, beside what was measured."""

import pytest

from lab.exercise import predict
from lab.exercise.catalogue import Exercise, Seen


@pytest.mark.parametrize(
    ("predicted", "measured", "told"),
    [
        (3, 3, "3 words: as good as you said"),
        (6, 3, "3 words: you said 2.0 times as much"),
        (3, 6, "6 words: you said 2.0 times too little"),
        (0, 3, "3 words"),
        (3, 0, "0 words"),
        (3, "none", "none"),
    ],
)
def test_a_number_is_shown_beside_its_measurement(
    exercise: Exercise, predicted: float, measured: Seen, told: str
) -> None:
    found = predict.difference(exercise.predict[0], predicted, measured)
    assert (found.predicted, found.measured, found.is_right) == (f"{predicted:g} words", told, None)


@pytest.mark.parametrize(("choice", "is_right"), [(1, False), (2, True)])
def test_a_choice_is_right_or_not(exercise: Exercise, choice: int, is_right: bool) -> None:
    found = predict.difference(exercise.predict[1], choice, "b it is")
    assert (found.predicted, found.measured, found.is_right) == ("ab"[choice - 1], "b it is", is_right)


def test_a_difference_is_shown_when_it_was_predicted_and_measured_and_only_once(exercise: Exercise) -> None:
    def shown(predicted: dict[str, float], observed: dict[str, Seen], *before: str) -> list[str]:
        return [one.id for one in predict.differences(exercise, predicted, observed, frozenset(before))]

    assert shown({"count": 3}, {"words": 3, "first": "a"}) == ["count"]
    assert shown({"count": 3, "first": 1}, {"words": 3}) == ["count"]
    assert shown({"count": 3, "first": 1}, {"words": 3, "first": "a"}, "count") == ["first"]
    assert shown({}, {"words": 3, "first": "a"}) == []


@pytest.mark.parametrize(("text", "choices", "number"), [(" 2 ", 2, 2), ("1,5", 0, 1.5), ("-3", 0, -3)])
def test_a_number_that_was_typed_is_read(text: str, choices: int, number: float) -> None:
    assert predict.as_number(text, choices) == number


@pytest.mark.parametrize(
    ("text", "choices"), [("", 0), ("two", 0), ("3", 2), ("0", 2), ("1.5", 2), ("nan", 0), ("inf", 0)]
)
def test_what_is_no_answer_is_refused(text: str, choices: int) -> None:
    with pytest.raises(ValueError, match=r"is no number|choose 1 to 2"):
        predict.as_number(text, choices)


def test_a_prediction_is_no_less_than_nothing_and_an_answer_may_be() -> None:
    assert predict.as_number("-3", 0) == -3
    assert [predict.as_prediction(text, 0) for text in ("0", "1,5")] == [0, 1.5]
    with pytest.raises(ValueError, match=r"^'-3' is less than nothing: predict 0 or more$"):
        predict.as_prediction("-3", 0)
    with pytest.raises(ValueError, match="choose 1 to 2"):
        predict.as_prediction("3", 2)


def test_what_was_predicted_below_nothing_before_that_was_refused_is_not_called_good(exercise: Exercise) -> None:
    [found] = predict.differences(exercise, {"count": -3}, {"words": 3}, frozenset())
    assert (found.predicted, found.measured) == ("-3 words", "3 words")


@pytest.mark.parametrize("left", [3, 0, 1.5])
def test_a_choice_that_the_exercise_has_no_more_is_left_out(exercise: Exercise, left: float) -> None:
    assert predict.differences(exercise, {"first": left}, {"first": "b"}, frozenset()) == []
