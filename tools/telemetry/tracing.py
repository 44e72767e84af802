"""Where spans go: by OTLP over HTTP to a collector. Without one nothing of the SDK is even imported."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from agent.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

SERVICE = "watchkeeper"
STANDARD = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
EXPORT_SECONDS = 5
SEND_EVERY_MILLISECONDS = 2000


@contextmanager
def tracing(settings: Settings, environ: Mapping[str, str]) -> Generator[Tracer | None]:
    """A tracer while the context is open, or None; what is left is sent at its end.

    OpenTelemetry's own variables count too (endpoint, headers, sampler, service name, resource attributes).
    """
    off = environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if off or not (settings.otlp_endpoint or any(environ.get(name) for name in STANDARD)):
        yield None
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    endpoint = f"{settings.otlp_endpoint.rstrip('/').removesuffix('/v1/traces')}/v1/traces"
    exporter = OTLPSpanExporter(endpoint if settings.otlp_endpoint else None, timeout=EXPORT_SECONDS)
    named = "OTEL_SERVICE_NAME" in environ or "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    provider = TracerProvider(resource=Resource.create({} if named else {"service.name": SERVICE}))
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=SEND_EVERY_MILLISECONDS))
    try:
        yield provider.get_tracer(SERVICE)
    finally:
        provider.shutdown()
