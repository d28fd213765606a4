"""The examples in docstrings run, and every public method has one with its arguments and errors said."""

import doctest
import importlib
import inspect
import pkgutil
import warnings

import pytest

import tract

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(tract.__path__, "tract.")
    if ".migrations.versions" not in module.name and not module.name.endswith("__main__")
)


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_a_module_run(module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = doctest.testmod(importlib.import_module(module))
    assert result.failed == 0


@pytest.mark.parametrize("face", [tract.Tract, tract.Session, tract.Branches])
def test_every_method_of_a_face_says_what_it_takes_gives_and_raises(face):
    lacking = []
    for name, member in inspect.getmembers(face):
        if (
            name.startswith("_")
            or isinstance(inspect.getattr_static(face, name), property)
            or name == "close"
        ):
            continue
        text = inspect.getdoc(member) or ""
        takes = [p for p in inspect.signature(member).parameters if p not in ("self", "cls")]
        lacking += [f"{name}: Args" for _ in takes[:1] if "Args:" not in text]
        lacking += [f"{name}: {p}" for p in takes if f"{p}:" not in text and p != "options"]
        lacking += [f"{name}: {part}" for part in ("Example:",) if part not in text]
    assert lacking == []
