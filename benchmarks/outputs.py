"""Runs the commands that docs/ideas/ shows, on labs of its own, and writes what they printed into these pages.

    PYTHONPATH=. .venv/bin/python -m benchmarks.outputs                  # both substrates, an hour or so
    PYTHONPATH=. .venv/bin/python -m benchmarks.outputs --only docker    # the other one's outputs stay as they are
    PYTHONPATH=. .venv/bin/python -m benchmarks.outputs 02 05            # these pages only
    PYTHONPATH=. .venv/bin/python -m benchmarks.outputs --page           # runs nothing, writes the pages anew

Keeps the outputs in benchmarks/outputs-results.json, scene by scene. A block that was not run says so.
"""

import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from benchmarks.outputs_list import SCENES, Scene
from benchmarks.outputs_page import Block, BlockJson, Command, SaidJson, written
from benchmarks.runs import circumstances_of, deadline, lab, say
from lab.flows import deployment
from lab.host import paths, records
from lab.host.run import run
from lab.model.errors import LabError
from lab.substrates import registry

RESULTS = paths.REPO / "benchmarks" / "outputs-results.json"
PAGES = paths.REPO / "docs" / "ideas"
BLOCKS = {block.name: block for scene in SCENES for block in scene.blocks}
_ANY = dict.fromkeys(range(256), "ended")
# Wide enough for the tables of `lab status`, and the same for whoever runs it.
_TERMINAL = {"COLUMNS": "112", "NO_COLOR": "1", "TERM": "dumb"}
# What a reader wants to know of where an output comes from.
_TOLD = ("date", "system", "engine", "accelerator", "commit")


@click.command()
@click.argument("pages", nargs=-1)
@click.option("--only", type=click.Choice(registry.NAMES), help="This substrate; the other's outputs are kept.")
@click.option("--page", "page_only", is_flag=True, help="Run nothing, only write the pages anew.")
def main(pages: tuple[str, ...], only: str | None, page_only: bool) -> None:
    """Plays the scenes, keeps what was printed, and writes the pages. One that fails is told, and costs no other; exits
    with 1 then."""
    kept: dict[str, BlockJson] = records.read_json(RESULTS) or {}
    failed = False
    for scene in () if page_only else chosen(SCENES, pages, only):
        try:
            kept |= play(scene)
        except LabError as error:
            say(f"that failed: {error}")
            failed = True
        records.write_json(RESULTS, kept)
        write(kept)
    write(kept)
    sys.exit(failed)


def chosen(scenes: Iterable[Scene], pages: tuple[str, ...], only: str | None) -> list[Scene]:
    """The scenes of these pages (all, if none is named) on this substrate (on each, if None)."""
    return [one for one in scenes if only in (None, one.on) and (not pages or one.page.startswith(pages))]


def write(kept: Mapping[str, BlockJson]) -> None:
    """Writes each page anew from what was kept."""
    for path in sorted(PAGES.glob("*.md")):
        records.write(path, written(path.read_text(), BLOCKS, kept))


def play(scene: Scene) -> dict[str, BlockJson]:
    """What each block of a scene printed. Its lab is brought up before, and removed after with all it has."""
    say(f"page {scene.page} on {scene.on}")
    facts = circumstances_of(scene.on)
    told = {"on": scene.on} | {key: facts[key] for key in _TOLD if facts.get(key)}
    with _stage(scene) as env:
        for command in scene.before:
            _said(command, scene, env)
        return {block.name: {"circumstances": told, "said": _all_said(block, scene, env)} for block in scene.blocks}


@contextmanager
def _stage(scene: Scene) -> Iterator[dict[str, str]]:
    """The scene's lab, if its commands do not make it, and a folder for what they make."""
    with tempfile.TemporaryDirectory() as folder:
        for name, (old, new) in scene.files.items():
            (Path(folder) / name).write_text((paths.REPO / name).read_text().replace(old, new))
        env = {**_TERMINAL, "MINE": folder}
        if scene.up is None:
            yield env
            return
        up = [word.replace("$MINE", folder) for word in scene.up]
        try:
            lab("up", scene.on, "--name", scene.lab, *up)
            yield env
        finally:
            lab("destroy", scene.on, "--volumes", "--yes", "--name", scene.lab)


def _all_said(block: Block, scene: Scene, env: Mapping[str, str]) -> list[SaidJson]:
    say(block.name)
    return [_said(command, scene, env) for command in block.commands]


def _said(command: Command, scene: Scene, env: Mapping[str, str]) -> SaidJson:
    done = run(
        ["bash", "-c", f"exec 2>&1\n{command.line}"],
        by=deadline(),
        ok=_ANY,
        env={**env, "URL": _url(scene), "no_proxy": "*"},
        cwd=paths.REPO,
    )
    if done.status not in command.ok:
        raise LabError(
            f"`{command.line}` ended with status {done.status}\n{done.out}",
            where=f"the scene of page {scene.page} on {scene.on}",
            mend="see above why; nothing of this scene was kept",
        )
    # Whose computer it was, no reader needs to know; and in their shells ~ is the same folder.
    return {"line": command.line, "status": done.status, "output": done.out.replace(f"{Path.home()}/", "~/")}


def _url(scene: Scene) -> str:
    """The site's address, empty while there is no lab."""
    if scene.on not in deployment.deployed(scene.lab):
        return ""
    found = deployment.load(scene.lab, scene.on)
    return found.substrate.url(found.plan)


if __name__ == "__main__":
    main()
