"""What bin/lab says of sizes before anything is there, held against what was measured now: pip's and apt's own figures.

    PYTHONPATH=. .venv/bin/python -m benchmarks.sizes       # some minutes, with a network, after `lab build`

Exits 1 where bin/lab says a tenth less than was measured, or half as much again.
"""

import re
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from lab.flows import setup
from lab.host import paths
from lab.host.records import read_json
from lab.host.run import run
from lab.model.deadline import Deadline

# Below and above these shares of what was measured a figure is wrong.
LEAST, MOST = 0.9, 1.5
LAUNCHER = paths.REPO / "bin" / "lab"
REQUIREMENTS = paths.REPO / "requirements"
ROOTFS = paths.cache() / "rootfs"


def said(launcher: str) -> dict[str, int]:
    """The sizes in MB that the text of bin/lab names. Pure."""
    line = next(line for line in launcher.splitlines() if line.startswith("readonly DOWNLOAD_MB"))
    return {name: int(value) for name, value in re.findall(r"(\w+_MB)=(\d+)", line)}


def wrong(said: Mapping[str, int], measured: Mapping[str, float]) -> list[str]:
    """The figures that are not near what was measured, or were not measured. Pure."""
    near = {name: (LEAST * mb, MOST * mb) for name, mb in measured.items()}
    return [name for name, mb in said.items() if name not in near or not near[name][0] <= mb <= near[name][1]]


def main() -> int:
    """Measures, prints a line a figure, and gives the exit status."""
    by, named = Deadline.after(1800, "measuring sizes"), said(LAUNCHER.read_text())
    measured = {**_libraries(by), **_engines(by), "BUILD_DOWNLOAD_MB": _build_mb()}
    bad = wrong(named, measured)
    for name, mb in named.items():
        print(f"{name:20} bin/lab says {mb:4}, measured {measured.get(name, 0):6.0f}{'  WRONG' if name in bad else ''}")
    return 1 if bad else 0


def _libraries(by: Deadline) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run([sys.executable, "-m", "venv", str(folder / "venv")], by=by)
        pip = [str(folder / "venv/bin/python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
        fetched = {}
        for lock in ("run", "dev"):
            options = ["--no-deps", "--require-hashes", "--dest", str(folder / lock)]
            run([*pip, "download", *options, "--requirement", str(REQUIREMENTS / f"{lock}.txt")], by=by)
            fetched[lock] = _mb(folder / lock)
        run([*pip, "install", "--require-hashes", "--requirement", str(REQUIREMENTS / "run.txt")], by=by)
        sizes = {"DOWNLOAD_MB": fetched["run"], "TEST_DOWNLOAD_MB": fetched["dev"]}
        return {**sizes, "VENV_MB": _mb(folder / "venv")}


def _mb(folder: Path) -> float:
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*")) / 1e6


def _engines(by: Deadline) -> dict[str, float]:
    """What apt would fetch for the engines' packages beyond Debian's base system and what README asks for."""
    told = run(["dpkg-query", "--show", "--showformat", "${Priority} ${Package}\n"], by=by).out
    base = [line.split()[1] for line in told.splitlines() if line.startswith(("required ", "important "))]
    base += ["python3-venv", "git"]
    before, after = _fetched(base, by), _fetched([*base, *setup.needs_here().packages], by)
    new = [name for name in after if name not in before]
    text = run(["apt-cache", "show", "--no-all-versions", *new], by=by).out
    installed_kb = sum(int(size) for size in re.findall(r"(?m)^Installed-Size: (\d+)$", text))
    return {"ENGINES_DOWNLOAD_MB": sum(after[name] for name in new) / 1e6, "ENGINES_MB": installed_kb * 1024 / 1e6}


def _fetched(packages: Iterable[str], by: Deadline) -> dict[str, int]:
    """Each package that apt would fetch for these on a computer that has none, with its size in bytes."""
    with tempfile.TemporaryDirectory() as nothing:
        here = ["-o", "Dir::State::status=/dev/null", "-o", f"Dir::Cache::archives={nothing}"]
        argv = ["apt-get", *here, "--print-uris", "--yes", "--quiet", "--no-install-recommends", "install"]
        lines = [line.split() for line in run([*argv, *packages], by=by).out.splitlines() if line.startswith("'")]
    return {words[1].partition("_")[0]: int(words[2]) for words in lines}


def _build_mb() -> float:
    """The packages of all root file systems that were built, each once, with the sizes in apt's lists of the guests."""
    wanted = {pair for file in ROOTFS.glob("*/manifest.json") for pair in (read_json(file) or {})["packages"].items()}
    sizes: dict[tuple[str, str], int] = {}
    for file in (ROOTFS / "apt" / "lists").glob("*_Packages"):
        for paragraph in file.read_text().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if ": " in line and line[0] != " ")
            if "Size" in fields:
                sizes[fields["Package"], fields["Version"]] = int(fields["Size"])
    return sum(sizes.get(pair, 0) for pair in wanted) / 1e6


if __name__ == "__main__":
    sys.exit(main())
