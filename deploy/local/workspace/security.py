"""The workspace listens on a laptop: only this machine's own pages may talk to it.

A request for another host name (DNS rebinding) or from another site's page (CSRF) is refused.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def only_this_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    if urlsplit(f"//{request.host}").hostname not in LOOPBACK_NAMES:
        raise web.HTTPForbidden(text="This workspace answers only to localhost.")
    origin = request.headers.get("Origin")
    foreign = origin is not None and origin != f"http://{request.host}"
    if foreign or (_from_other_site(request) and not _follows_link(request)):
        raise web.HTTPForbidden(text="This workspace does not answer other sites.")
    return await handler(request)


def _from_other_site(request: web.Request) -> bool:
    return request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")


def _follows_link(request: web.Request) -> bool:
    """A link on another site may open the page, but not frame it. No GET here changes anything."""
    return request.method == "GET" and request.headers.get("Sec-Fetch-Dest") == "document"
