"""Report for people: findings grouped by table, the differing part, its origin, and what to type next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.markup import escape

from whisper_migrate.catalog.describe import LONG, differences, excerpt, line, outline, title
from whisper_migrate.catalog.model import Change, Object
from whisper_migrate.catalog.names import joined, shown
from whisper_migrate.models.source_lines import placed
from whisper_migrate.state.drift import Verdict
from whisper_migrate.state.remarks import Kind, remarks
from whisper_migrate.wording.hidden_characters import visible
from whisper_migrate.wording.plurals import counted, plural, verb

FEW = 5  # ignored changes listed for one pattern
COLOURS = {"+": "green", "-": "red", "~": "yellow"}


def render(verdict: Verdict, database: str | None) -> str:
    """Return the report in rich's markup; the terminal decides about colours."""
    return "\n".join(_lines(verdict, database))


def _lines(verdict: Verdict, database: str | None) -> Iterator[str]:
    if verdict.unwritten:
        yield f"[bold]Unwritten[/]: the models differ from the history ({_count(verdict.unwritten)})."
        yield from changes(verdict, verdict.unwritten)
        yield from _undeclared(change.object for change in verdict.unwritten if change.sign == "-")
        yield '  [bold]->[/] make revision msg="what changes"'
    if verdict.pending:
        heads = verdict.history.heads
        words = f"{plural('head', len(heads))} {verb(len(heads), 'is', 'are')} {', '.join(heads)}"
        yield f"[bold]Pending[/]: the database is at {escape(verdict.at)}, the {escape(words)}."
        yield from (f"  {escape(f'{script.revision} {title(script)}')}" for script in verdict.pending)
        yield "  [bold]->[/] make upgrade"
    if verdict.drift:
        at = f"the history at {verdict.at}" if verdict.revisions else "an empty one, as it is not stamped"
        yield f"[bold]Drift[/]: the database differs from {escape(at)} ({_count(verdict.drift)})."
        yield from changes(verdict, verdict.drift)
        declared = {change.object.key for change in verdict.unwritten}
        come = (change.object for change in verdict.drift if change.sign == "+")
        yield from _undeclared(item for item in come if item.key not in declared)
        if near := verdict.nearest:
            nearer = escape(f"{near.revision}, {near.difference}")
            yield f"  [bold]The stamp looks wrong[/]: the database is nearer to {nearer}."
            yield "  [bold]->[/] migrate.py adopt   (says what differs there, and stamps it)"
        else:
            yield "  [bold]->[/] make repair   (prints the SQL that repairs it)"
    for anomaly in verdict.anomalies:
        yield f"[bold]{anomaly.word if anomaly.differs else 'Note'}[/]: {escape(anomaly.what)}"
        yield from [f"  [bold]->[/] {escape(anomaly.remedy)}"] if anomaly.remedy else []
    yield from _ignored(verdict)
    for remark in remarks(verdict):
        worst = remark.kind in (Kind.FAILING, Kind.REFUSED)
        word = f"[bold]{remark.kind.value}[/]" if worst else remark.kind.value
        yield f"{word}: {escape(f'{remark.text}{placed(remark.place)}')}"
    names = [name for name in verdict.compared if name != "database"]
    names += [database] if database and "database" in verdict.compared else []
    count = f", {len(verdict.ignored)} ignored" if verdict.ignored else ""
    yield f"Compared {escape(joined(names))}: {_outcome(verdict)}{count}."


def _ignored(verdict: Verdict) -> Iterator[str]:
    """List the changes that each pattern ignores; only their number if there are many."""
    for pattern in dict.fromkeys(ignored.pattern for ignored in verdict.ignored):
        changes = [line(ignored.change) for ignored in verdict.ignored if ignored.pattern == pattern]
        if len(changes) > FEW:
            changes = [f"{len(changes)} changes that are {pattern.kind} {pattern.identity}"]
        yield from (f"Ignored: {escape(change)} ({escape(pattern.reason)})" for change in changes)


def _undeclared(items: Iterable[Object]) -> Iterator[str]:
    """Hint at tables without a model: the module of the model may not be imported."""
    if tables := [shown(item.identity) for item in items if item.kind == "table"]:
        yield f"  No model declares {escape(visible(joined(sorted(tables))))}: is its module imported?"


def changes(verdict: Verdict, found: list[Change]) -> Iterator[str]:
    """Yield the lines for changes, grouped by table, each with its differing part and its origin."""

    def table(change: Change) -> str:
        return change.object.parent or change.object.identity

    for name, group in groupby(sorted(outline(found), key=table), key=table):
        together = list(group)
        indent = "  "
        if len(together) > 1:
            yield f"  [bold]{escape(visible(shown(name)))}[/]"
            indent = "    "
        for change in together:
            yield from (indent + text for text in _change(verdict, change))


def _change(verdict: Verdict, change: Change) -> Iterator[str]:
    colour = COLOURS[change.sign]
    text = escape(line(change))
    yield f"[{colour}]{text[0]}[/]{text[1:]}{_origin(verdict, change)}"
    for _, before, after in differences(change):
        if "\n" in before + after or len(before) + len(after) > LONG:
            for part in excerpt(before, after):
                mark = part[:1] if part[:1] in "+-" else ""
                yield f"    [{COLOURS[mark]}]{escape(part)}[/]" if mark else f"    {escape(part)}"


def _origin(verdict: Verdict, change: Change) -> str:
    """Return the model's line and the last revision that mentions the object."""
    script = verdict.touched(change)
    parts = [str(place) for place in [verdict.place(change.object)] if place]
    parts += [f"last in {script.revision}"] if script else []
    words = ", ".join(parts)
    return f"  [dim]{escape(f'({words})')}[/]" if parts else ""


def _count(changes: list[Change]) -> str:
    return counted(len(outline(changes)), "change")


def _outcome(verdict: Verdict) -> str:
    if not verdict.clean:
        return "they differ"
    return "nothing differs" if verdict.whole else "nothing differs in what could be read"
