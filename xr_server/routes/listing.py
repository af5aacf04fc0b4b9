"""Long lists: which part of one a page's address asks for, and the links to the other parts."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

PAGE_ROWS = 50


def link_to(request: Request, **changes: str | None) -> str:
    """The address of this list with other parameters; None takes one away, and a list begins anew unless `after` is told."""
    kept = {name: request.query_params[name] for name in ("whose", "state") if name in request.query_params}
    asked = {name: value for name, value in {**kept, **changes}.items() if value}
    return f"{request.url.path}?{urlencode(asked)}" if asked else request.url.path


def offer_parts(request: Request, counts: Mapping[str, int], chosen: str | None) -> list[dict[str, Any]]:
    """The parts a list is divided into, for its page: all of it, then each part that holds something, or is shown."""
    parts = [
        {"name": "all", "count": sum(counts.values()), "href": link_to(request, state=None), "is_shown": chosen is None}
    ]
    parts += [
        {"name": name, "count": count, "href": link_to(request, state=name), "is_shown": name == chosen}
        for name, count in counts.items()
        if count or name == chosen
    ]
    return parts


def read_mark(text: str, shape: tuple[type[int] | type[str], ...]) -> tuple[Any, ...] | None:
    """Where a page begins, from dump_mark; None for what cannot be read, which is the beginning."""
    pieces = text.split("~")
    if len(pieces) != len(shape) or len(text) > 200 or not (text.isascii() and text.isprintable()):
        return None
    numbers = [piece for piece, kind in zip(pieces, shape, strict=True) if kind is int]
    if not all(number.isascii() and number.isdigit() and len(number) < 16 for number in numbers):
        return None
    return tuple(kind(piece) for piece, kind in zip(pieces, shape, strict=True))


def dump_mark(mark: tuple[int | str, ...]) -> str:
    """A place in a list, short enough for an address; ids hold no tildes."""
    return "~".join(map(str, mark))
