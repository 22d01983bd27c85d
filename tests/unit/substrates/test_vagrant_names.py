"""What libvirt has is a lab's by its exact name and title, and never another lab's."""

import pytest

from lab.model.node import NodeName, Role, State
from lab.substrates.vagrant import machines, names
from lab.substrates.vagrant.names import Machine, Names, lab_of_network, lab_of_volume
from lab.substrates.vagrant.render import mac
from lab.substrates.vagrant.virsh import Domain, parsed

W1, W100 = NodeName(Role.WORKER, 1), NodeName(Role.WORKER, 100)


@pytest.mark.parametrize("lab", ["blue", "blue-2", "b"])
def test_a_name_leads_back_to_its_lab_and_to_no_other(lab: str) -> None:
    ours = Names(lab)
    for volume in (ours.store_data, ours.overlay(W1), ours.settings(W1), ours.overlay(W100)):
        assert lab_of_volume(volume) == lab
    assert lab_of_network(ours.network) == lab


@pytest.mark.parametrize(
    "name",
    [
        "labkit-boot-kernel-1",
        "labkit-VAGRANTSLASH-worker-1_vagrant_box_image_0_box.img",
        "labkit-blue_notes.txt",
        "labkit-blue_worker-1.img.bak",
        "labkit-blue_worker-1",
        "labkit-blue_worker-01.img",
        "labkit-blue_web-1.img",
        "labkit-blue_net",
        "labkit-_store.data",
        "my-labkit-blue_store.data",
        "x",
    ],
)
def test_a_volume_that_only_begins_as_ours_do_belongs_to_no_lab(name: str) -> None:
    assert lab_of_volume(name) is None


@pytest.mark.parametrize("name", ["labkit-blue_net2", "labkit-blue_store.data", "labkit-_net", "default"])
def test_a_network_that_only_begins_as_ours_do_belongs_to_no_lab(name: str) -> None:
    assert lab_of_network(name) is None


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("labkit/store-12ab", "12ab"),
        ("labkit-boot-kernel-12ab", "12ab"),
        ("labkit-VAGRANTSLASH-worker-12ab_vagrant_box_image_0_1795525854_box.img", "12ab"),
        ("labkit-boot-kernel-12ab_worker-1.img", None),
        ("labkit-blue_store.data", None),
        ("debian/bookworm64", None),
        ("labkit-boot-kernel-12ab.bak", None),
    ],
)
def test_what_labs_share_is_known_by_its_content_key(name: str, key: str | None) -> None:
    assert names.key_of(name) == key


def test_a_machine_is_a_labs_by_its_title_and_its_name_together() -> None:
    title = names.title("blue", W1, "12ab", "kvm")
    ours, other = Machine("blue", W1, "12ab", "kvm"), Machine("blue-2", W1, "34cd", "tcg")
    assert names.machine(title) == ours
    domains = {
        "labkit-blue_worker-1": Domain("running", title),
        "labkit-blue_worker-2": Domain("running", "somebody else's"),
        "labkit-blue_worker-3": Domain("running", ""),
        "labkit-blue-2_worker-1": Domain("shut off", names.title("blue-2", W1, "34cd", "tcg")),
        "labkit-blue_worker-1-copy": Domain("running", title),
    }
    assert machines.of_lab("blue", domains) == {W1: (State.RUNNING, ours)}
    assert machines.of_lab("blue-2", domains) == {W1: (State.STOPPED, other)}
    assert list(machines.ours(domains)) == ["labkit-blue_worker-1", "labkit-blue-2_worker-1"]


@pytest.mark.parametrize(
    ("made_for", "now", "is_as_made"),
    [("kvm", "kvm", True), ("kvm", "tcg", False), ("tcg", "kvm", False), ("tcg", None, True), (None, "kvm", True)],
)
def test_a_machine_made_for_another_accelerator_is_not_what_is_wanted_now(
    made_for: str | None, now: str | None, is_as_made: bool
) -> None:
    assert (Machine("blue", W1, "12ab", made_for).digest_now(now) == "12ab") is is_as_made


def test_the_title_of_a_machine_that_an_earlier_kit_made_tells_no_accelerator() -> None:
    assert names.machine("worker-1 of lab blue, made as 12ab") == Machine("blue", W1, "12ab", None)


def test_libvirts_table_of_domains_is_read_with_and_without_titles() -> None:
    # As virsh 9.0 prints it.
    table = """\
 7    labkit-blue_store-1    running     store-1 of lab blue, made as 12ab
 -    labkit-blue_worker-1   shut off    worker-1 of lab blue, made as 34cd
 -    other                  saved
"""
    assert parsed(table) == {
        "labkit-blue_store-1": Domain("running", "store-1 of lab blue, made as 12ab"),
        "labkit-blue_worker-1": Domain("shut off", "worker-1 of lab blue, made as 34cd"),
        "other": Domain("saved", ""),
    }


@pytest.mark.parametrize("lab", ["", "*", "Blue", "blue_", "b" * 17])
def test_a_name_that_no_lab_has_is_refused_not_a_wildcard(lab: str) -> None:
    with pytest.raises(ValueError, match="not the name of a lab"):
        Names(lab)


def test_the_mac_follows_from_the_address() -> None:
    assert mac("10.77.64.101") == "52:54:00:4d:40:65"
