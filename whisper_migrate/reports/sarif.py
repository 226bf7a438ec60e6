"""For code scanners: SARIF 2.1.0, one result a finding, at the line of the model where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from sarif_pydantic import (
    ArtifactLocation,
    Level,
    Location,
    LogicalLocation,
    Message,
    PhysicalLocation,
    Region,
    ReportingConfiguration,
    ReportingDescriptor,
    Result,
    Run,
    Sarif,
    Tool,
    ToolDriver,
)

from whisper_migrate import __version__
from whisper_migrate.catalog import Change
from whisper_migrate.drift import Verdict
from whisper_migrate.hidden_characters import in_json
from whisper_migrate.words import line, outline

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
RULES = {
    "unwritten": ("The models differ from the history.", 'make revision msg="what changes"', Level.ERROR),
    "pending": ("The database lacks a revision.", "make upgrade", Level.WARNING),
    "drift": ("The database differs from the history.", "make repair", Level.ERROR),
    "changed": ("A revision is not what ran in the database.", "migrate.py status", Level.ERROR),
}


def render(verdict: Verdict, database: str | None) -> str:
    """One SARIF log with one run."""
    rules = [
        ReportingDescriptor(
            id=name,
            short_description=Message(text=text),
            help=Message(text=f"Type: {remedy}"),
            default_configuration=ReportingConfiguration(level=level),
        )
        for name, (text, remedy, level) in RULES.items()
    ]
    driver = ToolDriver(name="whisper-migrate", version=__version__, rules=rules)
    run = Run(tool=Tool(driver=driver), results=list(_results(verdict)))
    log = Sarif(version="2.1.0", schema_uri=SCHEMA, runs=[run])
    text: str = log.model_dump_json(by_alias=True, exclude_none=True, indent=2)
    return in_json(text)


def _results(verdict: Verdict) -> Iterator[Result]:
    for name, changes in (("unwritten", verdict.unwritten), ("drift", verdict.drift)):
        for change in outline(changes):
            yield _result(name, line(change), _location(verdict, change))
    for script in verdict.pending:
        place = PhysicalLocation(artifact_location=ArtifactLocation(uri=_uri(str(verdict.history.path(script)))))
        yield _result("pending", f"{script.revision} {script.doc}", Location(physical_location=place))
    for anomaly in verdict.anomalies:
        if anomaly.differs:
            name = LogicalLocation(fully_qualified_name=anomaly.revision, kind="revision")
            yield _result("changed", anomaly.what, Location(logical_locations=[name]))
    for ignored in verdict.ignored:
        result = _result(ignored.finding, line(ignored.change), _location(verdict, ignored.change))
        yield result.model_copy(update={"suppressions": [_suppression(ignored.pattern.reason)]})


def _result(rule: str, text: str, location: Location) -> Result:
    return Result(rule_id=rule, level=RULES[rule][2], message=Message(text=text), locations=[location])


def _suppression(reason: str) -> dict[str, str]:
    """As the standard has it: the library knows only one suppression, under another name."""
    return {"kind": "external", "justification": reason}


def _uri(file: str) -> str:
    """A path as a relative reference, or as a file's URI when it lies outside the project."""
    return Path(file).as_uri() if Path(file).is_absolute() else quote(file)


def _location(verdict: Verdict, change: Change) -> Location:
    item, place = change.object, verdict.place(change.object)
    name = LogicalLocation(fully_qualified_name=item.identity, kind=item.kind)
    if place is None:
        return Location(logical_locations=[name])
    line = PhysicalLocation(
        artifact_location=ArtifactLocation(uri=_uri(place.file)), region=Region(start_line=place.line)
    )
    return Location(physical_location=line, logical_locations=[name])
