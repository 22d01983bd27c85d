"""The kit's topology with an exercise's changes. Pure."""

import json
import re
from collections.abc import Mapping

from lab.exercise.catalogue import Seen


def changed(text: str, changes: Mapping[str, Seen]) -> str:
    """The text of a topology file with the values of these keys, TABLE.KEY, replaced; raises ValueError for one that it
    does not have. Comments stay."""
    lines, table, left = [], "", dict(changes)
    for line in text.splitlines():
        if header := re.match(r"\[([^\]]+)\]", line):
            table = header[1]
        key = re.match(r"(\w+)\s*=", line)
        name = f"{table}.{key[1]}" if key else ""
        # What JSON calls true, 5 or "text", TOML calls so too.
        lines.append(f"{key[1]} = {json.dumps(left.pop(name))}" if key and name in left else line)
    if left:
        raise ValueError(f"the topology has no {', '.join(left)}")
    return "\n".join(lines) + "\n"
