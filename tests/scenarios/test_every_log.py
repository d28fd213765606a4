"""All real logs in one store: recognised, imported once, valid wherever one looks, and whole."""

import pytest

from tests.formats.samples import accepted
from tract import Session, Tract
from tract.formats import check
from tract.store import open_store

STEP = 20


@pytest.fixture(scope="module")
def files(shared_data):
    found = [
        path
        for path in sorted(shared_data.glob("*/*"))
        if path.suffix in {".json", ".jsonl", ".traj"}
    ]
    assert len(found) > 10
    return found


@pytest.fixture(scope="module")
def reports(files, tmp_path_factory):
    location = tmp_path_factory.mktemp("logs") / "all.db"
    return location, [Tract.import_(path, location, durability="normal") for path in files]


def test_every_file_is_recognised_by_what_it_holds(files, reports):
    _, found = reports
    assert {path.parent.name: report.format for path, report in zip(files, found, strict=True)} == {
        name: name
        for name in (
            "claude-code",
            "oasst",
            "openhands",
            "pi",
            "swe-agent",
            "tau-bench",
            "toolbench",
        )
    }
    assert [report.bad for report in found] == [()] * len(files)


def test_importing_everything_again_adds_nothing(files, reports):
    location, first = reports
    again = [Tract.import_(path, location, durability="normal") for path in files]
    assert [report.added for report in again] == [0] * len(files)
    assert [report.messages for report in again] == [report.messages for report in first]


def test_every_tip_and_every_20th_commit_is_valid_for_both_providers(reports):
    location, found = reports
    places = {place for report in found for place in report.branches}
    store = open_store(location)
    checked: set[str] = set()
    for tract, branch in sorted(places):
        with Tract.open(store, tract=tract, branch=branch, create=False) as t:
            line = [info.id for info in t.log(None)]
            for commit in line[::STEP]:
                if commit not in checked:
                    checked.add(commit)
                    context = t.compile(commit)
                    for provider in ("openai", "anthropic"):
                        wire = getattr(context, f"to_{provider}")()
                        assert check(wire, provider) == []
                        accepted(wire, provider)
    store.close()
    assert len(checked) > len(places) // 2


def test_the_store_is_whole(reports):
    location, found = reports
    with Session.open(location) as session:
        report = session.verify()
        assert report.ok
        assert len(session.list_tracts()) == len({t for one in found for t in one.tracts})
