"""The one lab that the tests of a substrate share. A missing engine fails them; leaving one out is typed."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.flows import deployment
from lab.flows.deployment import Deployed, Deployment
from lab.host import paths
from lab.model.deadline import Deadline
from lab.model.node import Mode, NodeName, Role
from lab.substrates import registry
from tests.consoles import Consoles

# Who is started in the background ignores Ctrl-C, and so does all that it starts; tests send that signal to programs.
signal.signal(signal.SIGINT, signal.default_int_handler)

REPO = Path(__file__).resolve().parents[1]
WORKERS = 2
_CONSOLES = pytest.StashKey[Consoles]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--substrate", choices=registry.NAMES, help="the engine on which tests of a running lab run")
    parser.addoption(
        "--lab", default=None, help="a lab that is up; without it, a lab test-shared is made and destroyed"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_CONSOLES] = Consoles(paths.lab("any").parent)
    config.addinivalue_line(
        "markers", "only(what): a test that makes sense, or has the time, on one engine or in one mode only"
    )
    config.addinivalue_line(
        "markers", "long(*substrates): CI has no time for it (on these); `lab test -e long` runs it"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is for the other engine or mode, and long tests unless `-m long` was typed."""
    substrate, long_run = config.getoption("--substrate"), config.getoption("-m") == "long"
    here = (substrate, str(_mode(config)))
    chosen: list[pytest.Item] = []
    left: list[pytest.Item] = []
    for item in items:
        only = item.get_closest_marker("only")
        fits = only is None or substrate is None or only.args[0] in here
        (chosen if fits and _is_long(item, substrate) is long_run else left).append(item)
    config.hook.pytest_deselected(items=left)
    items[:] = chosen


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Of what was named for `tox -e long`, one substrate may have no long test: that is no failure."""
    if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and session.config.getoption("-m") == "long":
        session.exitstatus = pytest.ExitCode.OK


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.config.stash[_CONSOLES].deaths()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Beside a failure stand the kernels of machines that died during the test: they may be why."""
    report = yield
    if report.failed and (died := item.config.stash[_CONSOLES].deaths()):
        report.sections.append(("kernels that died", "\n".join(died)))
    return report


def _is_long(item: pytest.Item, substrate: str | None) -> bool:
    # A test of several parameters may have a mark of each: one that says so is enough.
    return any(not mark.args or substrate in mark.args for mark in item.iter_markers("long"))


@dataclass(frozen=True)
class Typed:
    """What a typed command gave."""

    code: int
    out: str
    err: str


def type_lab(*words: str, env: dict[str, str] | None = None, cwd: Path = REPO, timeout: float = 1800) -> Typed:
    """Types `lab WORDS` as a person would, in the kit at `cwd`, and gives what came of it."""
    done = subprocess.run(
        [sys.executable, "-m", "lab", *words],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return Typed(done.returncode, done.stdout, done.stderr)


def type_well(*words: str, **more: Any) -> Typed:
    """Types a verb that has to succeed."""
    gave = type_lab(*words, **more)
    assert gave.code == 0, f"`lab {' '.join(words)}`: {gave.err}{gave.out}"
    return gave


@pytest.fixture(scope="session")
def substrate_name(pytestconfig: pytest.Config) -> str:
    name = pytestconfig.getoption("--substrate")
    if name is None:
        pytest.fail("this test runs on a real engine: say which with --substrate docker or --substrate vagrant")
    return str(name)


@pytest.fixture(scope="session")
def running_lab(pytestconfig: pytest.Config, substrate_name: str) -> Iterator[Deployment]:
    given = pytestconfig.getoption("--lab")
    if given is not None:
        yield deployment.load(given, substrate_name)
        return
    shared = "test-shared"
    up = type_lab("up", substrate_name, "--workers", str(WORKERS), "--name", shared)
    try:
        assert up.code == 0, up.err
        yield deployment.load(shared, substrate_name)
    finally:
        down = type_lab("destroy", substrate_name, "--volumes", "--yes", "--name", shared)
    assert down.code == 0, down.err


@pytest.fixture(scope="session")
def url(running_lab: Deployment) -> str:
    return running_lab.substrate.url(running_lab.plan)


@pytest.fixture(scope="session")
def mode(running_lab: Deployment) -> Mode:
    return running_lab.plan.mode


def _given(config: pytest.Config) -> Deployed | None:
    """The lab that is up and was named; None for the one that is made for the tests."""
    given = config.getoption("--lab")
    return None if given is None else deployment.deployed(given).get(config.getoption("--substrate"))


def _mode(config: pytest.Config) -> Mode:
    given = _given(config)
    return given.mode if given else Mode.STATELESS


def nodes_of(config: pytest.Config) -> list[NodeName]:
    """The nodes of the lab under test, known before it is up: each becomes a test of its own."""
    given = _given(config)
    workers = list(given.workers) if given else list(range(1, WORKERS + 1))
    return [NodeName(Role.LOADBALANCER, 1), NodeName(Role.STORE, 1), *(NodeName(Role.WORKER, n) for n in workers)]


@pytest.fixture
def deadline() -> Deadline:
    return Deadline.after(300, "one test")
