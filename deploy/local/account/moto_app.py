"""moto in this process: the same WSGI application that its server runs, and boto3 clients that call it directly."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore.loaders
import botocore.session
import moto.core.loaders
import moto.core.responses
import moto.core.utils
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from moto.backend_index import backend_url_patterns
from moto.core.request import Request as MotoRequest
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

StartResponse = Callable[..., Any]

PUBLIC_IMAGES = Path(__file__).parent / "seed" / "public_images.json"
# moto and boto3 would read their descriptions of AWS anew for every service and session (half a second each time), and
# moto would look through all methods of a service for every request.
_responses: Any = moto.core.responses
_utils: Any = moto.core.utils
botocore.session.create_loader = cache(botocore.loaders.create_loader)
_utils.create_loader = cache(moto.core.loaders.create_loader)
_responses.method_names_from_class = cache(_responses.method_names_from_class)
os.environ.setdefault("MOTO_AMIS_PATH", str(PUBLIC_IMAGES))  # moto has hundreds, and makes them anew at every reset


class MotoApp:
    """What moto does well is left to it. Its state belongs to the process: only one account can run at a time."""

    def __init__(self) -> None:
        self._untouched = True
        self._used: set[str] = set()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        self._untouched = False
        return _DISPATCHER(environ, start_response)

    def answer(self, model: Any, environ: dict[str, Any]) -> Response:
        """moto's answer to a request. NotImplementedError when moto does not know the service or the operation."""
        if not _knows(model.endpoint_prefix):
            raise NotImplementedError(model.service_name)
        self._used.add(model.service_name)
        body, status, headers = run_wsgi_app(self, environ, buffered=True)
        content = b"".join(body)
        if status[:3] in ("404", "405") and content.startswith(b"<!doctype html>"):
            raise NotImplementedError(model.service_name)  # an address that moto's router does not know
        return Response(content, status, headers)

    def client(self, service: str, region: str) -> Any:
        """A boto3 client whose calls go straight into moto, without a socket and past every IAM denial."""
        self._untouched = False
        self._used.add(service)
        with _MAKING:  # making a client is not thread-safe, using one is
            return _client(service, region)

    def has_none_of(self, service: str) -> bool:
        """Nobody has asked for this service, so it is empty, and to ask it would only load it (for a second)."""
        return service not in self._used

    def reset(self) -> None:
        """Forget everything that was ever created; quick when nobody has called since the last time."""
        if not self._untouched:
            moto_api_backend.reset()
            self._used.clear()
        self._untouched = True


class Dispatcher(DomainDispatcherApplication):
    """moto's server. It keeps which part of moto answers for a host, for which it would list a folder each time."""

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        self._backends: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        if host not in self._backends:
            self._backends[host] = super().get_backend_for_host(host)
        return self._backends[host]


_DISPATCHER = Dispatcher()
_MAKING = threading.Lock()


@cache
def _client(service: str, region: str) -> Any:
    client: Any = _session().client(
        service,
        region_name=region,
        endpoint_url="http://127.0.0.1",
        config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False, s3={"addressing_style": "path"}),
    )
    client.meta.events.register("before-send", _send)
    return client


def _send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
    """A botocore `before-send` hook: what it returns is taken for the response."""
    environ = MotoRequest.from_primitives(str(request.method), str(request.url), request.headers, request.body).environ
    body, status, headers = run_wsgi_app(_DISPATCHER, environ, buffered=True)
    return AWSResponse(str(request.url), int(status.split()[0]), headers, _Raw(b"".join(body)))


class _Raw(io.BytesIO):
    """A response's body as urllib3 would offer it."""

    def stream(self, amt: int | None = None, **_: Any) -> Iterable[bytes]:
        while chunk := self.read(amt or -1):
            yield chunk


@cache
def _knows(endpoint_prefix: str) -> bool:
    """Whether moto simulates the service at this endpoint at all; it stumbles over those that it does not."""
    hosts = (f"{endpoint_prefix}.us-east-1.amazonaws.com", f"{endpoint_prefix}.amazonaws.com")
    return any(pattern.match(f"http://{host}") for _, pattern in backend_url_patterns for host in hosts)


@cache
def _session() -> boto3.Session:
    part = "seed"
    return boto3.Session(aws_access_key_id=part, aws_secret_access_key=part, region_name="us-east-1")
