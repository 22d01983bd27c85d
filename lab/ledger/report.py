"""The report of a run: the verdict in one word and one sentence, the figures as JSON, and the exit status."""

import math
from dataclasses import dataclass
from typing import Any

from lab.ledger.audit import Account
from lab.ledger.records import Source
from lab.ledger.sorts import Sort
from lab.ledger.struck import FaultSeen
from lab.ledger.unshown import not_shown
from lab.ledger.users import KILL
from lab.ledger.writes import What
from lab.model.errors import ExitCode

KEPT, UNKNOWN = "kept", "unknown"
# What is wrong, the worst first, and how a sentence says it.
_WRONG = {
    Sort.LOST: "{n} of {all} acknowledged writes {are} gone",
    Sort.CORRUPTED: "{n} {writes} came back with another content",
    Sort.DUPLICATED: "{n} {writes} {are} there more than once",
    Sort.UNEXPECTED: "{n} {writes} {are} there, refused or never sent",
    Sort.STALE: "{n} acknowledged {writes} {were} missing for a while from reads that began later",
}
_ONE, _MORE = {"writes": "write", "are": "is", "were": "was"}, {"writes": "writes", "are": "are", "were": "were"}
_PLURAL = {What.ENTRY: "entries", What.FILE: "files", What.LOGIN: "logins"}
_FROM = {Source.BALANCER: "through the load balancer", Source.STORE: "straight from the store"}


@dataclass(frozen=True)
class Verdict:
    """Lost beats unknown beats kept. `word` is kept, unknown or the worst thing that is wrong."""

    word: str
    sentence: str

    @property
    def exit_code(self) -> ExitCode:
        """What `lab prove` exits with."""
        return {KEPT: ExitCode.DONE, UNKNOWN: ExitCode.UNKNOWN}.get(self.word, ExitCode.CHECK_SAID_NO)


def verdict(account: Account) -> Verdict:
    """The verdict on a run. A journal without its end is no proof of anything, so it is always unknown."""
    wrong = [_told(account, sort) for sort in _WRONG if account.count(sort)]
    if wrong and account.is_whole:
        worst = next(sort for sort in _WRONG if account.count(sort))
        return Verdict(worst, f"{worst.capitalize()}: {'; '.join(wrong)}.")
    if reasons := doubts(account):
        seen = f" As far as it goes: {'; '.join(wrong)}." if wrong else ""
        return Verdict(UNKNOWN, f"Unknown: {'; '.join(reasons)}.{seen}")
    return Verdict(KEPT, f"Kept: {_all_kept(account)}")


def doubts(account: Account) -> list[str]:
    """Why it could not be told that all was kept; empty where it could."""
    found = []
    if not account.is_whole:
        found.append("the journal stops before the end of the run")
    if not account.acknowledged:
        found.append("not one write was acknowledged")
    found += [f"{_PLURAL[what]} were not read back {_FROM[source]}" for source, what in account.unread]
    if never := account.count(Sort.NEVER_READ):
        found.append(f"it was not seen that {_counted(never)} there on both sides")
    return found + _doubted_faults(account)


def as_json(account: Account) -> dict[str, Any]:
    """What `lab prove --json` prints."""
    header = account.header
    about = {name: getattr(header, name, None) for name in ("run", "lab", "substrate", "mode", "seed")}
    sorts = {str(sort): account.count(sort) for sort in Sort}
    return {
        **about,
        "attempted": account.attempted,
        "acknowledged": account.acknowledged,
        **sorts,
        "foreign": account.foreign,
        "faults": [_fault_as_json(fault) for fault in account.faults],
        "p50_ms": account.latency_ms(0.50),
        "p99_ms": account.latency_ms(0.99),
        "errors": account.errors,
        "verdict": verdict(account).word,
    }


def limits(account: Account) -> list[str]:
    """What this run does not show, in plain sentences."""
    if account.header is None:
        return ["Nothing is shown: the journal has not one whole line."]
    return not_shown(account.header, account.faults, account.acknowledged)


def users_view(account: Account) -> list[str]:
    """What users noticed, in plain sentences."""
    users = account.users
    told = [
        f"{users.reads:,} reads: {users.reads_failed:,} failed (an error, or no answer), "
        f"{users.reads_cut:,} were cut in the middle of their answer.",
        f"{users.writes_repeated:,} writes had to be repeated with their key; "
        f"{users.repeats_acknowledged:,} of them were then acknowledged. {users.writes_refused:,} were refused.",
    ]
    if not any(fault.name == KILL for fault in account.faults):
        return told
    if broken := users_limit(account):
        told.append(f"That is more than users may notice while workers die: {'; '.join(broken)}.")
    else:
        told.append(
            f"While workers died, at most {users.most_at_a_kill:,} attempts to write failed at one kill, all sent "
            "before that worker was gone, and each was acknowledged when repeated; no read failed."
        )
    return told


def users_limit(account: Account) -> list[str]:
    """What users noticed that they may not while workers die, other faults apart; empty where that limit was held.

    No read gets an error or no answer. Writes fail only as far as they were in flight on the worker that died, and
    each of them succeeds when it is repeated with its key.
    """
    users, most = account.users, account.header.worker_connections if account.header else None
    found = []
    if users.reads_apart:
        found.append(f"{users.reads_apart:,} reads failed (an error, or no answer)")
    if users.writes_apart:
        found.append(f"{users.writes_apart:,} attempts to write failed that were in flight at no fault")
    if users.most_at_a_kill and most is None:
        found.append("the journal does not say how many requests a worker works on at a time")
    elif most is not None and users.most_at_a_kill > most:
        found.append(f"{users.most_at_a_kill:,} attempts to write failed at one kill, and a worker works on {most:,}")
    if users.kept_out:
        found.append(f"{users.kept_out:,} writes that failed at a kill were not acknowledged when repeated")
    return found


def _counted(n: int) -> str:
    words = _ONE if n == 1 else _MORE
    return f"{n:,} {words['writes']} {words['are']}"


def _told(account: Account, sort: Sort) -> str:
    counts = {what: account.sorts[sort, what] for what in What if account.sorts[sort, what]}
    kinds = ", ".join(f"{n:,} {what if n == 1 else _PLURAL[what]}" for what, n in counts.items())
    n = account.count(sort)
    words = {"n": f"{n:,}", "all": f"{account.acknowledged:,}", **(_ONE if n == 1 else _MORE)}
    return f"{_WRONG[sort].format(**words)} ({kinds})"


def _all_kept(account: Account) -> str:
    faults = len(account.faults)
    told = "no fault was injected" if not faults else "1 fault" if faults == 1 else f"{faults:,} faults"
    after = f"; {told}." if not faults else f", after {told}."
    return f"all {account.acknowledged:,} acknowledged writes are there{after}"


def _doubted_faults(account: Account) -> list[str]:
    read_s = account.final_read_began_s
    found = _struck_too_early(account) if account.acknowledged else []
    found += [f"it was not seen that {_title(fault)} happened" for fault in account.faults if not fault.verified]
    for fault in account.faults:
        if fault.healed_s is None:
            found.append(f"{_title(fault)} was never healed")
        elif read_s is not None and fault.healed_s > read_s:
            found.append(f"{_title(fault)} was healed only after the final read had begun")
    never = account.header.planned[len(account.faults) :] if account.header else ()
    return found + [f"the planned fault {name} was never begun" for name in never]


def _struck_too_early(account: Account) -> list[str]:
    """A fault proves nothing about a kind of write of which nothing was promised yet."""
    found = []
    for what in What:
        first_s = account.first_acknowledged_s.get(what, math.inf)
        early = [_title(fault) for fault in account.faults if fault.at_s < first_s]
        if early:
            more = f" and {len(early) - 1:,} more" if len(early) > 1 else ""
            found.append(f"no {what} had been acknowledged before {early[0]}{more}")
    return found


def _title(fault: FaultSeen) -> str:
    return f"{fault.name} of {fault.target} at {fault.at_s:.1f} s"


def _fault_as_json(fault: FaultSeen) -> dict[str, Any]:
    return {name: getattr(fault, name) for name in ("name", "target", "at_s", "healed_s", "verified")}
