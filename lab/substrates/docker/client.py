"""The connection to Docker, and its errors in our words."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound

import docker
from lab.model.errors import LabError, UnknownError

__all__ = ["APIError", "ImageNotFound", "NotFound", "api", "in_our_words"]

# The first call is only a question: an engine that hangs is found out by it.
_ANSWER_S, _CHANGE_S = 10, 60


@cache
def api() -> docker.APIClient:
    """The low-level client for the engine that DOCKER_HOST names, or the usual socket."""
    with in_our_words("connecting"):
        client = docker.APIClient(**docker.utils.kwargs_from_env(), timeout=_ANSWER_S, version="auto")
    client.timeout = _CHANGE_S
    return client


@contextmanager
def in_our_words(doing: str) -> Iterator[None]:
    """Turns Docker's errors inside the block into LabError; `doing` says what was tried."""
    try:
        yield
    except APIError as error:
        raise LabError(
            f"Docker refused: {doing}: {error.explanation or error}",
            where="Docker Engine",
            mend="read Docker's words above; `lab doctor` checks the engine",
        ) from error
    except (DockerException, requests.RequestException) as error:
        raise UnknownError(
            f"Docker does not answer while {doing}: {error}",
            where="Docker Engine",
            mend="run `lab setup`, which starts it, then `lab doctor`",
        ) from error
