"""What a refresh says in the end, and what it exits with."""

import pytest

from lab.cli import refresh
from lab.flows.refresh import Refreshed
from lab.scaling.rolling import Served, Traffic
from lab.store.source import Version

NEWEST = Version("0123456789abcdef", "t1", 1, "A friendlier page")


def test_a_refresh_tells_the_version_and_the_requests_that_failed(capsys: pytest.CaptureFixture[str]) -> None:
    code = refresh._tell(Refreshed(NEWEST, (), None, Traffic({}, Served(1200, 0), Served(900, 1))))
    assert (code, capsys.readouterr().out) == (
        0,
        "all workers run 0123456789: A friendlier page\n"
        "failed, as the load balancer saw it: 0 of 1,200 requests to new workers, 1 of 900 requests to the others\n",
    )


def test_one_that_went_back_says_why_and_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    why = "worker-3 did not become ready: no answer\n    its log"
    code = refresh._tell(Refreshed(NEWEST, (), why, Traffic({}, Served(), Served(900, 0))))
    assert code == 1
    assert capsys.readouterr().out.endswith("\nrolled back: worker-3 did not become ready: no answer\n")
