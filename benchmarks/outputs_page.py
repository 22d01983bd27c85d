"""Pages with the output of commands between two marks, which this writes. Pure.

A block in a page is `<!-- output: NAME -->`, whatever was written there, and `<!-- end of output -->`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

_BLOCK = re.compile(r"(?<=<!-- output: )([\w-]+)( -->\n).*?(?=<!-- end of output -->)", re.DOTALL)
_FENCE = "~~~~"


@dataclass(frozen=True)
class Command:
    """A line as it is typed in the kit's folder, and the exit statuses that are as they should be."""

    line: str
    ok: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Block:
    """What a page shows together: commands, one after the other."""

    name: str
    commands: tuple[Command, ...]


class SaidJson(TypedDict):
    """One command as it was run: its line, its exit status, and what it printed on both of its outputs."""

    line: str
    status: int
    output: str


class BlockJson(TypedDict):
    """A block as it was run, on what, and when."""

    circumstances: dict[str, str]
    said: list[SaidJson]


def names(text: str) -> list[str]:
    """The blocks that a page has, in its order."""
    return [match[1] for match in _BLOCK.finditer(text)]


def unmarked(text: str) -> str:
    """A page without its blocks: what somebody wrote by hand."""
    return _BLOCK.sub("", text)


def written(text: str, blocks: Mapping[str, Block], kept: Mapping[str, BlockJson]) -> str:
    """A page with all of its blocks as they were last run; KeyError for a block that nobody listed."""
    return _BLOCK.sub(lambda match: f"{match[1]}{match[2]}{shown(blocks[match[1]], kept.get(match[1]))}", text)


def shown(block: Block, kept: BlockJson | None) -> str:
    """A block's text. One that was never run, or with other commands than now, says so and shows no output."""
    lines = [command.line for command in block.commands]
    if kept is None or [said["line"] for said in kept["said"]] != lines:
        told = [f"$ {line}" for line in lines]
        below = "*Not run yet: here the output of these commands will stand.*"
    else:
        told = [line for said in kept["said"] for line in _told(said)]
        below = f"*{'; '.join(f'{key}: {value}' for key, value in kept['circumstances'].items())}.*"
    return "\n".join(["", f"{_FENCE} text", *told, _FENCE, "", below, "", ""])


def _told(said: SaidJson) -> list[str]:
    output = [line.rstrip() for line in said["output"].strip("\n").splitlines()]
    status = [f"(exit status {said['status']})"] if said["status"] else []
    return [f"$ {said['line']}", *output, *status]
