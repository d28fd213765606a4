"""What users install holds all of the package: a missing table or migration shows only there."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.iterdir()
    with zipfile.ZipFile(path) as archive:
        return archive


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    files = (path for path in (ROOT / "src").rglob("*") if path.is_file())
    source = {path.relative_to(ROOT / "src").as_posix() for path in files}
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == {name for name in source if "__pycache__" not in name}


def test_the_wheel_is_typed_and_brings_its_licence_and_command(wheel: zipfile.ZipFile) -> None:
    names = {name.partition(".dist-info/")[2] for name in wheel.namelist()}
    described = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert {"licenses/LICENSE", "entry_points.txt"} <= names
    assert "tract/py.typed" in wheel.namelist()
    assert described["project"]["scripts"] == {"tract": "tract.cli:main"}
