"""`lab clean --all`: it destroys the labs that this user made, and another's only where that is named."""

from pathlib import Path

import pytest

from lab.host import paths
from lab.substrates import registry
from tests.unit.cli.labs import record, typed

THEIRS = "lab theirs stays: there is no record of it here; if it is yours, `lab clean --all --name theirs` removes it"


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What one engine has of labs, one of them up, one destroyed but for its data, one made by somebody else."""
    record(tmp_path, {"docker": [1]}, "mine")
    secret = tmp_path / "state" / "vagrant-docker-lab" / "labs" / "kept" / "secrets" / "docker-database-password"
    secret.parent.mkdir(parents=True)
    secret.write_text("geheim")
    has = {"mine": ["mine-worker-1"], "kept": ["kept_store"], "theirs": ["theirs-worker-1"]}
    for name in registry.NAMES:
        substrate = type(registry.get(name))
        monkeypatch.setattr(substrate, "packed", lambda *_: {})
        monkeypatch.setattr(substrate, "data", lambda *_: ["kept_store"])
        monkeypatch.setattr(substrate, "leftovers", lambda self, *_: dict(has) if self.name == "docker" else {})
        monkeypatch.setattr(substrate, "remove", lambda _self, lab, *_, **__: has.pop(lab, None))
    monkeypatch.setattr(paths, "_TEMPORARY", tmp_path)
    return has


def test_labs_of_others_stay_and_it_is_said_how_they_would_go(engine: dict[str, list[str]], tmp_path: Path) -> None:
    gave = typed(tmp_path, "clean", "--all", "--yes")
    assert gave.code == 0, gave.err
    assert set(engine) == {"theirs"}
    assert gave.err.splitlines()[-1].endswith(f"  {THEIRS}")


def test_a_lab_that_is_named_goes_whoever_made_it(engine: dict[str, list[str]], tmp_path: Path) -> None:
    gave = typed(tmp_path, "clean", "--all", "--name", "theirs", "--yes")
    assert gave.code == 0, gave.err
    assert set(engine) == {"mine", "kept"}
    assert "stays" not in gave.err


def test_a_dry_run_says_which_labs_would_go_and_which_stay(engine: dict[str, list[str]], tmp_path: Path) -> None:
    gave = typed(tmp_path, "clean", "--all", "--dry-run")
    assert gave.code == 0, gave.err
    lines = gave.out.splitlines()
    assert "mine: would remove docker: mine-worker-1" in lines
    assert "kept: would remove docker: kept_store" in lines
    assert THEIRS in lines
    assert not [line for line in lines if line.startswith("theirs")]
    assert set(engine) == {"mine", "kept", "theirs"}


def test_without_all_no_lab_goes(engine: dict[str, list[str]], tmp_path: Path) -> None:
    gave = typed(tmp_path, "clean", "--yes")
    assert gave.code == 0, gave.err
    assert set(engine) == {"mine", "kept", "theirs"}
    assert "images and boxes stay, for lab theirs may use them" in gave.err
