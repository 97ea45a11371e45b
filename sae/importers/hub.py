"""SAEs on the Hugging Face hub: `hf:OWNER/NAME`, `hf:OWNER/NAME/FOLDER-OR-FILE`, each with an optional `@REVISION`.

Only the files of one SAE are downloaded, into the hub's own cache; later reads need no network.
"""

from __future__ import annotations

import glob
import posixpath
import re
from pathlib import Path

from data.errors import UserError
from sae.importers.layouts import FILES, WEIGHTS, choose, files_below

SOURCE = re.compile(r"hf:(?P<repository>[^/@]+/[^/@]+)(?:/(?P<inner>[^@]*))?(?:@(?P<revision>.+))?")


def fetch(source: str) -> tuple[Path, str]:
    """The local path of the SAE's file of weights, and its commit.

    A source that names no repository, or a repository that cannot be reached, raises a `UserError`.
    """
    match = SOURCE.fullmatch(source)
    if match is None:
        raise UserError(
            f"{source!r} names no repository: expected hf:OWNER/NAME, optionally with /FOLDER and @REVISION"
        )
    repository, revision = match["repository"], match["revision"]
    inner = (match["inner"] or "").strip("/")
    plain_source = source.partition("@")[0].rstrip("/")
    listed = _listing(repository, revision, source)
    if isinstance(listed, Path):  # no network, but an earlier download
        files = [f"{inner}/{file}".lstrip("/") for file in files_below(listed / inner)]
        files += [inner] if (listed / inner).is_file() else []
        return listed / (inner if inner in files else choose(files, inner, plain_source)), listed.name
    weights = inner if inner in listed else choose(listed, inner, plain_source)
    folder = posixpath.dirname(weights)
    layout = WEIGHTS.get(posixpath.basename(weights))
    names = FILES[layout] if layout else (posixpath.basename(weights), "config.json", "../config.json")
    wanted = {posixpath.normpath(posixpath.join(folder, name)) for name in names} & set(listed)
    snapshot = _download(repository, revision, sorted(wanted), source)
    return snapshot / weights, snapshot.name


def _listing(repository: str, revision: str | None, source: str) -> list[str] | Path:
    """The repository's files; without a network, the folder of an earlier download."""
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    try:
        siblings = HfApi().model_info(repository, revision=revision).siblings or []
        return [sibling.rfilename for sibling in siblings]
    except RepositoryNotFoundError as error:
        raise UserError(
            f"the Hugging Face hub shows no model {repository!r}: check its name, or log in if it is private"
        ) from error
    except RevisionNotFoundError as error:
        raise UserError(
            f"{repository} on the Hugging Face hub has no revision {revision!r}: give a branch, tag or commit of it"
        ) from error
    except Exception as error:  # network, proxy and name errors of several libraries
        try:  # no pattern: a snapshot counts with whatever files it has
            return Path(
                snapshot_download(repository, revision=revision, local_files_only=True, allow_patterns=[])
            )
        except Exception:
            raise _unreachable(source, error) from error


def _download(repository: str, revision: str | None, files: list[str], source: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        patterns = [glob.escape(file) for file in files]
        return Path(snapshot_download(repository, revision=revision, allow_patterns=patterns))
    except Exception as error:  # network, proxy and disk errors of several libraries
        raise _unreachable(source, error) from error


def _unreachable(source: str, error: Exception) -> UserError:
    reason = (str(error).split("\n")[0] or type(error).__name__)[:200]
    return UserError(
        f"{source} is not in the local cache and could not be downloaded from the Hugging Face hub ({reason}): "
        "connect to a network, or give the folder of a copy"
    )
