"""The address of each object in the pages: derived from its kind and identity alone, so that links to it last."""

import hashlib
import re

from whisper_migrate.catalog.model import Object

# Names that are file names as they are. PostgreSQL quotes every name with other characters.
PLAIN = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
REVISIONS = "revision"  # the folder of their pages
LONGEST = 140  # characters; a schema's and a table's name have at most 63 bytes each
WORDS = 60  # characters that are kept of another name
# Windows opens a device, not a file, whose name is one of these up to the first dot.
DEVICES = {"con", "prn", "aux", "nul", *(f"{name}{number}" for name in ("com", "lpt") for number in range(10))}


def slug(name: str) -> str:
    """Return a name for a file or an anchor: the name itself if it is plain, else its letters and a hash of it.

    The hash keeps names apart that differ only in case, or in characters that a file name cannot have. A plain name has
    no hyphen, so no plain name equals one with a hash.
    """
    if PLAIN.fullmatch(name) and len(name) <= LONGEST and name.partition(".")[0] not in DEVICES:
        return name
    words = re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")[:WORDS].strip("-") or "_"
    return f"{words}-{hashlib.sha256(name.encode()).hexdigest()[:10]}"


def address(item: Object) -> str:
    """Return the address of an object's page without its suffix: `table/public.users`."""
    return f"{item.kind}/{slug(item.identity)}"


def anchor(part: Object) -> str:
    """Return the anchor of a part on the page of its table: `column-email`."""
    name = part.identity
    if part.parent:
        name = name.removeprefix(f"{part.parent}.").removesuffix(f" on {part.parent}")
    return f"{part.kind}-{slug(name)}"


def of_revision(revision: str) -> str:
    """Return the address of a revision's page without its suffix."""
    return f"{REVISIONS}/{slug(revision)}"
