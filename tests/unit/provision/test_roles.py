"""What is recorded of a play while it runs: itself on this computer, and nothing of one that runs in a namespace."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lab.host import children, namespace
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.provision import roles

_PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - name: Look
      ansible.builtin.command: "true"
"""


def test_a_process_of_this_computer_is_not_recorded_for_its_namesake_in_a_namespace(tmp_path: Path) -> None:
    playbook = tmp_path / "play.yml"
    playbook.write_text(_PLAYBOOK)
    seen: list[str] = []

    def report(step: str) -> None:
        seen.append(step)
        assert [*(tmp_path / "children").iterdir()] == []

    here = {"here": {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}}
    with children.kept_in(tmp_path / "children"):
        roles.play(roles.Play(playbook, here), report, Deadline.after(120, "test"), prefix=namespace.in_namespace([]))
    assert seen == ["Look"]


# Plays a playbook that waits for long, from the beginning or, with a second word, while its task runs.
_PLAYER = """
import sys
from pathlib import Path
from lab.host import children
from lab.model.deadline import Deadline
from lab.provision import roles
folder = Path(sys.argv[1])
here = {"here": {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}}
with children.kept_in(folder / "children"):
    roles.play(roles.Play(folder / "play.yml", here), lambda step: print(step, flush=True), Deadline.after(600, "test"))
"""


@pytest.mark.parametrize("when", ["as soon as it is there", "while a task runs"])
def test_a_play_whose_starter_was_killed_is_found_and_ended(when: str, tmp_path: Path) -> None:
    (tmp_path / "play.yml").write_text(_PLAYBOOK.replace('"true"', "sleep 600"))
    starter = subprocess.Popen([sys.executable, "-c", _PLAYER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    by, records = Deadline.after(60, "test"), tmp_path / "children"

    def whole() -> str | None:
        return None if any(record.stat().st_size for record in records.glob("*.json")) else "none"

    try:
        if when == "while a task runs":
            assert starter.stdout is not None
            assert starter.stdout.readline() == "Look\n"
        await_until(whole, by, what="its record", mend="", every_s=0)
    finally:
        starter.kill()
        starter.communicate()
    (record,) = records.glob("*.json")
    told = json.loads(record.read_text())
    assert children.lives(told["pid"], told["started"])
    assert told["by"]["pid"] == starter.pid
    assert children.end_orphans(records, by) == ["ansible-playbook"]
    assert not children.lives(told["pid"], told["started"])
    assert [*records.iterdir()] == []
