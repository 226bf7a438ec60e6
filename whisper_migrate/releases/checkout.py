"""The files of another release: a folder, or a commit of the project's git repository."""

from __future__ import annotations

import io
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from whisper_migrate.errors import Failure
from whisper_migrate.project.git import git
from whisper_migrate.project.project import Project


@contextmanager
def release(project: Project, name: str) -> Iterator[Project]:
    """Yield the project as it is in the folder `name`, or at the git commit, tag or branch `name`.

    The files of a commit are in a temporary folder. Raises Failure if there is neither.
    """
    if name and (Path(name) / "pyproject.toml").is_file():
        yield Project.at(Path(name).resolve())
        return
    found = git(project.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    commit = found.decode().strip() if found else ""
    if git(project.root, "rev-parse", "--git-dir") is None:
        raise Failure(f"{name} is no folder with a pyproject.toml, and {project.root} is in no git repository.")
    if not commit:
        raise Failure(
            f"{name} is neither a folder with a pyproject.toml nor a commit of this git repository.",
            "git fetch origin   (a shallow clone lacks other branches: git fetch --unshallow)",
        )
    archive = git(project.root, "archive", "--format=tar", commit)  # only the folder in which git runs
    if archive is None:
        raise Failure(f"The commit {name} does not have the folder {project.root}.")
    with tempfile.TemporaryDirectory(prefix="whisper-release-") as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        root = Path(folder).resolve()
        try:
            yield Project.at(root)
        except Failure as failure:  # the folder is gone when the failure is read
            what = failure.what.replace(f"{root}/", f"{name}:").replace(str(root), name)
            raise Failure(what, failure.remedy) from failure
