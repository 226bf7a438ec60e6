"""Report for code scanners: SARIF 2.1.0, one result per finding, at its line in the models if known."""

from __future__ import annotations

import json
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
from whisper_migrate.addresses.secret_parameters import scrubbed_values
from whisper_migrate.catalog.describe import line, outline, title
from whisper_migrate.catalog.model import Change
from whisper_migrate.models.source_lines import Place
from whisper_migrate.state.drift import Verdict
from whisper_migrate.state.remarks import remarks
from whisper_migrate.wording.hidden_characters import in_json
from whisper_migrate.wording.program import as_called

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
RULES = {
    "unwritten": ("The models differ from the history.", 'make revision msg="what changes"', Level.ERROR),
    "pending": ("The database lacks a revision.", "make upgrade", Level.WARNING),
    "drift": ("The database differs from the history.", "make repair", Level.ERROR),
    "changed": ("A revision is not what ran in the database.", "migrate.py status", Level.ERROR),
    "stamp": ("The database is nearer to another revision than to its stamp.", "migrate.py adopt", Level.ERROR),
    "failing": ("A function of the models cannot run.", "migrate.py check-drift", Level.WARNING),
    "refused": ("An index or foreign key of the models cannot be created.", "migrate.py check-drift", Level.ERROR),
    "unreadable": ("This was not read, and so not compared.", "migrate.py check-drift", Level.WARNING),
    "note": ("This is no difference.", "migrate.py status", Level.NOTE),
}


def render(verdict: Verdict, database: str | None) -> str:
    """Return the verdict as a SARIF log with one run."""
    rules = [
        ReportingDescriptor(
            id=name,
            short_description=Message(text=text),
            help=Message(text=f"Type: {as_called(remedy)}"),
            default_configuration=ReportingConfiguration(level=level),
        )
        for name, (text, remedy, level) in RULES.items()
    ]
    driver = ToolDriver(name="whisper-migrate", version=__version__, rules=rules)
    run = Run(tool=Tool(driver=driver), results=list(_results(verdict)))
    log = Sarif(version="2.1.0", schema_uri=SCHEMA, runs=[run])
    plain = scrubbed_values(log.model_dump(mode="json", by_alias=True, exclude_none=True))
    return in_json(json.dumps(plain, indent=2, ensure_ascii=False))


def _results(verdict: Verdict) -> Iterator[Result]:
    for name, changes in (("unwritten", verdict.unwritten), ("drift", verdict.drift)):
        for change in outline(changes):
            yield _result(name, line(change), _location(verdict, change))
    for script in verdict.pending:
        place = PhysicalLocation(artifact_location=ArtifactLocation(uri=_uri(str(verdict.history.path(script)))))
        yield _result("pending", f"{script.revision} {title(script)}", Location(physical_location=place))
    if near := verdict.nearest:
        said = f"The database is nearer to {near.revision}, {near.difference}."
        yield _result("stamp", said, _named(near.revision, "revision"))
    for anomaly in verdict.anomalies:
        rule = "changed" if anomaly.differs else "note"
        yield _result(rule, f"{anomaly.what} {as_called(anomaly.remedy)}".strip(), _named(anomaly.revision, "revision"))
    for remark in remarks(verdict):
        where = _at(remark.place) if remark.place else _named("database", "database")
        yield _result(remark.kind.name.lower(), as_called(remark.text), where)
    for ignored in verdict.ignored:
        result = _result(ignored.finding, line(ignored.change), _location(verdict, ignored.change))
        yield result.model_copy(update={"suppressions": [_suppression(ignored.pattern.reason)]})


def _result(rule: str, text: str, location: Location) -> Result:
    return Result(rule_id=rule, level=RULES[rule][2], message=Message(text=text), locations=[location])


def _suppression(reason: str) -> dict[str, str]:
    """Return a suppression as the SARIF standard defines it; the library has only one, under another name."""
    return {"kind": "external", "justification": reason}


def _uri(file: str) -> str:
    """Return a path as a relative reference, or as a file URI if it is outside the project."""
    return Path(file).as_uri() if Path(file).is_absolute() else quote(file)


def _location(verdict: Verdict, change: Change) -> Location:
    item, place = change.object, verdict.place(change.object)
    name = LogicalLocation(fully_qualified_name=item.identity, kind=item.kind)
    if place is None:
        return Location(logical_locations=[name])
    return _at(place).model_copy(update={"logical_locations": [name]})


def _at(place: Place) -> Location:
    artifact, region = ArtifactLocation(uri=_uri(place.file)), Region(start_line=place.line)
    return Location(physical_location=PhysicalLocation(artifact_location=artifact, region=region))


def _named(name: str, kind: str) -> Location:
    return Location(logical_locations=[LogicalLocation(fully_qualified_name=name, kind=kind)])
