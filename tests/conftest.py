"""What every test stands on: a clean environment, bounded random search, and the real data.

Nothing here replaces a part of the product. Fixtures that only one room needs live in that room's
own ``conftest.py``.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# `ci` finds the same examples every time, so that a red run is about the change under test; `dev`
# goes on searching; `soak` searches for long. A deadline would test the machine, not the code.
settings.register_profile("ci", max_examples=60, derandomize=True, deadline=None, print_blob=True)
settings.register_profile("dev", max_examples=60, deadline=None)
settings.register_profile(
    "soak", max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    """Keep the developer's own store, keys and colours out of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            ours = name.startswith("TRACT_") and name != "TRACT_SHARED_DATA"
            if ours or name.startswith(("OPENAI_", "ANTHROPIC_", "GEMINI_", "GOOGLE_API_")):
                patch.delenv(name)
        for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "PAGER"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real conversations that are too large to keep in the repository.

    It is the one named by ``TRACT_SHARED_DATA``, or ``../shared/data`` beside the repository. A
    test that asks for it is skipped where there is none.
    """
    named = os.environ.get("TRACT_SHARED_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(
            f"no real conversations here: {folder.name!r} is not a folder; "
            "set TRACT_SHARED_DATA to one"
        )
    return folder
