"""What was begun stands in a file until it is healed, and is healed on any exit, the last one first."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest

from lab.faults import catalogue, injection
from lab.faults.base import Before, Fault
from lab.faults.catalogue import Planned
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import NodeName, Role
from tests.unit.faults.ground import ground

W1, W2 = Planned("fake", NodeName.parse("worker-1")), Planned("fake", NodeName.parse("worker-2"))
ALL = ["inject", "verify", "confirm", "heal"]
WAITS = (
    "interrupted: waiting until fake of worker-1 is healed, which takes a moment; "
    "Ctrl-C once or twice more ends that, and `lab heal docker --name blue` heals it"
)


class Fake(Fault):
    """A fault that only tells in which order it was called, and fails where it is told to."""

    name = "fake"
    role = Role.WORKER
    says = "nothing happens"
    told: ClassVar[list[str]]
    fails: ClassVar[dict[str, BaseException]]
    said: ClassVar[list[str]]

    def _tell(self, what: str) -> None:
        self.told.append(f"{what} {self.target}")
        if what in self.fails:
            raise self.fails[what]

    def inject(self, by: Deadline) -> None:
        self._tell("inject")

    def verify(self, before: Before, by: Deadline) -> str:
        self._tell("verify")
        return "seen"

    def confirm(self, seen: str, by: Deadline) -> str:
        self._tell("confirm")
        return f"{seen} twice"

    def heal(self, by: Deadline) -> None:
        self._tell("heal")


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> type[Fake]:
    monkeypatch.setitem(catalogue.FAULTS, "fake", Fake)
    monkeypatch.setattr(Fake, "told", [], raising=False)
    monkeypatch.setattr(Fake, "fails", {}, raising=False)
    monkeypatch.setattr(Fake, "said", [], raising=False)
    return Fake


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "faults-docker.json"


def by() -> Deadline:
    return Deadline.after(30, "one test")


def no(what: str) -> LabError:
    return LabError(f"no {what}", where="here", mend="none")


def go(file: Path, do: Callable[[injection.Injected], object] = lambda _: None) -> None:
    with injection.injected(ground(), W1, file, Fake.said.append, by()) as made:
        do(made)


def test_a_fault_is_in_the_file_while_it_is_made_and_out_of_it_once_healed(file: Path, fake: type[Fake]) -> None:
    go(file, lambda made: fake.told.append(f"{injection.read(file) == [W1]} {made.confirmed(by()).evidence}"))
    assert fake.told == [*(f"{what} worker-1" for what in ALL[:3]), "True seen twice", "heal worker-1"]
    assert fake.said == [], "nothing is waited for that nobody knows of"
    assert injection.read(file) == []


@pytest.mark.parametrize(
    "error", [no("luck"), KeyboardInterrupt(), ValueError()], ids=lambda error: type(error).__name__
)
@pytest.mark.parametrize("where", ["inject", "the block"])
def test_it_is_healed_on_any_exit(file: Path, fake: type[Fake], where: str, error: BaseException) -> None:
    def fail(_: injection.Injected) -> None:
        raise error

    if where == "inject":
        fake.fails[where] = error
    with pytest.raises(type(error)):
        go(file, fail)
    assert fake.told[-1] == "heal worker-1"
    assert fake.said == ([WAITS] if isinstance(error, KeyboardInterrupt) else [])
    assert injection.read(file) == []


def test_ctrl_c_does_not_cut_the_making_of_a_fault(
    file: Path, fake: type[Fake], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that was asked goes on with it: healed meanwhile, the lab would be struck afterwards, for good."""

    def inject(fault: Fake, _: Deadline) -> None:
        signal.raise_signal(signal.SIGINT)
        fault._tell("inject")

    monkeypatch.setattr(Fake, "inject", inject)
    with pytest.raises(KeyboardInterrupt):
        go(file)
    assert fake.told == ["inject worker-1", "heal worker-1"]
    assert fake.said == [WAITS]


@pytest.mark.parametrize("first", [None, KeyboardInterrupt()], ids=["healing in time", "healing after Ctrl-C"])
def test_ctrl_c_while_it_is_healed_waits_for_that(
    file: Path, fake: type[Fake], monkeypatch: pytest.MonkeyPatch, first: BaseException | None
) -> None:
    """Making a worker's successor takes most of the time of a fault: that is when Ctrl-C comes."""

    def heal(fault: Fake, _: Deadline) -> None:
        signal.raise_signal(signal.SIGINT)
        assert fake.said == [WAITS], "it is said while it is waited for, and once"
        fault._tell("heal")

    monkeypatch.setattr(Fake, "heal", heal)
    if first is not None:
        fake.fails["verify"] = first
    with pytest.raises(KeyboardInterrupt):
        go(file)
    assert fake.told[-1] == "heal worker-1"
    assert injection.read(file) == []


@pytest.mark.parametrize("where", ["verify", "confirm"])
def test_what_was_not_seen_has_no_evidence_and_is_healed(file: Path, fake: type[Fake], where: str) -> None:
    fake.fails[where] = no(where)
    seen: list[injection.Injected] = []
    go(file, lambda made: seen.append(made.confirmed(by())))
    assert (seen[0].evidence, seen[0].problem) == (None, f"no {where}")
    assert fake.told[-1] == "heal worker-1"


def test_several_are_healed_in_reverse_order(file: Path, fake: type[Fake]) -> None:
    both = [injection.injected(ground(), one, file, Fake.said.append, by()) for one in (W1, W2)]
    with both[0], both[1]:
        assert injection.read(file) == [W1, W2]
    assert fake.told[-2:] == ["heal worker-2", "heal worker-1"]


def test_what_could_not_be_healed_stays_in_the_file_for_another_process(file: Path, fake: type[Fake]) -> None:
    fake.fails["heal"] = no("heal")
    with pytest.raises(LabError, match="no heal"):
        go(file)
    with pytest.raises(LabError, match="no heal"), injection.injected(ground(), W2, file, Fake.said.append, by()):
        pass
    assert injection.read(file) == [W1, W2]
    fake.fails.clear()
    fake.told.clear()
    said: list[str] = []
    assert injection.heal_all(ground(), file, said.append, by()) == 2
    assert fake.told == ["heal worker-2", "heal worker-1"]
    assert said == ["healing fake of worker-2", "healing fake of worker-1"]
    assert injection.read(file) == []
