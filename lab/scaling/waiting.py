"""How many requests are there at a time, worked on or waiting, where so much work meets so many workers. Pure.

The model is M/M/c: requests come at random, and whichever worker is free takes the next one, which is about what
HAProxy's `leastconn` does (Kleinrock, Queueing Systems, volume I, section 3.5; Erlang's C formula).
"""

_HALVINGS = 30


def requests(work: float, workers: int) -> float:
    """The mean number of requests at a time, of `work` that would keep so many workers busy; infinite where they are
    not enough: the last spare part of a worker counts most."""
    if work >= workers:
        return float("inf")
    refused = 1.0
    for number in range(1, workers + 1):
        refused = work * refused / (number + work * refused)
    busy = work / workers
    waits = refused / (1 - busy * (1 - refused))
    return work + waits * busy / (1 - busy)


def work(requests_now: float, workers: int) -> float:
    """How many workers would be kept busy by what gives `workers` of them so many requests at a time."""
    low, high = 0.0, float(min(requests_now, workers))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if requests(middle, workers) < requests_now else (low, middle)
    return high
