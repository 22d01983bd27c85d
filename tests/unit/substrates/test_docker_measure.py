"""What is typed to start a worker by hand is what stands in compose.yaml; and Docker's words, read."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab.model.deadline import Deadline
from lab.model.node import NodeName, Role
from lab.substrates import registry
from lab.substrates.base import CanMeasure
from lab.substrates.docker import compose, measure
from lab.substrates.docker.measure import in_micros, layers, run_argv
from lab.substrates.docker.names import Names
from tests.unit.model.test_plan import make

W1 = NodeName(Role.WORKER, 1)


MORE = {"--network": ["labkit-blue_net"], "--label": ["labkit.lab=blue"], "--security-opt": ["seccomp=unconfined"]}


def typed(*, is_bounded: bool = True) -> list[str]:
    values = compose.parse(compose.render(make(), None))
    return run_argv(values, W1, Path("/state"), "some-name", MORE, is_bounded=is_bounded)


def test_a_typed_worker_has_what_compose_yaml_says_and_more_on_top() -> None:
    argv = typed()
    assert argv[:4] == ["docker", "run", "--detach", "--read-only"]
    assert argv[-1] == "labkit/worker:key-of-worker"
    pairs = list(zip(argv[4:-1:2], argv[5:-1:2], strict=True))
    assert pairs == [
        ("--name", "some-name"),
        ("--env-file", "/state/nodes/worker-1.env"),
        ("--cpus", "0.4"),
        ("--memory", "256m"),
        ("--user", "64000:64000"),
        ("--cap-drop", "ALL"),
        ("--security-opt", "no-new-privileges"),
        ("--tmpfs", "/run:uid=64000,gid=64000,mode=0755,size=64m"),
        ("--tmpfs", "/tmp:mode=1777,size=64m"),
        ("--volume", "labkit-blue_drive:/srv/drive"),
        ("--log-driver", "json-file"),
        ("--log-opt", "max-size=10m"),
        ("--log-opt", "max-file=2"),
        ("--network", "labkit-blue_net"),
        ("--label", "labkit.lab=blue"),
        ("--security-opt", "seccomp=unconfined"),
    ]


def test_a_worker_whose_start_is_measured_is_typed_without_a_bound_on_its_processor_time() -> None:
    bounded = typed()
    at = bounded.index("--cpus")
    assert typed(is_bounded=False) == bounded[:at] + bounded[at + 2 :]


@pytest.mark.parametrize(("holds", "cpus"), [(True, "0.4"), (False, "2")])
def test_the_bound_is_the_plans_or_all_processors_that_there_are(
    monkeypatch: pytest.MonkeyPatch, holds: bool, cpus: str
) -> None:
    said: list[list[str]] = []
    monkeypatch.setattr(measure, "run", lambda argv, **_: said.append(argv))
    monkeypatch.setattr(measure, "api", lambda: SimpleNamespace(info=lambda: {"NCPU": 2}))
    measure.bound(make(), W1, Deadline.after(60, "test"), holds=holds)
    assert said == [["docker", "update", "--cpus", cpus, Names("blue").node(W1)]]


def test_nothing_that_compose_yaml_says_of_a_worker_is_left_out() -> None:
    entry = compose.parse(compose.render(make(), None))["services"]["worker-1"]
    of_its_place = {"container_name", "hostname", "labels", "networks"}
    typed_here = {
        *("image", "env_file", "cpus", "mem_limit", "security_opt", "logging", "user", "cap_drop", "read_only"),
        *("tmpfs", "volumes"),
    }
    # Nobody restarts a container that ends; how long it has to end, who stops it says.
    assert entry.keys() - of_its_place - typed_here == {"restart", "stop_grace_period"}


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("2026-11-26T14:30:55.123456789Z", "2026-11-26T14:30:55.123456+00:00"),
        ("2026-11-26T14:30:55.12Z", "2026-11-26T14:30:55.120000+00:00"),
        ("2026-11-26T14:30:55Z", "2026-11-26T14:30:55.000000+00:00"),
    ],
)
def test_a_moment_is_read_whatever_the_number_of_its_digits(said: str, read: str) -> None:
    assert in_micros(said) == read


def test_a_column_with_another_setting_says_so() -> None:
    docker = registry.get("docker")
    assert isinstance(docker, CanMeasure)
    plain = {"engine": "Docker 26", "network": "a bridge, veth"}
    told = {variant: docker.facts_with(plain, variant) for variant in ("", *docker.variants)}
    assert told == {
        "": plain,
        "unfiltered": {**plain, "seccomp filter": "none"},
        "host-network": {**plain, "network": "this computer's own"},
    }


@pytest.mark.parametrize(
    ("variant", "filtered"), [("", []), ("unfiltered", ["--security-opt", "seccomp=unconfined"]), ("host-network", [])]
)
def test_the_container_with_a_disk_of_its_own_has_the_filter_of_its_column(variant: str, filtered: list[str]) -> None:
    docker = registry.get("docker")
    assert isinstance(docker, CanMeasure)
    with docker.scratch(make(), W1, Deadline.after(60, "test"), variant) as scratch:
        words = scratch.reach.argv(["true"])
    at = words.index("/scratch") + 1
    assert words[at:] == [*filtered, "labkit/worker:key-of-worker", "true"]


def test_the_layers_of_an_image_are_told_by_the_storage_that_has_folders() -> None:
    of_image: dict[str, Any] = {
        "GraphDriver": {"Name": "overlay2", "Data": {"UpperDir": "/d/b/diff", "LowerDir": "/d/a/diff:/d/0/diff"}}
    }
    assert layers(of_image) == [Path("/d/b/diff"), Path("/d/a/diff"), Path("/d/0/diff")]
    assert layers({}) == layers({"GraphDriver": None}) == layers({"GraphDriver": {"Name": "vfs", "Data": None}}) == []
