"""The load balancer: a worker destroyed in the middle of an upload, one drained in the middle of one, all well."""

from collections.abc import Sequence
from typing import NamedTuple

from lab.exercise import evidence
from lab.exercise.evidence import Failures
from lab.exercise.scene import Look, Scene
from lab.model.node import State
from lab.timeline.events import Event, Kind

_NOBODY = "No worker was destroyed yet. Have two slow uploads under way, so that each worker has one; then destroy one."
_AT_WORK = "Have uploads under way, see on the gauge that each worker has one, and then destroy one."


def test_a_worker_was_destroyed_with_a_request_in_its_hands(scene: Scene, look: Look) -> None:
    """A worker was destroyed in the middle of a write, such as your upload, and that failed"""
    look.at("the lab's timeline, and what the load balancer counted of requests that failed")
    gone, failed = evidence.destroyed(scene.events(Kind.NODE)), scene.failed()
    look.note(destroyed=len(gone), cut=failed.cut)
    if gone and failed.cut:
        look.note(cut_upload="The upload fails, and the file is nowhere")
    look.expect(
        bool(gone) and failed.cut > 0,
        saw=f"destroyed without warning: {', '.join(gone) or 'nobody'}; failed since then: {failed.errors} requests, "
        f"{failed.cut} of them with the worker that had them in its hands",
        expected="a worker that was destroyed, and at least one request that failed with it",
        says=_not_cut(gone, failed),
    )


def _not_cut(gone: Sequence[str], failed: Failures) -> str:
    """What it means that nothing was cut with a worker. Pure."""
    if not gone:
        return _NOBODY
    if failed.errors:
        return (
            "There were errors, but none of these requests was in the hands of a worker that ended: nobody was there "
            f"to take them, or a worker that lived answered with the error. {_AT_WORK}"
        )
    return f"A worker was destroyed, and not one request failed: it had nothing of yours in its hands. {_AT_WORK}"


class Drain(NamedTuple):
    """A worker that got nothing new from `began` on, when it had so many requests under way, and was gone at `ended`;
    both in Unix time."""

    worker: str
    began: float
    ended: float
    requests: int


def drains(nodes: Sequence[Event]) -> list[Drain]:
    """The workers that were drained and then gone, from the events of nodes in order of time. Pure."""
    began: dict[str, Event] = {}
    found = []
    for event in nodes:
        state = event.fields.get("state")
        if state == State.DRAINING:
            began.setdefault(event.what, event)
        elif (first := began.pop(event.what, None)) is not None and state == State.ABSENT:
            found.append(Drain(event.what, first.at, event.at, first.fields.get("requests", 0)))
    return found


def meanwhile(one: Drain, uploaded: Sequence[float]) -> bool:
    """Whether a file was written while a worker was drained, by this one or by another. Pure."""
    return any(one.began < at < one.ended for at in uploaded)


def saved(found: Sequence[Drain], uploaded: Sequence[float]) -> Drain | None:
    """The last drain of a worker that had something under way, and in the middle of which a file was written: it was
    left the time for it. Pure."""
    return next((one for one in reversed(found) if one.requests and meanwhile(one, uploaded)), None)


def test_a_worker_was_drained_and_an_upload_was_left_the_time_to_end(scene: Scene, look: Look) -> None:
    """A worker was drained while it was taking an upload, and the file is there"""
    look.at("the lab's timeline, and when the files with your word were written on the drive")
    nodes, uploaded = scene.events(Kind.NODE), scene.uploaded()
    found = drains(nodes)
    good = saved(found, uploaded)
    look.note(drains=len(found), saved=good is not None)
    if good is not None:
        look.note(drain_s=round(good.ended - good.began))
    told = ", ".join(f"{one.worker} in {one.ended - one.began:.0f} s, with {one.requests} under way" for one in found)
    look.expect(
        good is not None,
        saw=f"drained: {told or 'nobody'}; files with your word that were written: {len(uploaded)}",
        expected="a worker that was drained with a request under way, and a file of yours written before it was gone",
        says=_says(evidence.destroyed(nodes), found, uploaded),
    )


def _says(destroyed: Sequence[str], found: Sequence[Drain], uploaded: Sequence[float]) -> str:
    if any(meanwhile(one, uploaded) for one in found):
        return (
            "It was drained, but had nothing under way when that began: what was written meanwhile went through "
            "another worker, and one that has nothing to do can leave in any way. See on the gauge that each worker "
            "has an upload, and then ask for one worker less."
        )
    if found:
        return (
            "It was drained, but no file of yours ended meanwhile: a worker that has nothing to do can leave in any "
            "way. Begin two slow uploads, with {word} in their names, and then ask for one worker less."
        )
    if destroyed:
        return (
            "Whoever left since you began was destroyed, and what they had in their hands was cut. A worker can leave"
            " in peace, too: say that the lab needs one less, while uploads are under way."
        )
    return "No worker was drained yet. That happens when you say that the lab needs one less."


def test_two_workers_are_well_and_in_service(scene: Scene, look: Look) -> None:
    """In the end two workers are well and in service, and the load balancer knows no others"""
    look.at("the load balancer's list of workers")
    servers, serving = scene.servers(), scene.serving()
    held = [one.name for one in servers if one.is_held_back]
    look.note(serving=len(serving), held_back=len(held))
    look.expect(
        len(serving) >= 2 and len(serving) == len(servers),
        saw=", ".join(f"{one.name} {one.status}" for one in servers) or "no worker",
        expected="at least two workers, all of them up and running",
        says=_not_in_service(held, [one.name for one in servers if one.name not in serving]),
    )


def _not_in_service(held: Sequence[str], others: Sequence[str]) -> str:
    if held:
        return (
            f"{held[0]} is well, and gets no requests: somebody took it out of service and did not give it back. "
            "Tell the load balancer that it is ready, or have the lab brought back to what it should be."
        )
    if others:
        return f"The load balancer goes on asking for {others[0]}, which is not there. Have the missing worker made."
    return "One worker alone is no reason to have a load balancer. Say that the lab needs two again."
