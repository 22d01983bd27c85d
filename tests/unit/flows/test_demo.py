"""The demo: what it asks of a lab whose workers go one by one, and what was seen on each substrate, side by side."""

from types import SimpleNamespace

import pytest

from lab.flows import demo, up, workers
from lab.flows.demo import ENTRIES, FILES, Shown, rows
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import Mode, NodeName, Role
from tests.unit.model.test_plan import make

W1 = NodeName(Role.WORKER, 1)
WRITES = ENTRIES + FILES + 1  # and the login
DOCKER = Shown(
    "docker",
    seconds={"bring the lab up": 4.0, "destroy worker-1": 0.25},
    facts={"engine": "Docker 26"},
    acknowledged=24,
    destroyed=["worker-1"],
    lost=["entry 1", "file 2"],
)
VAGRANT = Shown("vagrant", seconds={"bring the lab up": 90.0}, facts={"accelerator": "tcg"}, acknowledged=24)


def test_each_row_has_a_cell_for_each_substrate_and_a_dash_for_what_was_not_seen() -> None:
    assert rows([DOCKER, VAGRANT], lambda seconds: f"{seconds:.1f} s") == [
        ("bring the lab up", ["4.0 s", "90.0 s"]),
        ("destroy worker-1", ["0.2 s", "-"]),
        ("engine", ["Docker 26", "-"]),
        ("accelerator", ["-", "tcg"]),
        ("writes acknowledged", ["24", "24"]),
        ("workers destroyed", ["1", "0"]),
        ("writes lost", ["2", "0"]),
    ]


class Site:
    """A lab's site as its visitor sees it: without workers nobody answers. Where workers keep what they were given, it
    is worker 1 that does so for this visitor, and its successor has nothing of it."""

    def __init__(self, workers: tuple[int, ...], mode: Mode) -> None:
        self.plan = make(mode, workers=workers)
        self.serving = {spec.name for spec in self.plan.workers()}
        self.writes, self.gone = 0, list[str]()
        self.notes = SimpleNamespace(count=lambda: self.writes)

    def kill(self, name: NodeName) -> None:
        self.serving.remove(name)
        if self.plan.mode is Mode.STATEFUL and name == W1:
            self.gone = [f"write {number}" for number in range(self.writes)]

    def log_in(self) -> str:
        return self.write("in")

    def write(self, _what: object) -> str:
        self.missing()
        self.writes += 1
        return "worker-1"

    write_entry = write_file = write

    def missing(self) -> list[str]:
        needed = {W1} if self.plan.mode is Mode.STATEFUL else self.serving
        if not self.serving & needed:
            raise LabError("GET /entries said 503, not 200", where="the site", mend="look")
        return self.gone


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("numbers", [(1,), (1, 2)])
def test_every_worker_goes_and_is_replaced_also_where_it_is_the_only_one(
    numbers: tuple[int, ...], mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, told = Site(numbers, mode), list[str]()
    engine = SimpleNamespace(url=lambda _: "http://site", facts=lambda _: {})
    monkeypatch.setattr(up, "up", lambda *_: SimpleNamespace(plan=site.plan, substrate=engine))
    monkeypatch.setattr(demo, "Visitor", lambda _url: site)
    monkeypatch.setattr(demo, "_seen_inside", lambda _: {})
    monkeypatch.setattr(workers, "kill", lambda _, name, *__: site.kill(name))
    monkeypatch.setattr(workers, "replace", lambda _, name, *__: site.serving.add(name))
    shown = demo.show("blue", "docker", told.append, Deadline.after(60, "test"))
    assert (shown.acknowledged, len(shown.lost)) == (WRITES, WRITES if mode is Mode.STATEFUL else 0)
    assert shown.destroyed == [f"worker-{number}" for number in numbers]
    reads = [line for line in told if line.startswith("read everything back without")]
    assert len(reads) == (len(numbers) if len(numbers) > 1 and mode is Mode.STATELESS else 0)
    alone = "worker-1 was the only worker, so nobody answers until its successor does"
    assert (alone in told) is (len(numbers) == 1 and mode is Mode.STATELESS)
