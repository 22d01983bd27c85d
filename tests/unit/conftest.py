"""What holds for all unit tests.

Property tests look at what comes out, not at how long an example takes: that depends on who else is at work. Visitors
are called for a second or two here, again and again, and need not be called so long before they come.
"""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from lab.traffic import run
from tests.unit.cli.labs import AWAY

settings.register_profile("no clock", deadline=None)
settings.load_profile("no clock")


@pytest.fixture(scope="session", autouse=True)
def _visitors_come_soon() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "_LEAD_S", 2 * run.WINDOW_S)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_engine_is_there() -> Iterator[None]:
    """Who asks one all the same fails everywhere, and not only on a computer that has none."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in AWAY.items():
            patch.setenv(name, value)
        yield
