"""A play that runs in a namespace: what it tells of itself is not mistaken for what runs on this computer."""

from pathlib import Path

from lab.host import children, namespace
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
