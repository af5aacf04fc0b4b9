"""For operators: is the process there, can it serve, and its metrics."""

import shutil
from bisect import bisect_left
from collections import Counter as Counts
from collections.abc import Iterator, Mapping
from itertools import accumulate

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Gauge, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from xr_server.parts import Parts, parts_of
from xr_server.storage.migrate import describe_store
from xr_server.storage.retention import Retention, try_lag

MIN_FREE_BYTES = 200 * 1024 * 1024
NO_STORE = {"Cache-Control": "no-store"}
BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
WAITING = Gauge("dejima_event_requests_waiting", "Event requests that wait for their commit.")
RETENTION_LAG = Gauge(
    "dejima_retention_lag_days",
    "By how many days the oldest events or visits are over the time they are kept.",
    ["what"],
)
FROM_FILE = Gauge("dejima_snapshot_from_file", "1 while the catalog cannot be read and the last snapshot is served.")


class RequestMetrics(Collector):
    """Answers counted in plain dictionaries, since every answer of the event loop passes here; no lock, one thread."""

    def __init__(self) -> None:
        self._answered: Counts[tuple[str, str, int]] = Counts()
        self._lasted: dict[str, list[float]] = {}  # how many fell under each bound, then their sum of seconds

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """Add one answer."""
        self._answered[route, method, status] += 1
        lasted = self._lasted.get(route)
        if lasted is None:
            lasted = self._lasted[route] = [0.0] * (len(BOUNDS_S) + 2)
        lasted[bisect_left(BOUNDS_S, seconds)] += 1
        lasted[-1] += seconds

    def collect(self) -> Iterator[Metric]:
        """What Prometheus reads."""
        labels = ["route", "method", "status"]
        answered = CounterMetricFamily("dejima_requests", "Requests answered, by route template.", labels=labels)
        for (route, method, status), count in list(self._answered.items()):
            answered.add_metric([route, method, str(status)], count)
        yield answered
        text = "Seconds to the end of an answer, by route template."
        seconds = HistogramMetricFamily("dejima_request_seconds", text, labels=["route"])
        for route, lasted in list(self._lasted.items()):
            totals = accumulate(lasted[:-1])
            names = [*(str(bound) for bound in BOUNDS_S), "+Inf"]
            seconds.add_metric([route], list(zip(names, totals, strict=True)), lasted[-1])
        yield seconds


class EventMetrics(Collector):
    """Events counted in a plain dictionary, by what became of them."""

    def __init__(self) -> None:
        self._counts: Counts[str] = Counts()

    def count(self, outcomes: Mapping[str, int]) -> None:
        """Add the events of one request."""
        for outcome, count in outcomes.items():
            if count:
                self._counts[outcome] += count

    def collect(self) -> Iterator[Metric]:
        """What Prometheus reads."""
        told = CounterMetricFamily("dejima_events", "Engagement events by what became of them.", labels=["outcome"])
        for outcome, count in list(self._counts.items()):
            told.add_metric([outcome], count)
        yield told


REQUESTS, EVENTS = RequestMetrics(), EventMetrics()
REGISTRY.register(REQUESTS)
REGISTRY.register(EVENTS)


async def get_health(_: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("ok", headers=NO_STORE)


def get_readiness(request: Request) -> Response:
    """200 while visitors can be served, also from the last snapshot; `checks` tells of each part whether it works."""
    parts = parts_of(request)
    snapshot = parts.published.snapshot
    checks = {
        "catalog": describe_store(parts.catalog, "catalog"),
        "events": describe_store(parts.events, "events"),
        "snapshot": "ok" if snapshot.sites else "nothing is published yet",
        "disk": _check_disk(parts),
    }
    if snapshot.from_file:
        checks["snapshot"] = "serving what was published last, since the catalog cannot be read"
    body = {"ready": bool(snapshot.sites), "whole": all(value == "ok" for value in checks.values()), "checks": checks}
    return JSONResponse(body, status_code=200 if snapshot.sites else 503, headers=NO_STORE)


def _check_disk(parts: Parts) -> str:
    try:
        free_bytes = shutil.disk_usage(parts.settings.data_dir).free
    except OSError:
        return "the data folder cannot be reached"
    return "ok" if free_bytes > MIN_FREE_BYTES else "less than 200 MB free"


def get_metrics(request: Request) -> Response:
    """Prometheus metrics of this process."""
    parts = parts_of(request)
    WAITING.set(parts.event_writer.waiting)
    FROM_FILE.set(parts.published.snapshot.from_file)
    RETENTION_LAG.clear()  # while the store is away nothing is said
    retention = Retention(parts.events, parts.settings.events_days, parts.published.zones)
    for what, days in try_lag(retention, parts.clock()).items():
        RETENTION_LAG.labels(what).set(days)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST, headers=NO_STORE)


routes = [
    Route("/healthz", get_health),
    Route("/readyz", get_readiness),
    Route("/metrics", get_metrics),
]
