"""Whether the server lives, whether it speaks, and its figures."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from tacotron.serve.metrics import CONTENT_TYPE
from tacotron.serve.schemas import ERRORS
from tacotron.serve.service import Service

_METRICS = {
    200: {
        "description": "Requests, seconds, real-time factor, queue.",
        "content": {CONTENT_TYPE: {"schema": {"type": "string"}}},
    }
}
_NOT_READY = {503: {"description": "The voice is being loaded, or the server shuts down."}}


def status_router(service: Service) -> APIRouter:
    """``/health``, ``/ready`` and ``/metrics``."""
    router = APIRouter(tags=["Status"])

    @router.get("/health")
    async def health() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @router.get("/ready", responses=_NOT_READY)
    async def ready() -> JSONResponse:
        """The voice is loaded, and new requests are taken."""
        if service.pool.stopping:
            return JSONResponse({"status": "stopping"}, 503)
        if not service.ready:
            return JSONResponse({"status": "loading"}, 503)
        return JSONResponse({"status": "ready"})

    @router.get("/metrics", responses=_METRICS | ERRORS)
    async def metrics() -> Response:
        """Figures for Prometheus."""
        return Response(service.metrics.text(), media_type=CONTENT_TYPE)

    return router
