"""`--dry-run` tells what would be done, and leaves everything as it is."""

import json
from collections.abc import Iterator

import pytest

from lab.flows.deployment import Deployment
from lab.flows.destroy import JOURNALS
from lab.flows.listing import SECRET
from lab.host import paths
from lab.model.deadline import Deadline
from tests.conftest import type_lab


@pytest.fixture
def untouched(running_lab: Deployment) -> Iterator[Deployment]:
    """The lab; after the test it has to be as it was, and so have the images or boxes and the files."""

    def seen() -> tuple[object, ...]:
        by, substrate = Deadline.after(60, "looking"), running_lab.substrate
        files = sorted(path for path in paths.lab(running_lab.lab).rglob("*") if "children" not in path.parts)
        return substrate.nodes(running_lab.lab, by), things(running_lab), substrate.packed(by), files

    before = seen()
    yield running_lab
    assert seen() == before


def things(lab: Deployment) -> list[str]:
    return sorted(lab.substrate.leftovers(Deadline.after(60, "looking"))[lab.lab])


def test_destroy_tells_what_goes_and_what_stays(untouched: Deployment) -> None:
    name, data = untouched.plan.substrate, untouched.substrate.data(untouched.lab, Deadline.after(60, "looking"))
    gave = type_lab("destroy", name, "--dry-run", "--name", untouched.lab)
    assert gave.code == 0, gave.err
    kept = {f"would keep {name}: {thing}" for thing in [*data, SECRET]}
    assert {line for line in gave.out.splitlines() if line.startswith("would keep")} == kept
    assert set(gave.out.splitlines()) - kept == {f"would remove {name}: {thing}" for thing in things(untouched)} - {
        f"would remove {name}: {thing}" for thing in data
    }


def test_destroy_with_volumes_keeps_nothing(untouched: Deployment) -> None:
    name = untouched.plan.substrate
    gave = type_lab("destroy", name, "--dry-run", "--volumes", "--name", untouched.lab)
    assert gave.code == 0, gave.err
    assert sorted(set(gave.out.splitlines()) - {f"would remove {JOURNALS}"}) == sorted(
        f"would remove {name}: {thing}" for thing in [*things(untouched), SECRET]
    )


def test_clean_tells_labs_images_and_root_file_systems(untouched: Deployment) -> None:
    name = untouched.plan.substrate
    gave = type_lab("clean", "--all", "--dry-run")
    assert gave.code == 0, gave.err
    lines = gave.out.splitlines()
    assert {f"{untouched.lab}: would remove {name}: {thing}" for thing in things(untouched)} <= set(lines)
    packed = untouched.substrate.packed(Deadline.after(60, "looking"))
    assert len(packed) >= 3
    assert {f"would remove {name}: {thing}" for thing in packed} <= set(lines)
    assert lines[-1] == f"would remove {paths.cache()}"


def test_demo_tells_its_steps(untouched: Deployment) -> None:
    name = untouched.plan.substrate
    gave = type_lab("demo", name, "--dry-run", "--name", "test-none")
    assert gave.code == 0, gave.err
    assert f"{name}: would make a load balancer, a store and 2 workers" in gave.out
    assert f"{name}: would destroy each worker, read everything back" in gave.out
    assert "test-none" not in untouched.substrate.leftovers(Deadline.after(60, "looking"))
    assert not paths.lab("test-none").exists()


def test_list_of_one_name_shows_that_lab_only(running_lab: Deployment) -> None:
    gave = type_lab("list", "--json", "--name", running_lab.lab)
    assert list(json.loads(gave.out)["labs"]) == [running_lab.lab]
    lines = type_lab("list", "--name", running_lab.lab).out.splitlines()
    assert lines[0] == running_lab.lab
    assert {f"  {running_lab.plan.substrate}: {thing}" for thing in things(running_lab)} <= set(lines[1:])
    none = type_lab("list", "--name", "test-none")
    assert (none.code, none.out) == (0, "there is no lab test-none\n")
