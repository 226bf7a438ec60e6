"""The version of the code that reads catalogs."""

import hashlib
from pathlib import Path

from whisper_migrate import objects


def scheme() -> str:
    """Return the hash of the code that reads catalogs. Fingerprints are comparable only under an equal hash."""
    digest = hashlib.sha256()
    for file in (Path(__file__).with_name("inspect.py"), *sorted(Path(objects.__path__[0]).glob("*.py"))):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
