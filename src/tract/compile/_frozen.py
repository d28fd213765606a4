"""JSON values that nobody can change: what a compiled message keeps of a provider's own fields.

Messages are shared between contexts, so that a long conversation is not rendered anew for every
reply. They are dicts and lists still, to every encoder; only changing them is refused.
"""

import copy
from collections.abc import Mapping
from typing import Any, NoReturn


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise TypeError(
        "this belongs to a compiled context and is read-only; copy.deepcopy() gives one to change"
    )


class FrozenDict(dict[str, Any]):
    """A dict that refuses to change; a deep copy is an ordinary one."""

    __slots__ = ()
    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return {key: copy.deepcopy(value, memo) for key, value in self.items()}

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenDict, (dict(self),))


class FrozenList(list[Any]):
    """A list that refuses to change; a deep copy is an ordinary one."""

    __slots__ = ()
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return [copy.deepcopy(value, memo) for value in self]

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenList, (list(self),))


def frozen(value: Any) -> Any:
    """Return a JSON value as one that cannot be changed, all the way down.

    Example:
        >>> frozen({"a": [1]})["a"] == [1]
        True
    """
    if isinstance(value, Mapping):
        return FrozenDict({key: frozen(inner) for key, inner in value.items()})
    if isinstance(value, list | tuple):
        return FrozenList(frozen(inner) for inner in value)
    return value
