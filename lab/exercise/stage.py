"""An exercise's lab, brought to the state in which the exercise begins, from whatever state it is in."""

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.exercise import topology
from lab.exercise.catalogue import Exercise
from lab.exercise.evidence import failed
from lab.exercise.scene import fill
from lab.flows import autoscaler, deploy, deployment, destroy, prove, up, workers
from lab.flows.deployment import Deployment
from lab.host import paths, records
from lab.host.run import run
from lab.model.deadline import Deadline
from lab.model.errors import UsageError
from lab.model.node import NodeName
from lab.store import source
from lab.substrates.base import Report

_SITE = "/run/app/source"
"""Where a worker has the site's files, as it fetched them."""
# git's last two are what it says where the files are no clone any more.
_TOUCHED = {0: "as fetched", 1: "changed", 128: "no clone", 129: "no clone"}


@dataclass(frozen=True)
class Set:
    """What to bring about: the exercise's state, on one substrate, with the app in the folder `app`.

    `is_new` is a new beginning; otherwise the lab's data is there, it is mended, and what the learner did in it stays.
    """

    exercise: Exercise
    lab: str
    substrate: str
    app: Path
    topology: Path
    is_new: bool


def bring(wanted: Set, report: Report, by: Deadline) -> dict[str, Any]:
    """Brings the lab to its starting state, or mends it; gives what is noted of it: its newest commit, its workers,
    and what has failed of users' requests."""
    before = deployment.deployed(wanted.lab).get(wanted.substrate)
    lab = _begin(wanted, before, report, by) if wanted.is_new else _mend(wanted, report, by)
    newest = deploy.versions(lab, by)[0]
    names = [str(spec.name) for spec in lab.plan.workers()]
    return {"commit": newest.commit, "workers": names, "failures": vars(failed(lab, by))}


def _begin(wanted: Set, before: deployment.Deployed | None, report: Report, by: Deadline) -> Deployment:
    start = wanted.exercise.start
    _write_topology(wanted)
    autoscaler.stop(wanted.lab, [wanted.substrate], report, by)
    if before is not None and (reason := _unfit(wanted, before)):
        report(f"removing lab {wanted.lab} first: {reason}")
        destroy.destroy(wanted.lab, [wanted.substrate], report, by, volumes=start.fresh)
    elif before is not None:
        _tidy(wanted, report, by)
    asked = _as_it_begins(wanted)
    lab = up.up(asked, report, by)
    if _put_version(lab, wanted, report, by):
        lab = up.up(asked, report, by)
    for words in start.run:
        _type(wanted, words, report, by)
    return lab


def _as_it_begins(wanted: Set) -> up.Wanted:
    start = wanted.exercise.start
    return up.Wanted(wanted.lab, wanted.substrate, start.workers, start.mode, wanted.topology, start.sticky)


def _mend(wanted: Set, report: Report, by: Deadline) -> Deployment:
    """The lab as the learner has it by now, whole again: with their version, and as many workers as they wanted; if it
    was destroyed, with its data and so their version, and for the rest as the exercise begins."""
    if not deployment.is_there(wanted.lab, wanted.substrate):
        return up.up(_as_it_begins(wanted), report, by)
    _heal(deployment.load(wanted.lab, wanted.substrate), report, by)
    return up.up(up.Wanted(wanted.lab, wanted.substrate), report, by)


def forecast(exercise: Exercise, lab: str, substrate: str) -> str:
    """What `bring` would bring about, in words."""
    start = exercise.start
    data = ", without any data of before" if start.fresh else ""
    return f"would bring lab {lab} on {substrate} to {start.workers} workers, {start.mode}{data}"


def _write_topology(wanted: Set) -> None:
    changes = wanted.exercise.start.topology
    if changes:
        records.write(wanted.topology, topology.changed((paths.REPO / "topology.toml").read_text(), changes))


def _unfit(wanted: Set, before: deployment.Deployed) -> str:
    """Why the lab that is there cannot become the one that is wanted; empty where it can."""
    start = wanted.exercise.start
    if before.mode is not start.mode:
        return f"it is {before.mode}, and this exercise begins with a {start.mode} one"
    return "this exercise begins without any data" if start.fresh else ""


def _tidy(wanted: Set, report: Report, by: Deadline) -> None:
    """Undoes in a lab that is there what would be in the way of `up`, or what it leaves alone."""
    lab = deployment.load(wanted.lab, wanted.substrate)
    _heal(lab, report, by)
    # Workers have the numbers that the text speaks of, and nobody sleeps.
    lab = deployment.restaff(lab, range(1, wanted.exercise.start.workers + 1), ())
    try:
        _put_version(lab, wanted, report, by)
    except UsageError:
        # The store is not there yet: done when `up` has made it.
        report("the lab's store does not answer yet")


def _heal(lab: Deployment, report: Report, by: Deadline) -> None:
    if left := prove.unhealed(lab):
        report(f"healing {len(left)} faults that a run left")
        prove.heal(lab, report, by)


def _put_version(lab: Deployment, wanted: Set, report: Report, by: Deadline) -> bool:
    """Makes the exercise's app the newest version, and removes the workers that run another one, or in which a hand
    changed it: `up` makes them anew.

    True if there were any.
    """
    newest = deploy.versions(lab, by)[0]
    if source.difference(lab.copy_of_source, newest.commit, wanted.app, by):
        deploy.deploy(lab, wanted.app, f"Exercise {wanted.exercise.number}: {wanted.exercise.title}", report, by)
    history, removed = deploy.versions(lab, by), False
    there = lab.states(by)
    for name, commit in deploy.running(lab, by).items():
        if name in there and (why := _why_anew(lab, name, source.is_behind(history, commit), by)):
            report(f"removing {name}, {why}")
            workers.kill(lab, name, lambda _: None, by)
            removed = True
    return removed


def _why_anew(lab: Deployment, name: NodeName, is_behind: bool | None, by: Deadline) -> str:
    """Why a worker is not one to begin with, in words; empty where it is."""
    if is_behind is not False:
        return "which does not run the version that this exercise begins with"
    # A machine is entered as root, and the files are the app's.
    git = ["git", "--no-optional-locks", "-c", "safe.directory=*", "-C", _SITE, "diff", "--quiet", "HEAD"]
    return "in which a hand changed the site's files" if lab.reach(name).run(git, by, ok=_TOUCHED).status else ""


def _type(wanted: Set, words: tuple[str, ...], report: Report, by: Deadline) -> None:
    filled = [fill(word, {"lab": wanted.lab, "substrate": wanted.substrate}) for word in words]
    report(f"`lab {shlex.join(filled)}`")
    env = {"PYTHONPATH": str(paths.REPO)}
    run([sys.executable, "-P", "-m", "lab", *filled, "--name", wanted.lab], by=by, env=env)
