"""Print a preflight: as text, as plain data for JSON, as Markdown for a pull request, and as GitHub annotations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from whisper_migrate.addresses.secret_parameters import scrubbed
from whisper_migrate.catalog.names import joined, shown
from whisper_migrate.preflight.findings import Finding
from whisper_migrate.preflight.preflight import Forecast, Preflight
from whisper_migrate.preflight.rules import Level
from whisper_migrate.wording.hidden_characters import visible
from whisper_migrate.wording.markdown import plain_markdown
from whisper_migrate.wording.plurals import counted, verb
from whisper_migrate.wording.revision_ids import ids

SOME = 6  # names of tables in one line


def lines(found: Preflight) -> Iterator[str]:
    """Yield the lines for people: the counts, then each revision with its findings, the worst first.

    Names and rows of the database cannot add lines.
    """
    yield from map(visible, _lines(found))


def _lines(found: Preflight) -> Iterator[str]:
    if not found.forecasts and not found.unknown:
        yield f"Nothing is pending: the database is at {ids(found.before)}."
        return
    yield summary(found)
    for one in found.now:
        yield from _finding(one, "")
    for forecast in sorted(found.forecasts, key=_worst):
        yield f"{forecast.revision} {forecast.message}: {_verdict(forecast)}"
        for one in forecast.findings:
            yield from _finding(one, "  ")
        if forecast.brief:
            yield f"  takes a short lock on {_named(forecast.brief)}"


def summary(found: Preflight) -> str:
    """Return the verdict in one line, with the counts first."""
    if found.unknown:
        return f"Could not tell: {found.unknown}"
    open_ = [one for one in found.findings if one.is_open]
    accepted = sum(1 for one in found.findings if one.accepted)
    count = len(found.forecasts)
    pending = f"{counted(count, 'revision')} {verb(count, 'is', 'are')} pending"
    counts = Counter(one.rule.level for one in open_)
    levels = [f"{level.value} ({counts[level]})" for level in Level if counts[level]]
    ends = [f"accepted ({accepted})"] if accepted else []
    return f"{pending}: {', '.join([*(levels or ['safe']), *ends])}."


def document(found: Preflight) -> dict[str, Any]:
    """Return the preflight as plain data."""
    return {
        "revisions": [*found.before],
        "safe": found.exit_code == 0,
        "unknown": found.unknown or None,
        "now": [_plain(one) for one in found.now],
        "steps": [
            {
                "revision": forecast.revision,
                "message": forecast.message,
                "findings": [_plain(one) for one in forecast.findings],
                "short_locks": [shown(table) for table in forecast.brief],
            }
            for forecast in found.forecasts
        ],
    }


def markdown(found: Preflight) -> str:
    """Return a comment for a pull request."""
    rows = [
        f"| {one.rule} | {_plainly(one.revision or '')} | {_plainly(one.what)} |"
        f" {_plainly(one.accepted or _decided(one))} |"
        for one in found.findings
    ]
    table = ["| rule | revision | finding | decision |", "|---|---|---|---|", *rows] if rows else []
    return "\n".join(["### Preflight", "", _plainly(summary(found)), "", *table])


def _decided(one: Finding) -> str:
    return "needed" if one.is_open else "none"


def _worst(forecast: Forecast) -> tuple[int, int, float]:
    return min((one.place for one in forecast.findings), default=(1, len(Level), 0.0))


def _verdict(forecast: Forecast) -> str:
    levels = {one.rule.level for one in forecast.findings if one.is_open}
    return joined([level.value for level in Level if level in levels]) if levels else "safe"


def _finding(one: Finding, indent: str) -> Iterator[str]:
    mark = "!" if one.is_open else "-"
    yield f"{indent}{mark} {one.rule}: {one.what}"
    if one.statement:
        yield f"{indent}    {one.statement}"
    if one.accepted:
        yield f"{indent}    accepted: {one.accepted}"
    elif one.remedy:
        yield f"{indent}    -> {one.remedy}"


def _plain(one: Finding) -> dict[str, Any]:
    return {
        "rule": one.rule.id,
        "name": one.rule.name,
        "level": one.rule.level.value,
        "what": one.what,
        "table": shown(one.table) if one.table else None,
        "statement": one.statement or None,
        "seconds": round(one.seconds, 1) or None,
        "decide": one.is_open,
        "accepted": one.accepted or None,
        "remedy": one.remedy or None,
    }


def _named(tables: tuple[str, ...]) -> str:
    more = [f"{len(tables) - SOME} more"] if len(tables) > SOME + 1 else []
    return joined([shown(table) for table in (tables[:SOME] if more else tables)] + more)


def _plainly(text: str) -> str:
    """Return a text in one line of Markdown, in which `@name` notifies nobody."""
    return plain_markdown(visible(scrubbed(text))).replace("@", "@<!-- -->")
