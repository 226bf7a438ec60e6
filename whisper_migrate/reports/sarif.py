"""For code scanners: SARIF 2.1.0, one result a finding, at the line of the model where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

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

from whisper_migrate.catalog import Change
from whisper_migrate.drift import Verdict
from whisper_migrate.words import line, outline

RULES = {
    "unwritten": ("The models differ from the history.", 'make revision msg="what changes"', Level.ERROR),
    "pending": ("The database lacks a revision.", "make upgrade", Level.WARNING),
    "drift": ("The database differs from the history.", "make repair", Level.ERROR),
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
    driver = ToolDriver(name="whisper-migrate", version=_version(), rules=rules)
    log = Sarif(version="2.1.0", runs=[Run(tool=Tool(driver=driver), results=list(_results(verdict)))])
    text: str = log.model_dump_json(by_alias=True, exclude_none=True, indent=2)
    return text


def _results(verdict: Verdict) -> Iterator[Result]:
    for name, changes in (("unwritten", verdict.unwritten), ("drift", verdict.drift)):
        for change in outline(changes):
            yield _result(name, line(change), _location(verdict, change))
    for script in verdict.pending:
        place = PhysicalLocation(artifact_location=ArtifactLocation(uri=verdict.history.path(script).as_posix()))
        yield _result("pending", f"{script.revision} {script.doc}", Location(physical_location=place))


def _result(rule: str, text: str, location: Location) -> Result:
    return Result(rule_id=rule, level=RULES[rule][2], message=Message(text=text), locations=[location])


def _location(verdict: Verdict, change: Change) -> Location:
    item, place = change.object, verdict.place(change.object)
    name = LogicalLocation(fully_qualified_name=item.identity, kind=item.kind)
    if place is None:
        return Location(logical_locations=[name])
    line = PhysicalLocation(artifact_location=ArtifactLocation(uri=place.file), region=Region(start_line=place.line))
    return Location(physical_location=line, logical_locations=[name])


def _version() -> str:
    try:
        return version("whisper-migrate")
    except PackageNotFoundError:
        return "0"
