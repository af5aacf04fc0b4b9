"""The content folder's rules, pure: which words stand in the language files, and what must fit together."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec

from xr_server.domain.fields import Latitude, Longitude, Provenance, Strict

LINE_LENGTH = 110
Plain = dict[str, Any]  # a record as JSON would hold it

# where each kind's words stand: a field, or a list, the field that tells its items apart, and the item's field
TEXT_FIELDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "site": (("name",), ("summary",), ("timeline", "year", "text")),
    "landmark": (("name",), ("history",)),
    "season": (("name",), ("note",)),
    "media": (("title",), ("alt",), ("captions", "id", "text")),
    "survey": (("points", "id", "name"),),
    "scene": (
        ("credit",),
        ("eras", "id", "label"),
        ("eras", "id", "text"),
        ("hotspots", "id", "title"),
        ("hotspots", "id", "text"),
    ),
    "experience": (("title",), ("summary",), ("body",)),
    "schedule": (),
    "path": (("note",),),
    "hazard": (("name",),),
    "sign": (),
    "notice": (("text",),),
    "rally": (("title",), ("summary",), ("prize",), ("collect_at",)),
    "campaign": (("title",), ("sentence",), ("coupon",), ("collect_at",)),
    "questionnaire": (("title",), ("questions", "id", "text"), ("choices", "id", "text")),
}
GROUPS = {
    "site": "site",
    "landmark": "landmarks",
    "season": "seasons",
    "scene": "scenes",
    "experience": "experiences",
    "media": "media",
    "survey": "surveys",
    "path": "paths",
    "hazard": "hazards",
    "notice": "notices",
    "rally": "rallies",
    "campaign": "campaigns",
    "questionnaire": "questionnaires",
}
# what an import finds out for itself, so that no file says it
FOUND_FIELDS: Mapping[str, tuple[str, ...]] = {"media": ("digest", "size_bytes", "duration_s")}


@dataclass(frozen=True)
class Problem:
    """One thing amiss in a content folder: in which file, at what, and a sentence."""

    file: str
    where: str
    text: str

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.file}: {self.where}: {self.text}" if self.where else f"{self.file}: {self.text}"


@dataclass(frozen=True)
class Entry:
    """One record of the folder before it is checked: its kind, its file, what it is called there, and its fields."""

    kind: str
    file: str
    where: str
    plain: Plain

    def problem(self, field: str, text: str) -> Problem:
        """A problem with one field of the record."""
        return Problem(self.file, f"{self.where}, {field}" if self.where else field, text)


class ModelPlace(Strict, frozen=True, kw_only=True):
    """The survey default of a bundled model; h is metres above the WGS 84 ellipsoid."""

    lat: Latitude
    lon: Longitude
    h: float
    heading_deg: Annotated[float, msgspec.Meta(ge=0, lt=360)] = 0.0
    accuracy_m: Annotated[float, msgspec.Meta(gt=0)]


class BundledModel(Strict, frozen=True, kw_only=True):
    """What is said about models/{name}.glb in models/{name}.json, and how it is packaged."""

    title: str
    creator: str
    licence: str
    provenance: Provenance
    sources: tuple[str, ...] = ()
    unit: Literal["m", "cm", "mm", "ft"] = "m"
    up: Literal["y", "z"] = "y"
    levels: tuple[Annotated[int, msgspec.Meta(ge=4)], ...]
    texture_px: Annotated[int, msgspec.Meta(ge=64, le=8192)] = 2048
    place: ModelPlace


@dataclass
class LanguageFile:
    """The words of texts/{language}.json as a tree, and which of its paths some record asked for."""

    language: str
    tree: Plain = field(default_factory=dict)
    asked: set[tuple[str, ...]] = field(default_factory=set)

    @property
    def file(self) -> str:
        """The file's name within the folder."""
        return f"texts/{self.language}.json"

    def put(self, path: tuple[str, ...], words: str) -> None:
        """Set the words at a path."""
        node = self.tree
        for step in path[:-1]:
            node = node.setdefault(step, {})
        node[path[-1]] = words

    def find(self, path: tuple[str, ...]) -> str | None:
        """The words at a path, which counts as asked for from now on; None when there are none."""
        self.asked.add(path)
        node: Any = self.tree
        for step in path:
            node = node.get(step) if isinstance(node, dict) else None
        return node if isinstance(node, str) else None


def text_slots(kind: str, plain: Plain) -> Iterator[tuple[tuple[str, ...], Plain, str]]:
    """Every place of a record that holds words: the path in the language files, and the object and field here."""
    group = (GROUPS[kind],) if kind == "site" else (GROUPS.get(kind, kind), str(plain.get("id")))
    for spec in TEXT_FIELDS[kind]:
        if len(spec) == 1:
            yield (*group, spec[0]), plain, spec[0]
            continue
        items_field, key_field, text_field = spec
        items = plain.get(items_field)
        seen: dict[str, int] = {}
        for item in items if isinstance(items, list) else ():
            if not isinstance(item, dict):
                continue
            key = str(item.get(key_field))
            seen[key] = seen.get(key, 0) + 1
            key = key if seen[key] == 1 else f"{key}-{seen[key]}"  # two entries of one year
            yield (*group, items_field, key, text_field), item, text_field


def split_texts(kind: str, plain: Plain, languages: Mapping[str, LanguageFile]) -> Plain:
    """The record without its words, which go to the language files; `plain` itself is emptied of them."""
    for path, owner, name in text_slots(kind, plain):
        for language, words in owner.pop(name, {}).items():
            languages[language].put(path, words)
    return plain


def merge_texts(entry: Entry, languages: Sequence[LanguageFile]) -> list[Problem]:
    """Put the language files' words into an entry; a word that stands in the record's own file is a problem."""
    problems = []
    for path, owner, name in text_slots(entry.kind, entry.plain):
        if name in owner:
            problems.append(entry.problem(name, "words stand in texts/ja.json, texts/en.json and so on"))
        found = {file.language: file.find(path) for file in languages}
        owner[name] = {language: words for language, words in found.items() if words is not None}
    return problems


def find_unasked(file: LanguageFile) -> list[Problem]:
    """Words that belong to nothing in the folder, and values that are no words."""
    problems = []
    for path, words in _leaves(file.tree, ()):
        if not isinstance(words, str):
            problems.append(Problem(file.file, ".".join(path), "words are expected, in quotation marks"))
        elif path not in file.asked:
            problems.append(Problem(file.file, ".".join(path), "belongs to nothing that this folder describes"))
    return problems


def _leaves(tree: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _leaves(value, (*path, key))
    else:
        yield path, tree


def format_json(value: Any, indent: str = "") -> str:
    """JSON for people: what fits on a line stands on one, the rest is indented by two."""
    line = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if not isinstance(value, dict | list) or (indent and len(indent) + len(line) <= LINE_LENGTH) or not value:
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key, ensure_ascii=False)}: {format_json(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(inner + part for part in parts) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + format_json(item, inner) for item in value) + f"\n{indent}]"
