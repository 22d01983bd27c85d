"""A clone of the kit, as a person has it: none of what was made since."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
KIT = ("app", "bin", "docker", "exercises", "lab", "playbooks", "requirements", "vagrant", "topology.toml")


def clone(folder: Path, *, prefix: Sequence[str] = ()) -> None:
    """Copies the kit into `folder`; `prefix` goes before each command, such as sudo."""
    subprocess.run([*prefix, "mkdir", "-p", str(folder)], check=True)
    subprocess.run([*prefix, "cp", "-r", *(str(REPO / name) for name in KIT), str(folder)], check=True)
