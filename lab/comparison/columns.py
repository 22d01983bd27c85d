"""What is compared with what: a bare process, and each substrate in each way that it can start a worker. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lab.substrates.base import CanMeasure, CanSleep, Substrate

BARE = "bare"


class Way(StrEnum):
    """How the workers of a column come to be."""

    BARE = "bare"
    """The worker's own files and start script on this computer's kernel, with nothing around them."""
    FRESH = "fresh"
    """Made from nothing."""
    WARM = "warm"
    """Booted once, asleep since, woken when needed: `CanSleep`."""
    TUNED = "tuned"
    """Made from nothing, with one setting other than the kit's default: `Place.variant`."""


@dataclass(frozen=True)
class Place:
    """A column before anything is measured in it: its key and title, and where and how it is measured.

    A bare process has the store of a lab on `substrate`; `is_machine` says whether what is measured has a kernel of its
    own; `variant` names the setting of a tuned column.
    """

    key: str
    title: str
    substrate: str
    way: Way
    is_machine: bool
    variant: str = ""


def places(substrates: Sequence[Substrate], *, tuned: bool) -> list[Place]:
    """The columns, in their order: a bare process where a substrate has nodes on this computer's own kernel, then those
    of each substrate; also the tuned ones where `tuned` says so."""
    own = [one for one in substrates if not one.has_own_kernel]
    bare = [Place(BARE, "Bare process", own[0].name, Way.BARE, is_machine=False)] if own else []
    return bare + [place for one in substrates for place in _of(one, tuned=tuned)]


def _of(substrate: Substrate, *, tuned: bool) -> list[Place]:
    name, is_machine = substrate.name, substrate.has_own_kernel
    title = substrate.title if isinstance(substrate, CanMeasure) else name
    # A process that sleeps wakes as it is; what a warm pool spares is a kernel's boot.
    if is_machine and isinstance(substrate, CanSleep):
        found = [
            Place(f"{name}-cold", f"{title}, cold", name, Way.FRESH, is_machine),
            Place(f"{name}-warm", f"{title}, warm", name, Way.WARM, is_machine),
        ]
    else:
        found = [Place(name, title, name, Way.FRESH, is_machine)]
    if tuned and isinstance(substrate, CanMeasure):
        variants = substrate.variants.items()
        found += [
            Place(f"{name}-{key}", f"{title}, {says}", name, Way.TUNED, is_machine, key) for key, says in variants
        ]
    return found
