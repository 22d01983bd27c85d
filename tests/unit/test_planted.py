"""The planted bugs of the proof and of the refresh: each is a patch that fits the app as it is."""

from pathlib import Path

import pytest

from tests.contract.proof import PLANTED, patched


@pytest.mark.parametrize(
    "patch", sorted(str(path.relative_to(PLANTED).with_suffix("")) for path in PLANTED.rglob("*.patch"))
)
def test_a_planted_bug_fits_the_app(patch: str, tmp_path: Path) -> None:
    app = patched(patch, tmp_path)
    assert not list(app.rglob("*.rej"))
    for path in app.rglob("*.py"):
        compile(path.read_text(), str(path), "exec")
