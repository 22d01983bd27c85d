"""Where state lives: what the learner wrote is in the store, and older than every node."""

from collections.abc import Mapping, Sequence

from lab.exercise.scene import WRITTEN_AT, Look, Scene, listed
from lab.model.node import LOADBALANCER, STORE, NodeName, Role, State
from lab.timeline.events import Event, Kind
from lab.timeline.words import clock

_DATABASE = "/srv/store/database"
_THINGS = ("entry", "login", "file")

# When the first entry and the first login were written.
_WRITTEN = f"""
SELECT (SELECT {WRITTEN_AT} FROM entries WHERE text ILIKE '%WORD%'),
    (SELECT {WRITTEN_AT} FROM sessions WHERE user_name ILIKE '%WORD%')
"""


def test_an_entry_a_login_and_a_file_of_yours_are_in_the_store(scene: Scene, look: Look) -> None:
    """An entry, a login and a file of yours are in the store"""
    look.at("the tables of the database and the folder of the drive, on store-1, past the site")
    there = _there(scene)
    look.note(entry=there["entry"] > 0, login=there["login"] > 0, file=there["file"] > 0)
    missing = [what for what, count in there.items() if not count]
    look.expect(
        not missing,
        saw="with your word: " + ", ".join(f"{what} {count}" for what, count in there.items()),
        expected="one of each, with {word} in it",
        says=_missing(missing, is_new=_made_at(scene) > scene.started_at),
    )


def _there(scene: Scene) -> dict[str, int]:
    """How many entries, logins and files with the learner's word the store has."""
    [[entries, logins]] = scene.sql(
        f"SELECT (SELECT count(*) FROM entries WHERE text ILIKE '%{scene.word}%'), "
        f"(SELECT count(*) FROM sessions WHERE user_name ILIKE '%{scene.word}%')"
    )
    return {"entry": int(entries), "login": int(logins), "file": len(scene.uploaded())}


def _made_at(scene: Scene) -> float:
    """When the database was made for the first time: the change time of a file that nothing touches after that."""
    return float(scene.as_root(STORE, f"stat -c %Z {_DATABASE}/PG_VERSION"))


def _missing(missing: Sequence[str], *, is_new: bool) -> str:
    if len(missing) == 3 and is_new:
        return (
            "The store's disk is a new one, too: it was made after you began. Whoever destroys a lab with --volumes "
            "throws the data away; without that word the disk stays, for the next store. Write your three things again."
        )
    if list(missing) == ["file"]:
        return (
            "Nothing of yours is on the drive: entries and logins are rows of the database, and only files go there. "
            "Upload one, then go on as before: what was written after a node was made says nothing about that node."
        )
    what = " and ".join(f"{'an' if one == 'entry' else 'a'} {one}" for one in missing)
    return f"The store has not all three: write {what} with {{word}}. Use the site of lab {{lab}}, not that of another."


def test_there_was_a_moment_without_any_worker(scene: Scene, look: Look) -> None:
    """After you had written, there was a moment without any worker"""
    look.at("the lab's timeline: which workers there were when; and when your three things were written")
    firsts = _firsts(scene, look)
    wrote, nodes = max(firsts.values()), scene.events(Kind.NODE)
    moments = emptied(nodes, scene.noted["workers"])
    empty = [at for at in moments if at >= wrote]
    kill = ", then ".join(scene.typed(f"kill @/{name}") for name in scene.workers)
    look.note(emptied=bool(empty), kill=kill)
    if empty and _there(scene)["login"]:
        look.note(login_after="Yes")
    gone = [event.what for event in nodes if event.fields.get("state") == State.ABSENT and event.at >= wrote]
    moment = f"all were gone at {clock(empty[0])}" if empty else "at every moment some worker was there"
    look.expect(
        bool(empty),
        saw=f"gone since you wrote: {', '.join(gone) or 'nobody'}; {moment}",
        expected="a moment at which all workers were gone",
        says=_not_empty(gone, late(firsts, moments[-1]) if moments else []),
    )


def _firsts(scene: Scene, look: Look) -> dict[str, float]:
    """When the first entry, login and file of the learner's were written, by the clock of the store; all is told by
    these."""
    [row] = scene.sql(_WRITTEN.replace("WORD", scene.word))
    times = [*row, *map(str, scene.uploaded()[:1])]
    firsts = {what: float(at) for what, at in zip(_THINGS, times, strict=False) if at}
    look.expect(
        len(firsts) == len(_THINGS),
        saw=f"of yours: {listed([*firsts]) if firsts else 'nothing'}",
        expected="an entry, a login and a file with {word}, written before the nodes are destroyed",
        says="The times at which you wrote tell what came before and what after. Write all three first.",
    )
    return firsts


def late(firsts: Mapping[str, float], at: float) -> list[str]:
    """Which of the learner's things were written only after a time at which another was there already. Pure."""
    after = [what for what, wrote in firsts.items() if wrote >= at]
    return after if len(after) < len(firsts) else []


def _yours(things: Sequence[str]) -> str:
    return listed([f"your {what}" for what in things])


def _not_empty(gone: Sequence[str], late: Sequence[str]) -> str:
    if late:
        return (
            f"You wrote {_yours(late)} only after all workers had been gone: those that were there when you did could "
            "have kept it. Destroy all of them once more."
        )
    if len(set(gone)) > 1:
        return (
            "While one worker was made anew the other was there, and could have handed your things on. Destroy all of "
            "them before you have new ones made."
        )
    return (
        "The workers that were there when you wrote could have kept it. Destroy all of them, then have new ones made."
    )


def emptied(nodes: Sequence[Event], first: Sequence[str]) -> list[float]:
    """When no worker was there, from the events of nodes in order of time, and who stood there first. Pure."""
    there, found = set(first), list[float]()
    for event in nodes:
        if event.fields.get("state") != State.ABSENT and event.what.startswith(Role.WORKER):
            there.add(event.what)
        elif event.what in there:
            there.remove(event.what)
            found += [] if there else [event.at]
    return found


def test_the_store_and_the_load_balancer_were_made_anew(scene: Scene, look: Look) -> None:
    """After you had written, the store was destroyed and made anew, and so was the load balancer"""
    look.at(
        "the lab's timeline: when the store and the load balancer were made; and when your three things were written"
    )
    firsts = _firsts(scene, look)
    wrote = max(firsts.values())
    made = {node: max(scene.made(node), default=0.0) for node in (STORE, LOADBALANCER)}
    old = [node for node, at in made.items() if at <= wrote]
    look.note(made_anew=not old)
    if STORE not in old and all(_there(scene).values()):
        look.note(after_the_store="All of it")
    told = ", ".join(f"{node} {f'at {clock(at)}' if at else 'not since you began'}" for node, at in made.items())
    times = ", ".join(f"your {what} at {clock(at)}" for what, at in firsts.items())
    look.expect(
        not old,
        saw=f"made anew: {told}; written were {times}",
        expected="both made after that",
        says=_not_made(old, _went_on(scene, wrote), late(firsts, made[STORE])),
    )


def _went_on(scene: Scene, wrote: float) -> str:
    """What became of the store since the learner had written, where it was not made anew: why it still may have all."""
    [[started]] = scene.sql("SELECT extract(epoch FROM pg_postmaster_start_time())")
    if float(started) > wrote:
        return (
            "The database ended and started again, but in the store that was there when you wrote: what lies on that "
            "node's own disk is there still. Destroy the node, and have another one made."
        )
    if any(event.what == "sleep" and event.at >= wrote for event in scene.events(Kind.CHANGE)):
        return (
            "A store that sleeps keeps its memory, and goes on with it when it wakes. So nothing was shown yet: end it."
        )
    return ""


def _not_made(old: Sequence[NodeName], went_on: str, late: Sequence[str]) -> str:
    if STORE not in old:
        return (
            "The store was made anew. The load balancer is the one that was there when you wrote, and all that you "
            "wrote went through it: destroy that one, too, and no node is left that saw it."
        )
    if went_on:
        return went_on
    if late:
        return (
            f"You wrote {_yours(late)} only after the store was started, so that may be in its memory only. End it "
            "once more, and see."
        )
    return "The store has been there all the time: what you wrote may be in its memory only. End it, and see."


def test_two_workers_show_it_to_users(scene: Scene, look: Look) -> None:
    """Two workers serve, and users see your entry"""
    look.at("the load balancer's list of workers, their disks, and the entries that users see")
    serving = scene.serving()
    look.note(serving=len(serving))
    look.expect(
        len(serving) >= 2,
        saw=f"{', '.join(serving) or 'nobody'} serves",
        expected="two workers that get requests",
        says="What was written is safe, and nobody is there to show it. Have the missing workers made.",
    )
    is_shown = any(scene.word in text.lower() for text in scene.entries())
    if is_shown:
        disks = (scene.lab.substrate.written(scene.name, name, scene.by) for name in scene.workers)
        look.note(written=sum(map(len, disks)))
    look.expect(
        is_shown,
        saw=f"{', '.join(serving)} serve, and show {'your entry' if is_shown else 'no entry with your word'}",
        expected="an entry with {word}",
        says="The workers do not show your entry. Is it in the store at all?",
    )
