"""The verb `status`."""

import json

import click

from lab.cli import common
from lab.cli.called import as_called
from lab.flows import status
from lab.flows.status import SubstrateStatus
from lab.model import labs
from lab.model.errors import ExitCode
from lab.model.node import Mode


@click.command(epilog="Example: lab status --json")
@common.substrate_argument("all")
@click.option("--json", "as_json", is_flag=True, help="For programs; keys are only ever added.")
@common.name_option
def command(substrates: list[str], as_json: bool, lab: str) -> int:
    """Show what every node is really doing. Exits 3 if an engine does not answer."""
    found = status.gather(lab, substrates, common.look_deadline("status"))
    if as_json:
        click.echo(
            json.dumps({"lab": lab, "substrates": {name: one.as_json() for name, one in found.items()}}, indent=2)
        )
    else:
        _show(lab, found)
    return ExitCode.UNKNOWN if any(one.nodes is None for one in found.values()) else ExitCode.DONE


def _show(lab: str, found: dict[str, SubstrateStatus]) -> None:
    if not found:
        click.echo(f"lab {lab} is not up; {as_called(labs.typed('up docker', lab))} brings it up")
    for name, one in found.items():
        extra = f", {one.accelerator}" if one.accelerator else ""
        click.echo(f"{lab} on {name} ({one.mode}{extra}): {one.url}")
        if one.nodes is None:
            click.echo(f"  could not be told: {one.problem}")
        for node in one.nodes or []:
            ready = "ready" if node.ready else "not ready"
            old = ("  outdated" if node.outdated else "") + ("  behind" if node.behind else "")
            pool = "  in the warm pool" if node.in_pool else ""
            waits = f"  waits for {node.waits_for}" if node.waits_for else ""
            line = f"  {node.name:<16}{node.state:<10}{ready:<11}{(node.commit or '')[:10]:<12}{node.address}"
            click.echo(f"{line}{old}{pool}{waits}")
        if any(node.outdated and not node.in_pool for node in one.nodes or []):
            click.echo(
                as_called(
                    f"  outdated: {labs.typed(f'up {name}', lab)} makes it anew; a worker that keeps users' data only "
                    f"{labs.typed(f'replace {name}/worker-N', lab)} does"
                )
            )
        if any(node.outdated and node.in_pool for node in one.nodes or []):
            click.echo(
                as_called(
                    f"  outdated, in the warm pool: after {labs.typed(f'up {name}', lab)} nobody wakes it; an "
                    "autoscaler removes it or makes it anew"
                )
            )
        if any(node.behind for node in one.nodes or []):
            # A refresh would take what users gave to workers that keep it.
            mend = f"refresh {name}" if one.mode == Mode.STATELESS else f"replace {name}/worker-N"
            newest = (one.newest or "")[:10]
            click.echo(as_called(f"  behind: the newest version is {newest}; {labs.typed(mend, lab)} brings it"))
        if one.app_differs:
            click.echo(f"  app/ differs from what the workers pull: {', '.join(one.app_differs)}")
