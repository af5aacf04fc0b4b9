"""What differs between two versions of a record, field by field, and within a text word by word. Pure.

Records are taken in their JSON form, so that a field somebody adds later is compared without a word here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

import msgspec

from xr_server.domain.catalog import Record

Value = str | int | float | bool | None
Mark = Literal["same", "gone", "new"]
WORD = re.compile(r"[^\W\d_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]+|\d+|\s+|.", re.DOTALL)
MOST_WORDS = 3000  # comparing takes their square; whoever replaced so much has written another text


@dataclass(frozen=True)
class Difference:
    """One field that differs: its path, and its value before and after (None: it was not there)."""

    path: tuple[str, ...]
    before: Value
    after: Value


def find_differences(before: Record | None, after: Record | None) -> list[Difference]:
    """The fields that differ, in the order of the record; everything is new or gone where one of the two is None."""
    old, new = dict(_leaves(_stated(before), ())), dict(_leaves(_stated(after), ()))
    differing = [
        path for path in [*new, *(path for path in old if path not in new)] if not _alike(old.get(path), new.get(path))
    ]
    # what a record does not state has its usual value, which is what a reader wants to see beside the other one
    usual_old, usual_new = dict(_leaves(_whole(before), ())), dict(_leaves(_whole(after), ()))
    return [
        Difference(path, old.get(path, usual_old.get(path)), new.get(path, usual_new.get(path))) for path in differing
    ]


def _stated(body: Record | None) -> Any:
    return {} if body is None else msgspec.to_builtins(body)


def _whole(value: Any) -> Any:
    """The JSON tree with every field, the unstated ones included."""
    if isinstance(value, msgspec.Struct):
        return {name: _whole(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        return {name: _whole(item) for name, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list | tuple) else value


def _alike(one: Value, other: Value) -> bool:
    """Empty and absent are the same to whoever reads; 1 and True are not."""
    return (one in ("", None) and other in ("", None)) or (
        one == other and isinstance(one, bool) is isinstance(other, bool)
    )


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Value]]:
    """Every single value of a JSON tree by its path: things in lists by their own id, else plain lists as one value."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, (*path, str(name)))
    elif isinstance(value, list | tuple):
        yield from _listed(value, path)
    else:
        yield path, value


def _listed(items: Sequence[Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Value]]:
    if items and all(isinstance(item, Mapping) and "id" in item for item in items):
        for item in items:
            yield from _leaves({name: part for name, part in item.items() if name != "id"}, (*path, str(item["id"])))
        yield path, " · ".join(str(item["id"]) for item in items)  # their order, and which there are
    elif any(isinstance(item, Mapping) for item in items):
        for number, item in enumerate(items, 1):
            yield from _leaves(item, (*path, str(number)))
    elif items:
        yield path, " · ".join(_join(item) for item in items)


def _join(item: Any) -> str:
    return " – ".join(_join(part) for part in item) if isinstance(item, list | tuple) else str(item)


def mark_words(before: str, after: str) -> list[tuple[Mark, str]]:
    """Both texts as one: runs of words that are in both, were taken out, or came in; whole characters in Japanese."""
    old, new = WORD.findall(before), WORD.findall(after)
    if len(old) + len(new) > MOST_WORDS:
        return _join_runs([("gone", before), ("new", after)])
    runs: list[tuple[Mark, str]] = []
    for kind, start, end, other_start, other_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            runs.append(("same", "".join(old[start:end])))
        else:
            runs += [("gone", "".join(old[start:end])), ("new", "".join(new[other_start:other_end]))]
    return _join_runs(_without_islands([run for run in runs if run[1]]))


def _without_islands(runs: list[tuple[Mark, str]]) -> list[tuple[Mark, str]]:
    """Lone characters that happen to be in both, between two changes, count as changed: fewer marks read better."""
    calm: list[tuple[Mark, str]] = []
    for index, (mark, text) in enumerate(runs):
        inside = 0 < index < len(runs) - 1
        if mark == "same" and inside and (len(text) == 1 or text.isspace()):
            calm += [("gone", text), ("new", text)]
        else:
            calm.append((mark, text))
    return calm


def _join_runs(runs: list[tuple[Mark, str]]) -> list[tuple[Mark, str]]:
    """Between two runs that stayed, all that went comes before all that came."""
    joined: list[tuple[Mark, str]] = []
    gone = new = ""
    for mark, text in [*runs, ("same", "")]:
        if mark == "gone":
            gone += text
        elif mark == "new":
            new += text
        else:
            changed: list[tuple[Mark, str]] = [("gone", gone), ("new", new), ("same", text)]
            joined += [run for run in changed if run[1]]
            gone = new = ""
    return joined
