"""Metrics in Prometheus' text form, in a registry of each gateway's own. No label names a unit, device or person."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from jmdesk.core.clock import Clock
from jmdesk.core.errors import Environment
from sync.gateway.database import Access, Database
from sync.gateway.spool import WAITING, backlog

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0)


class Metrics:
    """What one process of the gateway counts. Times in seconds, sizes in bytes."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "jmdesk_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "jmdesk_request_seconds", "Time to answer", ["route"], buckets=_SECONDS, registry=self.registry
        )
        self.in_flight = Gauge("jmdesk_requests_in_flight", "Requests under way", registry=self.registry)
        self.limited = Counter(
            "jmdesk_requests_limited", "Requests turned away by a rate limit", ["limit"], registry=self.registry
        )
        self.set_aside = Counter(
            "jmdesk_batches_set_aside", "Batches set aside since the start", registry=self.registry
        )
        self._ingest = Histogram(
            "jmdesk_ingest_seconds", "Time to process a batch", buckets=_SECONDS, registry=self.registry
        )
        self._build = Info("jmdesk_gateway", "This program", registry=self.registry)
        ProcessCollector(registry=self.registry)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request was answered; ``route`` is the pattern, never the path."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def processed(self, seconds: float) -> None:
        """One batch was processed."""
        self._ingest.observe(seconds)

    def about(self, **words: str) -> None:
        """What this process is: its version and role."""
        self._build.info(words)

    def watch(self, database: Database, access: Access, clock: Clock) -> None:
        """Read the backlog from the database at each scrape, in a role that sees batches."""
        self.registry.register(_Waiting(database, access, clock))

    def text(self) -> bytes:
        """All of it, as ``/metrics`` answers."""
        return generate_latest(self.registry)


class _Waiting(Collector):
    """The backlog, read at each scrape; a database that is away leaves these lines out and says so."""

    def __init__(self, database: Database, access: Access, clock: Clock) -> None:
        self._database, self._access, self._clock = database, access, clock

    def collect(self) -> Iterator[Metric]:
        """The gauges of what waits."""
        up = GaugeMetricFamily("jmdesk_database_up", "Whether the database answered this scrape")
        try:
            found = self._database.run(self._access, backlog)
        except (psycopg.Error, Environment):
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        states = GaugeMetricFamily("jmdesk_batches_waiting", "Batches by state", labels=["state"])
        for state in WAITING:
            states.add_metric([state], found.states.get(state, 0))
        yield states
        yield GaugeMetricFamily("jmdesk_batches_aside", "Batches that wait for a person", value=found.aside)
        yield GaugeMetricFamily("jmdesk_spool_bytes", "Sealed bytes that wait", value=found.bytes)
        age = (self._clock.now() - found.oldest).total_seconds() if found.oldest else 0
        yield GaugeMetricFamily("jmdesk_oldest_batch_seconds", "Longest wait of a batch in custody", value=max(age, 0))

    def describe(self) -> Iterator[Metric]:
        """Nothing: registering must not ask the database."""
        return iter(())
