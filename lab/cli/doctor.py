"""The verb `doctor`."""

import json
from dataclasses import asdict

import click

from lab.cli import common
from lab.cli.called import as_called
from lab.flows import doctor
from lab.model.checks import Check
from lab.model.errors import ExitCode
from lab.substrates import registry

_MARKS = {True: "ok", False: "NO", None: "??"}
_EXITS = {True: ExitCode.DONE, False: ExitCode.CHECK_SAID_NO, None: ExitCode.UNKNOWN}


@click.command(epilog="Example: lab doctor --json")
@click.option("--json", "as_json", is_flag=True, help="For programs; keys are only ever added.")
@common.ignored_name
def command(as_json: bool) -> int:
    """Check each thing that the kit needs, and say how to mend it. Exits 1 if one is not right."""
    substrates = [registry.get(name) for name in registry.NAMES]
    checks = doctor.examine(substrates, common.look_deadline("doctor"))
    ok = doctor.verdict(checks)
    if as_json:
        click.echo(json.dumps({"ok": ok, "checks": [asdict(check) for check in checks]}, indent=2))
    else:
        _show(checks)
    return _EXITS[ok]


def _show(checks: list[Check]) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        click.echo(f"{_MARKS[check.ok]}  {check.name:<{width}}  {check.found}")
        if not check.ok and check.mend:
            click.echo(f"    {'':<{width}}  mend: {as_called(check.mend)}")
