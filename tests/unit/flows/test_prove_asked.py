"""What a run may take at most, and what it is called."""

import time

import pytest

from lab.flows import prove
from lab.ledger import writes
from lab.ledger.plan import LONGEST_S
from lab.model.errors import UsageError


def _asked(kills: int = 3, duration_s: float = 20.0) -> prove.Asked:
    return prove.Asked("lab", "docker", kills, ("pause",), 30.0, duration_s, 1)


def test_the_time_of_a_run_grows_with_its_faults_and_its_duration() -> None:
    assert prove.longest_s(_asked(kills=4)) > prove.longest_s(_asked())
    assert prove.longest_s(_asked(duration_s=7200.0)) >= 7200.0 + prove.longest_s(_asked(duration_s=0.1)) - 1
    assert prove.longest_s(_asked(kills=100)) <= LONGEST_S


@pytest.mark.parametrize("asked", [_asked(kills=1000), _asked(duration_s=LONGEST_S)])
def test_a_run_that_could_not_end_within_a_day_is_refused_at_once(asked: prove.Asked) -> None:
    with pytest.raises(UsageError, match="and a run has 24 h") as refused:
        prove.longest_s(asked)
    assert refused.value.where == "--kills, --fault, --duration"


def test_a_runs_name_begins_with_its_year_so_that_the_latest_comes_last() -> None:
    name = prove.new_run()
    assert writes.RUN.fullmatch(name)
    assert abs(time.mktime(time.strptime(name[:12], "%y%m%d%H%M%S")) - time.time()) < 60
