"""What runs on Docker is what stands in compose.yaml."""

from pathlib import Path

import pytest

from lab.model.node import Mode
from lab.substrates.docker import compose
from tests.unit.model.test_plan import make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "nodes").mkdir()
    for node in make().nodes:
        (tmp_path / "nodes" / f"{node.name}.env").write_text("LAB_NAME=blue\nLAB_URL=a=b\n")
    return tmp_path


def test_a_worker_is_locked_down(folder: Path) -> None:
    values = compose.parse(compose.render(make(), "blue-1f2e"))
    host = compose.host_config(values, "worker-1", folder)
    assert host["read_only"] is True
    assert host["cap_drop"] == ["ALL"]
    assert host["security_opt"] == ["no-new-privileges"]
    assert compose.container(values, "worker-1", folder)["user"] == "64000:64000"
    assert host["binds"] == ["labkit-blue_drive:/srv/drive"]


def test_each_nodes_processor_time_is_bounded_as_the_topology_says(folder: Path) -> None:
    values = compose.parse(compose.render(make(), "blue-1f2e"))
    for node in make().nodes:
        assert node.cpu_quota > 0
        assert values["services"][str(node.name)]["cpus"] == node.cpu_quota
        assert compose.host_config(values, str(node.name), folder)["nano_cpus"] == round(node.cpu_quota * 1e9)


def test_a_stateful_worker_may_write_on_its_own_layer(folder: Path) -> None:
    values = compose.parse(compose.render(make(Mode.STATEFUL), "blue-1f2e"))
    assert compose.host_config(values, "worker-1", folder)["read_only"] is False


def test_only_the_load_balancer_is_published_and_only_on_loopback(folder: Path) -> None:
    values = compose.parse(compose.render(make(), "blue-1f2e"))
    ports = {name: compose.host_config(values, name, folder)["port_bindings"] for name in values["services"]}
    assert ports == {
        "loadbalancer-1": {"8080": ("127.0.0.1", 8080)},
        "store-1": {},
        "worker-1": {},
        "worker-2": {},
    }


def test_the_stores_data_is_on_the_devices_that_were_drawn_for_it() -> None:
    volumes = compose.parse(compose.render(make(), "blue-1f2e"))["volumes"]
    devices = {kind: volumes[kind]["driver_opts"]["device"] for kind in ("store", "drive")}
    assert devices == {"store": "/dev/labkit/blue-1f2e_store", "drive": "/dev/labkit/blue-1f2e_drive"}
    assert "driver_opts" not in compose.parse(compose.render(make(), None))["volumes"]["store"]


def test_compose_2_sees_the_containers_that_the_kit_made(folder: Path) -> None:
    """It leaves out any without these (docker/compose 2, `pkg/compose/containers.go`, getDefaultFilters)."""
    values = compose.parse(compose.render(make(), "blue-1f2e"))
    labels = compose.container(values, "worker-1", folder)["labels"]
    assert {"project", "service", "container-number", "oneoff", "config-hash"} == {
        key.removeprefix("com.docker.compose.") for key in labels if key.startswith("com.docker.compose.")
    }
    assert labels["com.docker.compose.oneoff"] == "False"


def test_settings_come_from_the_env_file_not_from_compose_yaml(folder: Path) -> None:
    text = compose.render(make(), "blue-1f2e")
    assert "geheim" not in text
    environment = compose.container(compose.parse(text), "worker-1", folder)["environment"]
    assert environment == {"LAB_NAME": "blue", "LAB_URL": "a=b"}


def test_an_empty_lab_name_is_no_wildcard() -> None:
    with pytest.raises(ValueError, match="every lab"):
        compose.lab_filter("")


def test_the_filter_of_one_lab_does_not_match_another_that_begins_alike() -> None:
    assert compose.lab_filter("blue") == {"label": ["labkit.lab=blue"]}
