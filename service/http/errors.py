"""Responses to failed requests: JSON below `/api`, text elsewhere."""

from __future__ import annotations

from typing import Final

from sanic import HTTPResponse, Request
from sanic.exceptions import SanicException
from sanic.handlers import ErrorHandler
from sanic.response import text
from typing_extensions import override

from service.http import api
from service.runtime.metrics import Metrics

_SERVER_ERROR: Final = 500


class HttpErrors(ErrorHandler):
    """Answers every failed request for Sanic, and logs only the server's own errors."""

    def __init__(self, metrics: Metrics) -> None:
        super().__init__()
        self._metrics = metrics

    @override
    def default(self, request: Request, exception: Exception) -> HTTPResponse:
        self.log(request, exception)
        if api.is_api_request(request):
            return api.error_response(exception, self._metrics)
        if not isinstance(exception, SanicException):
            return text("internal server error\n", _SERVER_ERROR)
        return text(f"{exception}\n", exception.status_code, exception.headers)

    @staticmethod
    @override
    def log(request: Request, exception: Exception) -> None:
        if not isinstance(exception, SanicException) or exception.status_code >= _SERVER_ERROR:
            ErrorHandler.log(request, exception)
