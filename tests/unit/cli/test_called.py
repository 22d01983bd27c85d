"""What people are told to type works where they are."""

import pytest

from lab.cli import called


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("lab up docker", "bin/lab up docker"),
        ("    lab up docker &", "    bin/lab up docker &"),
        ("until lab status; do lab up; done", "until bin/lab status; do bin/lab up; done"),
        ("address=$(lab status | head -1)", "address=$(bin/lab status | head -1)"),
        ("true && lab up || lab heal", "true && bin/lab up || bin/lab heal"),
        ("# lab up brings it back", "# lab up brings it back"),
        ("echo the lab is up in my-lab now", "echo the lab is up in my-lab now"),
    ],
)
def test_a_script_is_shown_as_it_can_be_typed(monkeypatch: pytest.MonkeyPatch, line: str, typed: str) -> None:
    monkeypatch.setattr(called, "NAME", "bin/lab")
    assert called.script_as_called(f"{line}\n") == f"{typed}\n"
