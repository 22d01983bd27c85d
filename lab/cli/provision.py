"""The verb `provision`."""

import json
from dataclasses import asdict

import click

from lab.cli import common
from lab.flows import deployment, provision
from lab.model.errors import ExitCode


@click.command(epilog="Example: lab provision docker")
@common.substrate_argument("all")
@click.option(
    "--apply", is_flag=True, help="Repair the store and the load balancer; workers are replaced, not repaired."
)
@click.option("--dry-run", is_flag=True, help="Only say what --apply would repair, as without --apply.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@common.name_option
def command(substrates: list[str], apply: bool, dry_run: bool, as_json: bool, lab: str) -> int:
    """Hold running nodes against the roles that made them. Exits 1 if one has drifted."""
    report, by = common.reporter(), common.change_deadline("provision")
    running = [name for name in substrates if name in deployment.deployed(lab)]
    found = {
        name: provision.provision(
            deployment.load(lab, name), common.prefixed(report, name), by, apply=apply and not dry_run
        )
        for name in running or substrates[:1]
    }
    if as_json:
        click.echo(json.dumps({name: [asdict(one) for one in drifts] for name, drifts in found.items()}, indent=2))
    for name, drifts in found.items() if not as_json else ():
        for one in drifts:
            click.echo(f"{name}/{one.node}: {len(one.tasks)} changed{f'; {one.advice}' if one.advice else ''}")
            for task in one.tasks:
                click.echo(f"    {task}")
    drifted = any(one.tasks and not one.repaired for drifts in found.values() for one in drifts)
    return ExitCode.CHECK_SAID_NO if drifted else ExitCode.DONE
