"""A file is acknowledged once its content and then its name are on disk: what the app asks of the system, in order."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.unit.app.process import APP, settings

CONTENT = "hello"
# The app itself, asked as gunicorn asks it (PEP 3333), in a process of its own: what it calls is written down there.
_SCRIPT = """
import json, os, sys
from werkzeug.test import create_environ
from app import create_app

told = []
fsync, rename, replace = os.fsync, os.rename, os.replace

def flush(number):
    told.append(["fsync", os.readlink(f"/proc/self/fd/{number}"), os.fstat(number).st_size])
    fsync(number)

def name(call):
    def do(was, now):
        told.append(["rename", os.fspath(was), os.fspath(now)])
        call(was, now)
    return do

os.fsync, os.rename, os.replace = flush, name(rename), name(replace)
asked = create_environ("/files/a.txt", method="PUT", data=sys.argv[1])
list(create_app()(asked, lambda status, _headers: told.append(["answer", status])))
print(json.dumps(told))
"""


def test_content_then_name_then_folder_are_on_disk_before_a_file_is_acknowledged(tmp_path: Path) -> None:
    folder = tmp_path / "disk" / "files"
    folder.mkdir(parents=True)
    env = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **settings(folder.parent)}
    words = [sys.executable, "-c", _SCRIPT, CONTENT]
    said = subprocess.run(words, cwd=APP, env=env, check=True, capture_output=True, text=True, timeout=60).stdout
    content, name, listing, answer = json.loads(said)
    # All of it, and not what Python still has in a buffer.
    assert (content[0], content[2]) == ("fsync", len(CONTENT))
    part = Path(content[1])
    assert part.parent == folder
    assert part.name.startswith("."), "nobody sees it under this name"
    assert name == ["rename", str(part), str(folder / "a.txt")]
    assert listing[:2] == ["fsync", str(folder)]
    assert answer == ["answer", "201 CREATED"]
    assert (folder / "a.txt").read_text() == CONTENT
