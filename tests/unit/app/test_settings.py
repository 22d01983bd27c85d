"""Wrong settings: one clear error that names the setting, and an end that nobody tries to mend by starting again."""

import os
import runpy
from pathlib import Path

import pytest

from lab.model.topology import Topology
from tests.unit.app.process import APP, launch, settings
from tests.unit.model.test_plan import TOPOLOGY
from tests.unit.model.test_plan import make as plan_of

HINT = ". Settings come from the environment; see settings.py\n"
STATELESS = {
    "LAB_MODE": "stateless",
    "LAB_DATABASE_URL": "postgresql://lab:secret@store/lab",
    "LAB_DRIVE": "/srv/drive",
}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"LAB_MODE": ""}, "LAB_MODE is not set"),
        ({"LAB_MODE": "both"}, "LAB_MODE must be stateless or stateful, not 'both'"),
        ({"LAB_NODE": ""}, "LAB_NODE is not set"),
        ({"LAB_SUBSTRATE": ""}, "LAB_SUBSTRATE is not set"),
        ({"LAB_LOCAL": "disk"}, "LAB_LOCAL must begin with /"),
        ({**STATELESS, "LAB_DRIVE": ""}, "LAB_DRIVE is not set"),
        ({**STATELESS, "LAB_DATABASE_URL": ""}, "LAB_DATABASE_URL is not set"),
        ({**STATELESS, "LAB_DATABASE_URL": "secret"}, "LAB_DATABASE_URL must begin with postgresql://"),
        ({"LAB_PORT": "http"}, "LAB_PORT must be a whole number from 1 to 65535, not 'http'"),
        ({"LAB_PORT": "70000"}, "LAB_PORT must be a whole number from 1 to 65535, not '70000'"),
        ({"LAB_THREADS": "0"}, "LAB_THREADS must be a whole number from 1 to 4096, not '0'"),
        ({"LAB_DRAIN_NOTICE_S": "-1"}, "LAB_DRAIN_NOTICE_S must be a whole number from 0 to 300, not '-1'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_setting_is_named(
    changed: dict[str, str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.syspath_prepend(APP)
    monkeypatch.setattr(os, "environ", settings(tmp_path, **changed))
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(APP / "gunicorn.conf.py"))
    assert (ended.value.code, capsys.readouterr().err) == (2, f"error: {told}{HINT}")


def test_a_worker_with_a_wrong_setting_ends_with_words_and_nothing_else(tmp_path: Path) -> None:
    app = launch(settings(tmp_path, LAB_MODE="both"), tmp_path / "log")
    assert app.ends() == 2
    assert app.log == f"error: LAB_MODE must be stateless or stateful, not 'both'{HINT}"


def test_a_worker_takes_what_the_largest_topology_tells_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    largest = TOPOLOGY.model_dump()
    largest["worker"]["max_connections"] = 1000
    told = plan_of(topology=Topology.model_validate(largest)).workers()[0].env["LAB_THREADS"]
    monkeypatch.syspath_prepend(APP)
    monkeypatch.setattr(os, "environ", settings(tmp_path, LAB_THREADS=told))
    assert runpy.run_path(str(APP / "gunicorn.conf.py"))["threads"] > 1000
