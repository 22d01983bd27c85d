"""The verb `test`."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from lab.cli import common
from lab.cli.setup import ensure, show
from lab.flows import setup
from lab.host import paths
from lab.model.errors import ExitCode, UsageError

_WITHOUT_ENGINES = {"lint", "unit", "browser", "site"}


@click.command(epilog="Example: lab test -e unit")
@click.option("--yes", is_flag=True, help="Install what is missing without asking.")
@click.option(
    "-e", "--env", "environments", multiple=True, metavar="ENV", help="Only this tox environment; repeatable."
)
@common.dry_run_option
@common.ignored_name
@click.argument("words", nargs=-1, metavar="[-- PYTEST WORDS]")
def command(yes: bool, environments: tuple[str, ...], dry_run: bool, words: tuple[str, ...]) -> int:
    """Run the kit's own tests through tox: lint, unit, docker, vagrant.

    Exits with 1 where one of them failed, and with 4 where they could not be run.
    """
    refuse_unknown(environments)
    by = common.change_deadline("test")
    if needs_engines(environments):
        if dry_run:
            show(setup.plan(), by)
        else:
            refuse_without_sudo()
            ensure(yes=yes, report=common.reporter(), by=by)
    folder = Path(sys.executable).parent
    argv = [str(folder / "tox"), "run", "--conf", str(paths.REPO / "tox.ini")]
    for name in environments:
        argv += ["-e", name]
    argv += ["--", *words] if words else []
    if dry_run:
        click.echo(f"would run: {shlex.join(argv)}")
        return ExitCode.DONE
    # tox.ini calls tox by its name, to make the environment that all share.
    env = {**os.environ, "PATH": f"{folder}:{os.environ.get('PATH', os.defpath)}"}
    return meaning(subprocess.run(argv, env=env, check=False).returncode, environments)


def needs_engines(environments: Sequence[str]) -> bool:
    """Whether one of these environments, or of all where none is named, runs on engines. Pure."""
    named = _named(environments)
    return not named or not named <= _WITHOUT_ENGINES


def _named(environments: Sequence[str]) -> set[str]:
    return {name for words in environments for name in words.split(",")}


def refuse_unknown(environments: Sequence[str]) -> None:
    """Raises UsageError where tox.ini has no such environment, before anything is installed for it."""
    known = environments_of((paths.REPO / "tox.ini").read_text())
    for name in sorted(_named(environments).difference(known)):
        raise UsageError(f"there are no tests {name!r}", where="--env", mend=f"name some of: {', '.join(known)}")


def environments_of(tox_ini: str) -> list[str]:
    """The names of the environments in the text of a tox.ini, of which `a{,-b}` has two. Pure."""
    found = list[str]()
    for section in re.findall(r"^\[testenv:(.+)\]$", tox_ini, re.MULTILINE):
        begin, _, rest = section.partition("{")
        found += [f"{begin}{end}" for end in rest.rstrip("}").split(",")]
    return found


def meaning(status: int, environments: Sequence[str]) -> ExitCode:
    """What tox's status says, which is 1 where one of several environments failed, and that of what failed where only
    one was run. Pure."""
    # ansible-lint ends with 2 where it found something; pytest where it could not begin.
    said_no = {1, 2} if _named(environments) == {"lint"} else {1}
    if status in said_no:
        return ExitCode.CHECK_SAID_NO
    return ExitCode.DONE if status == 0 else ExitCode.FAILED


def refuse_without_sudo() -> None:
    """Raises UsageError where tests would fail for want of root: those on engines make a user, freeze what is others',
    and ask whose a socket is. A password that sudo remembers is not enough: it forgets it after some minutes."""
    if os.geteuid() == 0:
        return
    try:
        subprocess.run(["sudo", "-k", "-n", "true"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise UsageError(
            "the tests on engines need sudo that asks for no password",
            where="`sudo -n true`",
            mend="run them as root, or allow it while they run: a line `NAME ALL=(ALL) NOPASSWD: ALL` in a file in "
            "/etc/sudoers.d; `lab test -e lint -e unit` needs neither engines nor root",
        ) from error
