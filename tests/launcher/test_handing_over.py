"""bin/lab: what it hands over to learns what was typed, where and how, in the groups that its user has by now."""

import json
from pathlib import Path

import pytest

from tests.launcher.kit import Kit, write


@pytest.mark.parametrize(
    ("line", "taken_up"),
    [
        ("libvirt:x:71:ada,bob\ndocker:x:70:ada\nkvm:x:72:bob", ["libvirt", "docker"]),
        ("audio:x:70:ada", []),
        ("docker:x:65534:ada", []),  # the number that stands for all groups that are not known here: it has this one
    ],
)
def test_groups_that_are_newer_than_the_login_are_taken_up(kit: Kit, line: str, taken_up: list[str]) -> None:
    kit.type("status", "--yes")
    there = kit.root.parent
    (there / "group").write_text(f"{line}\n")
    write(there / "tools/id", 'case $1 in -un) echo ada ;; -gn) echo "$2s" ;; esac')
    write(there / "tools/sg", 'echo "$1" >&2; exec sh -c "$3"')
    words = ["exec", "worker-1", "--", "a b", "it's", ""]
    done = kit.inside(
        [f"mount --bind {there}/group /etc/group"],
        *("/usr/bin/unshare", "--user", str(kit.root / "bin/lab"), *words),
        PATH=f"{there}/tools:/usr/bin:/bin",
    )
    assert (done.code, json.loads(done.out)[0]) == (7, words), done.err
    # The group that new files belong to stays the user's own.
    assert done.err.split() == [*reversed(taken_up), *(["adas"] if taken_up else [])]


def test_it_keeps_the_callers_folder_and_takes_nothing_from_it(kit: Kit, tmp_path: Path) -> None:
    kit.type("status", "--yes")
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "lab").mkdir(parents=True)
    (elsewhere / "lab/__main__.py").write_text("raise SystemExit('the wrong lab')")
    done = kit.type("status", cwd=elsewhere)
    assert done.out == f'[["status"], "{elsewhere}"]\n'


def test_what_it_hands_over_to_learns_how_it_was_called(kit: Kit, tmp_path: Path) -> None:
    kit.type("status", "--yes")
    (kit.root / "lab/__main__.py").write_text("import os; print(os.environ['LAB_CALLED'])")
    (tmp_path / "lab").symlink_to(kit.root / "bin/lab")
    typed = ["sh", "-c", 'PATH=$PATH:$1; shift; "$@"', "sh"]
    for path, program, name in (
        ("/nowhere", "bin/lab", "bin/lab"),
        (kit.root / "bin", "lab", "lab"),
        (tmp_path, "lab", "lab"),
        (tmp_path, "bin/lab", "lab"),
    ):
        assert kit.inside([], *typed, str(path), program, "status").out == f"{name}\n"


def test_a_link_to_it_works(kit: Kit, tmp_path: Path) -> None:
    kit.type("status", "--yes")
    (tmp_path / "lab-link").symlink_to(kit.root / "bin/lab")
    assert kit.type("status", program=tmp_path / "lab-link", cwd=tmp_path).code == 7
