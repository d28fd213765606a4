"""The verbs: one function for each thing that can be done with a tract. Each is given a `Repo` first."""

from tract.verbs._contents import Said, freeform, instruction, question, reply, result
from tract.verbs._history import branch, get_branch, list_branches, reset, switch_to
from tract.verbs._import import import_file, import_into
from tract.verbs._info import info_of, infos
from tract.verbs._keep import FORMATS, VerifyReport, export, exported, verify, verify_store
from tract.verbs._learn import Counting
from tract.verbs._mark import annotate, unmark
from tract.verbs._open import (
    close,
    close_session,
    create_tract,
    described,
    list_tracts,
    open_at,
    open_existing,
    open_one,
    tract_info,
)
from tract.verbs._read import compile_at, entries, head, log, show
from tract.verbs._status import (
    LargeEntry,
    RepeatedText,
    Spending,
    Status,
    StatusDetail,
    TokenShare,
    status,
)
from tract.verbs._talk import record_usage
from tract.verbs._write import commit, extend, target_list

__all__ = [
    "FORMATS",
    "Counting",
    "LargeEntry",
    "RepeatedText",
    "Said",
    "Spending",
    "Status",
    "StatusDetail",
    "TokenShare",
    "VerifyReport",
    "annotate",
    "branch",
    "close",
    "close_session",
    "commit",
    "compile_at",
    "create_tract",
    "described",
    "entries",
    "export",
    "exported",
    "extend",
    "freeform",
    "get_branch",
    "head",
    "import_file",
    "import_into",
    "info_of",
    "infos",
    "instruction",
    "list_branches",
    "list_tracts",
    "log",
    "open_at",
    "open_existing",
    "open_one",
    "question",
    "record_usage",
    "reply",
    "reset",
    "result",
    "show",
    "status",
    "switch_to",
    "target_list",
    "tract_info",
    "unmark",
    "verify",
    "verify_store",
]
