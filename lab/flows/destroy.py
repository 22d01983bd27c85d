"""`lab destroy`: the end of a lab."""

import shutil
from pathlib import Path

from lab.faults import injection
from lab.flows import autoscaler, deployment, leases
from lab.flows.listing import SECRET, labs, secret
from lab.host import lock, paths
from lab.model.deadline import Deadline
from lab.substrates import registry
from lab.substrates.base import Report

JOURNALS = "the journals of its proofs"


def destroy(lab: str, substrates: list[str], report: Report, by: Deadline, *, volumes: bool) -> None:
    """Removes the lab's nodes and networks, with `volumes` its data and secrets too. Works by name alone.

    With `volumes`, and nothing left of the lab in any engine, its folder goes too, and so the journals of its proofs.

    A lab that is not there is destroyed already. Raises UsageError, with nothing changed, while somebody else than its
    autoscaler changes it.
    """
    _await_others(lab, substrates, report, by)
    autoscaler.stop(lab, substrates, report, by)
    with deployment.changing(lab, "destroy", by, tell=report) as orphans:
        for line in orphans:
            report(f"ended what an interrupted run had left: {line}")
        for name in substrates:
            registry.get(name).remove(lab, _removed(name, report), by, volumes=volumes)
            forget(lab, name, volumes=volumes)
        folder = paths.lab(lab)
        ends = volumes and lab not in labs(by)[0] and not _secrets(folder)
        if ends and _has_journals(folder):
            report(f"removed {JOURNALS}")
        _tidy(folder, everything=ends)


def _await_others(lab: str, substrates: list[str], report: Report, by: Deadline) -> None:
    """Returns once nobody changes the lab but an autoscaler that is to end; raises UsageError as `changing` does. Who
    is refused the lock later would have ended that for nothing."""
    ending = {scaler.pid for name in substrates if (scaler := autoscaler.running(lab, name))}
    holder = lock.holder(leases.changes(lab))
    if ending and holder is not None and holder.pid not in ending:
        with deployment.changing(lab, "destroy", by, tell=report) as orphans:
            for line in orphans:
                report(f"ended what an interrupted run had left: {line}")


def forget(lab: str, substrate: str, *, volumes: bool) -> None:
    """Strikes off all that is written down of a lab on a substrate, but what belongs to data that stays."""
    injection.forget(deployment.open_faults(lab, substrate), volumes=volumes)
    deployment.forget(lab, substrate, volumes=volumes)


def _removed(substrate: str, report: Report) -> Report:
    return lambda thing: report(f"{substrate}: removed {thing}")


def _tidy(folder: Path, *, everything: bool) -> None:
    """Removes the folder of a lab of which nothing is left but logs, or, with `everything`, whatever is in it; the
    secret of data that was kept stays."""
    there = (entry.name for entry in folder.iterdir() if entry.suffix != ".lease")
    kept = set(there) - {"lock", "children", "logs", "secrets"}
    if (everything or not kept) and not _secrets(folder):
        shutil.rmtree(folder)


def _secrets(folder: Path) -> list[Path]:
    return list(folder.glob("secrets/*"))


def _has_journals(folder: Path) -> bool:
    return any(folder.glob("runs/*"))


def forecast(lab: str, substrates: list[str], by: Deadline, *, volumes: bool) -> list[str]:
    """What `destroy` would remove and what it would keep, in words; changes nothing."""
    lines = []
    for name in substrates:
        lines += [f"would end the autoscaler of {name}"] if autoscaler.running(lab, name) else []
        substrate = registry.get(name)
        held = [*substrate.leftovers(by).get(lab, []), *secret(lab, name)]
        kept = [] if volumes else [*substrate.data(lab, by), SECRET]
        lines += [f"would {'keep' if thing in kept else 'remove'} {name}: {thing}" for thing in held]
    if volumes and _has_journals(paths.lab(lab)) and not labs(by)[0].get(lab, {}).keys() - set(substrates):
        lines.append(f"would remove {JOURNALS}")
    return lines
