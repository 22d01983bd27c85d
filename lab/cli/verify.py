"""The verb `verify`."""

import json
from pathlib import Path

import click

from lab.cli import common
from lab.flows import deployment, verify
from lab.flows.verify import Finding
from lab.model import labs
from lab.model.errors import ExitCode, LabError, UsageError

_MARK = {True: "ok", False: "NO", None: "??"}


@click.command(epilog="Example: lab verify docker")
@common.substrate_argument("all")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@common.file_option("--junit", help="Also write JUnit XML there.")
@common.name_option
def command(substrates: list[str], as_json: bool, junit: Path | None, lab: str) -> int:
    """Check a running lab from top to bottom: services, rights, read-only roots, drive, database, versions.

    Exits 1 if a check said no, 3 if one could not be told.
    """
    running = [name for name in substrates if name in deployment.deployed(lab)]
    if not running:
        mend = f"{labs.typed('up', lab)} first"
        raise UsageError(f"lab {lab} is not up on {' or '.join(substrates)}", where="lab verify", mend=mend)
    by = common.change_deadline("verify")
    # Before the first suite, which takes minutes on machines.
    for name in running:
        verify.refuse_unless_up(lab, name, by)
    reports = {name: verify.verify(lab, name, by) for name in running}
    found = {name: verify.parse(report) for name, report in reports.items()}
    if as_json:
        click.echo(json.dumps({name: [one.as_json() for one in rows] for name, rows in found.items()}, indent=2))
    for name, rows in found.items() if not as_json else ():
        _show(name, rows)
    if junit is not None:
        _keep(junit, verify.joined(reports))
    return exit_code([finding.ok for rows in found.values() for finding in rows])


def _keep(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    except OSError as error:
        mend = "make room on that disk, or name another file"
        raise LabError(f"the report cannot be kept: {error.strerror}", where=str(file), mend=mend) from error


def _show(substrate: str, rows: list[Finding]) -> None:
    for row in rows:
        click.echo(f"{_MARK[row.ok]}  {substrate:<8} {row.node:<16} {row.check}{f': {row.found}' if row.found else ''}")


def exit_code(answers: list[bool | None]) -> ExitCode:
    """The exit code for what all checks answered; None stands for one that could not be told. Pure."""
    if False in answers:
        return ExitCode.CHECK_SAID_NO
    return ExitCode.UNKNOWN if None in answers or not answers else ExitCode.DONE
