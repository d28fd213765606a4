"""The `compile` command: what a model would be sent, for reading, for a provider, or explained.

The formats of providers are printed as the JSON that their clients take; for people the messages
are set in below their headings, so that no content can pass for a heading.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

import click

from tract import (
    ChatSections,
    CompiledContext,
    ContextCompiler,
    DedupeRepeats,
    DropReasoning,
    Entry,
    Issue,
    MaskToolResults,
    MediaPart,
    Message,
    OpaquePart,
    ReasoningPart,
    TokenBudget,
    ToolCall,
    TruncateLong,
    XmlPrompt,
)
from tract.cli import _shaped
from tract.cli._call import Call
from tract.cli._command import command
from tract.cli._log import short_ids
from tract.cli._losses import loss_lines, warn_of_losses
from tract.cli._out import Piece, json_text
from tract.cli._shapes import ContextShape, Json, NoticeShape
from tract.errors import InvalidInput

if TYPE_CHECKING:
    from tract.cli._paint import Painter

_PROVIDERS = ("openai", "anthropic")

View = Callable[[Sequence[Entry]], Sequence[Entry]]

# Each view by its word: what it is made with, what its value is called, and whether it needs one.
_VIEWS: Mapping[str, tuple[Callable[..., View], str | None, bool]] = {
    "mask-tool-results": (MaskToolResults, "KEEP", False),
    "drop-reasoning": (DropReasoning, "KEEP", False),
    "dedupe-repeats": (DedupeRepeats, None, False),
    "truncate-long": (TruncateLong, "TOKENS", True),
}
_COMPILERS: Mapping[str, ContextCompiler] = {"xml": XmlPrompt(), "sections": ChatSections()}


def _spelt(name: str) -> str:
    _, value, needed = _VIEWS[name]
    if value is None:
        return name
    return f"{name}:{value}" if needed else f"{name}[:{value}]"


_VIEW_HELP = (
    "Show entries through a view, once or more, in this order: "
    f"{', '.join(map(_spelt, _VIEWS))}. KEEP is how many from the end stay whole."
)


def _views(_: click.Context, __: click.Parameter, words: Sequence[str]) -> tuple[View, ...]:
    return tuple(map(_view, words))


def _view(word: str) -> View:
    name, colon, text = word.partition(":")
    if name not in _VIEWS:
        raise click.BadParameter(f"no view {word!r}; there are {', '.join(map(_spelt, _VIEWS))}")
    make, value, needed = _VIEWS[name]
    if not colon and not needed:
        return make()
    if value is None:
        raise click.BadParameter(f"{name} takes no value, and was given {text!r}")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise click.BadParameter(f"{word!r} has no number behind a colon; write {_spelt(name)}")
    try:
        return make(int(text))
    except InvalidInput as error:
        raise click.BadParameter(f"{word!r}: {error.message}. {error.hint}") from None


@command(
    "compile",
    "tract compile",
    "tract compile --format openai > request.json",
    "tract compile --budget 8000 --overflow drop --explain",
    "tract compile --view mask-tool-results:3 --view truncate-long:500 --explain",
    "tract compile --as xml --format anthropic",
    "tract compile --at HEAD~3 --check",
    gives=[{"context": ContextShape}],
)
@click.option("--at", metavar="TARGET", help="The commit that is compiled [default: HEAD].")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "plain", *_PROVIDERS]),
    default="text",
    show_default=True,
    help="For reading, as plain JSON messages, or as a provider's request.",
)
@click.option(
    "--budget", type=click.IntRange(min=1), metavar="TOKENS", help="Tokens that it may take."
)
@click.option(
    "--overflow",
    type=click.Choice(["warn", "drop", "error"]),
    help="What happens when it takes more than --budget: say so, leave out the oldest, or fail"
    " [default: warn].",
)
@click.option(
    "--view", "views", multiple=True, metavar="NAME[:VALUE]", callback=_views, help=_VIEW_HELP
)
@click.option(
    "--as",
    "kind",
    type=click.Choice([*_COMPILERS]),
    help="As one message of tagged sections, or as a chat with what to know in front"
    " [default: as it was said].",
)
@click.option("--explain", is_flag=True, help="Show what became of each entry, and why.")
@click.option(
    "--check", is_flag=True, help="Say whether providers accept it; exit code 1 if one does not."
)
def compile(  # noqa: A001 - the word of the design
    call: Call,
    at: str | None,
    form: str,
    budget: int | None,
    overflow: Literal["warn", "drop", "error"] | None,
    views: tuple[View, ...],
    kind: str | None,
    explain: bool,
    check: bool,
) -> None:
    """Show what a model would be sent; nothing is changed.

    What is mended, left out or said another way than it was committed is listed with its commits:
    below the messages, or on standard error where they are printed as JSON.
    """
    if overflow is not None and budget is None:
        raise click.UsageError("--overflow wants a --budget that can be exceeded")
    limit = None if budget is None else TokenBudget(budget, action=overflow or "warn")
    asked = (form,) if form in _PROVIDERS else _PROVIDERS
    with call.reading() as t:
        compiler = None if kind is None else _COMPILERS[kind]
        context = t.compile(at, token_budget=limit, views=views, compiler=compiler)
        _ = context.tokens  # counted for the tract's model, which only an open store knows
        rendered = call.json or check or form in _PROVIDERS
        notices = _shaped.notices(context, asked) if rendered else []
        commits = (commit for message in context.messages for commit in message.commits)
        names = {} if call.json or explain or check else short_ids(t, commits)
        losses = [] if call.json else loss_lines(t, context, notices)
    found = {name: context.check(name) for name in asked} if check else None
    if form != "text" and not (call.json or explain or check):
        warn_of_losses(call, losses)
        click.echo(json_text(_request(context, form) or context.to_dicts()))
        return

    def draw(paint: "Painter") -> None:
        if explain or found is not None:
            _paint_report(paint, context, found, losses, explain=explain)
        else:
            _paint_messages(paint, context, names, losses)

    shape = partial(_shape, context, form, found, notices, explain=explain)
    call.give(lambda: {"context": shape()}, draw, paged=True)
    if found and any(found.values()):
        click.get_current_context().exit(1)


def _request(context: CompiledContext, form: str) -> Json | None:
    return context.to_params(form) if form in _PROVIDERS else None


def _shape(
    context: CompiledContext,
    form: str,
    found: Mapping[str, list[Issue]] | None,
    notices: list[NoticeShape],
    *,
    explain: bool,
) -> ContextShape:
    return {
        "commit": context.commit,
        "format": form,
        "messages": context.to_dicts(),
        "request": _request(context, form),
        "tokens": _shaped.tokens(context.tokens),
        "repairs": _shaped.repairs(context.repairs),
        "dropped": _shaped.dropped(context.dropped),
        "notices": notices,
        "issues": None if found is None else _shaped.issues(found),
        "explanation": _shaped.lines(context.explain()) if explain else None,
    }


def _paint_messages(
    paint: "Painter", context: CompiledContext, names: Mapping[str, str], losses: Sequence[str]
) -> None:
    for number, message in enumerate(context.messages):
        if number:
            paint.gap()
        heading: list[Piece] = [(f"{number} ", "dim"), (message.role, message.role)]
        if message.name is not None:
            heading.append(f" {message.name}")
        if message.call_id is not None:
            heading.append(f" answers {message.call_id}")
        if message.is_error:
            heading.append((" error", "bad"))
        for commit in message.commits:
            heading += ["  ", (names[commit], "id")]
        paint.line(*heading)
        _paint_parts(paint, message)
    if context.messages:
        paint.gap()
    _paint_summary(paint, context, losses)


def _paint_parts(paint: "Painter", message: Message) -> None:
    for part in message.parts:
        if isinstance(part, ToolCall):
            paint.block(f"{part.name} ({part.id})", style="tool")
            paint.block(part.arguments, indent=8)
        elif isinstance(part, ReasoningPart):
            paint.block(part.text or "(sealed reasoning)", style="dim")
        elif isinstance(part, MediaPart):
            where = part.name or part.url or part.file_id or part.media_type or "inline"
            paint.block(f"({part.kind}: {where})", style="dim")
        elif isinstance(part, OpaquePart):
            paint.block(f"(a part that only {part.provider} knows)", style="dim")
        else:
            paint.block(part.text)


def _paint_summary(paint: "Painter", context: CompiledContext, losses: Sequence[str]) -> None:
    count = len(context.messages)
    tokens = context.tokens
    size = f"{count:,} message{'s' * (count != 1)}, {int(tokens):,} tokens ({tokens.method})"
    for line in (size, *losses):
        paint.line((line, "dim"), whole=True)


def _paint_report(
    paint: "Painter",
    context: CompiledContext,
    found: Mapping[str, list[Issue]] | None,
    losses: Sequence[str],
    *,
    explain: bool,
) -> None:
    if explain:
        for line in str(context.explain()).splitlines():
            paint.line(line)
    for provider, issues in (found or {}).items():
        if not issues:
            paint.line((f"{provider}: valid", "good"))
        for issue in issues:
            paint.line((f"{provider}: ", "bad"), f"{issue}. {issue.fix}", whole=True)
    if found is not None:
        _paint_summary(paint, context, losses)
    else:
        for line in losses:
            paint.line((line, "dim"), whole=True)
