"""What becomes of one step of the plan: sent, awaited, repeated where it is in doubt, and noted."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from lab.ledger.plan import Does, Step
from lab.ledger.records import Attempt, Look, Seen
from lab.ledger.writes import Outcome, What, outcome_of_failure
from lab.traffic.connections import Answer, Connections, NoAnswer
from lab.traffic.notes import Ended, Notes, Waiting, Went, went
from lab.traffic.session import Request, Session, Written, ask_work, judge_read, judge_write, write_request


@dataclass(frozen=True)
class Patience:
    """How long a visitor waits for an answer, and for how long, from when it was due, a write in doubt is repeated.

    The first repeat comes after `pause_s`, each further one after twice the time, up to `longest_pause_s`: repeats at
    a steady rate would drown a site that has just come back (AWS, "Exponential backoff and jitter").
    """

    answer_s: float = 10.0
    repeat_s: float = 60.0
    pause_s: float = 0.25
    longest_pause_s: float = 4.0

    def pause_after(self, attempts: int) -> float:
        """How long to wait after so many attempts, at least half of the full time, so that not all come at once."""
        full = min(self.longest_pause_s, self.pause_s * 2.0 ** (attempts - 1))
        return full * random.uniform(0.5, 1.0)


class Visits:
    """The visitors of one run at one site. `now_s` is the run's clock; once `gives_up`, nothing is repeated.

    Where the site is `sticky`, a visitor's first answer decides which worker is theirs.
    """

    def __init__(
        self,
        url: str,
        sessions: list[Session],
        notes: Notes,
        patience: Patience,
        now_s: Callable[[], float],
        gives_up: Callable[[], bool],
        *,
        sticky: bool,
    ) -> None:
        self._site = Connections(url)
        self._sessions, self._notes, self._patience = sessions, notes, patience
        self._now_s, self._gives_up, self._is_sticky = now_s, gives_up, sticky
        self._has_tried_login = [asyncio.Event() for _ in sessions]

    def close(self) -> None:
        """Closes the connections."""
        self._site.close()

    async def take(self, step: Step, due_s: float) -> None:
        """Takes one step to its end.

        What needs the visitor's login awaits the first answer to that, and its wait counts from when it was due; all
        else goes out at once, also while the login meets a fault.
        """
        self._notes.begin(self._now_s() - due_s)
        session, what = self._sessions[step.visitor], step.does.writes
        if self._needs_login(session, step):
            await self._has_tried_login[step.visitor].wait()
        if what is not None:
            how = await self._write(session, step, what, due_s)
        elif step.does is Does.WORK:
            how = await self._work(session, step)
        else:
            how = await self._read(session, step, due_s)
        self._notes.end(Ended(step.due_s, self._now_s() - due_s, how))

    def _needs_login(self, session: Session, step: Step) -> bool:
        if step.does is Does.LOG_IN:
            return False
        reads = step.does in (Does.READ_SESSION, Does.READ_BACK)
        return self._is_sticky or (reads and session.read_target(step).what is What.LOGIN)

    async def _write(self, session: Session, step: Step, what: What, due_s: float) -> Went:
        """Sends a write until the app has said yes or no, each time with the same key and content."""
        session.user = step.key if what is What.LOGIN else session.user
        request, how = write_request(step), Went.ANSWERED
        for attempts in count(1):
            attempt = await self._attempt(session, step, what, request)
            self._notes.attempt(attempt, what)
            if what is What.LOGIN:
                self._has_tried_login[step.visitor].set()
            # The visitor noticed that the first attempt failed, whatever became of the next.
            how = went(attempt.status, attempt.failure) if attempts == 1 else how
            if attempt.outcome is not Outcome.INDETERMINATE and not attempt.failure:
                break
            pause_s = self._patience.pause_after(attempts)
            if self._gives_up() or self._now_s() + pause_s > due_s + self._patience.repeat_s:
                break
            await asyncio.sleep(pause_s)
        return how

    async def _attempt(self, session: Session, step: Step, what: What, request: Request) -> Attempt:
        sent_s = self._now_s()
        self._notes.send(Waiting(what, step.key, sent_s))
        try:
            answer = await self._ask(session, request)
        except NoAnswer as none:
            outcome = outcome_of_failure(sent=none.sent)
            return Attempt(step.key, outcome, sent_s, self._now_s(), 0, "", none.failure, altered=False)
        outcome, altered, path = judge_write(step, what, answer)
        done_s = self._now_s()
        if outcome is Outcome.ACKNOWLEDGED:
            session.written.append(Written(what, step.key, path))
        return Attempt(step.key, outcome, sent_s, done_s, answer.status, _worker(answer), "", altered)

    async def _work(self, session: Session, step: Step) -> Went:
        try:
            how = went((await self._ask(session, ask_work(step.cpu_ms))).status)
        except NoAnswer as none:
            how = went(0, none.failure)
        self._notes.work(how)
        return how

    async def _read(self, session: Session, step: Step, due_s: float) -> Went:
        look = await self._look(session, step, due_s)
        self._notes.look(look)
        return went(look.status, look.failure)

    async def _look(self, session: Session, step: Step, due_s: float) -> Look:
        target, sent_s = session.read_target(step), self._now_s()
        try:
            answer = await self._ask(session, Request("GET", target.path))
        except NoAnswer as none:
            seen = Seen.CUT if none.begun else Seen.FAILED
            return Look(target.key, due_s, sent_s, self._now_s(), 0, "", none.failure, seen, "")
        seen, sha = judge_read(target.what, answer)
        return Look(target.key, due_s, sent_s, self._now_s(), answer.status, _worker(answer), "", seen, sha)

    async def _ask(self, session: Session, request: Request) -> Answer:
        headers = request.headers | session.headers()
        answer = await self._site.ask(request.method, request.path, headers, request.body, self._patience.answer_s)
        session.keep_cookies(answer)
        return answer


def _worker(answer: Answer) -> str:
    return answer.headers.get("x-worker", "")
