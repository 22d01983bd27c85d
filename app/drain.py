"""Draining: how a worker stops without hurting anybody.

On SIGTERM it goes on serving, but answers /readyz with 503, so that the load balancer sends nothing new. When the
balancer has seen that twice, or the notice is over, it stops listening, finishes what is in flight, and ends.
"""

import mmap
import struct
import time

BALANCER_ACTS_S = 0.2  # from our second 503 to the moment when the balancer acts on it
LAYOUT = struct.Struct("dq")


class Drain:
    """Whether this worker is draining. The process that gets the signal and the one that serves share it."""

    def __init__(self, notice_s: float) -> None:
        self._notice_s = notice_s
        # Memory that a fork shares: when the notice is over (monotonic seconds; 0: not draining), and the 503s given.
        self._memory = mmap.mmap(-1, LAYOUT.size)

    def begin(self) -> None:
        if not self.is_on():
            LAYOUT.pack_into(self._memory, 0, time.monotonic() + self._notice_s, 0)

    def told(self) -> None:
        """Notes that /readyz answered 503."""
        ends, times = LAYOUT.unpack(self._memory)
        if times == 1:
            ends = min(ends, time.monotonic() + BALANCER_ACTS_S)
        LAYOUT.pack_into(self._memory, 0, ends, times + 1)

    def is_on(self) -> bool:
        return self._ends() > 0

    def is_over(self) -> bool:
        return self.is_on() and time.monotonic() >= self._ends()

    def _ends(self) -> float:
        return float(LAYOUT.unpack(self._memory)[0])
