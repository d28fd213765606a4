"""Finding an importer: by name, by looking at the file, and among those that other packages offer."""

import sys
from pathlib import Path

import pytest

from tract import InvalidInput
from tract.importers import Importer, list_importers

ROOT = Path(__file__).resolve().parents[2]
BUILT_IN = [
    "openai",
    "anthropic",
    "claude-code",
    "pi",
    "openhands",
    "swe-agent",
    "tau-bench",
    "oasst",
    "toolbench",
    "sharegpt",
]
SHOUTING = """
from tract.importers import Authored, Conversation, Imported
from tract.objects import Actor, DialogueContent

class Shouting:
    name = "shouting"
    description = "lines of shouting"
    def detects(self, sample):
        return 100 if sample.head.startswith(b"LOUD") else 0
    def read(self, source, tract):
        said = [
            Imported(f"line {n}", (Authored(DialogueContent(role="user", text=line), Actor("human")),), n)
            for n, line in enumerate(source.path.read_text().splitlines())
        ]
        yield Conversation(tract, "main", "the file", said)

quiet = object()
"""


@pytest.fixture
def offer(tmp_path, monkeypatch):
    """A function that installs a package which offers importers."""

    def install(entries):
        folder = tmp_path / "site"
        (folder / "shouting-1.0.dist-info").mkdir(parents=True)
        (folder / "shouting.py").write_text(SHOUTING)
        metadata = "Metadata-Version: 2.1\nName: shouting\nVersion: 1.0\n"
        (folder / "shouting-1.0.dist-info" / "METADATA").write_text(metadata)
        listed = "[tract.importers]\n" + entries
        (folder / "shouting-1.0.dist-info" / "entry_points.txt").write_text(listed)
        monkeypatch.syspath_prepend(folder)

    yield install
    sys.modules.pop("shouting", None)


def test_the_built_in_importers_are_listed_with_what_they_read():
    found = list_importers()
    assert [importer.name for importer in found] == BUILT_IN
    assert all(isinstance(importer, Importer) and importer.description for importer in found)


def test_every_format_has_a_page():
    pages = {page.stem for page in (ROOT / "docs" / "reference" / "import").glob("*.md")}
    assert pages == set(BUILT_IN)


def test_a_format_that_nobody_reads_is_refused_with_those_that_are_known(reading):
    with pytest.raises(InvalidInput, match="'fax' is unknown") as caught:
        reading("[]", format="fax")
    assert caught.value.kind == "unknown_format"
    assert "tau-bench" in str(caught.value.hint)


def test_an_installed_package_can_offer_an_importer(reading, offer):
    offer("shouting = shouting:Shouting\n")
    assert [importer.name for importer in list_importers()][-1] == "shouting"
    read = reading("LOUD\nAND CLEAR\n", "shout.txt")
    assert (read.format, read.texts) == ("shouting", ["LOUD", "AND CLEAR"])
    assert reading("quiet", "shout.txt", format="shouting").texts == ["quiet"]


@pytest.mark.parametrize("entry", ["shouting:Missing", "nowhere:X", "shouting:quiet"])
def test_a_broken_importer_is_left_out_and_said_to_be(reading, offer, entry):
    offer(f"broken = {entry}\n")
    with pytest.warns(RuntimeWarning, match="broken .* cannot be loaded"):
        assert [importer.name for importer in list_importers()] == BUILT_IN
    with pytest.raises(InvalidInput, match="cannot be loaded") as caught:
        reading("x", format="broken")
    assert caught.value.kind == "broken_importer"


def test_broken_importers_do_not_matter_where_a_built_in_one_does(reading, offer):
    offer("broken = nowhere:X\n")
    assert reading('[{"role": "user", "content": "x"}]').texts == ["x"]
    assert reading('[{"role": "user", "content": "x"}]', format="openai").texts == ["x"]


FAILING = """
class Detecting:
    name, description = "detecting", "fails while it looks"
    def detects(self, sample): raise ValueError("my bug")
    def read(self, source, tract): yield from ()

class Reading:
    name, description = "reading", "fails while it reads"
    def detects(self, sample): return 100
    def read(self, source, tract): raise ValueError("my bug")
"""


@pytest.fixture
def failing(tmp_path, offer):
    offer("detecting = failing:Detecting\nreading = failing:Reading\n")
    (tmp_path / "site" / "failing.py").write_text(FAILING)
    yield
    sys.modules.pop("failing", None)


def test_what_another_packages_importer_raises_is_told_as_its_own_fault(reading, failing):
    with (
        pytest.warns(RuntimeWarning, match="importer detecting failed on .*ValueError: my bug"),
        pytest.raises(InvalidInput, match="importer reading failed: ValueError") as caught,
    ):
        reading("nothing that is known", "a.txt")
    assert caught.value.kind == "broken_importer"
    # A file that a built-in importer knows is read as ever.
    assert reading('[{"role": "user", "content": "x"}]').texts == ["x"]
