"""`lab heal` where there is nothing that it could heal."""

from pathlib import Path

import pytest

from tests.unit.cli.inside import type_inside


@pytest.mark.parametrize(
    ("words", "where"), [(["docker"], "docker"), ([], "docker or vagrant"), (["vagrant", "--dry-run"], "vagrant")]
)
def test_a_lab_that_is_not_up_is_one_clear_error(tmp_path: Path, words: list[str], where: str) -> None:
    gave = type_inside("heal", *words, "--name", "nowhere", env={"XDG_STATE_HOME": str(tmp_path)})
    assert (gave.code, gave.out) == (2, "")
    assert f"lab nowhere is not up on {where}, so there is nothing to heal" in gave.err
