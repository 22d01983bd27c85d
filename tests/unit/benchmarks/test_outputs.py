"""docs/ideas shows what the script kept and nothing else; what it lists can be typed."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import outputs
from benchmarks.outputs import BLOCKS, PAGES, RESULTS, chosen
from benchmarks.outputs_list import SCENES, Scene
from benchmarks.outputs_page import Block, BlockJson, Command, names, unmarked, written
from lab.cli.parsing import parse
from lab.exercise import lint
from lab.flows import prove
from lab.host import paths, records
from lab.model.errors import LabError
from lab.substrates import registry

IDEAS = sorted(PAGES.glob("[0-9]*.md"))
EACH_IDEA = pytest.mark.parametrize("path", IDEAS, ids=lambda path: path.stem)

BLOCK = Block("kernel", (Command("uname -r"), Command("false", (1,))))
BLOCKS_HERE = {"kernel": BLOCK}
TEXT = "Before.\n\n<!-- output: kernel -->\nsomething by hand\n<!-- end of output -->\n\nAfter.\n"
KEPT: dict[str, BlockJson] = {
    "kernel": {
        "circumstances": {"on": "docker", "date": "today"},
        "said": [
            {"line": "uname -r", "status": 0, "output": "6.1.0  \n"},
            {"line": "false", "status": 1, "output": ""},
        ],
    }
}


def test_a_block_shows_what_was_kept_whatever_stood_there() -> None:
    shown = "\n~~~~ text\n$ uname -r\n6.1.0\n$ false\n(exit status 1)\n~~~~\n\n*on: docker; date: today.*\n\n"
    wanted = f"Before.\n\n<!-- output: kernel -->\n{shown}<!-- end of output -->\n\nAfter.\n"
    assert written(TEXT, BLOCKS_HERE, KEPT) == wanted
    assert written(wanted, BLOCKS_HERE, KEPT) == wanted


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"kernel": {**KEPT["kernel"], "said": KEPT["kernel"]["said"][:1]}},
        {"kernel": {**KEPT["kernel"], "said": [{**one, "line": "uname -v"} for one in KEPT["kernel"]["said"]]}},
    ],
    ids=["never run", "a command less", "another command"],
)
def test_what_was_not_run_as_it_is_listed_says_so_and_shows_no_output(kept: dict[str, BlockJson]) -> None:
    text = written(TEXT, BLOCKS_HERE, kept)
    assert "$ uname -r\n$ false\n~~~~\n\n*Not run yet" in text
    assert "6.1.0" not in text
    assert "by hand" not in text


def test_a_block_that_nobody_listed_is_refused() -> None:
    with pytest.raises(KeyError, match="kernel"):
        written(TEXT, {}, KEPT)


def test_each_page_is_as_the_script_wrote_it() -> None:
    kept = records.read_json(RESULTS) or {}
    wrong = [path.name for path in PAGES.glob("*.md") if path.read_text() != written(path.read_text(), BLOCKS, kept)]
    assert not wrong, "changed by hand, or not written since: python -m benchmarks.outputs --page"


def test_no_page_shows_an_output_of_which_the_script_knows_nothing() -> None:
    for path in PAGES.glob("*.md"):
        found = re.findall(r"^(?: {4,}\S.*|\s*(?:```|~~~).*|.*<pre.*)$", unmarked(path.read_text()), re.MULTILINE)
        assert not found, path.name


def test_each_block_stands_in_its_own_page_once() -> None:
    shown = sorted((path.name[:2], name) for path in PAGES.glob("*.md") for name in names(path.read_text()))
    assert shown == sorted((scene.page, block.name) for scene in SCENES for block in scene.blocks)


@EACH_IDEA
def test_each_section_shows_what_it_says(path: Path) -> None:
    _, *sections = re.split(r"^## ", path.read_text(), flags=re.MULTILINE)
    assert sections
    assert not [section.partition("\n")[0] for section in sections if not names(section)]


def test_each_exercise_has_its_page_which_leads_to_it_and_to_the_next_page() -> None:
    assert [int(path.name[:2]) for path in IDEAS] == [*range(1, len(IDEAS) + 1)]
    overview = (PAGES / "README.md").read_text()
    for path, following in zip(IDEAS, [*IDEAS[1:], None], strict=True):
        last = path.read_text().rpartition("\n---\n")[2]
        assert f"](../../exercises/{path.name[:2]}-" in last
        assert following is None or f"]({following.name})" in last
        assert f"]({path.name})" in overview
    numbers = {path.name[:2] for path in (paths.REPO / "exercises").glob("[0-9]*-*/")}
    assert numbers <= {path.name[:2] for path in IDEAS}


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: f"{scene.page}-{scene.on}-{scene.blocks[0].name}")
def test_each_command_can_be_typed_and_names_the_lab_of_its_scene(scene: Scene) -> None:
    others = "|".join(set(registry.NAMES) - {scene.on})
    for line in [command.line for block in scene.blocks for command in block.commands]:
        for words in lint.commands(line):
            assert parse(words, True) is None, line
            assert words[words.index("--name") + 1] == scene.lab, line
        assert not re.search(rf"\b({others})/", line), line


def test_a_lab_that_is_proven_has_as_many_workers_as_a_run_needs() -> None:
    proven = [
        scene for scene in SCENES if any("prove run" in line.line for one in scene.blocks for line in one.commands)
    ]
    assert proven
    for scene in proven:
        assert scene.up is not None
        assert int(scene.up[scene.up.index("--workers") + 1]) >= prove.WORKERS_AT_LEAST, scene.page


def test_a_scene_that_fails_costs_no_other_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page, results = tmp_path / "01.md", tmp_path / "results.json"
    page.write_text(TEXT)
    monkeypatch.setattr(outputs, "RESULTS", results)
    monkeypatch.setattr(outputs, "PAGES", tmp_path)
    monkeypatch.setattr(outputs, "BLOCKS", BLOCKS_HERE)
    monkeypatch.setattr(outputs, "SCENES", [Scene("01", "docker", (BLOCK,), lab=name) for name in ("broken", "whole")])

    def play(scene: Scene) -> dict[str, BlockJson]:
        if scene.lab == "broken":
            raise LabError("it ended with status 2", where="here", mend="see why")
        return KEPT

    monkeypatch.setattr(outputs, "play", play)
    gave = CliRunner().invoke(outputs.main)
    assert gave.exit_code == 1
    assert "that failed: it ended with status 2" in gave.output
    assert records.read_json(results) == KEPT
    assert page.read_text() == written(TEXT, BLOCKS_HERE, KEPT)


@pytest.mark.parametrize(("up", "typed"), [(("--workers", "1"), ["up", "destroy"]), (None, [])])
def test_a_lab_that_the_commands_make_themselves_is_neither_made_nor_removed_beside_them(
    up: tuple[str, ...] | None, typed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    verbs: list[str] = []
    monkeypatch.setattr(outputs, "lab", lambda verb, *_: verbs.append(verb))
    monkeypatch.setattr(outputs, "circumstances_of", lambda _: {"date": "today"})
    monkeypatch.setattr(outputs, "_url", lambda _: "")
    scene = Scene(
        "09", "vagrant", (Block("b", (Command("cat $MINE/x"),)),), up=up, before=(Command("echo 1 >$MINE/x"),)
    )
    assert outputs.play(scene)["b"]["said"] == [{"line": "cat $MINE/x", "status": 0, "output": "1\n"}]
    assert verbs == typed


def test_what_a_scene_changes_in_the_kits_files_is_there() -> None:
    for scene in SCENES:
        for name, (old, _) in scene.files.items():
            assert (paths.REPO / name).read_text().count(old) == 1
    # What the commands of page 7 look for in the app.
    assert "This page was made by" in (paths.REPO / "app/templates/page.html").read_text()
    assert "self._worker}" in (paths.REPO / "app/entries.py").read_text()


def test_pages_and_substrates_are_chosen() -> None:
    assert chosen(SCENES, (), None) == [*SCENES]
    assert {scene.on for scene in chosen(SCENES, (), "vagrant")} == {"vagrant"}
    assert {(scene.page, scene.on) for scene in chosen(SCENES, ("01", "02"), "docker")} == {
        ("01", "docker"),
        ("02", "docker"),
    }


def test_whose_computer_it_was_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "_url", lambda _: "")
    said = outputs._said(Command('echo "$HOME/labs"'), SCENES[0], {"HOME": str(Path.home())})
    assert said["output"] == "~/labs\n"
