"""Meters: what this worker did, for Prometheus to collect."""

import time
from threading import Lock

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Meters:
    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        labels = ("method", "endpoint", "status")
        self._requests = Counter("lab_requests", "Requests answered", labels, registry=self._registry)
        self._seconds = Histogram(
            "lab_request_seconds",
            "Seconds from request to answer",
            labels[1:2],
            buckets=BUCKETS_S,
            registry=self._registry,
        )
        self._in_flight = Gauge("lab_requests_in_flight", "Requests being answered now", registry=self._registry)
        self._lock = Lock()
        self.served = 0

    def attach(self, app: Flask) -> None:
        app.before_request(self._begin)
        app.after_request(self._answer)
        app.teardown_request(self._end)

    def metrics(self) -> Response:
        return Response(generate_latest(self._registry), content_type=CONTENT_TYPE_LATEST)

    def _begin(self) -> None:
        g.began = time.perf_counter()
        self._in_flight.inc()

    def _answer(self, response: Response) -> Response:
        # The endpoint, not the path: a visitor must not be able to make a million series. Nor with made-up methods.
        known = request.endpoint or "none"
        method = request.method if request.endpoint else "any"
        self._requests.labels(method, known, response.status_code).inc()
        self._seconds.labels(known).observe(time.perf_counter() - g.began)
        with self._lock:
            self.served += 1
        return response

    def _end(self, _error: BaseException | None) -> None:
        self._in_flight.dec()
