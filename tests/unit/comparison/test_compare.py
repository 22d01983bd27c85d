"""From what was asked for to a plan. Asks no engine."""

import dataclasses
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab.comparison import compare, labs, schedule, sheet, table
from lab.comparison.catalogue import BATCHES
from lab.comparison.columns import Way
from lab.comparison.compare import Asked
from lab.comparison.report import Column, Report, dump, load
from lab.comparison.sheet import Run
from lab.flows import artefacts, deployment
from lab.host import computer, paths, records
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UsageError
from lab.model.node import Node, NodeName, Role, State
from lab.provision import layers
from lab.substrates import registry
from lab.substrates.base import Substrate
from tests.unit.cli.labs import record
from tests.unit.comparison import made_up, reports
from tests.unit.comparison.reports import HOST

MINUTES = 60


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield
    assert not (tmp_path / "cache").exists(), "a plan makes nothing"


def _names(asked: Asked) -> list[str]:
    return [batch.name for batch in compare.plan(asked).batches]


def _columns(asked: Asked) -> list[str]:
    return [place.key for place in compare.plan(asked).places]


def test_the_standard_rows_are_measured_in_all_columns_within_25_minutes_with_some_to_spare() -> None:
    made = compare.plan(Asked())
    assert list(made.batches) == [batch for batch in BATCHES if batch.is_standard]
    assert [place.key for place in made.places] == ["bare", "docker", "vagrant-cold", "vagrant-warm"]
    assert made.seconds <= 21 * MINUTES


def test_rows_are_named_by_their_name_their_group_or_all() -> None:
    assert _names(Asked(rows=("p99-direct",))) == ["direct"]
    assert _names(Asked(rows=("traffic", "density"))) == ["traffic", "direct", "density"]
    assert _names(Asked(rows=("all",))) == [batch.name for batch in BATCHES]


def test_a_row_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="there is no row 'speed'") as refused:
        compare.plan(Asked(rows=("start", "speed")))
    assert "all, start, life" in refused.value.mend
    assert "p99-direct" in refused.value.mend


def test_one_substrate_alone_has_its_own_columns() -> None:
    assert _columns(Asked(only="docker")) == ["bare", "docker"]
    assert _columns(Asked(only="vagrant")) == ["vagrant-cold", "vagrant-warm"]


def test_all_rows_show_tuned_columns_where_an_engine_has_some() -> None:
    assert {*_columns(Asked(rows=("all",)))} >= {*_columns(Asked())}


def test_a_tuned_column_tells_its_own_setting_and_the_others_those_of_the_kit() -> None:
    facts = {"docker": {"network": "a bridge, veth"}, "vagrant": {"accelerator": "tcg", "disk cache": "writeback"}}
    found = [compare._column(place, facts) for place in compare.plan(Asked(rows=("all",))).places]
    assert [one.key for one in table.plain(found)] == ["bare", "docker", "vagrant-cold", "vagrant-warm"]
    told = {one.key: one.settings for one in found}
    assert told["docker-host-network"] == {"network": "this computer's own"}
    assert told["vagrant-no-cache"]["disk cache"] == "none"
    away = compare._column(compare.plan(Asked(rows=("all",))).places[-1], {"docker": {}, "vagrant": {}})
    assert away.settings == {}


def test_a_bare_process_tells_with_what_it_is_measured_as_the_made_up_report_does() -> None:
    [bare] = [place for place in compare.plan(Asked()).places if place.way is Way.BARE]
    told = compare._column(bare, {}).settings
    assert told["kernel"] == os.uname().release
    assert told["storage"] == computer.file_system(paths.cache())
    assert told.keys() == made_up.report().column(made_up.BARE).settings.keys()
    assert f"Bare process: engine {told['engine']}, kernel {os.uname().release}" in table.circumstances(
        [compare._column(bare, {})]
    )


def _column_of(engine: Substrate) -> Column:
    return Column(key=engine.name, title=engine.name, substrate=engine.name, settings=dict(compare._settings(engine)))


@pytest.fixture(params=registry.NAMES)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Substrate:
    """An engine that tells of itself the same each time."""
    found = registry.get(request.param)
    monkeypatch.setattr(found, "facts", lambda _by: {"engine": "1"})
    return found


def test_workers_of_another_build_or_on_another_kernel_are_another_setting(
    engine: Substrate, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_versions = deployment.read_topology(None).versions
    before, build = _column_of(engine), artefacts.keys(engine, by_versions)[Role.WORKER]
    told = {"engine": "1", "host kernel": os.uname().release, "worker build": build}
    assert {key: before.settings[key] for key in told} == told
    assert before.other_setting(_column_of(engine)) is None
    with monkeypatch.context() as patched:
        patched.setattr(artefacts, "keys", lambda *_: {Role.WORKER: "another"})
        assert before.other_setting(_column_of(engine)) == f"worker build was {build}, then another"
    monkeypatch.setattr("os.uname", lambda: SimpleNamespace(release="9.9"))
    assert before.other_setting(_column_of(engine)) == f"host kernel was {before.settings['host kernel']}, then 9.9"


def test_another_store_or_load_balancer_is_another_setting(engine: Substrate, monkeypatch: pytest.MonkeyPatch) -> None:
    before, keys = _column_of(engine), artefacts.keys
    for role in (Role.STORE, Role.LOADBALANCER):
        with monkeypatch.context() as patched:
            patched.setattr(artefacts, "keys", lambda *args, role=role: {**keys(*args), role: "another"})
            assert str(before.other_setting(_column_of(engine))).startswith("other builds was ")


@pytest.mark.parametrize(
    ("was", "is_now", "is_another"),
    [
        ("cpu_quota = 0.4 ", "cpu_quota = 0.5 ", {"docker": True, "vagrant": True}),
        ("fsync = true", "fsync = false", {"docker": True, "vagrant": True}),
        # Of an engine's own table the others know nothing.
        ("worker_memory_mb = 256", "worker_memory_mb = 257", {"docker": True, "vagrant": False}),
        ("# CPUs", "# processors", {"docker": False, "vagrant": False}),
    ],
)
def test_a_topology_that_says_something_else_is_another_setting(
    was: str,
    is_now: str,
    is_another: dict[str, bool],
    engine: Substrate,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, edited = _column_of(engine), tmp_path / "topology.toml"
    text = deployment.topology_file().read_text()
    assert was in text
    edited.write_text(text.replace(was, is_now))
    monkeypatch.setattr(deployment, "topology_file", lambda _before=None: edited)
    other = before.other_setting(_column_of(engine))
    assert (other or "").startswith("topology was ") is is_another[engine.name]


def test_another_app_is_another_setting_of_each_column(engine: Substrate, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = next(place for place in compare.plan(Asked()).places if place.way is Way.BARE)
    before = _column_of(engine), compare._column(bare, {})
    contents = layers.contents

    def edited(path: Path) -> list[tuple[str, bool, str]]:
        return [*contents(path), ("more.py", False, "0")] if path == paths.REPO / "app" else contents(path)

    monkeypatch.setattr(layers, "contents", edited)
    for one, again in zip(before, (_column_of(engine), compare._column(bare, {})), strict=True):
        assert str(one.other_setting(again)).startswith("app was ")


def test_an_engine_that_is_away_tells_nothing_and_so_no_other_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_by: Deadline) -> dict[str, str]:
        raise LabError("it does not answer", where="docker", mend="start it")

    engine = registry.get("docker")
    monkeypatch.setattr(engine, "facts", away)
    assert compare._settings(engine) == {}


def test_emulation_is_told_with_the_columns_that_it_concerns_and_nothing_where_there_is_none() -> None:
    made, docker = compare.plan(Asked()), {"engine": "Docker 1"}
    [note] = compare._notes(made.places, {"docker": docker, "vagrant": {"accelerator": "tcg"}})
    assert note.startswith("Vagrant VM, cold and Vagrant VM, warm: here an emulator (TCG) plays the processor.")
    assert note.endswith("are those of emulation, not of virtualisation.")
    assert compare._notes(made.places, {"docker": docker, "vagrant": {"accelerator": "kvm"}}) == []


def test_a_lab_that_runs_meanwhile_is_told_and_neither_one_that_sleeps_nor_one_that_nobody_can_tell_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = {"mine": State.RUNNING, "tired": State.SLEEPING}
    for lab in states:
        record(tmp_path, {"docker": [1]}, lab)

    def nodes(lab: str, _by: Deadline) -> list[Node]:
        return [Node(NodeName(Role.WORKER, 1), states[lab], "10.77.0.101")]

    def away(_lab: str, _by: Deadline) -> list[Node]:
        raise LabError("it does not answer", where="vagrant", mend="start it")

    engines = {"docker": nodes, "vagrant": away}
    monkeypatch.setattr(registry, "get", lambda name: SimpleNamespace(nodes=engines[name]))
    assert compare._notes([], {}) == ["lab mine on docker ran meanwhile"]


def test_what_a_killed_comparison_left_is_removed_and_not_told_as_a_lab_that_ran_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path, {"docker": [1]}, "compare")
    labs.mark("compare")

    def nodes(_lab: str, _by: Deadline) -> list[Node]:
        return [Node(NodeName(Role.WORKER, 1), State.RUNNING, "10.77.0.101")]

    def about(*_: object) -> Report:
        return reports.report().model_copy(update={"notes": tuple(compare._notes([], {}))})

    made = dataclasses.replace(compare.plan(Asked(folder=tmp_path / "new")), batches=(), places=())
    monkeypatch.setattr(registry, "get", lambda _: SimpleNamespace(nodes=nodes))
    monkeypatch.setattr("lab.flows.destroy.destroy", lambda lab, *_, **__: shutil.rmtree(paths.lab(lab)))
    monkeypatch.setattr(compare, "_about", about)
    assert compare._notes([], {}) == ["lab compare on docker ran meanwhile", "lab compare on vagrant ran meanwhile"]
    with compare.beginning(made) as begun:
        assert begun.notes == ()


def test_how_often_can_be_said() -> None:
    made = compare.plan(Asked(rows=("start",), repeats=3))
    assert {(task.runs, task.if_quick) for task in made.tasks} == {(3, 3)}


def _kept(folder: Path, *, complete: bool = False, repeats: int | None = 4) -> None:
    """A comparison of the starts of containers, of which one run was made."""
    made = compare.plan(Asked(rows=("start",), only="docker", folder=Path("/nowhere")))
    about = Report(
        schema_version=1,
        made_at="2026-11-26T12:00:00Z",
        host=HOST,
        repeats=repeats,
        columns=tuple(compare._column(place, {"docker": {}}) for place in made.places),
        rows=(),
        complete=False,
    )
    report = sheet.blank(made.batches, made.places, about)
    for key in ("bare", "docker"):
        report = sheet.measured(report, key, Run({row.name: 1.0 for row in made.batches[0].rows}, 0.1, 0.0))
    records.write_json(folder / "report.json", dump(report.model_copy(update={"complete": complete})))


def test_a_comparison_is_resumed_from_its_folder_as_it_was_asked_for(tmp_path: Path) -> None:
    _kept(tmp_path / "mine")
    made = compare.plan(Asked(folder=tmp_path / "mine"))
    assert [batch.name for batch in made.batches] == ["start"]
    assert [place.key for place in made.places] == ["bare", "docker"]
    assert made.repeats == 4
    assert {task.runs for task in made.tasks} == {3}


def test_more_rows_and_more_repeats_can_be_asked_of_a_comparison(tmp_path: Path) -> None:
    _kept(tmp_path / "mine", complete=True)
    made = compare.plan(Asked(rows=("memory",), only="vagrant", repeats=2, folder=tmp_path / "mine"))
    assert [batch.name for batch in made.batches] == ["start", "memory"]
    assert [place.key for place in made.places] == ["bare", "docker", "vagrant-cold", "vagrant-warm"]
    runs = {task.name: task.runs for task in made.tasks}
    assert runs["start", "docker"] == 1
    assert runs["memory", "docker"] == runs["memory", "vagrant-cold"] == 2


def test_a_resumed_comparison_makes_as_many_runs_of_what_is_quick_as_one_that_was_not_interrupted(
    tmp_path: Path,
) -> None:
    _kept(tmp_path / "mine", repeats=None)
    found = load(tmp_path / "mine")
    # Seven runs of 1.0 s, where the catalogue expects a slow start, and five.
    for _ in range(6):
        found = sheet.measured(found, "docker", Run({row.name: 1.0 for row in found.rows}, 0.1, 0.0))
    records.write_json(tmp_path / "mine" / "report.json", dump(found))
    made = compare.plan(Asked(folder=tmp_path / "mine"))
    assert {task.place.key: schedule.wanted(task) for task in made.tasks} == {"bare": 19, "docker": 13}
    assert made.runs == 32


SAME = Asked(rows=("start",), only="docker")


def test_without_a_folder_the_latest_comparison_goes_on_where_it_was_interrupted() -> None:
    home = paths.state() / "comparisons"
    _kept(home / "20260101-000000")
    _kept(home / "20260102-000000", complete=True)
    assert compare.plan(SAME).old is None
    _kept(home / "20260103-000000")
    made = compare.plan(SAME)
    assert (made.folder, made.other) == (home / "20260103-000000", None)
    assert made.old is not None
    assert [task.runs for task in made.tasks] == [3, 3]
    assert compare.plan(dataclasses.replace(SAME, repeats=9)).old is not None


@pytest.mark.parametrize(
    "asked",
    [
        Asked(),
        Asked(rows=("start",)),
        Asked(only="docker"),
        Asked(rows=("start",), only="vagrant"),
        Asked(rows=("start", "hash"), only="docker"),
        Asked(rows=("all",)),
    ],
)
def test_other_rows_or_columns_are_begun_anew_and_what_was_interrupted_is_named(asked: Asked) -> None:
    kept = paths.state() / "comparisons" / "20260101-000000"
    _kept(kept)
    made, alone = compare.plan(asked), compare.plan(dataclasses.replace(asked, folder=Path("/nowhere")))
    assert (made.old, made.other) == (None, kept)
    assert made.folder != kept
    assert (made.batches, made.places, made.tasks) == (alone.batches, alone.places, alone.tasks)


def test_a_latest_comparison_that_is_damaged_says_how_to_go_on() -> None:
    records.write(paths.state() / "comparisons" / "20260101-000000" / "report.json", "{")
    with pytest.raises(UsageError, match="it is no JSON, or was cut off") as refused:
        compare.plan(Asked())
    assert refused.value.mend == "remove it, or name another folder with --out"


def test_a_resumed_comparison_tells_how_long_each_part_took(tmp_path: Path) -> None:
    _kept(tmp_path / "mine")
    found = compare._timed(compare._timed(load(tmp_path / "mine"), "3 min"), "3 min")
    assert found.host["took"] == "3 min and 3 min"


def test_a_part_that_was_interrupted_is_counted_in_how_long_it_took(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = [0.0]

    def interrupted(begun: Report, *rest: Any) -> Report:
        for _ in range(2):
            now_s[0] += 100
            rest[-1].keep(begun)
        raise KeyboardInterrupt

    def whole(begun: Report, *_: object) -> Report:
        now_s[0] += 300
        return begun

    monkeypatch.setattr(compare, "time", SimpleNamespace(monotonic=lambda: now_s[0]))
    made = compare.plan(dataclasses.replace(SAME, folder=tmp_path / "mine"))
    monkeypatch.setattr("lab.comparison.session.measure", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compare.measure(made, reports.report(), {}, print, print)
    assert load(tmp_path / "mine").host["took"] == "4 min"
    monkeypatch.setattr("lab.comparison.session.measure", whole)
    assert compare.measure(made, load(tmp_path / "mine"), {}, print, print).host["took"] == "4 min and 5 min"
    assert load(tmp_path / "mine").host["took"] == "4 min and 5 min"


def test_what_is_complete_leaves_nothing_to_do(tmp_path: Path) -> None:
    _kept(tmp_path / "mine", complete=True, repeats=1)
    assert compare.plan(Asked(folder=tmp_path / "mine")).tasks == ()


def test_a_folder_whose_report_is_damaged_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("{")
    with pytest.raises(UsageError, match="it is no JSON, or was cut off"):
        compare.plan(Asked(folder=tmp_path))
    assert (tmp_path / "report.json").read_text() == "{"


@pytest.mark.parametrize("name", ["taken", "taken/below"])
def test_a_folder_that_is_none_is_refused_before_anything_is_done(name: str, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(UsageError, match="no report can be kept there"):
        compare.plan(Asked(folder=tmp_path / name))


def test_a_lab_of_that_name_that_somebody_else_made_is_not_taken() -> None:
    labs.check_free("compare")
    folder = paths.lab("compare")
    records.write_json(folder / "lab.json", {"lab": "compare", "slot": 0, "substrates": {"docker": {}}})
    with pytest.raises(UsageError, match="the record of lab compare cannot be read"):
        labs.check_free("compare")
