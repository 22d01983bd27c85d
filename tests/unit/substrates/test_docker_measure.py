"""What is typed to start a worker by hand is what stands in compose.yaml; and Docker's words, read."""

from pathlib import Path

import pytest

from lab.model.node import NodeName, Role
from lab.substrates.docker import compose
from lab.substrates.docker.measure import in_micros, run_argv
from tests.unit.model.test_plan import make

W1 = NodeName(Role.WORKER, 1)


def typed(**more: object) -> list[str]:
    values = compose.parse(compose.render(make(), bounded=False))
    return run_argv(values, W1, Path("/state"), "some-name", "10.77.0.230", {"labkit.lab": "blue"}, **more)  # type: ignore[arg-type]


def test_a_typed_worker_has_what_compose_yaml_says() -> None:
    argv = typed()
    assert argv[:4] == ["docker", "run", "--detach", "--read-only"]
    assert argv[-1] == "labkit/worker:key-of-worker"
    pairs = list(zip(argv[4:-1:2], argv[5:-1:2], strict=True))
    assert pairs == [
        ("--name", "some-name"),
        ("--hostname", "worker-1"),
        ("--network", "labkit-blue_net"),
        ("--ip", "10.77.0.230"),
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
        ("--label", "labkit.lab=blue"),
    ]


def test_nothing_that_compose_yaml_says_of_a_worker_is_left_out() -> None:
    entry = compose.parse(compose.render(make(), bounded=False))["services"]["worker-1"]
    told = {
        *("image", "container_name", "hostname", "env_file", "cpus", "mem_limit", "labels", "networks"),
        *("security_opt", "logging", "user", "cap_drop", "read_only", "tmpfs", "volumes"),
    }
    # Nobody restarts a container that ends; how long it has to end, who stops it says.
    assert entry.keys() - told == {"restart", "stop_grace_period"}


def test_a_setting_of_a_column_comes_on_top() -> None:
    argv = typed(security=("seccomp=unconfined",))
    at = [number for number, word in enumerate(argv) if word == "--security-opt"]
    assert [argv[number + 1] for number in at] == ["no-new-privileges", "seccomp=unconfined"]


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
