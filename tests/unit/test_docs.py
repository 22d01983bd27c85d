"""Docs cannot rot: each verb and each setting stands in them, and each file that they name is there."""

import re
import tomllib
from pathlib import Path

from lab.cli.main import VERBS
from lab.comparison.catalogue import BATCHES, ROWS
from lab.faults import catalogue
from lab.traffic import profiles
from tests.contract.proof import PLANTED
from tests.contract.test_prove import BUGS

REPO = Path(__file__).resolve().parents[2]
DOCS = [REPO / "README.md", REPO / "CONTRIBUTING.md", *sorted((REPO / "docs").rglob("*.md"))]


def test_every_verb_stands_in_the_readme() -> None:
    text = (REPO / "README.md").read_text()
    assert not [verb for verb in VERBS if f"lab {verb}" not in text]


def test_every_setting_is_explained() -> None:
    text = (REPO / "docs" / "topology.md").read_text()
    topology = tomllib.loads((REPO / "topology.toml").read_text())
    substrates = topology.pop("substrates")
    keys = [f"{table}.{key}" for table, values in topology.items() for key in values]
    keys += sorted({key for values in substrates.values() for key in values})
    assert not [key for key in keys if key not in text]


def test_every_fault_is_explained_in_its_own_words() -> None:
    text = (REPO / "docs" / "proof.md").read_text()
    assert not [name for name, fault in catalogue.FAULTS.items() if f"\n| `{name}` | {fault.says} | " not in text]


def test_every_planted_bug_stands_in_the_proof_with_what_brings_it_to_light_and_its_words() -> None:
    text = (REPO / "docs" / "proof.md").read_text()
    rows = {cells[1].strip(" `"): cells for line in text.splitlines() if len(cells := line.split("|")) == 6}
    assert not [patch.stem for patch in PLANTED.glob("*.patch") if patch.stem not in rows]
    for bug in BUGS:
        _, _, _, faults, words, _ = rows[bug.patch]
        assert set(re.findall(r"`([^`]+)`", faults)) == set(bug.faults), bug.patch
        assert set(words.strip().split(", ")) == set(bug.words), bug.patch


def test_every_profile_of_load_is_explained_in_its_own_words_with_its_phases() -> None:
    text = (REPO / "docs" / "load.md").read_text()
    for name, says in profiles.SAYS.items():
        phases = ", ".join(phase.name for phase in profiles.profile(name, 10, 10).phases)
        assert f"\n| `{name}` | {says} | {phases} |\n" in text


def test_every_row_of_the_comparison_is_explained_in_its_own_words() -> None:
    text = (REPO / "docs" / "compare.md").read_text()
    rows = [row for row in ROWS if row.phases_of is None and row.kind != "words"]
    assert not [row.name for row in rows if f"\n| `{row.name}` | {row.title} | {row.measures} |\n" not in text]
    phases = [row for row in ROWS if row.phases_of]
    assert not [
        row.name for row in phases if f"\n- **{row.title}**: {row.measures[0].lower()}{row.measures[1:]}\n" not in text
    ]


def test_the_rows_that_are_not_standard_are_named() -> None:
    text = (REPO / "docs" / "compare.md").read_text()
    told = text.partition("all but what takes long, ")[2].partition(".\n")[0]
    assert re.findall(r"`([^`]+)`", told) == [row.name for b in BATCHES if not b.is_standard for row in b.rows]


def test_every_version_that_is_no_good_stands_in_the_page_of_the_refresh() -> None:
    text = (REPO / "docs" / "deploy.md").read_text()
    assert not [patch.stem for patch in (PLANTED / "deploy").glob("*.patch") if f"\n| `{patch.stem}` | " not in text]


def test_every_file_that_a_page_names_is_there() -> None:
    for page in DOCS:
        for name in re.findall(
            r"`((?:lab|tests|docs|playbooks|benchmarks|app|docker|vagrant)/(?!worker-)[\w./-]*)`", page.read_text()
        ):
            assert (REPO / name).exists(), f"{page.name} names {name}"
        for link in re.findall(r"\]\((?!http|#)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_the_tests_are_called_as_they_can_be_typed() -> None:
    # tox alone does not find the tox that its environments call: `lab test` puts that on PATH.
    for page in (REPO / "README.md", REPO / "CONTRIBUTING.md", REPO / "docs" / "proof.md"):
        assert "tox -e" not in page.read_text(), page.name


def test_every_exercise_stands_in_the_list_of_exercises_with_its_title_and_time() -> None:
    text = (REPO / "exercises" / "README.md").read_text()
    for file in sorted((REPO / "exercises").glob("[0-9]*/exercise.toml")):
        folder, told = file.parent.name, tomllib.loads(file.read_text())
        assert f"| [{folder[:2]} {told['title']}]({folder}/README.md) | {told['minutes']} minutes |" in text


def test_what_the_commands_of_a_page_write_into_the_kits_folder_is_not_taken_for_a_part_of_the_kit() -> None:
    ignored = (REPO / ".gitignore").read_text().splitlines()
    written = {
        name.strip("/").partition("/")[0]
        for page in [*DOCS, *(REPO / "exercises").rglob("README.md")]
        for name in re.findall(r"(?:--plot|--out|merge \S+ \S+ -o|cp -r [\w./$-]+) ([a-z][\w./-]*)", page.read_text())
    }
    assert "timeline.html" in written
    assert not [name for name in written if f"/{name}" not in ignored and f"/{name}/" not in ignored]


def test_curl_is_explained_on_the_first_page_of_the_ideas_that_types_it() -> None:
    pages = sorted((REPO / "docs" / "ideas").glob("[0-9]*.md"))
    first = next(page.read_text() for page in pages if "$ curl " in page.read_text())
    assert "`curl` plays the browser" in first.partition("$ curl ")[0]


def test_who_has_no_browser_is_told_how_to_read_before_the_page_is_loaded_for_the_first_time() -> None:
    text = (REPO / "exercises" / "02-destroy-a-worker" / "README.md").read_text()
    assert "curl -i http://127.0.0.1:8080/entries/" in text.partition("Load the page")[0]
