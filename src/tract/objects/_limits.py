"""Every limit in one place, the same on every backend, each with its name and unit.

What is over a limit is refused at the door, before anything is written.
"""

from dataclasses import dataclass, fields

from tract.errors import InvalidInput

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a handle accepts at most.

    Attributes:
        text_bytes_max: bytes of one content as it is stored.
        arguments_bytes_max: bytes of one tool call's arguments.
        arguments_depth_max: nesting of one tool call's arguments, in levels.
        name_bytes_max: bytes of a branch, tag or tract name.
        import_line_bytes_max: bytes of one line of an imported file of JSON lines.
        import_document_bytes_max: bytes of an imported file that is one JSON document, which is read whole.

    Example:
        >>> Limits(text_bytes_max=1_000_000).name_bytes_max
        200
    """

    text_bytes_max: int = 64 * MIB
    arguments_bytes_max: int = MIB
    arguments_depth_max: int = 100
    name_bytes_max: int = 200
    import_line_bytes_max: int = 256 * MIB
    import_document_bytes_max: int = 512 * MIB

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InvalidInput(
                    f"Limits.{field.name} is {value!r}; it wants a whole number from 1",
                    kind="invalid_config",
                    hint="Leave it out for the default, or give a number.",
                )
