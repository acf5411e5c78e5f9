"""One HTTP request per record, as a web form's back end does it: authorised, checked, written, committed, answered."""

from __future__ import annotations

import socket
import threading
from datetime import date
from itertools import count

import msgspec
import requests
import uvicorn
from psycopg.types.json import Jsonb
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jmdesk.catalogue.validation import validation
from sync.gateway.database import Connection, Database, Role
from sync.gateway.enrol import Device
from sync.protocol.records import Draft
from tests.bench.stopwatch import seconds

_INSERT = (
    "INSERT INTO records (county, type, rid, region, unit, version, position, tombstone, fields, versions, writers,"
    " writer, at, reason) VALUES (%s, %s, %s, %s, %s, 1, %s, false, %s, '{}', '{}', %s, %s, '')"
)


class OneByOne:
    """The smallest endpoint that takes a record: the gateway's own database, role and checks, one at a time."""

    def __init__(self, database: Database, device: Device) -> None:
        self._database = database
        self._device = device
        self._positions = count(1)
        self._validator = validation(wire=True).of("R05")
        app = Starlette(routes=[Route("/records", self._take, methods=["POST"])])
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False))
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()

    async def _take(self, request: Request) -> Response:
        draft = msgspec.json.decode(await request.body(), type=Draft)
        problems = self._validator.validate(draft.set, complete=True, on=date(2026, 11, 22))
        if any(problem.level == "error" for problem in problems):
            return Response(status_code=422)
        grant = self._device.grant

        def work(connection: Connection) -> None:
            region = str(draft.set["region_code"])
            where = (grant.county, draft.type, draft.rid, region, grant.unit, next(self._positions))
            connection.execute(_INSERT, (*where, Jsonb(draft.set), f"{grant.device}.0.0.0", draft.at))

        self._database.run(grant.access(Role.INGEST), work)
        return Response(status_code=201)

    def send(self, drafts: list[Draft]) -> float:
        """The seconds that records take over one connection that stays open."""
        url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/records"
        bodies = [msgspec.json.encode(draft) for draft in drafts]
        with requests.Session() as line:
            line.trust_env = False

            def work() -> None:
                for body in bodies:
                    if line.post(url, data=body, timeout=30).status_code != 201:
                        raise RuntimeError("not taken")

            return seconds(work)

    def close(self) -> None:
        """Stop serving."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
