"""The lab's compose.yaml: rendered from the plan, and read back into what Docker's API takes. Pure.

The file is what learners read and what Compose runs by hand, so the kit takes its own containers from it too:
the two cannot drift apart.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lab.host.paths import REPO
from lab.model.node import LabPlan
from lab.model.plan import LOADBALANCER_PORT
from lab.substrates.docker import disks
from lab.substrates.docker.names import LABEL_DIGEST, LABEL_LAB, Names, image

_NANO = 1_000_000_000
# The parser in C, ten times as quick as the one in Python.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def render(plan: LabPlan, drawn: str | None) -> str:
    """The text of compose.yaml; the store's data have file systems of their own on the devices of the drawn name."""
    environment = Environment(loader=FileSystemLoader(REPO / "docker"), undefined=StrictUndefined, autoescape=False)
    template = environment.get_template("compose.yaml.j2")
    said = template.render(
        plan=plan,
        names=Names(plan.lab),
        image=image,
        loadbalancer_port=LOADBALANCER_PORT,
        kinds=disks.KINDS,
        device=partial(disks.device, drawn) if drawn else None,
    )
    return said + "\n"


def parse(text: str) -> dict[str, Any]:
    """The file as values."""
    parsed: dict[str, Any] = yaml.load(text, Loader=_LOADER)
    return parsed


def own_labels(compose: Mapping[str, Any], kind: str, key: str) -> dict[str, str]:
    """The labels of a network or volume: ours, and those by which Compose knows its own things."""
    labels = compose[f"{kind}s"][key]["labels"]
    return {**labels, "com.docker.compose.project": _project(labels), f"com.docker.compose.{kind}": key}


def _project(labels: Mapping[str, str]) -> str:
    return Names(labels[LABEL_LAB]).project


def container(compose: Mapping[str, Any], service: str, folder: Path) -> dict[str, Any]:
    """What `docker.APIClient.create_container` takes for a service, without `host_config` and `networking_config`."""
    entry = compose["services"][service]
    return {
        "image": entry["image"],
        "name": entry["container_name"],
        "hostname": entry["hostname"],
        "user": entry.get("user"),
        "environment": environment_of(folder / entry["env_file"]),
        "labels": {
            **entry["labels"],
            "com.docker.compose.project": _project(entry["labels"]),
            "com.docker.compose.service": service,
            "com.docker.compose.container-number": "1",
            # Compose 2 sees only containers that have these; a hash that is not its own has its `up` make them anew.
            "com.docker.compose.oneoff": "False",
            "com.docker.compose.config-hash": entry["labels"][LABEL_DIGEST],
        },
        "ports": [str(port).rpartition(":")[2] for port in entry.get("ports", [])],
        "volumes": [str(mount).split(":")[1] for mount in entry.get("volumes", [])],
    }


def host_config(compose: Mapping[str, Any], service: str, folder: Path) -> dict[str, Any]:
    """What `docker.APIClient.create_host_config` takes for a service."""
    entry = compose["services"][service]
    return {
        "binds": [_bind(compose, str(mount), folder) for mount in entry.get("volumes", [])],
        "port_bindings": dict(_port(str(port)) for port in entry.get("ports", [])),
        "nano_cpus": int(entry["cpus"] * _NANO),
        "mem_limit": entry["mem_limit"],
        "read_only": entry.get("read_only", False),
        "cap_drop": entry.get("cap_drop"),
        "security_opt": entry["security_opt"],
        "tmpfs": dict(str(mount).split(":", 1) for mount in entry.get("tmpfs", [])),
        "restart_policy": {"Name": entry["restart"]},
        "log_config": {"type": entry["logging"]["driver"], "config": entry["logging"]["options"]},
    }


def environment_of(path: Path) -> dict[str, str]:
    """The variables in an env file: KEY=VALUE lines, taken as they stand."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def _bind(compose: Mapping[str, Any], mount: str, folder: Path) -> str:
    source, target = mount.split(":", 1)
    if source.startswith("."):
        return f"{folder / source}:{target}"
    return f"{compose['volumes'][source]['name']}:{target}"


def _port(entry: str) -> tuple[str, tuple[str, int]]:
    address, host_port, port = entry.split(":")
    return port, (address, int(host_port))


def lab_filter(lab: str | None) -> dict[str, list[str]]:
    """The filter that matches what is this lab's, or any lab's for None. An empty name is refused, not a wildcard."""
    if lab == "":
        raise ValueError("an empty lab name would match every lab")
    return {"label": [LABEL_LAB if lab is None else f"{LABEL_LAB}={lab}"]}
