"""Where the sockets of ssh lie: in a folder that is ours alone, or nowhere."""

import os
from pathlib import Path

import pytest

from lab.host import paths
from lab.model.errors import UsageError
from lab.substrates.vagrant import ssh


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that is used where the session has none; not made yet."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(paths, "_TEMPORARY", tmp_path)
    return tmp_path / f"vagrant-docker-lab-{os.getuid()}"


def test_the_folder_is_made_for_us_alone_and_found_again(folder: Path) -> None:
    assert ssh.sockets() == ssh.sockets() == folder
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_sessions_own_folder_is_used_if_it_is_ours(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = folder.parent / "session"
    session.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(session))
    assert ssh.sockets() == session
    session.chmod(0o755)
    assert ssh.sockets() == folder


def test_a_folder_that_is_open_to_others_is_refused(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o755)
    _refused(folder)


def test_a_link_that_somebody_put_there_is_refused(folder: Path) -> None:
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    folder.symlink_to(elsewhere)
    _refused(folder)


def test_another_users_folder_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(mode=0o700)
    us = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: us + 1)
    _refused(folder.rename(folder.with_name(f"vagrant-docker-lab-{us + 1}")))


def _refused(folder: Path) -> None:
    with pytest.raises(UsageError) as raised:
        ssh.sockets()
    assert raised.value.where == str(folder)
