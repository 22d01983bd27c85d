"""`lab list`: every lab on this computer, and what each engine has of it."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from lab.flows import deployment, password
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.substrates import registry

SECRET = "the secret that opens the store's data"


def labs(
    by: Deadline, *, forgiven: type[LabError] = LabError
) -> tuple[Mapping[str, Mapping[str, list[str]]], list[str]]:
    """Every lab with what each engine and this computer have of it, also destroyed ones; and the engines that do not
    answer as they should: with an error that is `forgiven`, any other is raised."""
    found: dict[str, dict[str, list[str]]] = {name: {} for name in deployment.names()}
    with ThreadPoolExecutor(len(registry.NAMES)) as pool:
        told = dict(zip(registry.NAMES, pool.map(lambda name: _told(name, by, forgiven), registry.NAMES), strict=True))
    for substrate, things in told.items():
        held = things or {}
        # A hand may have removed the data alone.
        for lab in sorted({*held, *password.labs(substrate)}):
            found.setdefault(lab, {})[substrate] = [*held.get(lab, []), *secret(lab, substrate)]
    return found, [substrate for substrate, things in told.items() if things is None]


def ours() -> set[str]:
    """The labs that this user made: those with a record, and those with the secret of data that was kept."""
    return {*deployment.names(), *(lab for substrate in registry.NAMES for lab in password.labs(substrate))}


def _told(substrate: str, by: Deadline, forgiven: type[LabError]) -> Mapping[str, list[str]] | None:
    """What the engine has of any lab; None where it does not answer as it should."""
    try:
        return registry.get(substrate).leftovers(by)
    except forgiven:
        return None


def secret(lab: str, substrate: str) -> list[str]:
    """The word for the secret of a lab's data; none where there is no such secret."""
    return [SECRET] if password.path(lab, substrate).exists() else []
