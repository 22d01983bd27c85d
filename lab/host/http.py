"""Asking a node over HTTP, within a time limit, without an exception for an answer that is no."""

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field

from lab.model.deadline import Deadline

OK = 200


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `status` is 0 where none came, and `text` then says why."""

    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)


def get(url: str, by: Deadline) -> Answer:
    """What a GET of `url` gave; proxies are for the internet, so they are not asked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=max(by.left(), 0.05)) as response:
            return Answer(response.status, response.read().decode(errors="replace"), dict(response.headers))
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read().decode(errors="replace"), dict(error.headers))
    except urllib.error.URLError as error:
        return Answer(0, str(error.reason))  # without the "<urlopen error …>" around it
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, str(error) or type(error).__name__)
