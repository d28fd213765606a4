"""The help pages: every command has one with an example, and none of it loads what it need not."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

import tract
from tools import make_cli_docs
from tract.cli import root
from tract.cli._command import Command

COMMANDS = root.list_commands(click.Context(root))


def loaded(*words):
    """The heavy modules that a command has loaded when it ends, and those of other commands."""
    code = (
        "import sys, json\n"
        "from tract.cli import root\n"
        "try:\n    root.main(sys.argv[1:])\n"
        "except SystemExit as end:\n    code = end.code\n"
        "print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stderr
    return set(modules)


def test_the_first_page_lists_all_commands_and_options(ok):
    page = ok("--help")
    assert page == ok() == ok("-h")
    for name in [*COMMANDS, "--db", "--tract", "--json", "--no-color", "--version"]:
        assert name in page
    lines = page.splitlines()
    assert max(len(line) for line in lines) <= 80
    assert len([line for line in lines if line.startswith("  tract ")]) == 3


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_page_with_an_example(ok, name):
    page = ok(name, "--help")
    assert f"tract {name}" in page[page.index("\nExample") :]
    assert max(len(line) for line in page.splitlines()) <= 80
    assert "--json" in page


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_name_options_that_there_are(name):
    command = root.get_command(click.Context(root), name)
    assert isinstance(command, Command)
    known = {option for param in command.params for option in [*param.opts, *param.secondary_opts]}
    for example in command.examples:
        words = example[example.index("tract") :].split("|")[0].split(">")[0]
        for word in shlex.split(words):
            assert not word.startswith("--") or word in known, example


def test_every_command_is_on_the_first_page(ok):
    page = " ".join(ok("--help").split())
    for name in COMMANDS:
        assert f" {name} " in page


def test_the_version_is_the_packages(ok):
    assert ok("--version") == f"tract {tract.__version__}\n"


def test_a_help_page_loads_neither_a_store_nor_paint(folder):
    modules = loaded("--help")
    assert not {"sqlalchemy", "alembic", "rich", "tiktoken", "asyncio"} & modules
    assert (
        not {f"tract.cli._{name}" for name in ("look", "log", "write", "demo", "paint")} & modules
    )


def test_programs_do_not_pay_for_paint(store):
    modules = loaded("log", "--json")
    assert not {"rich", "alembic", "tiktoken"} & modules
    assert not {"tract.cli._write", "tract.cli._demo", "tract.cli._keep"} & modules


def test_a_log_does_not_wait_for_the_tokenizer(store):
    modules = loaded("log")
    assert "rich" in modules
    assert not {"tiktoken", "alembic", "rich.progress"} & modules


def test_the_reference_page_is_what_the_commands_say():
    assert make_cli_docs.PAGE.read_text(encoding="utf-8") == make_cli_docs.page()


def test_the_reference_page_links_only_to_what_is_there():
    text = make_cli_docs.page()
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    titles = {heading.lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\(#([\w-]+)\)", text)) <= titles


def test_the_module_can_be_run(process, folder):
    assert process("--version").stdout == f"tract {tract.__version__}\n"
    script = Path(sys.executable).parent / "tract"
    if script.exists():
        done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
        assert done.stdout == f"tract {tract.__version__}\n"
