"""What is timed of a replacement: its steps, and the container that it is held against."""

from pathlib import Path

import pytest

from benchmarks.replace import CREATED, PAUSED, bare_argv, in_general, ways
from lab.model.node import NodeName, Role
from lab.substrates.docker import compose
from tests.unit.model.test_plan import make


@pytest.mark.parametrize(
    ("step", "what"),
    [
        ("waiting for worker-3", "waiting for worker"),
        ("waiting for worker-13: no answer from /readyz: timed out", "waiting for worker"),
        ("waking worker-3, worker-4", "waking worker"),
        ("waiting for the load balancer to serve worker-3", "waiting for the load balancer"),
        (
            "waiting for the load balancer: not in service: worker-3",
            "waiting for the load balancer: not in service: worker",
        ),
    ],
)
def test_a_step_is_told_without_whom_it_is_about(step: str, what: str) -> None:
    assert in_general(step) == what


def test_the_bare_container_has_what_a_worker_has_but_for_its_name_and_address() -> None:
    values = compose.parse(compose.render(make(), bounded=False))
    argv = bare_argv(values, NodeName(Role.WORKER, 1), Path("/state"), "10.77.0.230")
    assert argv[:4] == ["docker", "run", "--detach", "--read-only"]
    assert argv[-1] == "labkit/worker:key-of-worker"
    pairs = list(zip(argv[4:-1:2], argv[5:-1:2], strict=True))
    assert pairs == [
        ("--name", "labkit-bench-bare"),
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
    ]


def test_a_container_is_kept_for_later_created_or_paused_and_is_the_same_one() -> None:
    values = compose.parse(compose.render(make(), bounded=False))
    argv = bare_argv(values, NodeName(Role.WORKER, 1), Path("/state"), "10.77.0.230")
    create, start = ways(argv)[CREATED]
    assert (create[:2], create[2:], start[1]) == (["docker", "create"], argv[3:], "start")
    assert [words[1] for words in ways(argv)[PAUSED]] == ["run", "pause", "unpause"]
