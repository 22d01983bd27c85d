"""The verb `demo`."""

import click
from rich.console import Console
from rich.table import Table

from lab.cli import called, common
from lab.cli.setup import ensure, show
from lab.flows import demo, setup
from lab.flows.demo import Shown
from lab.model import labs
from lab.model.deadline import Deadline
from lab.model.errors import ExitCode

_NEXT = {
    "status": "what every node is doing",
    "kill {first}/worker-1": "throw a server away; then look at the site again",
    "up {first} --workers 4": "more workers; --workers 1 takes them away again",
    "shell {last}/worker-1": "look around inside a worker",
    "destroy --yes": "remove the lab; its data stays until you bring it up again",
}


@click.command(epilog="Example: lab demo --yes")
@common.substrate_argument("all")
@click.option("--yes", is_flag=True, help="Install what is missing without asking.")
@common.dry_run_option
@common.name_option
def command(substrates: list[str], yes: bool, dry_run: bool, lab: str) -> int:
    """Do the whole thing once: build, up, destroy every worker, show that nothing is lost, compare."""
    report, by = common.reporter(), common.change_deadline("demo")
    if dry_run:
        _forecast(lab, substrates, by)
        return ExitCode.DONE
    ensure(yes=yes, report=report, by=by)
    shown = [demo.show(lab, name, common.prefixed(report, name), by) for name in substrates]
    _show(lab, shown)
    return ExitCode.CHECK_SAID_NO if any(one.lost for one in shown) else ExitCode.DONE


def _forecast(lab: str, substrates: list[str], by: Deadline) -> None:
    if show(setup.plan(), by):
        # The engines that could tell more may be among what is missing.
        click.echo(f"then the demo would run on {' and '.join(substrates)}")
        return
    for name in substrates:
        for line in demo.forecast(lab, name, by):
            click.echo(f"{name}: {line}")


def _show(lab: str, shown: list[Shown]) -> None:
    table = Table("", *(one.substrate for one in shown), title="The same app on both, measured just now")
    for what, cells in demo.rows(shown, lambda seconds: f"{seconds:.1f} s"):
        table.add_row(what, *cells)
    Console().print(table)
    for one in shown:
        for thing in one.lost:
            click.echo(f"LOST on {one.substrate}: {thing}")
    if not any(one.lost for one in shown):
        click.echo("Every worker was destroyed without warning, and nothing that was acknowledged is gone:")
        click.echo("the workers keep nothing; the store keeps everything.")
    click.echo(f"\nWhat to try next:\n  open {shown[0].url} in a browser: the site; it says which worker answered")
    for line in next_steps(lab, shown[0].substrate, shown[-1].substrate):
        click.echo(f"  {line}")


def next_steps(lab: str, first: str, last: str) -> list[str]:
    """Commands to be typed as they stand, each with what it does."""
    name = "" if lab == labs.DEFAULT else f" --name {lab}"
    typed = {f"{called.NAME} {words.format(first=first, last=last)}{name}": does for words, does in _NEXT.items()}
    width = max(map(len, typed))
    return [f"{command:{width}}   {does}" for command, does in typed.items()]
