"""What the gateway answers instead of a result: ``application/problem+json`` with a stable code, unsigned."""

from __future__ import annotations

from collections.abc import Mapping

from sync.protocol.errors import Problem

STATUS: Mapping[Problem, int] = {
    Problem.MALFORMED: 400,
    Problem.DIGEST_MISMATCH: 400,
    Problem.UNAUTHENTICATED: 401,
    Problem.DEVICE_UNKNOWN: 401,
    Problem.DEVICE_REVOKED: 403,
    Problem.DEVICE_RETIRED: 403,
    Problem.NOT_APPROVED: 403,
    Problem.NOT_YOURS: 403,
    Problem.CODE_INVALID: 403,
    Problem.CODE_UNIT: 403,
    Problem.NOT_FOUND: 404,
    Problem.SEQ_REUSE: 409,
    Problem.SEQ_GAP: 409,
    Problem.CHAIN_FORK: 409,
    Problem.CURSOR_UNKNOWN: 409,
    Problem.PARTS_MISSING: 409,
    Problem.BLOCKS_FULL: 409,
    Problem.TOO_LARGE: 413,
    Problem.TOO_MANY: 429,
    Problem.INTERNAL: 500,
    Problem.UNAVAILABLE: 503,
    Problem.SPOOL_FULL: 507,
}
"""HTTP status of every problem."""


class Declined(Exception):
    """A request that is answered with a problem. ``detail`` holds numbers and stable codes only (I13)."""

    def __init__(self, problem: Problem, **detail: object) -> None:
        super().__init__(problem.value)
        self.problem = problem
        self.detail = detail

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUS[self.problem]

    def body(self, request_id: str) -> dict[str, object]:
        """The members of the problem document (RFC 9457)."""
        return {
            "type": f"urn:jmdesk:problem:{self.problem.value}",
            "title": self.problem.value.replace("_", " "),
            "status": self.status,
            "code": self.problem.value,
            "request_id": request_id,
            **self.detail,
        }
