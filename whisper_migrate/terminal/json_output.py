"""`--format json` of the commands that read: one JSON document on standard output, and nothing else there.

docs/JSON.md describes the keys; `VERSION` changes with them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import Any

import click

from whisper_migrate.addresses.secret_parameters import scrubbed
from whisper_migrate.wording.hidden_characters import in_json
from whisper_migrate.wording.program import as_called

VERSION = 1
COMMANDS = ("remedy", "remedies")  # keys of texts that say what to type

with_format = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print the result."
)


@contextmanager
def kept_for_document(wanted: bool) -> Iterator[None]:
    """Send what is printed meanwhile to standard error, if `wanted`: also by env.py, by revisions and their processes.

    The document is printed afterwards, and has standard output for itself.
    """
    if not wanted:
        yield
        return
    _flush()
    standard_output = os.dup(1)
    try:
        os.dup2(2, 1)
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _flush()  # a program may print to sys.__stdout__, which keeps its text for a while
        os.dup2(standard_output, 1)
        os.close(standard_output)


def _flush() -> None:
    for stream in (sys.stdout, sys.__stdout__):
        if stream is not None and not stream.closed:
            stream.flush()


def print_json(document: Mapping[str, Any]) -> None:
    """Print a document with its version, without secrets or hidden characters."""
    whole = _safe({"version": VERSION, **document})
    click.echo(in_json(json.dumps(whole, indent=2, ensure_ascii=False)))


def _safe(value: Any, key: str = "") -> Any:
    """Return a value without secrets, with commands as the program that was called takes them."""
    if isinstance(value, str):
        return scrubbed(as_called(value) if key in COMMANDS else value)
    if isinstance(value, Mapping):
        return {name: _safe(one, name) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_safe(one, key) for one in value]
    return value
