"""`lab demo`: both labs up, every worker destroyed while a visitor's writes are kept, and the two side by side."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lab.flows import up, workers
from lab.flows.deployment import Deployment
from lab.host import http
from lab.model.deadline import Deadline
from lab.model.node import Mode, NodeName
from lab.model.plan import WORKER_PORT
from lab.substrates.base import Report
from lab.traffic.visitor import Visitor

ENTRIES, FILES = 20, 3


@dataclass
class Shown:
    """What the demo saw on one substrate: seconds by what was done, facts in words, and what was lost."""

    substrate: str
    url: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    acknowledged: int = 0
    destroyed: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def show(lab: str, substrate: str, report: Report, by: Deadline) -> Shown:
    """Runs the demo on one substrate and gives what it saw; the lab stays up."""
    shown = Shown(substrate)
    with _timed(shown, "bring the lab up"):
        brought = up.up(up.Wanted(lab, substrate), report, by)
    shown.url = brought.substrate.url(brought.plan)
    shown.facts = {"nodes": str(len(brought.plan.awake())), **brought.substrate.facts(by)}
    visitor = Visitor(shown.url)
    _write(visitor, report)
    shown.acknowledged = visitor.notes.count()
    for spec in brought.plan.workers():
        _lose(brought, spec.name, visitor, shown, report, by)
    shown.facts |= _seen_inside(brought)
    return shown


def forecast(lab: str, substrate: str, by: Deadline) -> list[str]:
    """What the demo would do on one substrate, in words; changes nothing."""
    return [
        *up.forecast(up.Wanted(lab, substrate), by),
        f"would write {ENTRIES} entries and {FILES} files through the load balancer",
        "would destroy each worker, read everything back, and make its successor",
    ]


def _write(visitor: Visitor, report: Report) -> None:
    seen = {visitor.log_in()}
    seen |= {visitor.write_entry(f"entry number {number}") for number in range(ENTRIES)}
    seen |= {visitor.write_file(f"file number {number}\n".encode() * 100) for number in range(FILES)}
    report(f"a visitor logged in, wrote {ENTRIES} entries and {FILES} files; answered by {', '.join(sorted(seen))}")


def _lose(lab: Deployment, name: NodeName, visitor: Visitor, shown: Shown, report: Report, by: Deadline) -> None:
    with _timed(shown, f"destroy {name}"):
        workers.kill(lab, name, report, by)
    lost = list[str]()
    if lab.plan.mode is Mode.STATEFUL:
        report(f"without {name} nobody can answer its users: nobody else has what they wrote")
    elif len(lab.plan.workers()) > 1:
        lost = visitor.missing()
        report(f"read everything back without {name}: {len(lost)} of {shown.acknowledged} writes lost")
    else:
        report(f"{name} was the only worker, so nobody answers until its successor does")
    with _timed(shown, f"its successor serves ({name})"):
        workers.replace(lab, name, report, by)
    # What is gone stays gone: each loss counts once.
    shown.lost = list(dict.fromkeys([*shown.lost, *lost, *visitor.missing()]))
    shown.destroyed.append(str(name))


def _seen_inside(lab: Deployment) -> dict[str, str]:
    spec = lab.plan.workers()[0]
    by = Deadline.after(10, "one look into a worker")
    kernel = lab.reach(spec.name).run(["uname", "-r"], by).out.strip()
    first = lab.reach(spec.name).run(["cat", "/proc/1/comm"], by).out.strip()
    answer = http.get(f"http://{spec.address}:{WORKER_PORT}/healthz", by)
    return {
        "kernel inside a worker": kernel,
        "first process": first,
        "commit": answer.headers.get("X-Commit", "?")[:10],
    }


@contextmanager
def _timed(shown: Shown, what: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    shown.seconds[what] = time.monotonic() - begun


def rows(shown: list[Shown], wording: Callable[[float], str]) -> list[tuple[str, list[str]]]:
    """The comparison: what, and a cell for each substrate. Pure."""
    keys = list(dict.fromkeys(key for one in shown for key in one.seconds))
    facts = list(dict.fromkeys(key for one in shown for key in one.facts))
    table = [(key, [wording(one.seconds[key]) if key in one.seconds else "-" for one in shown]) for key in keys]
    table += [(key, [one.facts.get(key, "-") for one in shown]) for key in facts]
    table.append(("writes acknowledged", [str(one.acknowledged) for one in shown]))
    table.append(("workers destroyed", [str(len(one.destroyed)) for one in shown]))
    table.append(("writes lost", [str(len(one.lost)) for one in shown]))
    return table
