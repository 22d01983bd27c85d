"""The content keys of images and boxes: what decides them."""

from pathlib import Path

import pytest

from lab.flows import artefacts, clean
from lab.flows.deployment import Deployed
from lab.host import paths
from lab.model.node import Mode, Role
from lab.provision import layers
from lab.substrates import registry
from tests.unit.model.test_plan import TOPOLOGY

BOXES = registry.get("vagrant")


def test_an_edit_of_what_a_box_is_packed_with_makes_every_box_anew_and_no_root_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert paths.REPO / "vagrant/box.Vagrantfile" in BOXES.packs_with
    made = [artefacts.layer(BOXES, role, TOPOLOGY.versions) for role in Role]
    before = artefacts.keys(BOXES, TOPOLOGY.versions)
    for number, edited in enumerate(BOXES.packs_with):
        (tmp_path / edited.name).write_text(edited.read_text() + "# edited\n")
        there = [*BOXES.packs_with]
        there[number] = tmp_path / edited.name
        with monkeypatch.context() as patch:
            patch.setattr(type(BOXES), "packs_with", tuple(there))
            assert not {*artefacts.keys(BOXES, TOPOLOGY.versions).values()} & {*before.values()}
            assert [artefacts.layer(BOXES, role, TOPOLOGY.versions) for role in Role] == made
    assert artefacts.keys(BOXES, TOPOLOGY.versions) == before


def test_what_a_substrate_packs_with_nothing_more_has_the_key_of_its_root_file_system() -> None:
    worker = layers.for_role("worker", TOPOLOGY.versions)
    assert layers.packed_key(worker, ()) == worker.key


def test_a_lab_uses_its_boxes_and_the_root_file_systems_that_they_were_packed_from() -> None:
    keys = artefacts.keys(BOXES, TOPOLOGY.versions)
    used = clean.keys_of("vagrant", Deployed(0, Mode.STATELESS, (1,), TOPOLOGY, keys))
    lineages = (artefacts.layer(BOXES, role, TOPOLOGY.versions).lineage() for role in Role)
    assert used == {*keys.values(), *(each.key for lineage in lineages for each in lineage)}
