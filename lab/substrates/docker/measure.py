"""What a comparison asks of Docker: a container started by typing `docker run`, its processes, its disk."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from lab.host import computer, processes
from lab.host.run import run
from lab.model.deadline import Deadline
from lab.model.node import LabPlan, NodeName
from lab.substrates.base import Apart, Disk, Processes, Reach, Scratch, Typed
from lab.substrates.docker import compose
from lab.substrates.docker.client import NotFound, api, in_our_words
from lab.substrates.docker.names import Names, image

TITLE = "Docker container"
DAEMONS = frozenset({"dockerd", "containerd"})
_UNFILTERED, _HOST = "unfiltered", "host-network"
VARIANTS: Mapping[str, str] = {_UNFILTERED: "no seccomp filter", _HOST: "this computer's own network"}
APART = frozenset({_HOST})
_SECURITY = {"": (), _HOST: (), _UNFILTERED: ("seccomp=unconfined",)}
FACTS: Mapping[str, Mapping[str, str]] = {
    "": {},
    _UNFILTERED: {"seccomp filter": "none"},
    _HOST: {"network": "this computer's own"},
}
_SCRATCH = "/scratch"


def type_start(plan: LabPlan, name: NodeName, folder: Path, by: Deadline, variant: str) -> Typed:
    """Types `docker run`. The client's own time goes until the engine wrote down the container's creation."""
    container = Names(plan.lab).node(name)
    values = compose.parse((folder / "compose.yaml").read_text())
    in_lab = {
        "--hostname": [values["services"][str(name)]["hostname"]],
        "--network": [values["networks"]["lab"]["name"]],
        "--ip": [plan.node(name).address],
        "--label": [f"{k}={v}" for k, v in compose.container(values, str(name), folder)["labels"].items()],
        "--security-opt": _SECURITY[variant],
    }
    argv = run_argv(values, name, folder, container, in_lab, is_bounded=False)
    asked_s = processes.now_s()
    run(argv, by=by, where=f"docker, container {container}")
    ended_s = processes.now_s()
    with in_our_words(f"asking when {name} was created"):
        created = datetime.fromisoformat(in_micros(api().inspect_container(container)["Created"]))
    # The engine tells the time of this computer's clock on the wall, which is the one that we read here.
    since_s = datetime.now(created.tzinfo).timestamp() - created.timestamp()
    called_s = processes.now_s() - since_s
    return Typed(asked_s, min(max(0.0, called_s - asked_s), ended_s - asked_s), ended_s)


def in_micros(moment: str) -> str:
    """A moment of Docker's, which has nine digits after the point or fewer, as Python reads it. Pure."""
    whole, _, part = moment.removesuffix("Z").partition(".")
    return f"{whole}.{part[:6]:0<6}+00:00"


def run_argv(
    values: Mapping[str, Any],
    name: NodeName,
    folder: Path,
    container: str,
    more: Mapping[str, Sequence[str]],
    *,
    is_bounded: bool = True,
) -> list[str]:
    """`docker run` with what the compose.yaml in `folder` says of a worker, but for its name, network and labels, and
    for the bound on its processor time where it is not `is_bounded`; `more` are further options, each with its values.
    Pure.
    """
    entry = values["services"][str(name)]
    given = {
        "--name": [container],
        "--env-file": [str(folder / entry["env_file"])],
        "--cpus": [str(entry["cpus"])] if is_bounded else [],
        "--memory": [entry["mem_limit"]],
        "--user": [entry["user"]],
        "--cap-drop": entry["cap_drop"],
        "--security-opt": entry["security_opt"],
        "--tmpfs": entry["tmpfs"],
        "--volume": [_mount(values, mount) for mount in entry["volumes"]],
        "--log-driver": [entry["logging"]["driver"]],
        "--log-opt": [f"{key}={value}" for key, value in entry["logging"]["options"].items()],
    }
    pairs = [(option, value) for some in (given, more) for option in some for value in some[option]]
    words = [word for pair in pairs for word in pair]
    return ["docker", "run", "--detach", *(["--read-only"] if entry.get("read_only") else []), *words, entry["image"]]


@contextmanager
def stand_apart(plan: LabPlan, name: NodeName, folder: Path, told: Mapping[str, str], by: Deadline) -> Iterator[Apart]:
    """A container on this computer's own network; no label makes it the lab's."""
    container = f"{Names(plan.lab).project}_apart"
    on_host = {"--network": ["host"], "--env": [f"{key}={value}" for key, value in told.items()]}
    values = compose.parse((folder / "compose.yaml").read_text())
    _remove(container, by)
    try:
        run(run_argv(values, name, folder, container, on_host), by=by, where=f"docker, container {container}")
        into = [("docker", "exec", "-i", *user, container) for user in ((), ("--user", "0:0"))]
        reach, root = (Reach(prefix, prefix, False, f"docker://{container}") for prefix in into)
        yield Apart(reach, root)
    finally:
        _remove(container, by)


def _remove(container: str, by: Deadline) -> None:
    # Also where there is none it succeeds, and so it does not tell.
    run(["docker", "rm", "--force", "--volumes", container], by=by, ok={0: "removed", 1: "was not there"})


def _mount(values: Mapping[str, Any], mount: str) -> str:
    volume, target = mount.split(":", 1)
    return f"{values['volumes'][volume]['name']}:{target}"


def bound(plan: LabPlan, name: NodeName, by: Deadline, *, holds: bool) -> None:
    """Lets a container have as much of the processors as the plan says, or all of them."""
    with in_our_words("asking for the number of processors"):
        cpus = plan.node(name).cpu_quota if holds else api().info()["NCPU"]
    container = Names(plan.lab).node(name)
    run(["docker", "update", "--cpus", f"{cpus:g}", container], by=by, where=f"docker, container {container}")


def of_node(lab: str, name: NodeName) -> Processes:
    """A container's processes, and its shim, which is the parent of the first."""
    with in_our_words(f"asking for the processes of {name}"):
        try:
            pid = int(api().inspect_container(Names(lab).node(name))["State"]["Pid"])
        except NotFound:
            pid = 0
    if not pid:
        return Processes(frozenset())
    return Processes(frozenset(processes.family(pid)), frozenset({processes.parent(pid)} - {0}))


def around(addresses: Sequence[str]) -> frozenset[int]:
    """The proxies of published ports, told by the addresses of the lab's containers."""
    return frozenset(pid for address in addresses if address for pid in processes.with_words("docker-proxy", address))


def disk(plan: LabPlan, name: NodeName, by: Deadline) -> Disk:
    """What the layers of image and container really take; where we may not look into them, the sizes that the engine
    tells of the files in them."""
    container = Names(plan.lab).node(name)
    with in_our_words(f"asking for the disk of {name}"):
        made_of = api().inspect_image(image(name.role, plan.node(name).key))
        found = api().containers(all=True, size=True, filters={"name": [f"^/?{container}$"]})
        running = api().inspect_container(container)
    of_image = layers(made_of)
    its_own = [layer for layer in layers(running) if layer not in of_image]
    if of_image and its_own and all(os.access(layer, os.R_OK | os.X_OK) for layer in (*of_image, *its_own)):
        whole, own = computer.allocated(of_image, by), computer.allocated(its_own, by)
        return Disk(whole, whole, own, "the layers of the image, and the container's own; its log is not counted")
    whole, own = int(made_of["Size"]), sum(int(entry.get("SizeRw") or 0) for entry in found)
    return Disk(whole, whole, own, "the sizes of the files, and not what they take on the disk; its log is not counted")


def layers(told: Mapping[str, Any]) -> list[Path]:
    """The folders that an image or a container consists of, as the engine tells them of one; none where its storage has
    no folders. Pure."""
    data = (told.get("GraphDriver") or {}).get("Data") or {}
    return [Path(each) for key in ("UpperDir", "LowerDir") for each in data.get(key, "").split(":") if each]


@contextmanager
def scratch(plan: LabPlan, name: NodeName, variant: str) -> Iterator[Scratch]:
    """A volume of its own, in a container beside the node: one that runs gets no further volume. It has the filter of
    the variant, whose network takes no part in this."""
    made_of = image(name.role, plan.node(name).key)
    rights = ["--network", "none", "--user", "0:0", "--volume", _SCRATCH]
    rights += [word for option in _SECURITY[variant] for word in ("--security-opt", option)]
    prefix = ("docker", "run", "--rm", "--interactive", *rights, made_of)
    yield Scratch(Reach(prefix, prefix, False, f"docker run {made_of}"), _SCRATCH)


def drive(lab: str) -> Path:
    """Where the volume with the drive is mounted on this computer."""
    with in_our_words("asking for the lab's drive"):
        return Path(api().inspect_volume(Names(lab).volume("drive"))["Mountpoint"])
