"""One answered question about this computer or a node."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """`ok` is None where it could not be told; `found` is what was seen, `mend` what to do if it is not right."""

    name: str
    ok: bool | None
    found: str
    mend: str = ""
