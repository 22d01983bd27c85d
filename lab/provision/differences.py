"""What a box has otherwise than the image of the same role, beyond what is allowed and why. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NotRequired, TypedDict

import yaml

LIST = Path(__file__).with_name("differences.yml")


class Manifest(TypedDict):
    """See `lab.provision.manifest.of_tar`."""

    packages: Mapping[str, str]
    files: Mapping[str, str]
    owners: NotRequired[Mapping[str, str]]
    """Missing in a manifest that an older kit made: then each path of its packages is told as a difference."""


@dataclass(frozen=True)
class Allowed:
    """The committed list, as globs: packages that the box has beyond the image's, with whatever they own; paths that
    may differ; paths that the box may have beyond; and such of which links and folders are allowed alone."""

    packages: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()


def allowed(path: Path = LIST) -> Allowed:
    """What the committed list in `path` allows."""
    content = yaml.safe_load(path.read_text())
    return Allowed(
        tuple(entry["name"] for entry in content["packages"]),
        *(tuple(entry["path"] for entry in content[kind]) for kind in ("changed", "added", "linked")),
    )


def unexpected(image: Manifest, box: Manifest, may: Allowed) -> list[str]:
    """Each difference that is not in the list, in words; empty when image and box are alike."""
    return [*_packages(image["packages"], box["packages"], may), *_files(image, box, may)]


def _packages(image: Mapping[str, str], box: Mapping[str, str], may: Allowed) -> Iterator[str]:
    for name, version in sorted(image.items()):
        if box.get(name) != version:
            yield f"package {name}: {version} in the image, {box.get(name, 'missing')} in the box"
    for name in sorted(box.keys() - image.keys()):
        if not _matches(name, may.packages):
            yield f"package {name}: in the box alone"


def _files(image: Manifest, box: Manifest, may: Allowed) -> Iterator[str]:
    before, after = image["files"], box["files"]
    for path in sorted(before.keys() | after.keys()):
        if path not in after:
            yield f"{path}: in the image, missing in the box"
        elif path not in before and not _may_be_added(path, image, box, may):
            yield f"{path}: in the box alone"
        elif path in before and before[path] != after[path] and not _matches(path, may.changed):
            yield f"{path}: {before[path]} in the image, {after[path]} in the box"


def _may_be_added(path: str, image: Manifest, box: Manifest, may: Allowed) -> bool:
    owner = box.get("owners", {}).get(path)
    if owner is not None and owner not in image["packages"]:
        # Whether the package itself may be there is told once, not for each of its files.
        return True
    adds_no_bytes = box["files"][path].startswith(("link:", "dir"))
    return _matches(path, may.added) or (adds_no_bytes and _matches(path, may.linked))


def _matches(path: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path, glob) for glob in globs)
