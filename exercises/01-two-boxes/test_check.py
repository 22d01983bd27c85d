"""Two boxes, one app: an entry on each site, and a program in each box, seen from inside and from outside."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from lab.exercise.scene import Look, Scene
from lab.model.node import NodeName, Role, State

Scenes = Mapping[str, Scene]


def test_your_entry_is_there(scenes: Scenes, look: Look) -> None:
    """The site in each kind of box has an entry that you wrote"""
    look.at("the entries that users see")
    has = {name: any(scene.word in text.lower() for text in scene.entries()) for name, scene in scenes.items()}
    missing = [name for name, is_there in has.items() if not is_there]
    look.note(entry=not missing, without=" and on ".join(missing))
    both = "The two sites are alike and know nothing of each other. " if True in has.values() else ""
    look.expect(
        not missing,
        saw=f"no entry with your word on the site on {' and '.join(missing)}",
        expected="an entry with {word} in it, on the site in each kind of box that you have",
        says=f"{both}Nobody wrote {{word}} into the site on {' and '.join(missing)}. "
        "`lab status --name {lab}` shows its address: open it, and write an entry with that word.",
    )


def test_your_program_runs_in_each_box(scenes: Scenes, look: Look) -> None:
    """A program that you started runs in worker-1, in each kind of box"""
    number = _number(next(iter(scenes.values())))
    look.at(f"the programs that run in each box, and on this computer, for sleep {number}")
    missing = [scene for scene in scenes.values() if not any(node.role is Role.WORKER for node in _homes(scene))]
    expected = f"`sleep {number}` in worker-1 of lab {{lab}}, on {' and on '.join(scenes)}"
    if missing:
        place, says = _instead(missing[0])
        look.note(program=place, where=missing[0].substrate, number=int(number))
        look.expect(False, saw=f"on {missing[0].substrate}: {place}", expected=expected, says=says)
    look.note(program="inside")
    if (seen := _seen(scenes, number)) is not None:
        look.note(seen=seen)
    if (told := _uptime(scenes)) is not None:
        look.note(uptime=told)
    look.expect(True, saw="it runs in each", expected=expected, says="")


def _homes(scene: Scene) -> dict[NodeName, int]:
    """The nodes of the lab in which programs of the learner's run, and how many do."""
    running = [name for name, state in scene.lab.states(scene.by).items() if state is State.RUNNING]
    found = {name: _running(scene, name) for name in sorted(running)}
    return {name: count for name, count in found.items() if count}


def _running(scene: Scene, node: NodeName) -> int:
    return programs(scene.into(node).check_output("ps -eo args"), _number(scene))


def _number(scene: Scene) -> str:
    return scene.word.rpartition("-")[2]


def programs(listing: str, number: str) -> int:
    """How many programs `sleep NUMBER` are in this list of `ps -eo args`. Pure."""
    return len(re.findall(rf"^ *(?:\S*/)?sleep {number}s?$", listing, re.MULTILINE))


def _instead(scene: Scene) -> tuple[str, str]:
    """Where the program is that should run in the worker, and what that means."""
    if gone := scene.destroyed(scene.started_at, time.time()):
        return "gone", (
            f"{gone[-1]} was destroyed after you had begun. A program lives in its box, and goes with it: the new "
            f"{gone[-1]} never had it. Start it once more."
        )
    if any(not is_boxed for is_boxed in _here(_number(scene))):
        return "outside", (
            "Your program runs on your own computer, in no box at all. A command runs where you type it, unless "
            "`lab exec` and the name of a box stand in front of it."
        )
    if others := [*_homes(scene)]:
        return "another box", (
            f"Your program runs in {others[0]}. That is a box as well, but not the one that makes the pages: start it "
            "in worker-1, too."
        )
    return "nowhere", (
        f"No program of yours runs in worker-1 of lab {{lab}} on {scene.substrate}. `lab exec` starts one there; say "
        "--name {lab} with it, use the number of your word, and leave it while you check."
    )


def _here(number: str) -> Iterator[bool]:
    """Each program `sleep NUMBER` in this computer's own list: whether it is in a container."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            words = (folder / "cmdline").read_text().split("\0")
            if Path(words[0]).name == "sleep" and number in words[1:]:
                yield is_boxed((folder / "status").read_text())


def is_boxed(status: str) -> bool:
    """Whether a program has a list of programs of its own, by its file /proc/PID/status: then it has a number in that
    list besides the one here (proc_pid_status(5), NSpid). Pure."""
    numbers = re.search(r"^NSpid:(.*)$", status, re.MULTILINE)
    return numbers is not None and len(numbers[1].split()) > 1


def _seen(scenes: Scenes, number: str) -> str | None:
    contained = [sum(_homes(one).values()) for one in scenes.values() if not one.lab.substrate.has_own_kernel]
    return in_the_list([*_here(number)], contained, has_machine=len(contained) < len(scenes))


def in_the_list(here: Sequence[bool], contained: Sequence[int], *, has_machine: bool) -> str | None:
    """Which of the programs are in this computer's list, from what it has (whether each is in a container) and how many
    containers have. None where the list does not show others' programs to us. Pure."""
    if contained and not any(here):
        return None
    told = ["the one in the container is in the list"] if contained else []
    # Each that is listed is one of a container's: so none of them is a machine's.
    is_away = has_machine and all(here) and len(here) == sum(contained)
    told += ["the one in the virtual machine is not in the list"] if is_away else []
    return "; ".join(told) or None


def _uptime(scenes: Scenes) -> str | None:
    """How long a container says that it has been up, and this computer; None where there is no container."""
    for scene in scenes.values():
        if not scene.lab.substrate.has_own_kernel:
            inside = scene.into(scene.workers[0]).check_output("cat /proc/uptime")
            told, ours = (float(text.split()[0]) / 60 for text in (inside, Path("/proc/uptime").read_text()))
            return f"{told:,.0f} minutes; your computer says {ours:,.0f}"
    return None
