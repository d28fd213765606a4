"""The command: `python -m bench`, with `--quick` for a minute's worth and `--peers` for all others.

It ends with 0 whatever the figures are, because a benchmark is no test; only wrong data, or a
task that broke, ends it with 1.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import tract
from bench._budgets import results, rows
from bench._peers import NEEDS
from bench._plan import FULL, QUICK, Plan, data_folder, plan
from bench._report import as_json, budget_table, noise_line, peer_table, write_json
from bench._runner import run

RESULTS = Path(__file__).resolve().parent / "results"


def main() -> int:
    """Measure, print the tables, and write the JSON.

    Returns:
        0, or 1 where a task read back what was not written, or broke.
    """
    options = _options().parse_args()
    scale = QUICK if options.quick else FULL
    scale = replace(scale, rounds=options.rounds or scale.rounds)
    if options.peers and (missing := _missing()):
        sys.exit("\n".join(["bench: say `make bench ARGS=--peers`", *missing]))
    whole = plan(scale, peers=options.peers, data=data_folder())
    chosen = _only(whole, options.only)
    with tempfile.TemporaryDirectory(prefix="tract-bench-", dir=options.work) as work:
        outcome = run(chosen, Path(work), lambda line: print(line, flush=True))
    found = results(outcome, rows(scale, peers=options.peers))
    for text in (budget_table(found), peer_table(outcome), noise_line(outcome)):
        if text:
            print(f"\n{text}")
    for name, reason in outcome.failures.items():
        print(f"failed: {name}: {reason}")
    path = RESULTS / f"{tract.__version__}.json" if options.keep else options.json
    if path is not None:
        write_json(path, as_json(outcome, found, quick=options.quick))
    return 1 if outcome.failures else 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute's worth; rough figures")
    parser.add_argument("--peers", action="store_true", help="measure other libraries, too")
    parser.add_argument("--rounds", type=int, help="how often each group is measured")
    parser.add_argument("--only", nargs="+", metavar="GROUP", help="measure these groups only")
    parser.add_argument("--work", type=Path, help="where the stores are made; the temporary folder")
    parser.add_argument("--json", type=Path, help="write everything to this file")
    parser.add_argument(
        "--keep", action="store_true", help="write it to bench/results/VERSION.json"
    )
    return parser


def _missing() -> list[str]:
    return [
        f"{peer} needs {name}"
        for peer, names in NEEDS.items()
        for name in names
        if find_spec(name.partition(".")[0]) is None
    ]


def _only(chosen: Plan, names: list[str] | None) -> Plan:
    if not names:
        return chosen
    known = [*chosen.groups, *chosen.absent]
    unknown = sorted(set(names) - set(known))
    if unknown:
        sys.exit(f"bench: no group is called {unknown[0]!r}; there are: {', '.join(known)}")
    groups = {name: group for name, group in chosen.groups.items() if name in names}
    needed = {m.store for group in groups.values() for m in group}
    stores = {name: store for name, store in chosen.stores.items() if name in needed}
    absent = {name: reason for name, reason in chosen.absent.items() if name in names}
    return replace(chosen, groups=groups, stores=stores, absent=absent)


if __name__ == "__main__":
    sys.exit(main())
