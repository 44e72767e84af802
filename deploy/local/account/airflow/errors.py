"""How the REST API refuses."""

from __future__ import annotations


class RestError(Exception):
    """A reply that is not 2xx. `body` is the JSON that Airflow sends with it."""

    def __init__(self, status: int, detail: str, title: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.body: dict[str, object] = {"detail": detail}
        if title:
            self.body |= {"title": title, "status": status, "type": "about:blank"}
