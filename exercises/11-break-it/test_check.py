"""Break it: five faults with a database that does not flush, on each of the learner's substrates; then it is mended."""

from collections.abc import Mapping, Sequence

from lab.exercise.evidence import Run
from lab.exercise.scene import Look, Scene
from lab.faults import catalogue
from lab.flows import prove
from lab.ledger.report import KEPT, UNKNOWN
from lab.model.node import STORE

Scenes = Mapping[str, Scene]
FOUR = ("pause", "cut-store", "disk-full", "database-kill")
POWER = "store-off"
MEND = "up @ --topology topology.toml"
LOST = "lost"
RESET = "`lab exercise reset break-it`"


def while_careless(runs: Sequence[Run], made: Sequence[float]) -> list[Run]:
    """The runs with the store that the exercise begins with. Pure."""
    return [run for run in runs if not made or run.began_at < made[0]]


def since_last(runs: Sequence[Run], made: Sequence[float]) -> list[Run]:
    """The runs with the store that is there now, if it is not the one that the exercise begins with. Pure."""
    return [run for run in runs if made and run.began_at >= made[-1]]


def _careless(scene: Scene) -> list[Run]:
    # A store's settings stay as they were when it was made.
    return while_careless(scene.runs(), scene.made(STORE))


def test_four_faults_that_leave_the_power_alone_lost_nothing(scenes: Scenes, look: Look) -> None:
    """Four faults that leave the store's power alone took no confirmed write with them, although nothing was flushed"""
    look.at("the journals of the proofs that were run on lab {lab} while the database did not flush")
    runs = {name: _careless(scene) for name, scene in scenes.items()}
    left = {name: _left(scene, runs[name]) for name, scene in scenes.items()}
    look.note(runs=sum(map(len, runs.values())), left=sum(map(len, left.values())))
    # What is missing there cannot be made up for: no run with the store of by now counts.
    late = [name for name, scene in scenes.items() if left[name] and scene.made(STORE)]
    look.note(missing=_told(left), late=len(late))
    if (first := next((name for name in left if left[name]), None)) is not None:
        look.note(try_four=run_with(scenes[first], left[first]))
    if not any("database-kill" in names for names in left.values()):
        look.note(crash_lost="None")
    look.expect(
        not any(left.values()),
        saw=f"{_listed(runs, FOUR)}; still missing: {_told(left)}",
        expected=f"{', '.join(FOUR)} in runs whose verdict is kept, before the setting is changed",
        says=_says_of_four([run for found in runs.values() for run in found], _told(left), _elsewhere(scenes), late),
    )


def run_with(scene: Scene, faults: Sequence[str]) -> str:
    """The command that makes these faults happen there."""
    return scene.typed(f"prove run @ --kills 0 {' '.join(f'--fault {fault}' for fault in faults)}")


def _left(scene: Scene, runs: Sequence[Run]) -> list[str]:
    """Those of the four that no run was kept with, as far as they can be made here."""
    seen = {fault for run in runs if run.verdict == KEPT for fault in run.faults}
    if not (left := [fault for fault in FOUR if fault not in seen]):
        return []
    return [one for one in left if one not in catalogue.impossible(prove.ground_of(scene.lab), left, scene.by)]


def _told(left: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{', '.join(names)} on {name}" for name, names in left.items() if names) or "nothing"


def _listed(runs: Mapping[str, Sequence[Run]], faults: Sequence[str]) -> str:
    """The runs with one of these faults, by substrate, each with its verdict."""
    told = {
        name: [f"{run.verdict} with {', '.join(run.faults)}" for run in found if set(run.faults) & set(faults)]
        for name, found in runs.items()
    }
    return "; ".join(f"on {name}: {', '.join(found) or 'no run with it'}" for name, found in told.items())


def _elsewhere(scenes: Scenes) -> str:
    return next((other for scene in scenes.values() for other in scene.runs_elsewhere()), "")


def _says_of_four(runs: Sequence[Run], left: str, elsewhere: str, late: Sequence[str]) -> str:
    if late:
        return (
            f"Still missing: {left}. But on {' and '.join(late)} the store was made anew, as a change of its setting "
            "does, and only what was tried before that counts. "
            "`lab exercise reset break-it` brings back the lab that the exercise begins with."
        )
    if not runs and elsewhere:
        return f"You ran the proof on lab {elsewhere}. This exercise is about lab {{lab}}: type --name {{lab}} with it."
    if bad := [run for run in runs if run.verdict != KEPT and set(run.faults) & set(FOUR)]:
        return (
            f"Run {bad[-1].name} had {', '.join(bad[-1].faults)} in it, and its verdict is {bad[-1].verdict}: it does "
            "not show which of them was harmless. Read it with `lab prove show`, and run these faults without "
            "store-off."
        )
    return f"Still missing: {left}. Each is a word after --fault of `lab prove run`, and several go into one run."


def test_the_store_lost_its_power_while_the_database_was_careless(scenes: Scenes, look: Look) -> None:
    """The store lost its power while its database did not flush: a container loses nothing, a machine does"""
    look.at("the journals of the proofs in which the store lost its power")
    careless, left = {name: _careless(scene) for name, scene in scenes.items()}, dict[str, str]()
    late = []
    for name, scene in scenes.items():
        has_kernel = scene.lab.substrate.has_own_kernel
        good = [run for run in careless[name] if shows(run, has_own_kernel=has_kernel)]
        if not good:
            is_late = bool(scene.made(STORE))
            left[name] = _says_of_power(scene.runs(), careless[name], has_own_kernel=has_kernel, is_late=is_late)
            late += [name] if is_late else []
        elif has_kernel:
            look.note(machine_lost=_lost(good[-1]))
        else:
            look.note(container_lost="None")
    look.note(power_left=len(left), power_late=len(late))
    if left:
        look.note(try_power=run_with(scenes[next(iter(left))], [POWER]))
    look.expect(
        not left,
        saw=_listed(careless, [POWER]),
        expected="a run with store-off, before the setting is changed: kept with containers, lost with machines",
        says=" ".join(f"On {name}: {says}" for name, says in left.items()),
    )


def shows(run: Run, *, has_own_kernel: bool) -> bool:
    """Whether a run shows what the end of a careless store does there. Pure.

    A machine's database may also be damaged so that it does not start again: then the run ends without a verdict, and
    its journal says that this ended it. One that was cut off shows nothing.
    """
    if POWER not in run.faults:
        return False
    return run.verdict == LOST or _is_damaged(run) if has_own_kernel else run.verdict == KEPT


def _is_damaged(run: Run) -> bool:
    last = run.account.faults[-1]
    return run.verdict == UNKNOWN and last.name == POWER and last.ended_run


def _lost(run: Run) -> str:
    if run.verdict == LOST:
        return f"{run.lost} of {run.account.acknowledged}"
    return "the database did not start again"


def _says_of_power(runs: Sequence[Run], careless: Sequence[Run], *, has_own_kernel: bool, is_late: bool) -> str:
    says = _shows_nothing(runs, careless, has_own_kernel=has_own_kernel)
    if not is_late or RESET in says:
        return says
    return (
        f"{says} But its store was made anew since, as a change of its setting does, and only what was tried before "
        f"that counts: {RESET} brings back the lab that the exercise begins with."
    )


def _shows_nothing(runs: Sequence[Run], careless: Sequence[Run], *, has_own_kernel: bool) -> str:
    off = [run for run in careless if POWER in run.faults]
    late = [run for run in runs if POWER in run.faults and run not in off]
    if not off and late:
        return (
            f"run {late[-1].name} was made with a database that waits for its disk, so it says nothing about one that "
            f"does not. {RESET} brings back the lab that the exercise begins with."
        )
    if not off and any("database-kill" in run.faults for run in careless):
        return (
            "A crash of the database is not a power failure: the memory of the kernel that it runs on stays. Take the "
            "store's power away, too."
        )
    if not off:
        return "the store's power was not taken away yet: that is one of the faults, too."
    if has_own_kernel and off[-1].verdict == KEPT:
        return (
            "nothing was lost, by luck: the machine's kernel had just written all that it held. Take the power once "
            "more; luck of that kind is rare."
        )
    return f"the verdict of run {off[-1].name} is {off[-1].verdict}: read it with `lab prove show`, then run it again."


def test_the_database_waits_for_its_disk_again(scenes: Scenes, look: Look) -> None:
    """In the end the database waits for its disk again"""
    look.at("the setting fsync of the database that runs")
    settings = {name: scene.sql("SHOW fsync")[0][0] for name, scene in scenes.items()}
    off = [name for name, setting in settings.items() if setting != "on"]
    look.note(not_flushing=len(off), mend=" and ".join(scenes[name].typed(MEND) for name in off))
    look.expect(
        not off,
        saw=", ".join(f"fsync is {setting} on {name}" for name, setting in settings.items()),
        expected="fsync is on",
        says=f"On {' and '.join(off)} the database still does not wait for its disk. That a proof said kept is no "
        "reason to leave it so: it is about what was taken away in it. The kit's own topology.toml has it right.",
    )


def test_with_machines_it_was_seen_that_this_helps(scenes: Scenes, look: Look) -> None:
    """With machines: the store lost its power once more after that, and nothing was lost"""
    look.at("the journals of the proofs that were run since the setting was changed")
    machines = {name: scene for name, scene in scenes.items() if scene.lab.substrate.has_own_kernel}
    later = {name: since_last(scene.runs(), scene.made(STORE)) for name, scene in machines.items()}
    left = [name for name in machines if not any(POWER in run.faults and run.verdict == KEPT for run in later[name])]
    look.note(again_left=len(left), try_again=" and ".join(run_with(scenes[name], [POWER]) for name in left))
    look.expect(
        not left,
        saw=_listed(later, [POWER]) or "there are no machines in this exercise of yours",
        expected="where there are machines: a run with store-off since fsync is on, and its verdict is kept",
        says="That the setting helps is a claim until the power has failed once more since it was changed.",
    )


def test_the_lab_is_whole(scenes: Scenes, look: Look) -> None:
    """The lab is whole: two workers serve, and no fault is left unhealed"""
    look.at("the load balancer's list of workers, and the faults that a run may have left")
    serving = {name: len(scene.serving()) for name, scene in scenes.items()}
    open_faults = {name: len(prove.unhealed(scene.lab)) for name, scene in scenes.items()}
    broken = [name for name in scenes if serving[name] < 2 or open_faults[name]]
    mend = ", then ".join(scenes[name].typed(words) for name in broken for words in ("heal @", "up @"))
    look.note(broken=len(broken), heal=mend)
    look.expect(
        not broken,
        saw=", ".join(f"on {name} {n} serve, {open_faults[name]} faults unhealed" for name, n in serving.items()),
        expected="two workers that serve, no fault unhealed",
        says=f"Something is still broken. {mend} mends it.",
    )
