"""The source keeps the shape that the design gives it, and each rule is seen to bite.

Every rule appears twice: over the package, where it must find nothing, and over a few bad lines
written for it, where it must find exactly what is wrong.
"""

from pathlib import Path

import pytest

import tract
from tests.tidy import rules
from tests.tidy.doors import DOORS
from tests.tidy.rules import Door, Module

SIGN = '"""A door."""\n\n__all__: list[str] = []\n'


@pytest.fixture(scope="module")
def source() -> list[Module]:
    return rules.load(Path(tract.__file__).parent)


def nothing(findings: list[str]) -> None:
    """Fail with the findings themselves, one a line."""
    if findings:
        pytest.fail("\n".join(findings), pytrace=False)


def package(folder: Path, files: dict[str, str]) -> list[Module]:
    """A package ``pkg`` written for one test, each folder of it with a plain ``__init__``."""
    for name, text in {"__init__.py": SIGN, **files}.items():
        path = folder / "pkg" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if not (sign := path.parent / "__init__.py").exists():
            sign.write_text(SIGN, encoding="utf-8")
    return rules.load(folder / "pkg")


# --- the package -----------------------------------------------------------------------------


def test_functions_import_only_through_listed_doors(source: list[Module]) -> None:
    nothing(rules.hidden_imports(source, DOORS))


def test_every_door_has_a_reason() -> None:
    assert [door for door in DOORS if len(door.reason.split()) < 3] == []


def test_rooms_are_entered_through_their_init(source: list[Module]) -> None:
    nothing(rules.back_doors(source))


def test_functions_fit_a_screen(source: list[Module]) -> None:
    nothing(rules.long_functions(source))


def test_files_fit_a_sitting(source: list[Module]) -> None:
    nothing(rules.long_files(source))


def test_modules_open_with_what_lives_there_and_why(source: list[Module]) -> None:
    nothing(rules.thin_docstrings(source))


def test_rooms_list_exactly_what_they_show(source: list[Module]) -> None:
    nothing(rules.inexact_exports(source))


def test_nothing_is_left_for_later(source: list[Module]) -> None:
    nothing(rules.leftovers(source))


# --- the rules -------------------------------------------------------------------------------


def test_an_import_inside_a_function_is_reported(tmp_path: Path) -> None:
    modules = package(
        tmp_path,
        {
            "_a.py": "def f():\n    import json\n",
            "_b.py": "import importlib\ndef f(name):\n    return importlib.import_module(name)\n",
            "_c.py": "class C:\n    async def f(self):\n        from pkg import _a\n",
        },
    )
    assert rules.hidden_imports(modules, ()) == [
        "_a.py:2: imports json inside a function",
        "_b.py:3: imports * inside a function",
        "_c.py:3: imports pkg._a inside a function",
    ]


def test_a_door_opens_for_its_file_and_module_alone(tmp_path: Path) -> None:
    modules = package(
        tmp_path,
        {
            "_a.py": "def f():\n    import json.decoder\n    import jsonlike\n",
            "_b.py": "def f():\n    from json import loads\n",
        },
    )
    assert rules.hidden_imports(modules, [Door("_a.py", "json", "it is a test")]) == [
        "_a.py:3: imports jsonlike inside a function",
        "_b.py:2: imports json inside a function",
    ]


def test_a_door_that_nobody_uses_is_reported(tmp_path: Path) -> None:
    modules = package(tmp_path, {"_a.py": "import json\n"})
    assert rules.hidden_imports(modules, [Door("_a.py", "json", "it is a test")]) == [
        "_a.py: the door to json is not used"
    ]


@pytest.mark.parametrize(
    "line",
    [
        "from pkg.shop._till import pay",
        "from pkg.shop import _till",
        "from .shop._till import pay",
        "from .shop import _till",
        "import pkg.shop._till",
        "from pkg.shop.cellar import wine",
        "from pkg.shop import cellar",
    ],
)
def test_a_room_entered_past_its_init_is_reported(tmp_path: Path, line: str) -> None:
    modules = package(
        tmp_path, {"shop/_till.py": "", "shop/cellar/__init__.py": "", "street.py": f"{line}\n"}
    )
    (finding,) = rules.back_doors(modules)
    assert finding.startswith("street.py:1: enters pkg.shop by pkg.shop.")


def test_a_private_name_taken_from_another_room_is_reported(tmp_path: Path) -> None:
    modules = package(
        tmp_path, {"shop/_till.py": "", "street.py": "from pkg.shop import _pay, __doc__\n"}
    )
    assert rules.back_doors(modules) == ["street.py:1: takes _pay of pkg.shop"]


def test_a_room_may_use_its_own_furniture_and_enter_its_own_cellar(tmp_path: Path) -> None:
    modules = package(
        tmp_path,
        {
            "shop/_till.py": "from pkg.shop.cellar import wine\nfrom pkg import street\n",
            "shop/cellar/_shelf.py": "from pkg.shop._till import pay\nfrom pkg.shop import _till\n",
            "street.py": "from pkg.shop import pay\nimport json.decoder\n",
        },
    )
    assert rules.back_doors(modules) == []


def test_a_long_function_is_reported_by_its_code_alone(tmp_path: Path) -> None:
    body = "    x = 1\n" * 5
    modules = package(
        tmp_path,
        {"_a.py": f"def f():\n{body}\n\ndef g():\n    '''A.\n\n    B.'''\n{body}    x = 2\n"},
    )
    assert rules.long_functions(modules, lines_max=6) == ["_a.py:9: g has 7 lines, over 6"]


def test_a_long_file_is_reported(tmp_path: Path) -> None:
    modules = package(tmp_path, {"_a.py": "x = 1\n" * 11, "_b.py": "x = 1\n" * 10})
    assert rules.long_files(modules, lines_max=10) == ["_a.py: 11 lines, over 10"]


def test_a_thin_docstring_is_reported(tmp_path: Path) -> None:
    modules = package(
        tmp_path,
        {
            "__init__.py": '"""A door."""\n',
            "_a.py": "x = 1\n",
            "_b.py": '"""Says what, and why (not)."""\n',
            "_c.py": '"""Says what v1.2 is. Says why!"""\n',
        },
    )
    assert rules.thin_docstrings(modules) == [
        "_a.py: its docstring has 0 sentences, under 2",
        "_b.py: its docstring has 1 sentences, under 2",
    ]


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("from pkg._a import f\n", "has no __all__ that is a plain list of names"),
        (
            "from pkg._a import f\n__all__ = sorted('f')\n",
            "has no __all__ that is a plain list of names",
        ),
        ("from pkg._a import f, g\n__all__ = ['f']\n", "g is missing in __all__"),
        ("from ._a import f\n__all__ = []\n", "f is missing in __all__"),
        ("LIMIT: int = 3\n__all__ = []\n", "LIMIT is missing in __all__"),
        ("def f(): ...\n__all__ = ['f', 'g']\n", "g in __all__ is not there"),
        ("class C: ...\n__all__ = ['C', 'C']\n", "C is in __all__ twice"),
    ],
)
def test_an_inexact_list_of_exports_is_reported(tmp_path: Path, text: str, finding: str) -> None:
    modules = package(tmp_path, {"__init__.py": text, "_a.py": ""})
    assert rules.inexact_exports(modules) == [f"__init__.py: {finding}"]


def test_an_exact_list_of_exports_may_hold_lazy_and_passed_on_names(tmp_path: Path) -> None:
    text = (
        "from typing import TYPE_CHECKING, Any\n"
        "from json import loads\n"
        "from pkg._a import f, _private\n"
        "if TYPE_CHECKING:\n    from pkg._a import Late\n"
        "def __getattr__(name: str) -> Any: ...\n"
        "__all__ = ['Late', '_a', 'f', 'loads']\n"
    )
    assert rules.inexact_exports(package(tmp_path, {"__init__.py": text, "_a.py": ""})) == []


def test_work_put_off_is_reported(tmp_path: Path) -> None:
    later = "TO" + "DO"
    modules = package(
        tmp_path,
        {
            "_a.py": f"x = 1  # {later}: count\n",
            "_b.py": f"def f():\n    '''{later}'''\n    raise NotImplementedError\n",
            "_c.py": f"{later}S = 'NotImplementedError is a name'\n",
        },
    )
    assert rules.leftovers(modules) == [
        f"_a.py:1: {later}",
        f"_b.py:2: {later}",
        "_b.py:3: NotImplementedError",
    ]
