"""Draft the revision that a change of the models needs, and prove it before it is kept."""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from whisper_migrate.catalog.describe import line, outline
from whisper_migrate.catalog.model import Catalog, diff
from whisper_migrate.catalog.names import joined, shown, typed
from whisper_migrate.comparing.left_alone import kept
from whisper_migrate.comparing.settle import agreed, settled
from whisper_migrate.comparing.unsaid_names import as_in_history
from whisper_migrate.databases import lost_connections
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.shadow import Shadows, shadows
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History
from whisper_migrate.history.unwritten import is_unwritten, written
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.models.compiled import Fault, faults
from whisper_migrate.models.desired import build
from whisper_migrate.models.source_lines import place, placed
from whisper_migrate.planning.hazards import Hazard, hazards, lost_types
from whisper_migrate.planning.locality import beyond_reach
from whisper_migrate.planning.lookalikes import perhaps_renamed, replaced_enums
from whisper_migrate.planning.online import Online
from whisper_migrate.planning.plan import plan
from whisper_migrate.planning.renames import Renamed, rename
from whisper_migrate.project.defects import counted, require_known
from whisper_migrate.project.project import SECTION, Project
from whisper_migrate.revisions.backfill import backfilled, backfills, fillable, only_breaking, rules
from whisper_migrate.revisions.branch import head_of
from whisper_migrate.revisions.computed_before import computed_before
from whisper_migrate.revisions.prove import Flaw, prove
from whisper_migrate.revisions.prove_script import prove_script
from whisper_migrate.revisions.render import Body
from whisper_migrate.revisions.revision_file import Text, write
from whisper_migrate.rows.any_row import FailsOnAnyRow
from whisper_migrate.rows.failures import Refused
from whisper_migrate.rows.impossible import INSTEAD, refuse_impossible
from whisper_migrate.rows.proof import prove_rows
from whisper_migrate.rows.triggers import descriptions
from whisper_migrate.rows.violations import Violation, concerns
from whisper_migrate.wording.hidden_characters import visible

# An enum that a new one replaces has this name in the meantime.
OLD_TYPE = re.compile(r"\bof type old_[0-9a-f]{12}\b")
OTHER_TYPE = re.compile(r'column "?(.+?)"? is of type (.+?) but expression is of type (.+?)\.')


@dataclass(frozen=True)
class Draft:
    """A written and proved revision: its file, lines that describe its changes, and notes for the author.

    `path` is None if history and models agree, since no revision is needed then. `unfilled` means that the author still
    has to write a step. Such a revision is proved without rows, as if that step did nothing.
    """

    path: Path | None
    lines: list[str]
    notes: list[str]
    unfilled: bool = False
    revision: str = ""
    catalogs: tuple[Catalog, Catalog] | None = None


def draft(
    project: Project,
    server: URL,
    message: str,
    *,
    allowed: Collection[str] = (),
    online: bool = False,
    filling: Collection[str] = (),
    branch: str | None = None,
    revision: str | None = None,
    into: Path | None = None,
) -> Draft:
    """Write the revision that brings the history to the models, unless they agree.

    Shadows on `server` are built from the models and from the history. The draft is run there up, down and up again,
    and on rows. It is kept only if the catalog equals the models after each upgrade, and the history after the
    downgrade.

    With `online`, the steps avoid long locks on existing tables. `filling` are backfills, such as `users.plan='free'`,
    or `users.plan` for one that the author will write.

    Raises Failure if the revision would lose data or fail on rows, unless `allowed` names this (`drop-column
    users.name`).
    """
    history = History(project)
    parent = head_of(history, branch)
    with shadows(server) as made, tempfile.TemporaryDirectory() as folder:
        with connected(made.create("desired")) as connection:
            defects = build(connection, project)
            desired = inspect(connection, requires=True)
            failing = faults(connection, project)
        shadow = made.create("recorded")
        with connected(shadow) as connection:
            history.replay(connection)
            recorded = inspect(connection, requires=True)
            known = _require_running(project, failing, faults(connection, project), desired)
            known += require_known(counted(defects, project.ignored), recorded)
            desired = as_in_history(project, recorded, desired)
            renames = rename(connection, project, recorded, desired)
            desired = kept(project, renames.catalog, desired, defects)
            changes = [one for one in diff(renames.catalog, desired) if not beyond_reach(one)]
            changes = settled(connection, changes)
            connection.rollback()
            if not changes and not renames.up:
                return Draft(None, [], [*renames.notes, *known])
            desired = agreed(renames.catalog, desired, changes)
            up, down = plan(renames.catalog, desired, online=online), plan(desired, renames.catalog, online=online)
            wanted = backfills(filling, desired)
            filled = {b.column.key for b in wanted if not only_breaking(up, b.column, renames.catalog, desired)}
            refuse_impossible(connection, up, renames.catalog)
            connection.rollback()
            losses = [*hazards([*renames.up, *up], renames.catalog, desired)]
            losses += lost_types([*renames.up, *up], renames.catalog, desired)
            losses = [loss for loss in losses if loss.word != "change-column" or loss.item.key not in filled]
            hints = [perhaps_renamed(loss.item, renames.catalog, desired) for loss in losses]
            lost = _refused(losses, hints, allowed, renames.notes)
            if lost and any(hints):  # a rename instead of the drop may need no more than that
                raise lost
            brought = list(rules(up, renames.catalog))
            ruled = {rule.name for rule in brought}
            needed = [*(loss.name for loss in losses), *sorted(ruled & set(allowed))]
            up = backfilled(up, renames.catalog, desired, wanted, online=online)
            down = fillable(down, desired)
            brought = [rule for rule in brought if not any(concerns(rule, one.column) for one in wanted)]
            ways = Online(up, renames.catalog, desired), Online(down, desired, renames.catalog)
            up, down = (way.plan() if online else list(way.steps) for way in ways)
            lines = [*renames.lines, *map(line, outline(changes))]
            text = Text(
                revision or secrets.token_hex(6),
                parent,
                message,
                [visible(words) for words in (*lines, *(f"Allowed: {name}" for name in needed))],
                Body([*renames.up, *up], desired, before=recorded, marked=True).source(),
                Body([*down, *renames.down], recorded, before=desired, marked=True).source(),
            )
            file = write(history, Path(folder), text)
            source = file.read_text()
            file.write_text(written(source, "NULL"))
            drafts = History(project, (*history.folders, Path(folder)))
            try:
                prove(drafts, connection, text.revision, recorded, desired)
                connection.commit()
                scripted = prove_script(drafts, shadow, drafts.find(text.revision), recorded, desired)
            except Flaw as flaw:
                flawed = Failure(f"The draft's {flaw.what}, so it was not kept:{flaw.details}", _remedy(flaw))
                raise lost or flawed from flaw
        notes = [
            *renames.notes,
            *known,
            *replaced_enums([step.item for step in up if step.verb == "drop"], recorded, desired),
            *computed_before(changes, desired),
            *scripted,
        ]
        notes += _waiting(ways[0], online)
        if is_unwritten(source):
            needed += allowed  # without a trial on rows nobody knows
        else:
            try:
                found, asked = _tried_on_rows(
                    made, shadow, drafts, text.revision, recorded, desired, allowed, brought, renames
                )
                notes, needed = [*notes, *found], [*needed, *asked]
            except Failure as rows:
                raise Failure(f"{lost}\n{rows.what}", rows.remedy) if lost else rows from rows.__cause__
        notes += [f"Nothing needs allow={typed(name)}." for name in allowed if name not in needed]
        if lost:
            raise lost
        lost_connections.require_none(made.names)
        file.write_text(source)
        target = (into or history.folder(parent)) / file.name
        shutil.move(file, target)
    return Draft(target, lines, notes, is_unwritten(source), text.revision, (recorded, desired))


def _remedy(flaw: Flaw) -> str | None:
    said = f"{flaw.what}{flaw.details}"
    if "cannot cast type" in said:
        return INSTEAD
    if OLD_TYPE.search(said):
        return (
            "The column that it reads has the old form of the enum until later. Convert by way of text: a::text::mood."
        )
    if found := OTHER_TYPE.search(said):
        column, old, new = found.groups()
        return (
            f"A backfill fills column {column} while its type is still {old}. To convert its values to {new}: draft"
            " without this backfill, and give the expression to postgresql_using in the draft."
        )
    return None


def _require_running(
    project: Project, failing: Sequence[Fault], before: Sequence[Fault], desired: Catalog
) -> list[str]:
    """Return notes on functions that could not run before, either. Raises Failure if the new models broke functions."""
    brought = [fault for fault in failing if not fault.was_in(before)]
    if not brought:
        return [f"This function cannot run, nor could it before: {fault}" for fault in failing]
    lines = [f"\n  {fault}{placed(place(project, desired[fault.key]))}" for fault in brought]
    raise Failure(f"No revision was written, since the models have functions that cannot run:{''.join(lines)}")


def _waiting(way: Online, online: bool) -> list[str]:
    """Return a note on the steps that block a table for a long time."""
    avoidable, others = way.slow()
    slow = others if online else [*avoidable, *others]
    if not slow:
        return []
    what = f"On a large table this blocks writes while {joined(slow)}"
    if not online and avoidable:
        return [f"{what}. To avoid that, delete the draft and rerun with online=1."]
    return [f"{what}; that has no online form."]


def _tried_on_rows(
    made: Shadows,
    shadow: URL,
    drafts: History,
    revision: str,
    before: Catalog,
    after: Catalog,
    allowed: Collection[str],
    brought: Collection[Violation],
    renames: Renamed,
) -> tuple[list[str], list[str]]:
    """Try the revision on rows, and return notes, and the names of the rules that rows may break.

    Raises Failure, with the choices, if the revision would fail on some rows.
    """
    try:
        tried = prove_rows(made, shadow, drafts, revision, before, after, rules=brought, renamed=renames)
    except Refused as refused:
        names = ", ".join(f"{shown(column.identity)}=EXPRESSION" for column in refused.columns)
        raise Failure(
            f"No revision was written: {refused.what}",
            f'Add a server_default to the model, or pass a backfill: make revision msg="..." backfill={typed(names)}'
            " (without =EXPRESSION the step is written with a placeholder).",
        ) from refused
    except FailsOnAnyRow as failure:
        what = f"No revision was written, since its {failure.direction} fails on tables with rows: {failure.what}"
        raise Failure(what, failure.remedy) from failure
    if tried.broken:
        found = "".join(f"\n  {one}" for one in descriptions(tried.broken))
        raise Failure(f"No revision was written, since functions cannot run after it:{found}")
    violations = {violation.name: violation for violation in tried.violations}
    refused_rules = [violation for name, violation in violations.items() if name not in allowed]
    if not refused_rules:
        return tried.notes, list(violations)
    lines = []
    for violation in refused_rules:
        columns = [column for column in after.children(violation.table, "column") if concerns(violation, column)]
        fillings = [shown(f"{column.identity}={column['default'] or 'EXPRESSION'}") for column in columns]
        choices = [f"backfill={typed(filling)}" for filling in fillings]
        choices.append(f"allow={typed(violation.name)}")
        lines += [violation.note, f"  {' or '.join(choices)}"]
    raise Failure(
        "No revision was written, since it would fail on rows that may be there:\n  " + "\n  ".join(lines),
        "Either backfill the rows that break the rule (without =EXPRESSION the step is written with a placeholder), or"
        " pass allow=... if there are none: if one turns up, the upgrade rolls back.",
    )


def _refused(
    losses: Sequence[Hazard], hints: Sequence[str], allowed: Collection[str], notes: Sequence[str]
) -> Failure | None:
    """Return the refusal of the losses that are not allowed by name, each with its hint; None if all are allowed.

    `notes` may explain why a loss is not taken for a rename.
    """
    refused = {loss.name: f"{loss}{hint}" for loss, hint in zip(losses, hints, strict=True) if loss.name not in allowed}
    if not refused:
        return None
    names = ", ".join(dict.fromkeys(loss.name for loss in losses))
    return Failure(
        "No revision was written, since it would lose data:\n  " + "\n  ".join([*refused.values(), *notes]),
        f"Objects that are to stay can be named in [[tool.{SECTION}.ignore]] of pyproject.toml. If the loss is meant:"
        f' make revision msg="..." allow={typed(names)}',
    )
