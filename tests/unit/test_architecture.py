"""The shape of the kit, read from its own imports."""

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
# Each room may import those below it, and nothing above.
ROOMS = (
    *("cli", "exercise", "comparison", "flows", "faults", "scaling", "traffic", "ledger", "timeline"),
    *("loadbalancer", "store", "provision", "substrates", "host", "model"),
)
ENGINE_WORDS = ("docker", "vagrant", "libvirt", "virsh", "compose")
# Learners type the names of substrates, so these stand in examples of the command line; what is behind them does not.
INNER_WORDS = ("libvirt", "virsh", "compose", "dockerd", "qemu")
THE_KIT = "vagrant-docker-lab"
# Waiting is for wait.py. The others keep time: visitors who come when they are due, a run beside them, rounds.
SLEEPERS = {
    *("host/wait.py", "flows/autoscale.py", "flows/prove.py", "comparison/probes/traffic.py"),
    *("traffic/read_back.py", "traffic/run.py", "traffic/visits.py"),
}
MODULES = sorted((REPO / "lab").rglob("*.py"))


@cache
def _nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text())))


@cache
def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in _nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _room(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "lab" and len(parts) > 1 and parts[1] in ROOMS else None


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(REPO)))
def test_imports_go_down_only(path: Path) -> None:
    here = path.relative_to(REPO / "lab").parts[0]
    if here not in ROOMS:
        return
    above = set(ROOMS[: ROOMS.index(here)])
    assert not {module for module in _imports(path) if _room(module) in above}


def test_any_module_can_be_the_first_that_is_imported() -> None:
    names = {".".join(path.relative_to(REPO).with_suffix("").parts): path for path in MODULES}
    # Raises CycleError with the modules of a circle.
    assert [*TopologicalSorter({name: _imports(path) & {*names} for name, path in names.items()}).static_order()]


def test_every_room_has_its_place_in_the_order() -> None:
    rooms = {path.name for path in (REPO / "lab").iterdir() if (path / "__init__.py").exists()}
    assert rooms == set(ROOMS)


def test_the_two_substrates_know_nothing_of_each_other() -> None:
    for one, other in (("docker", "vagrant"), ("vagrant", "docker")):
        for path in (REPO / "lab" / "substrates" / one).rglob("*.py"):
            assert not {m for m in _imports(path) if m.startswith(f"lab.substrates.{other}")}, path


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(REPO)))
def test_no_engine_is_named_in_code_outside_its_substrate(path: Path) -> None:
    room = path.relative_to(REPO / "lab").parts[0]
    if room == "substrates":
        return
    nodes = _nodes(path)
    # Strings that stand for themselves explain: docstrings.
    docs = {id(n.value) for n in nodes if isinstance(n, ast.Expr)}
    strings = [str(n.value) for n in nodes if isinstance(n, ast.Constant) and id(n) not in docs]
    told = " ".join(strings).lower().replace(THE_KIT, "")
    assert not [word for word in (INNER_WORDS if room == "cli" else ENGINE_WORDS) if word in told]
    assert not {n.id.lower() for n in nodes if isinstance(n, ast.Name)} & set(ENGINE_WORDS)


def test_the_app_and_the_kit_import_nothing_of_each_other() -> None:
    for path in (REPO / "app").rglob("*.py"):
        assert not {m for m in _imports(path) if m.split(".")[0] == "lab"}, path
    for path in MODULES:
        assert not {m for m in _imports(path) if m.split(".")[0] == "app"}, path


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(REPO)))
def test_no_module_is_above_400_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def test_no_import_inside_a_function() -> None:
    for path in MODULES:
        for function in (n for n in _nodes(path) if isinstance(n, ast.FunctionDef)):
            inner = [n for n in ast.walk(function) if isinstance(n, (ast.Import, ast.ImportFrom))]
            assert not inner, f"{path}: {function.name}"


def _sleeps(path: Path) -> bool:
    """Whether a module sleeps, or gives what sleeps another name."""
    clocks = ("time", "asyncio")
    called = {
        n.value.id
        for n in _nodes(path)
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.attr == "sleep"
    }
    renamed = {a.name for n in _nodes(path) if isinstance(n, ast.Import) for a in n.names if a.asname}
    return bool((called | renamed).intersection(clocks) or _imports(path) & {f"{clock}.sleep" for clock in clocks})


def test_nothing_waits_by_sleeping() -> None:
    assert {str(path.relative_to(REPO / "lab")) for path in MODULES if _sleeps(path)} == SLEEPERS


def test_the_folders_that_engines_read_are_no_packages() -> None:
    for name in ("docker", "vagrant"):
        assert not list((REPO / name).rglob("*.py")), "a package here would hide the SDK of that name"
