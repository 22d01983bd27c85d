"""What a failure's report tells of kernels that died."""

from pathlib import Path

from tests.consoles import Consoles

OOPS = b"[   29.9] systemd[1]: Started ssh.service\n[   31.2] Oops: int3: 0000 [#1]\n"
PANIC = b"[   31.3] Kernel panic - not syncing: Fatal exception\n"


def a_console(labs: Path) -> Path:
    console = labs / "first" / "logs" / "vagrant-worker-1.log"
    console.parent.mkdir(parents=True)
    return console


def test_a_death_is_told_once_with_its_file(tmp_path: Path) -> None:
    console = a_console(tmp_path)
    console.write_bytes(OOPS)
    consoles = Consoles(tmp_path)
    assert consoles.deaths() == [f"{console}: [   31.2] Oops: int3: 0000 [#1]"]
    with console.open("ab") as more:
        more.write(PANIC)
    assert consoles.deaths() == [f"{console}: [   31.3] Kernel panic - not syncing: Fatal exception"]
    assert consoles.deaths() == []


def test_a_console_that_was_begun_anew_is_read_from_its_start(tmp_path: Path) -> None:
    console = a_console(tmp_path)
    console.write_bytes(b"all is well\n" * 20)
    consoles = Consoles(tmp_path)
    assert consoles.deaths() == []
    console.write_bytes(PANIC)
    assert len(consoles.deaths()) == 1


def test_where_no_lab_is_nobody_died(tmp_path: Path) -> None:
    assert Consoles(tmp_path / "none").deaths() == []
