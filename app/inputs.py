"""What a caller sent, checked. Whatever is wrong with it ends here, as Refused."""

import json
from typing import Any

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from errors import Refused

JSON_LIMIT = 64 * 1024  # room for 4 KiB of text in which each letter is escaped
DISCARD_LIMIT = 8 * 1024 * 1024
BIGGEST_ID = 2**63 - 1


def body(limit: int) -> bytes:
    """The whole body of the request, at most `limit` bytes."""
    request.max_content_length = limit
    try:
        received = request.get_data()
    except RequestEntityTooLarge as large:
        _discard()
        raise Refused(413, f"the body is larger than {limit} bytes", "send less") from large
    except OSError as torn:  # a chunk that never came
        raise Refused(400, "the body ended too early", "send it again") from torn
    # The server does not complain about a body that was cut off, and half a file must not be taken for a file.
    if request.content_length not in (None, len(received)):
        raise Refused(400, "the body ended too early", "send it again")
    return received


def _discard() -> None:
    """Reads on, up to a limit: closing on a caller who still sends resets the connection, and loses our answer."""
    for _ in range(DISCARD_LIMIT // JSON_LIMIT):
        if not request.environ["wsgi.input"].read(JSON_LIMIT):
            return


def field(name: str) -> object:
    """The value of `name` in the JSON object that is the body; None where it is missing."""
    try:
        sent: Any = json.loads(body(JSON_LIMIT))
    except (ValueError, RecursionError):
        sent = None
    if not isinstance(sent, dict):
        raise Refused(400, "the body is not a JSON object", f'send one like {{"{name}": "hello"}}')
    return sent.get(name)


def text(sent: object, name: str) -> str:
    """`sent` as a text that every database can hold: a string of valid Unicode without NUL."""
    if not isinstance(sent, str):
        raise Refused(400, f"{name} is not a text", f'send "{name}" as a string')
    if "\0" in sent or any("\ud800" <= letter <= "\udfff" for letter in sent):
        raise Refused(400, f"{name} has a NUL or half a letter in it", "leave out \\u0000 and lone surrogates")
    return sent


def number(name: str, otherwise: int, least: int, most: int) -> int:
    """The whole number that the query string gives for `name`, or `otherwise`."""
    given = request.args.get(name, str(otherwise))
    if not (given.isascii() and given.isdigit() and len(given) < 20 and least <= int(given) <= most):
        raise Refused(400, f"{name} is not a whole number from {least} to {most}", f"leave {name} out, or mend it")
    return int(given)
