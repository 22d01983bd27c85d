"""The substrate Docker: a node is a container, the shared drive a named volume."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab.host import paths, records
from lab.host.run import run
from lab.model.checks import Check
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import STORE, LabPlan, Node, NodeName, NodeSpec, Role, State
from lab.substrates.base import Apart, Disk, Processes, Reach, Report, Scratch, Typed
from lab.substrates.docker import compose, disks, engine_checks, measure
from lab.substrates.docker.client import APIError, ImageNotFound, NotFound, api, in_our_words
from lab.substrates.docker.names import LABEL_DIGEST, LABEL_LAB, LABEL_NODE, REPOSITORY, Names, image

_STATES = {
    "created": State.CREATING,
    "running": State.RUNNING,
    "restarting": State.CREATING,
    "paused": State.SLEEPING,
    "removing": State.ABSENT,
    "exited": State.STOPPED,
    "dead": State.FAILED,
}
_AT_ONCE = 8
_IMAGES = {"label": f"{REPOSITORY}.role"}
_COMMANDS = {role: [f"/usr/local/lib/lab/{role}"] for role in Role}


def make() -> "DockerSubstrate":
    """The one substrate of this module."""
    return DockerSubstrate()


def _folder(lab: str) -> Path:
    return paths.lab(lab) / "docker"


class DockerSubstrate:
    """Implements `lab.substrates.base.Substrate`."""

    name = "docker"
    adds: tuple[str, ...] = ()
    packs_with: tuple[Path, ...] = ()
    publishes = True
    has_own_kernel = False
    drive_port: int | None = None
    title, variants, daemons = measure.TITLE, measure.VARIANTS, measure.DAEMONS
    apart = measure.APART

    def is_packed(self, role: Role, key: str) -> bool:
        with in_our_words(f"looking for the image of {role}"):
            try:
                api().inspect_image(image(role, key))
            except ImageNotFound:
                return False
            return True

    def pack(self, role: Role, key: str, tar: Path, report: Report, by: Deadline) -> None:
        report(f"importing the image of {role}")
        command = " ".join(f'"{word}"' for word in _COMMANDS[role])
        run(
            [
                "docker",
                "import",
                "--change",
                f"CMD [{command}]",
                "--change",
                f"LABEL {REPOSITORY}.role={role}",
                str(tar),
                image(role, key),
            ],
            by=by,
            where=f"docker, image of {role}",
        )

    def packed(self, by: Deadline) -> Mapping[str, str]:
        with in_our_words("listing the images"):
            tags = [tag for entry in api().images(filters=_IMAGES) for tag in entry["RepoTags"] or [entry["Id"]]]
        return {tag: tag.rpartition(":")[2] for tag in sorted(tags)}

    def unpack(self, names: Sequence[str], by: Deadline) -> None:
        with in_our_words("removing images"):
            for name in names:
                api().remove_image(name, force=True)

    def prepare(self, plan: LabPlan, by: Deadline) -> None:
        folder = _folder(plan.lab)
        for spec in plan.nodes:
            records.write(folder / "nodes" / f"{spec.name}.env", _env_file(spec), mode=0o600)
            for file, text in spec.files.items():
                records.write(folder / "nodes" / str(spec.name) / file, text)
        with in_our_words("attaching the store's disks"):
            text = compose.render(plan, disks.attach(plan, by))
        records.write(folder / "compose.yaml", text)
        # Compose 1.29 knows no name in the file itself; both versions read it from here.
        records.write(folder / ".env", f"COMPOSE_PROJECT_NAME={Names(plan.lab).project}\n")
        values = compose.parse(text)
        with in_our_words("making the lab's network and volumes"):
            _make_network(values)
            for key in values["volumes"]:
                # Creating a volume that is there already gives that volume.
                volume = values["volumes"][key]
                labels = compose.own_labels(values, "volume", key)
                api().create_volume(volume["name"], "local", volume.get("driver_opts"), labels)

    def create(self, plan: LabPlan, names: Sequence[NodeName], report: Report, by: Deadline) -> None:
        values = compose.parse((_folder(plan.lab) / "compose.yaml").read_text())
        if STORE in names and "driver_opts" not in values["volumes"]["store"]:
            report("the store's data has no bound on its size: this computer has no loop devices, or had none for it")
        # The workers cannot be ready before the store is, and alone it starts sooner than beside them.
        for group in [name for name in names if name == STORE], [name for name in names if name != STORE]:
            with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
                for name, _ in zip(group, pool.map(lambda name: _start(values, plan.lab, name), group), strict=True):
                    report(f"{name} is started")

    def nodes(self, lab: str, by: Deadline) -> list[Node]:
        with in_our_words("listing the lab's containers"):
            found = api().containers(all=True, filters=compose.lab_filter(lab))
        return sorted((_node(entry) for entry in found), key=lambda node: node.name)

    def reach(self, lab: str, name: NodeName) -> Reach:
        container = Names(lab).node(name)
        # As the container's own user: a worker's root, without capabilities, could not even read the drive.
        return Reach(
            prefix=("docker", "exec", "-i", container),
            terminal=("docker", "exec", "-it", container),
            is_remote_shell=False,
            testinfra=f"docker://{container}",
            ansible={
                "ansible_connection": "docker",
                "ansible_host": container,
                "ansible_user": "root",
                "ansible_python_interpreter": "/usr/bin/python3",
            },
        )

    def url(self, plan: LabPlan) -> str:
        return f"http://127.0.0.1:{plan.port}"

    def stop(self, lab: str, name: NodeName, by: Deadline) -> None:
        with in_our_words(f"stopping {name}"):
            try:
                api().stop(Names(lab).node(name), timeout=int(by.left()))
            except NotFound:
                return

    def restart(self, lab: str, name: NodeName, by: Deadline) -> None:
        with in_our_words(f"restarting {name}"):
            api().restart(Names(lab).node(name), timeout=int(by.left()))

    def destroy(self, lab: str, name: NodeName, by: Deadline) -> str | None:
        container = Names(lab).node(name)
        lost = _keep_log(lab, name, container)
        with in_our_words(f"destroying {name}"):
            _remove_container(container)
        return lost

    def pause(self, lab: str, name: NodeName, by: Deadline) -> None:
        with in_our_words(f"pausing {name}"):
            api().pause(Names(lab).node(name))

    def resume(self, lab: str, name: NodeName, by: Deadline) -> None:
        container = Names(lab).node(name)
        with in_our_words(f"resuming {name}"):
            try:
                api().unpause(container)
            except APIError:
                if api().inspect_container(container)["State"]["Paused"]:
                    raise

    def sleep(self, lab: str, names: Sequence[NodeName], by: Deadline) -> None:
        with in_our_words("putting containers to sleep"):
            _each(api().pause, lab, self._in_state(State.RUNNING, lab, names, by))

    def wake(self, lab: str, names: Sequence[NodeName], by: Deadline) -> None:
        with in_our_words("waking containers"):
            _each(api().unpause, lab, self._in_state(State.SLEEPING, lab, names, by))

    def _in_state(self, state: State, lab: str, names: Sequence[NodeName], by: Deadline) -> list[NodeName]:
        there = {node.name for node in self.nodes(lab, by) if node.state is state}
        return [name for name in names if name in there]

    def power_off(self, lab: str, name: NodeName, by: Deadline) -> None:
        with in_our_words(f"killing {name}"):
            api().kill(Names(lab).node(name))
            api().wait(Names(lab).node(name), timeout=by.left())

    def power_on(self, lab: str, name: NodeName, by: Deadline) -> None:
        with in_our_words(f"starting {name}"):
            api().start(Names(lab).node(name))

    def root(self, lab: str, name: NodeName) -> Reach:
        prefix = ("docker", "exec", "-i", "--user", "0:0", Names(lab).node(name))
        return replace(self.reach(lab, name), prefix=prefix)

    def network(self, lab: str, name: NodeName, by: Deadline) -> Reach:
        # A node has no rights over its network, and shall get none. So a container that has them looks in from beside.
        container = Names(lab).node(name)
        with in_our_words(f"asking for the image of {name}"):
            image_id = api().inspect_container(container)["Image"]
        rights = ("--user", "0:0", "--cap-add", "NET_ADMIN", "--network", f"container:{container}")
        return replace(self.reach(lab, name), prefix=("docker", "run", "--rm", "-i", *rights, image_id))

    def remove(self, lab: str, removed: Report, by: Deadline, *, volumes: bool) -> None:
        only_ours = compose.lab_filter(lab)
        with in_our_words(f"removing lab {lab}"):
            for entry in api().containers(all=True, filters=only_ours):
                _remove_container(entry["Id"])
                removed(entry["Names"][0].lstrip("/"))
            for entry in api().networks(filters=only_ours):
                api().remove_network(entry["Id"])
                removed(entry["Name"])
            disks.detach(lab, by)
            for name in self.data(lab, by) if volumes else []:
                api().remove_volume(name)
                removed(name)

    def is_networked(self, lab: str, by: Deadline) -> bool:
        with in_our_words("looking for the lab's network"):
            return bool(api().networks(filters=compose.lab_filter(lab)))

    def leftovers(self, by: Deadline) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        with in_our_words("looking for labs"):
            of_labs = compose.lab_filter(None)
            for entry in api().containers(all=True, filters=of_labs):
                found.setdefault(entry["Labels"][LABEL_LAB], []).append(entry["Names"][0].lstrip("/"))
            for entry in [*api().networks(filters=of_labs), *(api().volumes(filters=of_labs)["Volumes"] or [])]:
                found.setdefault(entry["Labels"][LABEL_LAB], []).append(entry["Name"])
        # The engine tells volumes in another order each time.
        return {lab: sorted(names) for lab, names in found.items()}

    def data(self, lab: str, by: Deadline) -> list[str]:
        with in_our_words("listing the lab's volumes"):
            return [entry["Name"] for entry in api().volumes(filters=compose.lab_filter(lab))["Volumes"] or []]

    def written(self, lab: str, name: NodeName, by: Deadline) -> list[str]:
        with in_our_words(f"asking what {name} wrote"):
            return [entry["Path"] for entry in api().diff(Names(lab).node(name)) or []]

    def log(self, lab: str, name: NodeName, *, follow: bool) -> list[str]:
        # First what was kept of those that had this name before.
        kept = 'if [ -e "$0" ]; then cat "$0"; fi; exec "$@"'
        own = ["docker", "logs", *(["--follow"] if follow else []), Names(lab).node(name)]
        return ["sh", "-c", kept, str(_kept_log(lab, name)), *own]

    def accelerator(self, by: Deadline) -> str | None:
        return None

    def known_accelerator(self) -> str | None:
        return None

    def facts(self, by: Deadline) -> Mapping[str, str]:
        with in_our_words("asking for its facts"):
            info = api().info()
        return {"engine": f"Docker {info['ServerVersion']}", "storage": info["Driver"], "network": "a bridge, veth"}

    def facts_with(self, facts: Mapping[str, str], variant: str) -> Mapping[str, str]:
        return {**facts, **measure.FACTS[variant]}

    def checks(self, by: Deadline) -> list[Check]:
        return engine_checks.checks()

    def type_start(self, plan: LabPlan, name: NodeName, by: Deadline, variant: str = "") -> Typed:
        return measure.type_start(plan, name, _folder(plan.lab), by, variant)

    def bound(self, plan: LabPlan, name: NodeName, by: Deadline, *, holds: bool) -> None:
        measure.bound(plan, name, by, holds=holds)

    def processes(self, lab: str, name: NodeName, by: Deadline) -> Processes:
        return measure.of_node(lab, name)

    def around(self, lab: str, by: Deadline) -> frozenset[int]:
        return measure.around([node.address for node in self.nodes(lab, by)])

    def disk(self, plan: LabPlan, name: NodeName, by: Deadline) -> Disk:
        return measure.disk(plan, name, by)

    def scratch(
        self, plan: LabPlan, name: NodeName, by: Deadline, variant: str = ""
    ) -> AbstractContextManager[Scratch]:
        return measure.scratch(plan, name, variant)

    def stand_apart(
        self, plan: LabPlan, name: NodeName, told: Mapping[str, str], by: Deadline
    ) -> AbstractContextManager[Apart]:
        return measure.stand_apart(plan, name, _folder(plan.lab), told, by)

    def drive(self, lab: str, by: Deadline) -> Path:
        return measure.drive(lab)


def _each(change: Callable[[str], None], lab: str, names: Sequence[NodeName]) -> None:
    """Does this to the containers of all these nodes, several at once."""
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        list(pool.map(lambda name: change(Names(lab).node(name)), names))


def _env_file(spec: NodeSpec) -> str:
    return "".join(f"{key}={value}\n" for key, value in spec.env.items())


def _make_network(values: Mapping[str, Any]) -> None:
    network = values["networks"]["lab"]
    if api().networks(
        names=[network["name"]], filters={"label": [f"{key}={value}" for key, value in network["labels"].items()]}
    ):
        return
    pools = [{"Subnet": entry["subnet"]} for entry in network["ipam"]["config"]]
    api().create_network(
        network["name"],
        driver="bridge",
        ipam={"Driver": "default", "Config": pools},
        labels=compose.own_labels(values, "network", "lab"),
        check_duplicate=True,
    )


def _start(values: Mapping[str, Any], lab: str, name: NodeName) -> None:
    folder = _folder(lab)
    service = str(name)
    entry = values["services"][service]
    address = api().create_endpoint_config(ipv4_address=entry["networks"]["lab"]["ipv4_address"])
    with in_our_words(f"starting {name}"):
        try:
            api().create_container(
                **compose.container(values, service, folder),
                host_config=api().create_host_config(**compose.host_config(values, service, folder)),
                networking_config=api().create_networking_config({values["networks"]["lab"]["name"]: address}),
            )
        except APIError as error:
            if error.status_code != 409:  # 409: it is there already, then it only has to be started
                raise
            if api().inspect_container(entry["container_name"])["State"]["Paused"]:
                api().unpause(entry["container_name"])
        api().start(entry["container_name"])


def _node(entry: Mapping[str, Any]) -> Node:
    networks = entry["NetworkSettings"]["Networks"]
    address = next((n["IPAMConfig"]["IPv4Address"] for n in networks.values() if n.get("IPAMConfig")), "")
    labels, state = entry["Labels"], _STATES.get(entry["State"], State.FAILED)
    return Node(NodeName.parse(labels[LABEL_NODE]), state, address, labels.get(LABEL_DIGEST, ""))


def _remove_container(container: str) -> None:
    try:
        api().remove_container(container, force=True, v=True)
    except NotFound:
        return
    except APIError as error:
        if error.status_code != 409:  # 409: somebody else is removing it this very moment
            raise


def _kept_log(lab: str, name: NodeName) -> Path:
    return paths.lab(lab) / "logs" / f"docker-{name}.log"


def _keep_log(lab: str, name: NodeName, container: str) -> str | None:
    """The log of a container goes with it, so it is kept in the lab's folder until the lab's destroy; in words, why it
    could not be: that must not keep the container from going."""
    try:
        with in_our_words(f"reading the log of {name}"):
            log = _log(container)
        if log is not None:
            target = _kept_log(lab, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("ab") as file:
                file.write(log)
    except (LabError, OSError) as error:
        why = error.message.splitlines()[0] if isinstance(error, LabError) else error.strerror
        return f"the log of {name} could not be kept: {why}"
    return None


def _log(container: str) -> bytes | None:
    """The last lines of a container's log; None of one that is gone already."""
    try:
        return bytes(api().logs(container, tail=2000))
    except NotFound:
        return None
