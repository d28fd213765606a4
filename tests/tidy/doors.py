"""The imports inside functions that are allowed, each with what it would cost elsewhere.

``import tract`` has to stay fast, so what is heavy and not always needed is imported where it is
first used, behind one door each. A new row needs a reason of this kind; a cycle is none.
"""

from tests.tidy.rules import Door

DOORS = (
    Door("store/_open.py", "tract.store.sql", "SQLAlchemy takes 270 ms to import"),
    Door("store/sql/_migrate.py", "tract.store.sql.migrations", "Alembic, for old stores only"),
    Door(
        "compile/_tokens.py",
        "tiktoken",
        "an HTTP client comes along with it; only who counts pays",
    ),
    Door(
        "importers/_registry.py",
        "importlib.metadata",
        "15 ms, to look for importers of other packages",
    ),
    Door(
        "importers/_registry.py",
        "tract.importers._built_in",
        "15 ms for ten formats that only an import reads",
    ),
    Door(
        "llm/_prices.py",
        "genai_prices",
        "170 ms and an HTTP client along with it; only who asks for prices pays",
    ),
    Door("cli/_main.py", "*", "a command that runs does not wait for all the others"),
    Door("cli/_call.py", "tract.cli._paint", "Rich takes 50 ms, and programs ask for JSON"),
    Door("cli/_paint.py", "tract.cli._highlight", "lexers take 15 ms and more; only code has them"),
    Door("cli/_call.py", "tract.cli._progress", "Rich again; only a terminal shows how far it is"),
)
