"""What `lab verify` runs has to run with the libraries that bin/lab installs, not with those of the tests."""

import ast
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
# What a library is imported as, where that is not the name that it is installed by.
IMPORTED_AS = {
    "pyyaml": "yaml",
    "python-vagrant": "vagrant",
    "pytest-testinfra": "testinfra",
    "ansible-runner": "ansible_runner",
    "mitogen": "ansible_mitogen",
}


def _declared() -> set[str]:
    lines = (REPO / "requirements" / "run.in").read_text().splitlines()
    names = [line.split(">")[0].split("=")[0].strip().lower() for line in lines if line and line[0] != "#"]
    return {IMPORTED_AS.get(name, name) for name in names} | {"pydantic_core"}


def _imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def test_the_kit_and_its_verification_import_only_what_the_lock_file_of_bin_lab_names() -> None:
    ours = {"lab", "tests"}
    files = [*(REPO / "lab").rglob("*.py"), *(REPO / "tests" / "infra").rglob("*.py"), REPO / "tests" / "conftest.py"]
    allowed = _declared() | ours | set(sys.stdlib_module_names)
    missing = {f"{path.relative_to(REPO)}: {name}" for path in files for name in _imported(path) - allowed}
    assert not missing
