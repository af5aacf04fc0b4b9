"""Answers that are ready: what every phone asks for every minute is sent again without routing it again."""

from dataclasses import dataclass

from starlette.types import Message, Scope

from xr_server.storage.published import PublishedSites

LIMIT = 512  # questions remembered; a query can be spelt in endless ways
OFFERED = "dejima.ready"  # where a handler leaves its answer in the request's scope
Question = tuple[str, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Ready:
    """One answer as it goes out: whole, or as 304 to whoever holds its tag."""

    route: str
    etag: bytes
    whole: Message
    unchanged: Message
    body: Message


class ReadyAnswers:
    """The ready answers to one snapshot, by the exact bytes of the question; a new snapshot begins with none."""

    def __init__(self, published: PublishedSites) -> None:
        self._published, self._snapshot = published, published.snapshot
        self._answers: dict[Question, Ready] = {}

    def find(self, scope: Scope) -> tuple[Ready, bool] | None:
        """The answer to a GET and whether the asker holds it already; None when the handlers must be asked."""
        if self._snapshot is not self._published.snapshot:
            self._snapshot, self._answers = self._published.snapshot, {}
        question, held = read_question(scope)
        ready = self._answers.get(question)
        if ready is None or held not in (b"", ready.etag):  # other ways to name a tag are the handlers' business
            return None
        return ready, bool(held)

    def keep(self, scope: Scope, extra: list[tuple[bytes, bytes]]) -> None:
        """Remember what a handler has offered as ready, with the headers that every answer gets."""
        route, etag, headers, body, snapshot = scope[OFFERED]
        if snapshot is not self._snapshot or len(self._answers) >= LIMIT:
            return
        shared = [pair for pair in headers if not pair[0].startswith(b"content-")]
        self._answers[read_question(scope)[0]] = Ready(
            route,
            etag,
            {"type": "http.response.start", "status": 200, "headers": [*headers, *extra]},
            {"type": "http.response.start", "status": 304, "headers": [*shared, *extra]},
            {"type": "http.response.body", "body": body},
        )


def read_question(scope: Scope) -> tuple[Question, bytes]:
    """What decides about the answer, and the tag the asker holds (empty: none)."""
    encodings = held = b""
    for name, value in scope["headers"]:
        if name == b"accept-encoding":
            encodings = encodings or value
        elif name == b"if-none-match":
            held = held or value
    return (scope["path"], scope["query_string"], encodings), held
