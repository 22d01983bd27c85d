"""One running app for all tests that do it no harm."""

from collections.abc import Iterator

import pytest

from tests.unit.app.process import App, running


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running(tmp_path_factory.mktemp("worker") / "disk") as started:
        started.await_ready()
        yield started


@pytest.fixture(scope="session")
def url(app: App) -> str:
    return app.url


@pytest.fixture(scope="session")
def mode() -> str:
    return "stateful"
