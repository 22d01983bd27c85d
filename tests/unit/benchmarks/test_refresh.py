"""What refreshes are kept, also where somebody cuts them off, and that the page says yes only where the figures do."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import click
import pytest

from benchmarks import refresh
from benchmarks.refresh_page import RefreshJson, SessionJson, demands, page
from lab.comparison.visitors import Ready, Visit
from lab.flows import deployment
from lab.flows.deployment import Deployed, Deployment
from lab.host import records
from lab.ledger.audit import Account
from lab.model.deadline import Deadline
from lab.model.node import Mode
from lab.substrates import registry
from tests.unit.model.test_plan import KEYS, TOPOLOGY, make


def one(code: int = 0, fewest: int | None = 4) -> RefreshJson:
    return {
        "at": "10:00:00",
        "seconds": 31.5,
        "code": code,
        "said": ["all workers run abc: Another page", "failed, as the load balancer saw it: 0 of 900 requests"],
        "requests": 2500,
        "failed": 0,
        "fewest_ready": fewest,
        "looks": 157,
        "missed_looks": 0,
    }


def session(*made: RefreshJson, requests: int = 100_000, refused: int = 0, **figures: object) -> SessionJson:
    clean = {"errors": 0, "lost": 0, "verdict": "kept", "p50_ms": 9.1, "p99_ms": 80.5}
    return {
        "circumstances": {"date": "today"},
        "accelerator": None,
        "workers": 4,
        "rate": 80.0,
        "requests": requests,
        "wanted": {"refreshes": 2, "requests": 100_000},
        "refreshes": list(made),
        "sentence": "Kept: all.",
        "figures": clean | figures,
        "users": {"writes_refused": refused},
    }


def test_all_demands_are_held() -> None:
    assert all(is_held for _, is_held in demands(session(one(), one())).values())


@pytest.mark.parametrize(
    ("found", "broken"),
    [
        (session(one()), "refreshes that ended with the new version"),
        (session(one(), one(code=1)), "refreshes that ended with the new version"),
        (session(one(), one(), requests=99_999), "requests"),
        (session(one(), one(), errors=1), "requests that failed or were refused: 0"),
        (session(one(), one(), refused=1), "requests that failed or were refused: 0"),
        (session(one(), one(), lost=1, verdict="lost"), "acknowledged writes lost: 0"),
        (session(one(), one(), verdict="unknown"), "acknowledged writes lost: 0"),
        (session(one(), one(fewest=3)), "ready workers, at least as many as wanted"),
        (session(one(), one(fewest=None)), "ready workers, at least as many as wanted"),
    ],
)
def test_a_demand_that_is_not_held_is_told(found: SessionJson, broken: str) -> None:
    assert [what for what, (_, is_held) in demands(found).items() if not is_held] == [broken]
    assert page({"docker": found}).count("**no**") == 1


def test_the_page_has_each_refresh_and_says_what_was_not_made() -> None:
    text = page({"docker": session(one(), one())})
    assert "| requests | 100,000: yes | not made yet |" in text
    assert "| requests that failed or were refused: 0 | 0 failed, 0 writes refused: yes | not made yet |" in text
    assert "| 2 | 31.5 | 2,500 | 0 | 4 | 157 | failed, as the load balancer saw it: 0 of 900 requests |" in text
    assert "2 refreshes of 32 s (median; 32 to 32). Kept: all." in text


def test_the_page_of_no_refreshes_says_so() -> None:
    assert "Not made yet." in page({})


def test_the_fewest_ready_workers_are_kept_and_a_look_without_an_answer_is_none() -> None:
    ready = Ready()
    for serving in (5, 4, None, 5):
        ready.see(serving)
    assert (ready.fewest, ready.looks, ready.missed) == (4, 3, 1)


@pytest.fixture
def _visited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab that nobody has to make has visitors; what is kept of the refreshes lies in the test's own folder."""
    visit = Visit(requests=2500, account=Account(errors=1, is_whole=True))
    monkeypatch.setattr(refresh, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(refresh, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(refresh, "circumstances_of", lambda _: {"date": "today"})
    monkeypatch.setattr(refresh, "brought_up", lambda *_: nullcontext())
    monkeypatch.setattr(refresh, "visiting", lambda *_: nullcontext(visit))
    monkeypatch.setattr(deployment, "load", lambda *_: None)


def kept() -> SessionJson:
    found: dict[str, SessionJson] = records.read_json(refresh.RESULTS) or {}
    return found["docker"]


@pytest.mark.usefixtures("_visited")
def test_what_was_refreshed_is_kept_also_where_somebody_cuts_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def refreshes(*_: object) -> Iterator[RefreshJson]:
        yield from (one(), one())
        raise KeyboardInterrupt

    monkeypatch.setattr(refresh, "_refreshes", refreshes)
    with pytest.raises(click.Abort):
        refresh.main.main(["--only", "docker"], standalone_mode=False)
    assert kept()["refreshes"] == [one(), one()]
    told = demands(kept())
    assert told["acknowledged writes lost: 0"] == told["requests that failed or were refused: 0"]
    assert told["requests that failed or were refused: 0"] == ("not told, for it was cut off", False)
    assert "It was cut off, so what became of the writes is not known." in refresh.PAGE.read_text()


@pytest.mark.usefixtures("_visited")
def test_what_came_of_the_writes_is_kept_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "_refreshes", lambda *_: iter([one()]))
    with pytest.raises(SystemExit) as ended:
        refresh.main.main(["--only", "docker"], standalone_mode=False)
    assert ended.value.code == 1, "a request failed"
    assert (kept()["requests"], len(kept()["refreshes"])) == (2500, 1)
    assert demands(kept())["requests that failed or were refused: 0"] == ("1 failed, 0 writes refused", False)
    assert "cut off" not in refresh.PAGE.read_text()


def test_where_the_visitors_have_gone_no_more_is_refreshed(monkeypatch: pytest.MonkeyPatch) -> None:
    visit, made = Visit(requests=10), list[RefreshJson]()
    monkeypatch.setattr(refresh, "_deploy", lambda *_: None)
    monkeypatch.setattr(refresh, "lab", lambda *_: 0.0)
    monkeypatch.setattr(refresh, "_other_version", lambda _: None)
    monkeypatch.setattr(refresh, "_refresh", lambda *_: one())
    lab = Deployment("refresh", registry.get("docker"), Deployed(0, Mode.STATELESS, (1,), TOPOLOGY, KEYS), make())
    for refreshed in refresh._refreshes(lab, refresh.ASKED["docker"], visit, Deadline.after(60, "one test")):
        made.append(refreshed)
        if len(made) == 3:
            visit.end(None)
    assert len(made) == 3
