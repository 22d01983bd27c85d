"""One set of roles: what was done to servers by hand is gone, also what no role speaks of, and the data is there."""

from collections.abc import Mapping, Sequence
from functools import partial

from lab.exercise.scene import WRITTEN_AT, Look, Scene
from lab.flows import provision
from lab.flows.provision import Drift
from lab.host import http
from lab.model.node import STORE, NodeName, Role, State
from lab.model.plan import WORKER_PORT
from lab.timeline.events import Kind
from lab.timeline.words import clock

# What [start] in exercise.toml put there.
PROGRAM, SETTINGS = "/usr/local/bin/night-copy", "/etc/night-copy.conf"
NOTICE = "Closed until morning"
TOUCHED = NodeName(Role.WORKER, 1)
SITE = "/run/app/source"
WAIT_S = 60.0

Scenes = Mapping[str, Scene]

# To compare all servers takes long, and two parts ask for it: each substrate's is kept for the rest of this check.
_compared: dict[str, list[Drift]] = {}


def test_your_entry_is_there(scenes: Scenes, look: Look) -> None:
    """What you wrote into the site is there, also after the store was made anew"""
    for scene in scenes.values():
        # A store that was just repaired is started again, and may take a moment.
        look.wait(f"an answer of the site on {scene.substrate}", partial(_no_answer, scene), WAIT_S)
        look.at(f"the site's entries on {scene.substrate}, and whether its store still has the data of the beginning")
        has_data, texts = _has_data(scene), scene.entries()
        has_entry = _has_entry(scene, texts)
        look.note(data=has_data, entry=has_entry, status=scene.typed("status @"))
        look.expect(
            has_entry and has_data,
            saw=f"on {scene.substrate} {len(texts)} entries, and {'one' if has_entry else 'none'} with your word in it"
            + ("" if has_data else "; nothing is there of what the store had when you began"),
            expected=f"an entry with {{word}} in it on {scene.substrate}, in the store that you began with",
            says=_no_entry(scene, has_data=has_data),
        )
        if made := scene.made(STORE):
            _expect_older(scene, look, made[-1])


def _expect_older(scene: Scene, look: Look, made_at: float) -> None:
    wrote_at = _wrote_at(scene)
    look.note(late=wrote_at >= made_at)
    look.expect(
        wrote_at < made_at,
        saw=f"on {scene.substrate} a store that was made at {clock(made_at)}, and your entry of {clock(wrote_at)}",
        expected="an entry that is older than the store",
        says=f"What you wrote on {scene.substrate} came only after the store had been made anew, so it did not have to "
        "outlive anything. Now it is there: have all servers destroyed and made anew once more, without --volumes, and "
        "see.",
    )


def _wrote_at(scene: Scene) -> float:
    """When the learner's first entry was written, by the clock of the store."""
    [[at]] = scene.sql(f"SELECT {WRITTEN_AT} FROM entries WHERE text ILIKE '%{scene.word}%'")
    return float(at)


def _no_answer(scene: Scene) -> str | None:
    status = scene.get("/entries?limit=1").status_code
    return None if status == http.OK else f"it said {status}"


def _has_data(scene: Scene) -> bool:
    """Whether the store's data are those of the beginning: another store's source service has other commits."""
    return any(version.commit == scene.noted["commit"] for version in scene.versions())


def _has_entry(scene: Scene, texts: list[str]) -> bool:
    return any(scene.word in text.lower() for text in texts)


def _no_entry(scene: Scene, *, has_data: bool) -> str:
    if has_data:
        return (
            f"Nobody wrote {{word}} into the site on {scene.substrate}. Open its address, which "
            f"{scene.typed('status @')} shows, and write an entry with that word."
        )
    return (
        "The servers are as new, and so is the site: --volumes threw the store's data away, and all that users "
        "wrote was in there. Servers can be made again, data cannot. `lab exercise reset one-set-of-roles` begins anew."
    )


def test_each_server_is_as_its_roles_say(scenes: Scenes, look: Look) -> None:
    """Each server is as the Ansible roles say that it should be"""
    for scene in scenes.values():
        look.at(f"all servers on {scene.substrate}, held against their roles; it takes a while")
        differing = [drift for drift in _drifts(scene) if drift.tasks]
        look.note(drift=sum(len(drift.tasks) for drift in differing))
        look.note(compare=scene.typed("provision @"), repair=repair(differing))
        look.expect(
            not differing,
            saw="; ".join(f"on {scene.substrate} {one.node} would be changed by {_quoted(one)}" for one in differing),
            expected="nothing that any task would change",
            says=f"A role speaks of this, and the server has it otherwise. {scene.typed('provision @')} tells you "
            "where, and what to do about it.",
        )


def _drifts(scene: Scene) -> list[Drift]:
    if scene.substrate not in _compared:
        _compared[scene.substrate] = provision.provision(scene.lab, lambda _: None, scene.by, apply=False)
    return _compared[scene.substrate]


def repair(differing: Sequence[Drift]) -> str:
    """What brings these servers back to their roles: a worker is replaced, the others are repaired. Pure."""
    return ", then ".join(dict.fromkeys(drift.advice for drift in differing))


def _quoted(drift: Drift) -> str:
    return " and ".join(f'"{task}"' for task in drift.tasks)


def test_the_store_has_nothing_that_a_hand_put_there(scenes: Scenes, look: Look) -> None:
    """Nothing is on the store that a hand put there"""
    for scene in scenes.values():
        look.at(f"the files of {STORE} on {scene.substrate}")
        left = _left(scene)
        look.note(left_on_store=len(left), end=scene.typed("destroy @ --yes"), again=scene.typed("up @"))
        look.expect(
            not left,
            saw=f"on {scene.substrate} {STORE} has {' and '.join(left)}",
            expected="a store as its image has it, with its data",
            says=_left_over(left),
        )
        is_old = not scene.made(STORE)
        look.note(store_is_old=is_old)
        look.expect(
            not is_old,
            saw=f"on {scene.substrate} {STORE} has nothing of what is known, and is the one that you began with",
            expected="a store that was made since then, around its data",
            says="All that anybody named is gone from the store. It still is the one that was changed by hand, and "
            "nobody knows what else was done to it: only a store made anew, around its data, has none of it for sure.",
        )


def _left(scene: Scene) -> list[str]:
    """What the colleague put on the store, and no role speaks of."""
    return [path for path in (PROGRAM, SETTINGS) if scene.into(STORE).file(path).exists]


def _left_over(left: list[str]) -> str:
    if PROGRAM in left:
        return (
            f"No role speaks of {PROGRAM}, so no role looks for it: a role says what has to be there, and is silent "
            "about what must not be. You know of this one. Only a store made anew, around its data, is rid of what you "
            "do not know of."
        )
    return (
        f"You removed the program that you knew of. {' and '.join(left)} came with it, and nobody told you. How much "
        "more there is you cannot know, unless the store is made anew, around its data."
    )


def test_every_worker_runs_the_site_as_it_was_deployed(scenes: Scenes, look: Look) -> None:
    """Every worker runs the site as it was deployed, and none is the one that was changed by hand"""
    for scene in scenes.values():
        for worker in scene.workers:
            look.at(f"the site's files on {worker} on {scene.substrate}, and the page that it shows")
            files, is_closed = _changed(scene, worker), _is_closed(scene, worker)
            look.note(by_hand=len(files) + is_closed, replace=scene.typed(f"replace @/{worker}"))
            if is_closed and _is_repaired_only(scene):
                look.note(left_by_repair=len(files) + len(_left(scene)))
            look.expect(
                not files and not is_closed,
                saw=_saw(scene, worker, files, is_closed=is_closed),
                expected="the files of the version that was deployed, and their page",
                says=_by_hand(scene, worker, files, is_closed=is_closed),
            )
        is_old = TOUCHED in scene.workers and not scene.made(TOUCHED)
        look.note(worker_is_old=is_old, replace=scene.typed(f"replace @/{TOUCHED}"))
        look.expect(
            not is_old,
            saw=f"{TOUCHED} on {scene.substrate} runs the site as it was deployed, and is the one that you began with",
            expected="a worker that was made since then",
            says=f"You undid what you found on {TOUCHED}. It still is the one that was changed by hand, and the files "
            "of the site are not all that a hand can reach. A new worker has its image and what was deployed, no more.",
        )
    _note_after_anew(scenes, look)


def _changed(scene: Scene, worker: NodeName) -> list[str]:
    """The files of the site that differ from the version that the worker says it runs."""
    commit = scene.whoami(worker)["commit"]
    # A machine is entered as root, and the files are the app's.
    git = f"git --no-optional-locks -c safe.directory='*' -C {SITE} diff --name-only {commit}"
    return str(scene.into(worker).check_output(git)).split()


def _is_closed(scene: Scene, worker: NodeName) -> bool:
    return NOTICE in http.get(f"http://{scene.lab.plan.node(worker).address}:{WORKER_PORT}/", scene.by).text


def _saw(scene: Scene, worker: NodeName, files: list[str], *, is_closed: bool) -> str:
    shown = f'shows "{NOTICE}"' if is_closed else "shows the page"
    return f"{worker} on {scene.substrate} {shown}; changed by hand: {', '.join(files) or 'nothing'}"


def _by_hand(scene: Scene, worker: NodeName, files: list[str], *, is_closed: bool) -> str:
    if is_closed:
        return (
            f"Whoever gets {worker} reads that the site is closed. The roles do not speak of the site's own files: a "
            "worker fetches those when it starts. So no repair looks at them, and a new worker has them right."
        )
    return (
        f"You mended what you knew of, and {', '.join(files)} is changed too, of which nobody told you. Who mends by "
        "hand is never sure to have found everything. A new worker has nothing but what was deployed: "
        f"{scene.typed(f'replace @/{worker}')}."
    )


def _is_repaired_only(scene: Scene) -> bool:
    """Whether the roles are content with all servers, and else nothing was mended yet."""
    drifts = _compared.get(scene.substrate, [])
    was_repaired = bool(drifts) and not any(drift.tasks for drift in drifts)
    is_gone = any(event.fields.get("state") == State.ABSENT for event in scene.events(Kind.NODE))
    return was_repaired and not is_gone and len(_left(scene)) == len((PROGRAM, SETTINGS))


def _note_after_anew(scenes: Scenes, look: Look) -> None:
    """With every store made anew around its data, nothing left that a hand did, and an entry that outlived it."""
    if all(map(_has_kept, scenes.values())) and not any(map(_left, scenes.values())):
        look.note(after_anew="My entry")


def _has_kept(scene: Scene) -> bool:
    """Whether the store was made anew, and the site shows an entry of the learner's that was there before."""
    made = scene.made(STORE)
    is_there = bool(made) and _has_data(scene) and _has_entry(scene, scene.entries())
    return is_there and _wrote_at(scene) < made[-1]
