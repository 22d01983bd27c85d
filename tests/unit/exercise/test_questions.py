"""The two questions after an exercise."""

import pytest

from lab.exercise import questions, seeds
from lab.exercise.catalogue import Exercise

NUMBERS = {"workers": 4, "rate": 10}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("workers", 4),
        ("(workers - 1) * rate", 30),
        ("rate / workers", 2.5),
        ("rate // workers + rate % workers", 4),
        ("2 * 3", 6),
    ],
)
def test_an_answer_is_reckoned(expression: str, value: float) -> None:
    assert questions.reckon(expression, NUMBERS) == value


@pytest.mark.parametrize(
    "expression", ["", "workers +", "dead", "workers ** 9999", "__import__('os')", "workers / 0", "'a'", "workers < 3"]
)
def test_what_is_no_sum_of_the_questions_numbers_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        questions.reckon(expression, NUMBERS)


def test_each_learner_gets_numbers_of_their_own_and_the_same_again(exercise: Exercise) -> None:
    question = exercise.questions[1]
    texts = {learner: questions.posed(exercise, question, learner).text for learner in map(str, range(20))}
    assert len(set(texts.values())) > 10
    assert texts == {learner: questions.posed(exercise, question, learner).text for learner in texts}
    posed = questions.posed(exercise, question, "1")
    assert posed.text == f"{posed.answer - 1:g} words and one more?"
    assert posed.feedback == f"{posed.answer:g}."
    assert posed.is_right(posed.answer)
    assert not posed.is_right(posed.answer + 1)


def test_an_answer_may_be_off_by_what_the_question_allows(exercise: Exercise) -> None:
    loose = exercise.questions[1].model_copy(update={"tolerance": 2.0})
    posed = questions.posed(exercise, loose, "1")
    assert posed.is_right(posed.answer - 2)
    assert not posed.is_right(posed.answer - 2.1)


def test_learners_have_words_of_their_own_and_another_each_time_they_begin() -> None:
    words = {seeds.word(str(learner), "one", 1.0) for learner in range(50)}
    assert len(words) > 45
    mine = seeds.word("1", "one", 1.0)
    assert mine == seeds.word("1", "one", 1.0)
    assert mine not in (seeds.word("1", "two", 1.0), seeds.word("1", "one", 2.0))


def test_questions_wait_at_once_and_come_back_once_two_exercises_later(exercise: Exercise) -> None:
    names = ["a", "b", "c", "d"]
    known = [exercise.model_copy(update={"name": name}) for name in names]
    answered: dict[str, list[str]] = {}
    asked = []
    for count in range(1, 5):
        waiting = questions.due(known, names[:count], answered)
        asked.append([(one.name, question.id) for one, question in waiting])
        for one, question in waiting:
            answered.setdefault(one.name, []).append(question.id)
    assert asked == [
        [("a", "one"), ("a", "two")],
        [("b", "one"), ("b", "two")],
        [("a", "one"), ("a", "two"), ("c", "one"), ("c", "two")],
        # No exercise is left: what would come back later comes now, and the last two when somebody checks again.
        [("b", "one"), ("b", "two"), ("c", "one"), ("c", "two"), ("d", "one"), ("d", "two")],
    ]
    # One that was passed and is no exercise any more has none, and counts.
    again = questions.due(known, [*names, "gone"], answered)
    assert [(one.name, question.id) for one, question in again] == [("d", "one"), ("d", "two")]
    answered["d"] *= 2
    assert questions.due(known, [*names, "gone"], answered) == []


def test_what_was_left_out_waits(exercise: Exercise) -> None:
    others = [exercise, exercise.model_copy(update={"name": "another"})]
    waiting = questions.due(others, [exercise.name], {exercise.name: ["two"]})
    assert [question.id for _, question in waiting] == ["one"]
