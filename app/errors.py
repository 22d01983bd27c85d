"""The errors that a caller is told about, each with what can be done."""


class Refused(Exception):
    """A request that is answered with `status` and `{"error", "mend"}`."""

    def __init__(self, status: int, error: str, mend: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.mend = mend


class StoreAway(Refused):
    """The store did not answer in time. The write may or may not have happened: repeat it with the same key."""

    def __init__(self, what: str) -> None:
        super().__init__(503, f"the store does not answer: {what}", "try again in a moment, with the same key")


class StoreFull(Refused):
    """The store has no room left, and nothing was written."""

    def __init__(self, what: str) -> None:
        super().__init__(507, f"the store is full: {what}", "make room on the store, then send the same again")
