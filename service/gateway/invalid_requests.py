"""Counts the requests whose head is invalid, and logs a flood of them in few lines."""

from __future__ import annotations

import logging
from time import monotonic
from typing import Final

from sanic.exceptions import SanicException

from service.gateway.handshake import MAX_HEAD
from service.runtime.metrics import Metrics

# The interval between two lines (seconds).
_LOG_EVERY: Final = 10.0

_log: Final = logging.getLogger(__name__)


class InvalidRequests:
    """The invalid requests of one node. Nothing of their content is logged."""

    __slots__ = ("_logged_at",)

    def __init__(self) -> None:
        self._logged_at = float("-inf")

    def add(self, metrics: Metrics, reason: str) -> None:
        """Count a request, and log it unless another one was logged a moment ago."""
        metrics.http_requests_invalid += 1
        now = monotonic()
        if now - self._logged_at >= _LOG_EVERY:
            self._logged_at = now
            _log.warning(
                "http_request_invalid", extra={"total": metrics.http_requests_invalid, "reason": reason}
            )


class HeadTooLarge(SanicException):
    """The head of a request is too large (RFC 6585, 5): cookies are the usual reason."""

    status_code = 431
    message = f"The head of the request is larger than {MAX_HEAD} bytes. Send fewer cookies."
    quiet = True
