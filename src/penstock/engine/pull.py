"""Fetches a model file from Hugging Face: picked, resumed where an earlier try was cut off, checked, registered."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from penstock.engine.gguf import split_of
from penstock.engine.registry import Entry, Progress, Registry, default_name, sha256_of

_SPEC: Final = re.compile(r"hf:([^/:\s]+/[^/:\s]+)(?::(\S+))?")


class PullError(Exception):
    """The model could not be fetched; the message, one line, says why and what to do."""


class Remote(msgspec.Struct, frozen=True):
    """A file of a repository. `size` in bytes; `sha256` is None where the hub does not know it."""

    repository: str
    revision: str
    path: str
    size: int
    sha256: str | None


class ManyFiles(PullError):
    """The repository has several models, or none that fits; `files` are those that there are."""

    def __init__(self, message: str, files: list[Remote]) -> None:
        super().__init__(message)
        self.files = files


def find(spec: str) -> Remote:
    """The file that `hf:OWNER/REPO[:FILE]` means; FILE may be a part of its name that no other has.

    Raises ManyFiles where it means several or none, PullError.
    """
    parsed = _SPEC.fullmatch(spec)
    if parsed is None:
        raise PullError(f"'{spec}' is no model's address; it has the form hf:OWNER/REPO or hf:OWNER/REPO:FILE.gguf")
    repository, wanted = parsed[1], parsed[2]
    files = _files(repository)
    models = [file for file in files if split_of(file.path) is None and "mmproj" not in file.path.lower()]
    if wanted:
        found = [file for file in models if file.path == wanted]
        found = found or [file for file in models if wanted.lower() in file.path.lower()]
        if any(split_of(file.path) for file in files if wanted in file.path) and not found:
            raise ManyFiles(f"'{wanted}' of {repository} is cut into several files, which cannot be pulled", models)
    else:
        found = models
    if len(found) == 1:
        return found[0]
    if not models:
        raise PullError(
            f"{repository} has no .gguf file that can be pulled; look for a repository with GGUF in its name"
        )
    if not found:
        raise ManyFiles(f"{repository} has no file '{wanted}'", models)
    raise ManyFiles(f"{repository} has {len(found)} models; add one of their names: {spec}:FILE", found)


def pull(remote: Remote, registry: Registry, name: str | None, fetching: Progress, checking: Progress) -> Entry:
    """Fetches `remote` and registers it as `name`, by default its file's name. The one that is there already if it is.

    Raises PullError, RegistryError. What was fetched before an error or the end of the process is kept.
    """
    name = name or default_name(Path(remote.path).name)
    source = f"hf:{remote.repository}:{remote.path}"
    there = registry.entries().get(name)
    if there is not None and remote.sha256 == there.sha256:
        return there
    registry.free_name(name)
    with registry.partial(f"{remote.sha256 or f'{name}-{remote.revision}'}.part") as part:
        _fetch(remote, part, fetching)
        digest = sha256_of(part, checking)
        if remote.sha256 is not None and digest != remote.sha256:
            part.unlink()
            raise PullError(
                f"{remote.path} was damaged on its way (SHA-256 {digest}, not {remote.sha256}) and is deleted; "
                "pull it again"
            )
        return registry.adopt(part, name, digest, source)


def _files(repository: str) -> list[Remote]:
    """Every .gguf file of the repository, by name."""
    from huggingface_hub import HfApi

    info = _asking(lambda: HfApi().model_info(repository, files_metadata=True), repository)
    return sorted(
        (
            Remote(repository, info.sha or "main", s.rfilename, s.size or 0, s.lfs.sha256 if s.lfs else None)
            for s in info.siblings or ()
            if s.rfilename.lower().endswith(".gguf")
        ),
        key=lambda file: file.path,
    )


def _fetch(remote: Remote, part: Path, progress: Progress) -> None:
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # documented there

    have = part.stat().st_size
    if remote.size and have > remote.size:
        have = 0
    if remote.size - have > shutil.disk_usage(part.parent).free:
        raise PullError(
            f"{remote.path} needs {remote.size - have} more bytes; there is not that much room in {part.parent}"
        )
    url = hf_hub_url(remote.repository, remote.path, revision=remote.revision)
    progress(have, remote.size)
    with part.open("r+b") as file:
        file.truncate(have)
        file.seek(have)
        _asking(
            lambda: http_get(
                url,
                file,
                resume_size=have,
                headers=build_hf_headers(),
                expected_size=remote.size or None,
                displayed_filename=remote.path,
                tqdm_class=_bar(progress),
            ),
            remote.repository,
        )


def _bar(progress: Progress) -> type[Any]:
    """What huggingface_hub takes for a progress bar, and `progress` is told."""

    class Bar:
        def __init__(self, *, total: int | None = None, initial: int = 0, **_: Any) -> None:
            self._total = total or 0
            self._done = initial

        def update(self, count: int) -> None:
            self._done += count
            progress(self._done, self._total)

        def __enter__(self) -> Self:
            return self

        def __exit__(
            self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
        ) -> None:
            return

    return Bar


def _asking(ask: Callable[[], Any], repository: str) -> Any:
    """What `ask` returns; everything that can go wrong with the hub as a PullError of one line."""
    import httpx2  # the HTTP client of huggingface_hub
    from huggingface_hub import errors

    try:
        return ask()
    except errors.GatedRepoError:
        why = "its terms must be accepted on its web page first; then set HF_TOKEN to a token of that account"
    except errors.RepositoryNotFoundError:
        why = "the hub has no such model, or only for those who may see it: set HF_TOKEN to a token that may"
    except errors.RemoteEntryNotFoundError:
        why = "the file is not there any more"
    except errors.HFValidationError:
        why = "that is no name of a repository; it has the form OWNER/REPO"
    except errors.OfflineModeIsEnabled:
        why = "HF_HUB_OFFLINE is set, so nothing is fetched"
    except errors.HfHubHTTPError as error:
        why = f"the hub answered {error.response.status_code}: {_line(error)}"
    except httpx2.HTTPError as error:
        why = f"no connection to the hub, or it broke ({_line(error) or type(error).__name__}); pull again to go on"
    except OSError as error:
        why = error.strerror or _line(error)
    except ValueError as error:
        why = _line(error)
    raise PullError(f"{repository}: {why}")


def _line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
