"""A copy of what bin/lab needs, in which it is typed. Needs no engine, downloads nothing."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.conftest import REPO, Typed

# What bin/lab hands over to, in place of the kit: tells how it was called.
_ECHO = """
import json, os, sys
print(json.dumps([sys.argv[1:], os.getcwd()]))
sys.exit(7)
"""
# In place of the venv module: makes in no time what the launcher needs of an environment.
_VENV = """
import pathlib, sys
folder = pathlib.Path(sys.argv[1]) / "bin"
folder.mkdir(parents=True)
(folder / "python").symlink_to(sys.executable)
"""
# In place of pip: fails, waits or succeeds, as PIP says.
_PIP = """
import os, pathlib, sys, time
with pathlib.Path(os.environ["PIP_CALLS"]).open("a") as calls:
    calls.write("install\\n")
if os.environ.get("PIP") == "slow":
    time.sleep(float(os.environ["PIP_SECONDS"]))
sys.exit(os.environ.get("PIP") == "fails")
"""


class Kit:
    """A copy of what the launcher needs; `lab`, venv and pip are stand-ins, since real ones would download."""

    def __init__(self, root: Path) -> None:
        self.root, self.calls = root, root.parent / "pip-calls"
        shutil.copytree(REPO / "bin", root / "bin")
        shutil.copytree(REPO / "requirements", root / "requirements")
        (root / "lab").mkdir()
        (root / "lab/__main__.py").write_text(_ECHO)
        # The kit's folder is on PYTHONPATH, so these come before Python's own.
        for name, text in {"venv": _VENV, "pip": _PIP}.items():
            (root / name).mkdir()
            (root / name / "__init__.py").touch()
            (root / name / "__main__.py").write_text(text)

    def env(self, **more: str) -> Mapping[str, str]:
        path = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(self.root.parent), "LC_ALL": "C.UTF-8"}
        return {**path, "PYTHONPATH": str(self.root), "PIP_CALLS": str(self.calls), **more}

    def type(self, *words: str, cwd: Path | None = None, program: Path | None = None, **env: str) -> Typed:
        """Types `bin/lab WORDS` with nobody at the terminal."""
        return self.inside([], str(program or self.root / "bin/lab"), *words, cwd=cwd, **env)

    def inside(self, setting: list[str], *argv: str, cwd: Path | None = None, **env: str) -> Typed:
        """Runs a command in a mount namespace where `setting` was run first."""
        script = "\n".join([*setting, 'exec "$@"'])
        wrapped = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-ec", script, "sh", *argv]
        done = subprocess.run(
            wrapped if setting else argv,
            env=self.env(**env),
            cwd=cwd or self.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Typed(done.returncode, done.stdout, done.stderr)

    def installs(self) -> int:
        return len(self.calls.read_text().splitlines()) if self.calls.exists() else 0


def write(program: Path, text: str) -> None:
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
