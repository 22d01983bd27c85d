"""The layers of a root file system and their content keys: what a layer is made of decides its name. Pure.

base (Debian itself) -> role `common` -> the node's role -> whatever a substrate puts on top.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.host import paths
from lab.model.errors import LabError
from lab.model.topology import Versions

PLAYBOOKS = paths.REPO / "playbooks"
LAYER_PLAYBOOK = PLAYBOOKS / "layer.yml"
_KEY_DIGITS = 16
# To be raised when lab/provision/rootfs.py makes something else from the same roles.
_RECIPE = 2

# Python is what Ansible needs in the folder. Documents and translations are for people who read them on the machine.
BASE_PACKAGES = ("python3", "python3-apt")
LEFT_OUT = (
    "path-exclude=/usr/share/doc/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/lintian/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/man/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-include=/usr/share/locale/locale.alias",
)


@dataclass(frozen=True)
class Layer:
    """One layer: the Ansible role that makes it (None: Debian's base) on top of its parent.

    `variables` are the role's, as pairs in the order of their names; the base's is Debian's release. `key` is the
    content key.
    """

    name: str
    role: str | None
    parent: "Layer | None"
    key: str
    variables: tuple[tuple[str, str], ...] = ()

    def lineage(self) -> "Iterator[Layer]":
        """The layers below this one and itself, the lowest first."""
        if self.parent is not None:
            yield from self.parent.lineage()
        yield self


def base(release: str) -> Layer:
    """Debian itself, with what Ansible needs."""
    key = digest([_RECIPE, release, BASE_PACKAGES, LEFT_OUT])
    return Layer("base", None, None, key, (("release", release),))


def for_role(role: str, versions: Versions) -> Layer:
    """The root file system of a node role; raises LabError for a role that has no folder in playbooks/roles."""
    return extended(extended(base(versions.debian), "common", {}), role, variables(role, versions))


def variables(role: str, versions: Versions) -> dict[str, str]:
    """What the Ansible role of a node role is told of the versions: its own alone, so that others change no key."""
    return {
        "loadbalancer": {"loadbalancer_haproxy": versions.haproxy},
        "store": {"store_postgresql": str(versions.postgresql)},
    }.get(role, {})


def extended(layer: Layer, ansible_role: str, variables: Mapping[str, str], playbooks: Path = PLAYBOOKS) -> Layer:
    """`layer` with one more role applied to it."""
    folder = playbooks / "roles" / ansible_role
    if not (folder / "tasks" / "main.yml").is_file():
        raise LabError(
            f"there is no Ansible role {ansible_role!r}",
            where=str(folder),
            mend="a role is a folder with tasks/main.yml; restore it from git, or correct the name",
        )
    pairs = tuple(sorted(variables.items()))
    made_of = [layer.key, ansible_role, pairs, contents(playbooks / LAYER_PLAYBOOK.name), contents(folder)]
    return Layer(_name(layer, ansible_role), ansible_role, layer, digest(made_of), pairs)


def packed_key(layer: Layer, packed_with: Iterable[Path]) -> str:
    """The content key of the image or box that a layer is packed into; these files say how."""
    files = [contents(path) for path in packed_with]
    return digest([layer.key, files]) if files else layer.key


def _name(parent: Layer, ansible_role: str) -> str:
    """worker on common is `worker`, machine on worker is `worker-machine`."""
    return ansible_role if parent.name in ("base", "common") else f"{parent.name}-{ansible_role}"


def contents(path: Path) -> list[tuple[str, bool, str]]:
    """Name, executable or not, and hash of each file of a folder, or of one alone; no times and no owners, which differ
    between clones."""
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    return [(str(file.relative_to(path)), _is_executable(file), _hash(file)) for file in files if not _is_litter(file)]


def _is_executable(file: Path) -> bool:
    return bool(file.stat().st_mode & 0o100)


def _is_litter(file: Path) -> bool:
    return file.name.endswith(("~", ".swp", ".pyc")) or file.name.startswith(".#")


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def digest(made_of: object) -> str:
    """A content key of values that JSON can tell."""
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:_KEY_DIGITS]
