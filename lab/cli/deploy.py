"""The verb `deploy`."""

import json
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lab.cli import common
from lab.flows import deploy, deployment
from lab.flows.deploy import Listed
from lab.flows.deployment import Deployment
from lab.host import paths
from lab.model.errors import UsageError
from lab.substrates import registry

_BEFORE = "the one before"


@click.command(epilog='Example: lab deploy docker my-app -m "A friendlier page"')
@click.argument("substrate", type=click.Choice(registry.NAMES), metavar="SUBSTRATE")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("-m", "--message", metavar="MESSAGE", help="What is new in this version.")
@click.option("--list", "show", is_flag=True, help="Show the versions, the newest first, and which workers run them.")
@click.option("--json", "as_json", is_flag=True, help="With --list: for programs.")
@click.option(
    "--rollback",
    is_flag=False,
    flag_value=_BEFORE,
    metavar="[COMMIT]",
    help="Make an earlier version the newest again, as a new commit; without COMMIT the one before the newest.",
)
@common.dry_run_option
@common.name_option
def command(
    substrate: str,
    path: Path | None,
    message: str | None,
    show: bool,
    as_json: bool,
    rollback: str | None,
    dry_run: bool,
    lab: str,
) -> None:
    """Make the app in the folder PATH, or the kit's own app/, the newest version in the lab's source service.

    Workers pull the newest version when they start; this replaces none of them. `lab refresh` does.
    """
    _check_words(path, show=show, as_json=as_json, rollback=rollback)
    app = path or paths.REPO / "app"
    if not show and rollback is None:
        deploy.checked_app(app)
    if message is not None:
        deploy.checked_message(message)
    loaded, by = deployment.load(lab, substrate), common.change_deadline("deploy")
    commit = None if rollback == _BEFORE else rollback
    if show:
        _show(lab, substrate, deploy.listed(loaded, by), as_json=as_json)
    elif dry_run:
        _forecast(loaded, app, commit, is_back=rollback is not None)
    elif rollback is not None:
        deploy.roll_back(loaded, commit, message, common.reporter(), by)
    else:
        deploy.deploy(loaded, app, message, common.reporter(), by)


def _check_words(path: Path | None, *, show: bool, as_json: bool, rollback: str | None) -> None:
    given = [word for word, is_given in (("PATH", path), ("--list", show), ("--rollback", rollback)) if is_given]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} do not go together", where="lab deploy", mend="give one of them")
    if as_json and not show:
        raise UsageError("--json is for --list", where="lab deploy", mend="give --list with it")


def _forecast(lab: Deployment, app: Path, commit: str | None, *, is_back: bool) -> None:
    by = common.look_deadline("deploy")
    if is_back:
        version = deploy.earlier(lab, deploy.versions(lab, by), commit)
        click.echo(f"would make {version.short} the newest again, as a new commit: {version.message}")
        return
    click.echo(f"would make {app} the newest version; changed: {', '.join(deploy.changed(lab, app, by))}")


def _show(lab: str, substrate: str, versions: list[Listed], *, as_json: bool) -> None:
    if as_json:
        told = {"lab": lab, "substrate": substrate, "versions": [one.as_json() for one in versions]}
        click.echo(json.dumps(told, indent=2))
        return
    table = Table("version", "when", "what is new", "workers")
    for one in versions:
        when = datetime.fromtimestamp(one.version.at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        newest = " (newest)" if one.is_newest else ""
        table.add_row(f"{one.version.short}{newest}", when, escape(one.version.message), " ".join(one.workers))
    Console().print(table)
