"""The demo's comparison: what was seen on each substrate, side by side."""

from lab.flows.demo import Shown, rows

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
