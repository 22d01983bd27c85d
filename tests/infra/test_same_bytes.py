"""The comparison is fair: what runs in a container and in a virtual machine came from the same files."""

import json
from collections.abc import Callable

import pytest
from testinfra.host import Host

from lab.flows import artefacts
from lab.flows.deployment import Deployment
from lab.model.deadline import Deadline
from lab.model.node import NodeName
from lab.provision import differences, layers, rootfs
from lab.provision.differences import Manifest
from lab.provision.layers import Layer
from lab.substrates import registry

Into = Callable[[NodeName], Host]


@pytest.fixture
def layer(node: NodeName, running_lab: Deployment) -> Layer:
    """The layer that the node's image or box was made from."""
    return artefacts.layer(running_lab.substrate, node.role, running_lab.deployed.topology.versions)


@pytest.fixture
def made(layer: Layer) -> Manifest:
    """What is in it. Where it is not there the fixture fails: that is no answer, neither yes nor no."""
    return manifest(layer)


@pytest.fixture
def image(node: NodeName, running_lab: Deployment) -> Manifest:
    """What is in the root file system that all substrates' nodes of this role were made from."""
    return manifest(layers.for_role(str(node.role), running_lab.deployed.topology.versions))


def manifest(layer: Layer) -> Manifest:
    found: Manifest = json.loads(rootfs.find(layer).manifest.read_text())
    return found


def test_a_node_has_every_package_of_its_root_file_system(
    into: Into, node: NodeName, running_lab: Deployment, made: Manifest
) -> None:
    key = artefacts.keys(running_lab.substrate, running_lab.deployed.topology.versions)[node.role]
    assert running_lab.plan.node(node).key == key, "the lab runs what an older role made: `lab up` renews it"
    lines = into(node).check_output(r"dpkg-query -W -f '${Package} ${Version}\n'").splitlines()
    assert dict(line.split() for line in lines) == made["packages"]


def test_image_and_box_have_the_same_files_but_for_the_committed_list(
    node: NodeName, running_lab: Deployment, image: Manifest, made: Manifest, record_property: Callable[..., None]
) -> None:
    versions = running_lab.deployed.topology.versions
    others = [artefacts.layer(registry.get(name), node.role, versions) for name in registry.NAMES]
    there = [layer for layer in others if rootfs.is_made(layer)]
    for layer in there:
        assert differences.unexpected(image, manifest(layer), differences.allowed()) == [], layer.name
    assert differences.unexpected(image, made, differences.allowed()) == []
    if missing := [layer.name for layer in others if layer not in there]:
        record_property("found", f"{', '.join(missing)} is not built here, and was compared with nothing")


def test_files_of_a_running_node_are_those_of_its_root_file_system(
    node: NodeName, running_lab: Deployment, made: Manifest, deadline: Deadline
) -> None:
    """A sample: of the files in /usr, which nothing that runs may change, every 50th."""
    files = sorted((path, what) for path, what in made["files"].items() if path.startswith("usr/"))
    sample = {f"/{path}": what for path, what in files if what.startswith("sha256:")}
    wanted = dict(list(sample.items())[::50])
    assert len(wanted) > 20
    names = "\0".join(wanted).encode()
    # xargs(1): 123 where sha256sum did not find one of them, which is an answer.
    ok = {0: "all are there", 123: "some are gone"}
    told = running_lab.reach(node).run(["xargs", "-0", "sha256sum", "--"], deadline, stdin=names, ok=ok).out
    pairs = (line.split("  ", 1) for line in told.splitlines())
    assert {path: f"sha256:{digest}" for digest, path in pairs} == wanted
