"""Each probe measures on a running lab: what it says can be true, and the lab is left as it was found."""

import dataclasses
import ipaddress
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from lab.comparison import belongings, catalogue
from lab.comparison.columns import Place, Way, places
from lab.comparison.phases import START
from lab.comparison.probes.base import Ground, Probe, Seen, Value
from lab.comparison.probes.every import probes
from lab.comparison.probes.worker import measured, root_of, unbounded
from lab.flows import deployment
from lab.flows.deployment import Deployment
from lab.host import network
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.plan import WORKER_PORT
from tests.conftest import type_well
from tests.contract.conftest import say_nothing, status
from tests.infra.test_nodes import QUOTA, UNIT

CONTROL_GROUPS = Path("/sys/fs/cgroup")
ONE_RUN_S = 900
ALL = {batch.name: [row.name for row in batch.rows] for batch in catalogue.BATCHES}


@pytest.fixture(scope="module")
def every() -> Mapping[str, Probe]:
    return probes()


@pytest.fixture
def grounds(whole: Deployment, tmp_path: Path) -> Mapping[Way, Ground]:
    """A ground of each way that this substrate's columns have; of settings the first."""
    found: dict[Way, Ground] = {}
    for place in places([whole.substrate], tuned=True):
        found.setdefault(place.way, Ground(place, whole.lab, tmp_path / place.key, say_nothing))
        (tmp_path / place.key).mkdir(exist_ok=True)
    return found


@pytest.fixture
def fresh(grounds: Mapping[Way, Ground]) -> Ground:
    return grounds[Way.FRESH]


@pytest.fixture
def bare(grounds: Mapping[Way, Ground]) -> Ground:
    if os.geteuid() != 0:
        pytest.fail("a bare process needs root: run this as root, or leave it out with -k 'not bare'")
    return grounds[Way.BARE]


@pytest.fixture(autouse=True)
def left_as_it_was(whole: Deployment, by: Deadline) -> Iterator[None]:
    """Nothing more and nothing less is there after a run; names of workers may change where one was replaced."""
    before = len(whole.substrate.leftovers(by)[whole.lab])
    yield
    # By a time of its own: that of the test may be over.
    soon = Deadline.after(ONE_RUN_S, "a whole lab")

    def probe() -> str | None:
        # One look is short, and an emulated machine may be busy for longer.
        found = status(whole)
        is_whole = len(found) == len(whole.plan.nodes) and all(node["ready"] for node in found.values())
        return None if is_whole else f"{found}"

    await_until(probe, soon, what="a whole lab", mend="")
    assert len(whole.substrate.leftovers(soon)[whole.lab]) == before


def measure(probe: Probe, ground: Ground, by: Deadline) -> dict[str, float]:
    """The numbers of one run, with a value for each row that is not said to be impossible."""
    return {name: value for name, value in run(probe, ground, by).items() if isinstance(value, float)}


def run(probe: Probe, ground: Ground, by: Deadline) -> dict[str, float | str]:
    impossible = probe.impossible(ground)
    probe.prepare(ground, by)
    found = {name: plain(value) for name, value in probe.once(ground, by).items()}
    probe.clear(ground, by)
    assert found.keys() == set(ALL[probe.name]) - impossible.keys()
    return found


def plain(value: Value) -> float | str:
    number = value.value if isinstance(value, Seen) else value
    return number if isinstance(number, str) else float(number)


def assert_phases_add_up(found: dict[str, float]) -> None:
    phases = {name: value for name, value in found.items() if name.startswith(f"{START}-")}
    assert sum(phases.values()) == pytest.approx(found[START])
    assert min(phases.values()) >= 0


@pytest.mark.long("vagrant")
def test_a_start_is_the_sum_of_its_phases(every: Mapping[str, Probe], fresh: Ground, by: Deadline) -> None:
    found = measure(every["start"], fresh, by)
    assert_phases_add_up(found)
    # A worker fetches its source, loads Python and a framework, and boots a kernel where it has one.
    assert found["start-source"] > 0.01
    assert found["start-ready"] > 0.05
    assert found["start-tool"] > 0.005
    boot_s = found["start-boot"]
    assert boot_s > 1 if fresh.place.is_machine else boot_s < 2
    assert 0.3 < found["start"] < 300
    assert found["stop"] > 0
    assert_bounded(fresh.deployment(), by)


@pytest.mark.only("vagrant")
@pytest.mark.long
def test_a_machine_that_was_asleep_starts_without_a_boot(
    every: Mapping[str, Probe], grounds: Mapping[Way, Ground], by: Deadline
) -> None:
    found = measure(every["start"], grounds[Way.WARM], by)
    assert_phases_add_up(found)
    assert 0.5 < found["start"] < 60


@pytest.mark.only("docker")
def test_a_bare_process_starts_beside_the_lab(every: Mapping[str, Probe], bare: Ground, by: Deadline) -> None:
    found = measure(every["start"], bare, by)
    assert_phases_add_up(found)
    # Its process waits for the word to start; its fence, which that puts up, is in the boot.
    assert found["start-tool"] == found["start-create"] == 0
    assert 0.1 < found["start"] < 30
    again = measure(every["restart"], bare, by)
    assert 0.1 < again["restart"] < 60


@pytest.mark.only("docker")
def test_a_bare_process_has_all_rows_that_need_no_load_balancer(
    every: Mapping[str, Probe], bare: Ground, by: Deadline
) -> None:
    found = {name: run(every[name], bare, by) for name in ("memory", "disk", "direct", "machine", "fsync", "isolation")}
    assert isinstance(found["memory"]["memory"], float)
    assert found["memory"]["memory"] > 20e6
    assert found["isolation"]["isolation-kernel"] == f"{os.uname().release}, this computer's"
    assert "this computer's among them" in str(found["isolation"]["isolation-processes"])
    assert str(found["isolation"]["isolation-root"]).endswith("clock: not tried, it would be this computer's")
    # Two at least: what starts the site's other processes, and one that serves.
    sees = str(found["isolation"]["isolation-sibling"])
    assert re.fullmatch(r"its port over the network; [2-9] of its processes; its files", sees)
    assert not [*CONTROL_GROUPS.glob("labkit-*-bare"), *CONTROL_GROUPS.glob("*/labkit-*-bare")]
    gateway = str(ipaddress.IPv4Network(bare.deployment().plan.subnet)[1])
    left = "a bare process is still there"
    await_until(
        lambda: left if network.answers(gateway, WORKER_PORT, by) else None,
        by.at_most(30, left),
        what="its end",
        mend="",
    )


@pytest.mark.long("vagrant")
def test_a_worker_takes_memory_and_one_more_takes_more(every: Mapping[str, Probe], fresh: Ground, by: Deadline) -> None:
    if os.geteuid() != 0:
        assert set(every["memory"].impossible(fresh).values()) == {"needs root"}
        return
    found = measure(every["memory"], fresh, by)
    least, most = (100e6, 1e9) if fresh.place.is_machine else (15e6, 300e6)
    assert least < found["memory"] < most
    assert 0 < found["memory-more"] < most


def test_what_workers_are_made_from_takes_disk_and_they_take_little(
    every: Mapping[str, Probe], fresh: Ground, by: Deadline
) -> None:
    found = measure(every["disk"], fresh, by)
    assert 100e6 < found["disk-image"] < 3e9
    assert 0 < found["disk-shared"] <= found["disk-image"]
    # A worker's root is read-only.
    assert found["disk-more"] < 20e6
    told = every["disk"].once(fresh, by)["disk-image"]
    assert isinstance(told, Seen)
    assert os.geteuid() != 0 or "not what they take" not in told.note


def test_one_worker_answers_and_the_others_are_back_afterwards(
    every: Mapping[str, Probe], whole: Deployment, fresh: Ground, by: Deadline
) -> None:
    through, direct = measure(every["traffic"], fresh, by), measure(every["direct"], fresh, by)
    for end, found in (("", through), ("-direct", direct)):
        assert found[f"requests{end}"] > 1
        assert 0 < found[f"p50{end}"] <= found[f"p99{end}"] < 10
    servers = whole.loadbalancer().servers(by) or []
    assert {server.name for server in servers if server.is_serving} == {"worker-1", "worker-2"}


def test_a_worker_computes_calls_its_kernel_and_flushes(
    every: Mapping[str, Probe], fresh: Ground, by: Deadline
) -> None:
    machine, flushes = measure(every["machine"], fresh, by), measure(every["fsync"], fresh, by)
    assert machine["hash"] > 1e6
    assert machine["syscalls"] > 1e4
    assert 1e-6 < machine["round-trip"] < 1
    assert 1 < flushes["fsync-drive"] < 1e6
    assert 1 < flushes["fsync-scratch"] < 1e6


def test_what_a_worker_sees_of_this_computer(every: Mapping[str, Probe], fresh: Ground, by: Deadline) -> None:
    found = {name: str(value) for name, value in run(every["isolation"], fresh, by).items()}
    is_machine = fresh.place.is_machine
    kernel, _, whose = found["isolation-kernel"].partition(", ")
    assert (kernel != os.uname().release, whose) == (is_machine, "its own" if is_machine else "this computer's")
    assert found["isolation-first"] == ("systemd" if is_machine else "gunicorn")
    assert "none of this computer's" in found["isolation-processes"]
    assert found["isolation-capabilities"].startswith("none")
    assert found["isolation-seccomp"] == "yes, a filter"
    assert found["isolation-module"].startswith("yes, into its own kernel" if is_machine else "no")
    assert found["isolation-sibling"] == "its port over the network; none of its processes; none of its files"
    allowed = found["isolation-root"].partition("allowed: ")[2].partition("; refused: ")[0]
    assert allowed == ("mount, kernel settings, clock" if is_machine else "none")


def test_a_site_is_started_again(every: Mapping[str, Probe], fresh: Ground, by: Deadline) -> None:
    assert 0.1 < measure(every["restart"], fresh, by)["restart"] < 120
    assert_bounded(fresh.deployment(), by)


def test_the_bound_on_a_workers_processor_time_is_lifted_and_holds_again(whole: Deployment, by: Deadline) -> None:
    with unbounded(whole, measured(whole), by):
        allowed = processors(whole, by)
        assert allowed is None or allowed >= 1
    assert_bounded(whole, by)


def assert_bounded(lab: Deployment, by: Deadline) -> None:
    assert processors(lab, by) == pytest.approx(lab.plan.node(measured(lab)).cpu_quota, abs=0.01)


def processors(lab: Deployment, by: Deadline) -> float | None:
    """How many processors the measured worker may use as the kernel has it; None for all."""
    name = measured(lab)
    # Where nothing is bounded there may be no file of a bound.
    look = f"({QUOTA.format(UNIT[name.role])}) 2>/dev/null || echo max 0"
    quota, period = root_of(lab, name).run(["sh", "-c", look], by).out.split()
    return None if quota in ("max", "-1") else int(quota) / int(period)


@pytest.mark.long("vagrant")
def test_a_worker_is_replaced_under_load(every: Mapping[str, Probe], fresh: Ground, by: Deadline) -> None:
    assert_replaced(measure(every["replace"], fresh, by))


@pytest.mark.only("vagrant")
@pytest.mark.long
def test_a_worker_is_replaced_from_the_warm_pool_under_load(
    every: Mapping[str, Probe], whole: Deployment, grounds: Mapping[Way, Ground], by: Deadline
) -> None:
    try:
        assert_replaced(measure(every["replace"], grounds[Way.WARM], by))
    finally:
        # The successor has another number; other tests want the first two.
        deployment.restaff(whole, [1, 2], pool=[])
        type_well("up", whole.plan.substrate, "--workers", "2", "--name", whole.lab)


def assert_replaced(found: Mapping[str, float]) -> None:
    assert 0 < found["destroy"] < found["replace"] < 300
    # What it was answering; all else goes to the other worker, which may be slow alone, and is repeated.
    assert 0 <= found["replace-failed"] < 1000


@pytest.mark.long("vagrant")
def test_a_worker_with_another_setting_is_made_for_its_column_and_unmade_for_the_next(
    every: Mapping[str, Probe], grounds: Mapping[Way, Ground], by: Deadline
) -> None:
    tuned, fresh = grounds[Way.TUNED], grounds[Way.FRESH]
    assert {"start", "stop"} <= measure(every["start"], tuned, by).keys()
    with_setting = seen_setting(every, tuned, by)
    assert seen_setting(every, fresh, by) != with_setting


def seen_setting(every: Mapping[str, Probe], ground: Ground, by: Deadline) -> str:
    """What shows the first setting from inside: the filter of a container, the processors of a machine."""
    found = run(every["isolation"], ground, by)
    lab = ground.deployment()
    cpus = lab.reach(lab.plan.workers()[-1].name).run(["nproc"], by).out.strip()
    return (
        f"{found['isolation-seccomp']}, {cpus} processors"
        if ground.place.is_machine
        else str(found["isolation-seccomp"])
    )


@pytest.mark.only("docker")
def test_a_worker_on_this_computers_own_network_stands_beside_the_lab(
    every: Mapping[str, Probe], whole: Deployment, fresh: Ground, by: Deadline
) -> None:
    place = next(place for place in places([whole.substrate], tuned=True) if place.variant == "host-network")
    ground = dataclasses.replace(fresh, place=place)
    for name in ("start", "restart", "disk", "traffic"):
        assert every[name].impossible(ground).keys() == set(ALL[name])
    assert measure(every["direct"], ground, by)["requests-direct"] > 1
    assert measure(every["machine"], ground, by)["round-trip"] > 0
    assert run(every["isolation"], ground, by)["isolation-first"] == "gunicorn"
    gateway = str(ipaddress.IPv4Network(whole.plan.subnet)[1])
    assert not network.answers(gateway, WORKER_PORT, by), "it is still there"


@pytest.mark.long
def test_how_many_workers_fit(every: Mapping[str, Probe], fresh: Ground, by: Deadline) -> None:
    assert measure(every["density"], fresh, by)["density"] >= 2


@pytest.mark.long
def test_provisioning_mends_what_was_planted_and_finds_nothing_the_next_time(
    every: Mapping[str, Probe], fresh: Ground, by: Deadline
) -> None:
    found = measure(every["provisioning"], fresh, by)
    assert found["provision-first"] > 0
    assert found["provision-again"] > 0


@pytest.mark.long
def test_a_kill_loses_nothing_of_a_container_and_something_of_a_machine(
    every: Mapping[str, Probe], fresh: Ground
) -> None:
    def lost() -> float:
        return measure(every["durability"], fresh, Deadline.after(ONE_RUN_S, "one run"))["durability"]

    # Rarely a machine's kernel had just written all; that it does so three times over is no luck any more.
    runs = 3 if fresh.place.is_machine else 1
    assert any(lost() > 0 for _ in range(runs)) is fresh.place.is_machine


def test_the_processes_of_a_node_run_for_it_alone(whole: Deployment) -> None:
    found = {spec.name: belongings.of_node(whole, spec.name) for spec in whole.plan.nodes}
    assert all(found.values())
    assert sum(map(len, found.values())) == len(frozenset().union(*found.values()))
    assert belongings.of_lab(whole) > frozenset().union(*found.values())


def test_each_column_has_a_title_and_its_settings_are_made_and_told_by_the_engine(
    whole: Deployment, by: Deadline
) -> None:
    found: list[Place] = places([whole.substrate], tuned=True)
    assert len({place.title for place in found}) == len(found)
    engine, facts = belongings.measurable(whole), whole.substrate.facts(by)
    assert {place.variant for place in found} - {""} == set(engine.variants)
    assert [variant for variant in engine.variants if engine.facts_with(facts, variant) == facts] == []
