"""The verb `refresh`."""

import click

from lab.cli import common, numbers
from lab.flows import deployment, refresh
from lab.flows.refresh import Refreshed
from lab.model.deadline import Deadline
from lab.model.errors import ExitCode
from lab.substrates import registry

_LONGEST_S = 24 * 3600


@click.command(epilog="Example: lab refresh docker")
@click.argument("substrate", type=click.Choice(registry.NAMES), metavar="SUBSTRATE")
@click.option(
    "--ready-within",
    type=numbers.Between(1, _LONGEST_S),
    default=refresh.READY_S,
    show_default=True,
    metavar="S",
    help="Seconds that a new worker has to become ready.",
)
@common.dry_run_option
@common.name_option
def command(substrate: str, ready_within: float, dry_run: bool, lab: str) -> int:
    """Replace the workers, one after the other, by ones that run the newest version; nobody notices.

    A new worker is made before an old one leaves, and is checked before it gets traffic. If the new version is no good,
    the version before is made the newest again, and all workers have that. Exits 1 then.
    """
    loaded = deployment.load(lab, substrate)
    longest_s = refresh.longest_s(len(loaded.deployed.workers), ready_within)
    by = Deadline.after(longest_s, f"refresh: {longest_s:g} s")
    if dry_run:
        click.echo("\n".join(refresh.forecast(loaded, common.look_deadline("refresh"))))
        return ExitCode.DONE
    return _tell(refresh.refresh(loaded, ready_within, common.reporter(), by))


def _tell(refreshed: Refreshed) -> int:
    new, old = refreshed.traffic.new, refreshed.traffic.old
    click.echo(f"all workers run {refreshed.version.short}: {refreshed.version.message}")
    click.echo(f"failed, as the load balancer saw it: {new.in_words()} to new workers, {old.in_words()} to the others")
    if refreshed.why is None:
        return ExitCode.DONE
    # What more there is to it, such as the worker's log, was told when it was seen.
    click.echo(f"rolled back: {refreshed.why.splitlines()[0]}")
    return ExitCode.CHECK_SAID_NO
