"""What `lab verify` exits with: the worst answer wins, and no answer at all is none."""

import pytest

from lab.cli.verify import exit_code


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([True, True], 0),
        ([True, None], 3),
        ([None, False, True], 1),
        ([], 3),
    ],
)
def test_the_exit_code_is_that_of_the_worst_answer(answers: list[bool | None], code: int) -> None:
    assert exit_code(answers) == code
