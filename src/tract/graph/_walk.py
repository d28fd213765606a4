"""Walking the graph: everything reachable, children before their parents.

Times only decide between commits that the graph leaves in any order, so a clock that went
backwards cannot turn history around.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator

from tract.objects import Commit


def newest_first(tips: Iterable[str], lookup: Callable[[str], Commit]) -> Iterator[Commit]:
    """Yield every commit reachable from `tips`, children before parents, else the later time first.

    The order is the graph's: a clock that went backwards cannot put a parent before its child.

    Args:
        tips: commit ids.
        lookup: gives a commit by id.
    """
    commits: dict[str, Commit] = {}
    children: dict[str, int] = {}
    waiting = list(dict.fromkeys(tips))
    starts = list(waiting)
    while waiting:
        id = waiting.pop()
        if id in commits:
            continue
        commit = commits[id] = lookup(id)
        for parent in commit.parents:
            children[parent] = children.get(parent, 0) + 1
            waiting.append(parent)
    heap = [(-commits[id].at, id) for id in starts if not children.get(id)]
    heapq.heapify(heap)
    while heap:
        commit = commits[heapq.heappop(heap)[1]]
        yield commit
        for parent in commit.parents:
            children[parent] -= 1
            if not children[parent]:
                heapq.heappush(heap, (-commits[parent].at, parent))
