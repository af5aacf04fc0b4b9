"""Writes docs/events.md, what a phone may send, from the types that the server reads. Usage: python scripts/make_events_doc.py"""

from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from xr_server.domain.budget import MOST_EVENTS_AN_HOUR
from xr_server.domain.campaign import Code
from xr_server.domain.fields import Slug
from xr_server.domain.visit import CLOCK_SLACK_MS, HOUR_MS, LATE_MS, MAX_EVENTS, NAMED
from xr_server.domain.vocabulary import COLUMN_OF, KINDS, Event, name_of

FILE = Path(__file__).resolve().parent.parent / "docs" / "events.md"
HEAD = f"""# Events

What a visitor's phone may send to `POST /api/v1/events` ([interface](api.md#events)): {len(KINDS)} types of event, and of \
each only the fields that stand here. An event with any other field is refused. There are no coordinates and no free text: a \
field is an id of something that the site has published, a word of a closed list, or a small whole number. This page is made \
from the types (`python scripts/make_events_doc.py`).

Every event also has `id`, a UUID version 7 made on the phone, by which it counts once however often it is sent, and `at`, \
when it happened by the phone's clock, with its offset from UTC. Within {CLOCK_SLACK_MS // HOUR_MS} hours of the server's \
clock it is taken, from {LATE_MS // HOUR_MS} hours on it is marked late. At most {MAX_EVENTS} events come at once, and a \
visit token is good for {MOST_EVENTS_AN_HOUR:,} an hour; what goes beyond is kept out of the figures.

| type | it happened that | fields |
| --- | --- | --- |
"""
FIELDS_HEAD = """
## Fields

| field | may be | stored as |
| --- | --- | --- |
"""


def describe_type(kind: Any) -> str:
    """What a field may be, in words."""
    if kind == Slug:
        return "an id"
    if kind == Code:
        return "a code of six letters and digits"
    if get_origin(kind) is Literal:
        return ", ".join(f"`{word}`" for word in get_args(kind))
    if get_origin(kind) is Annotated:
        limits = next(meta for meta in get_args(kind) if isinstance(meta, msgspec.Meta))
        return f"a whole number from {limits.ge} to {limits.le}"
    raise TypeError(f"no words for {kind}")


def fields_of(kind: type[Event]) -> dict[str, tuple[Any, bool]]:
    """The fields of a type of event beside id and at: what each may be, and whether it may be left out."""
    hints = get_type_hints(kind, include_extras=True)
    fields = {}
    for name in kind.__struct_fields__:
        if name in Event.__struct_fields__:
            continue
        options = [one for one in get_args(hints[name]) if one is not type(None)]
        optional = _is_optional(hints[name])
        fields[name] = (options[0] if optional else hints[name], optional)
    return fields


def _is_optional(kind: Any) -> bool:
    return get_origin(kind) is not Annotated and type(None) in get_args(kind)


def describe_event(kind: type[Event]) -> str:
    """The row of a type of event."""
    meaning = " ".join((kind.__doc__ or "").split()).rstrip(".")
    names = [f"`{name}`{'?' if optional else ''}" for name, (_, optional) in fields_of(kind).items()]
    return f"| `{name_of(kind)}` | {meaning[0].lower()}{meaning[1:]} | {', '.join(names) or 'none'} |"


def describe_fields() -> list[str]:
    """The rows of all fields; one that means several things has a row for each."""
    rows: dict[tuple[str, str], list[str]] = {}
    for kind in KINDS:
        for name, (told, _) in fields_of(kind).items():
            rows.setdefault((name, describe_type(told)), []).append(name_of(kind))
    several = [name for name, _ in rows]
    return [
        f"| `{name}`{_of(kinds) if several.count(name) > 1 else ''} | {words}{_unit(name)} | `{COLUMN_OF.get(name, name)}` |"
        for (name, words), kinds in sorted(rows.items())
    ]


def _of(kinds: list[str]) -> str:
    return " of " + ", ".join(f"`{kind}`" for kind in kinds)


def _unit(name: str) -> str:
    if name.endswith("_s"):
        return ", in seconds"
    if name == "accuracy":
        return ": to 10 m, to 25 m, worse"
    if name == "level":
        return ", the finest being 0"
    if name == "link":
        return "; one that no campaign has is dropped"
    return " that the site has published" if name in NAMED else ""


def make_document() -> str:
    """The document."""
    rows = "\n".join(describe_event(kind) for kind in KINDS)
    return f"{HEAD}{rows}\n\nA field with ? may be left out.\n{FIELDS_HEAD}{chr(10).join(describe_fields())}\n"


def main() -> None:
    """Write it."""
    FILE.write_text(make_document(), encoding="utf-8")
    print(f"Wrote {FILE}.")


if __name__ == "__main__":
    main()
