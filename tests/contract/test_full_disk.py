"""Entries that a full disk has no room for are refused in words of their own, and are there once when sent again."""

import secrets

import httpx
import pytest

from lab.faults import catalogue, injection
from lab.faults.base import Ground
from lab.faults.catalogue import Planned
from lab.flows import prove
from lab.flows.deployment import Deployment
from lab.model.deadline import Deadline
from lab.model.node import STORE
from lab.traffic.session import CREATED
from tests.contract.conftest import say_nothing
from tests.contract.proof import NO_SPACE, check_healed

# As large as one may be, and of what cannot be compressed: the database takes a page of 8 KB for two of them.
TEXT = secrets.token_urlsafe(3072)
# The fault leaves 64 blocks of 4 KB at most, and the database may have begun a page before.
AT_MOST = 200
FILL_S = 120.0


@pytest.fixture
def full(running_lab: Deployment, by: Deadline) -> Planned:
    """The fault, where it can be made."""
    planned = Planned("disk-full", STORE)
    if why := catalogue.impossible(prove.ground_of(running_lab), [planned.fault], by):
        pytest.skip(f"{planned.fault}: {why[planned.fault]}")
    return planned


@pytest.mark.long("vagrant")
def test_an_entry_for_which_there_is_no_room_is_refused_absent_and_there_once_when_sent_again(
    running_lab: Deployment, full: Planned, url: str, by: Deadline
) -> None:
    ground, tag = prove.ground_of(running_lab), f"full-{secrets.token_hex(4)}"
    with httpx.Client(base_url=url, timeout=30, verify=False) as site:
        with injection.injected(ground, full, prove.open_faults(running_lab), say_nothing, by) as made:
            assert made.evidence, made.problem
            taken, refused, answer = fill_up(site, tag, by.at_most(FILL_S, f"{FILL_S:g} s of entries"))
        told = answer.json()
        assert told["error"].startswith("the store is full: ")
        assert told["mend"] == "make room on the store, then send the same again"
        check_healed(running_lab, by)
        assert found(ground, tag, by) == dict.fromkeys(taken, 1)
        assert post(site, refused).status_code == CREATED
        assert post(site, refused).status_code == CREATED
        assert found(ground, tag, by) == dict.fromkeys([*taken, refused], 1)


def fill_up(site: httpx.Client, tag: str, by: Deadline) -> tuple[list[str], str, httpx.Response]:
    """The keys of the entries that a full disk still took, and that of the first that it did not take, with the answer.

    What is in doubt, such as a 503, is sent again with its key, as each visitor does.
    """
    taken: list[str] = []
    answer = None
    while len(taken) < AT_MOST and not by.is_over():
        key = f"{tag}-{len(taken)}"
        answer = post(site, key)
        if answer.status_code == NO_SPACE:
            return taken, key, answer
        if answer.status_code == CREATED:
            taken.append(key)
    pytest.fail(f"a full disk took {len(taken)} entries of 4 KB; the last answer: {answer and answer.text}")


def post(site: httpx.Client, key: str) -> httpx.Response:
    return site.post("/entries", json={"text": TEXT}, headers={"Idempotency-Key": key})


def found(ground: Ground, tag: str, by: Deadline) -> dict[str, int]:
    """How often each key that begins so is in the database."""
    rows = ground.ask(f"SELECT key, count(*) FROM entries WHERE key LIKE '{tag}-%' GROUP BY key", by)
    return {key: int(count) for key, _, count in (row.partition("|") for row in rows.splitlines())}
