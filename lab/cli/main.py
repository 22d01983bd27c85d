"""The entry: finds the verb, runs it, and is the one place that turns an error into words and an exit code."""

import atexit
import errno
import gc
import sys
from importlib import import_module

import click

from lab.cli.called import as_called
from lab.host import interrupt
from lab.model.errors import ExitCode, LabError, UsageError

# Verb: what it does, in one line. Its file lab/cli/VERB.py is loaded when the verb is used: what it imports takes time.
VERBS = {
    "setup": "Install what is missing on this computer, and start the engines.",
    "doctor": "Check each thing that the kit needs, and say how to mend it.",
    "build": "Make the root file systems, and an image and a box from each.",
    "up": "Bring a lab up, or back to what it should be.",
    "status": "Show what every node is doing.",
    "kill": "Destroy a worker without warning.",
    "replace": "Destroy a worker and make its successor.",
    "deploy": "Make a new version of the app, or show all of them; replaces no worker.",
    "refresh": "Replace the workers by ones that run the newest version, one after the other.",
    "sleep": "Put a whole lab to sleep; nothing is lost.",
    "wake": "Wake a lab that sleeps.",
    "destroy": "Remove a lab; its data stays unless you say --volumes.",
    "clean": "Remove the images, boxes and root file systems that no lab uses.",
    "list": "List all labs, and what destroyed ones left.",
    "verify": "Check a running lab from top to bottom.",
    "provision": "Compare running nodes with their roles, and repair them.",
    "prove": "Destroy workers under load, and account for every write.",
    "autoscale": "Add workers when a lab needs them, and remove those that it does not.",
    "load": "Have visitors come to a lab, as many as a profile says.",
    "timeline": "Show what happened to a lab, in words or as a picture.",
    "heal": "Undo what an interrupted run of `prove` left broken.",
    "exercise": "Learn it by doing: exercises on a lab of their own, checked for real.",
    "logs": "Print a node's log.",
    "shell": "Open a shell in a node.",
    "exec": "Run a command in a node.",
    "compare": "Measure how containers and virtual machines differ, on this computer.",
    "demo": "Do the whole thing once: build, up, destroy workers, show that nothing is lost.",
    "test": "Run the kit's own tests.",
}

_EPILOG = """Exit codes: 0 done; 1 a check said no; 2 usage or environment; 3 could not be told;
4 the operation failed; 70 a bug of ours; 130 Ctrl-C."""

_INTERRUPTED = (
    "interrupted: what was done so far stays; the same command, typed again, goes on or says what to do first"
)

_FREE = "free some space there: `lab clean` removes what can be built again; then run this again"
_PERMIT = "see whose it is (`ls -ld`) and make it yours, or name another folder with XDG_STATE_HOME or XDG_CACHE_HOME"
# What the system says of a file that it refuses, where it is the environment that has to be mended.
_MENDS = {
    errno.ENOSPC: _FREE,
    errno.EDQUOT: _FREE,
    errno.EROFS: _PERMIT,
    errno.EACCES: _PERMIT,
    errno.EPERM: _PERMIT,
}


class Verbs(click.Group):
    """The verbs, each loaded on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        # Modules stay to the end: to look for garbage among them, now and when we end, takes a tenth of a second.
        gc.disable()
        command: click.Command = import_module(f"lab.cli.{cmd_name}").command
        gc.freeze()
        gc.enable()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.command(cls=Verbs, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
def lab() -> None:
    """One stateless app on Docker containers and on Vagrant VMs.

    Example: lab up docker && lab kill worker-1 && lab status
    """


def main() -> None:
    """Runs the verb on the command line; the process ends with its exit code."""
    # What was started is ended with us.
    interrupt.install()
    atexit.register(gc.freeze)
    sys.exit(_run())


def _run() -> int:
    try:
        result = lab.main(prog_name="lab", standalone_mode=False)
        return int(result or 0)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except LabError as error:
        return _told(error)
    except (KeyboardInterrupt, click.Abort):
        click.echo(_INTERRUPTED, err=True)
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the one place that may: the rest are our bugs
        if (refused := _refused(error)) is not None:
            return _told(refused)
        sys.excepthook(*sys.exc_info())
        click.echo("this is a bug in the kit, not in what you did", err=True)
        return ExitCode.OUR_BUG


def _told(error: LabError) -> ExitCode:
    click.echo(as_called(f"error: {error}"), err=True)
    return error.code


def _refused(error: Exception) -> LabError | None:
    """In words, that this computer refuses a file: it is full, or the file is not the user's; None for any other error.
    Pure."""
    if not isinstance(error, OSError) or error.filename is None or error.errno not in _MENDS:
        return None
    refusal = f"this computer refuses a file: {error.strerror}"
    return UsageError(refusal, where=str(error.filename), mend=_MENDS[error.errno])
