"""What operators' systems ask: metrics, health, and readiness in full. For the loopback or the admin's port."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sync.gateway.media import json_answer
from sync.gateway.metrics import CONTENT_TYPE, Metrics
from sync.gateway.readiness import OK, Readiness


def ops_routes(metrics: Metrics, readiness: Readiness) -> list[Route]:
    """``/metrics`` (Prometheus' text), ``/healthz`` (it answers), ``/readyz`` (200 or 503, each check named)."""

    async def told(_: Request) -> Response:
        return Response(await run_in_threadpool(metrics.text), media_type=CONTENT_TYPE)

    async def health(_: Request) -> Response:
        return json_answer({"status": OK})

    async def ready(_: Request) -> Response:
        checks = await run_in_threadpool(readiness.look)
        fine = all(found == OK for found in checks.values())
        return json_answer({"status": OK if fine else "unavailable", "checks": checks}, 200 if fine else 503)

    return [
        Route("/metrics", told, methods=["GET"]),
        Route("/healthz", health, methods=["GET"]),
        Route("/readyz", ready, methods=["GET"]),
    ]


def build_ops(metrics: Metrics, readiness: Readiness) -> Starlette:
    """These routes as an application of their own."""
    return Starlette(routes=list(ops_routes(metrics, readiness)))
