"""Commands typed in this process: a process of their own takes half a second to import the kit, for each of a hundred.

For what asks no engine, becomes no other program and is not told how it was called; tests.conftest.type_lab is for all.
"""

import signal
import sys
from collections.abc import Mapping

import pytest
from click import formatting
from click.testing import CliRunner

from lab.cli import main
from tests.conftest import REPO, Typed

# A terminal of the usual size, wherever the tests run.
_WIDTH = {"COLUMNS": "80"}


def type_inside(*words: str, env: Mapping[str, str] | None = None) -> Typed:
    """Types `lab WORDS` in the kit with nobody at the terminal, and gives what came of it."""
    before = signal.getsignal(signal.SIGTERM)
    with CliRunner().isolation(env={**_WIDTH, **(env or {})}) as (out, err, _), pytest.MonkeyPatch.context() as patch:
        patch.chdir(REPO)
        # click has its own width for tests; people get two columns less than their terminal has.
        patch.setattr(formatting, "FORCED_WIDTH", None)
        patch.setattr(sys, "argv", ["lab", *words])
        try:
            with pytest.raises(SystemExit) as ended:
                main.main()
        finally:
            signal.signal(signal.SIGTERM, before)
        assert isinstance(ended.value.code, int)
        return Typed(ended.value.code, out.getvalue().decode(), err.getvalue().decode())
