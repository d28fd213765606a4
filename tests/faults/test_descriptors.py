"""Too many open files: an error at that moment, and a handle that works on afterwards."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource", reason="this system limits descriptors in another way")

# In a process of its own, because the limit holds for all of a process.
CASE = """
import os, resource, sys, threading
from tract import Tract
from tract.errors import StoreError

t = Tract.open(sys.argv[1])
t.user("one")
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
go, done = threading.Event(), threading.Event()
def hold_the_idle_connection():
    with t._repo.store.read():
        go.set()
        done.wait()
thread = threading.Thread(target=hold_the_idle_connection)
thread.start()
go.wait()
taken = []
try:
    while True:
        taken.append(os.open(os.devnull, os.O_RDONLY))
except OSError:
    pass
try:
    t.log()
except StoreError as error:
    print(error.kind)
for descriptor in taken:
    os.close(descriptor)
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
with Tract.open(sys.argv[1]) as other:
    other.user("two")
print(len(t.log()))
t.user("three")
print(len(t.log()))
done.set()
thread.join()
assert not t.verify().problems
"""


def test_too_many_open_files_are_told_and_the_handle_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", CASE, str(tmp_path / "s.db")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.split(), done.stderr) == (["cannot_open", "2", "3"], "")
