"""What is timed of a replacement: its steps."""

import pytest

from benchmarks.replace import CREATED, PAUSED, in_general, ways


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


def test_a_container_is_kept_for_later_created_or_paused_and_is_the_same_one() -> None:
    argv = ["docker", "run", "--detach", "--read-only", "labkit/worker:key"]
    create, start = ways(argv)[CREATED]
    assert (create[:2], create[2:], start[1]) == (["docker", "create"], argv[3:], "start")
    assert [words[1] for words in ways(argv)[PAUSED]] == ["run", "pause", "unpause"]
