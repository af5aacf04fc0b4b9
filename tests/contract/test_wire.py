"""The documents of Dejima have exactly the fields that the client's `wire.ts` names, and docs/api.md names them too."""

import re
import types
import uuid
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
import pytest

from tests.samples import make_manifest
from xr_server.domain import vocabulary
from xr_server.domain.campaign import CODE_LENGTH
from xr_server.domain.publish import Edition, compile_site
from xr_server.domain.publish_scene import compile_scene
from xr_server.domain.published import gather, shown_scenes
from xr_server.domain.rally import Rally
from xr_server.domain.sealed_code import LETTERS
from xr_server.domain.visit import Batch
from xr_server.storage.content import read_content

ROOT = Path(__file__).resolve().parents[2]
CLIENT = ROOT / "webxr_client" / "src"
WIRE = "\n".join((CLIENT / name).read_text(encoding="utf-8") for name in ("wire.ts", "vocabulary.ts"))
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
INTERFACE = re.compile(r"^export interface (\w+)(?: extends (\w+))? \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"^  (\w+)(\??):", re.MULTILINE)


def read_interfaces() -> dict[str, dict[str, bool]]:
    """Interfaces of wire.ts: their fields, and whether each is always there."""
    found: dict[str, dict[str, bool]] = {}
    for name, parent, body in INTERFACE.findall(WIRE):
        fields = {field: not mark for field, mark in FIELD.findall(body)}
        found[name] = {**found.get(parent, {}), **fields}
    return found


RALLY = Rally(
    id="autumn", title={"en": "Autumn"}, landmarks=["suimon"], first_on="2026-11-20", last_on="2026-12-20"
)  # staff make them at the desk


def compile_dejima() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The site document and the scene manifests of the committed content, with stand-ins for its packages."""
    content = read_content(ROOT / "content" / "dejima")
    models = {name: f"{number:064x}" for number, name in enumerate(content.models)}
    packages = {digest: make_manifest(name.encode()) for name, digest in models.items()}
    published = gather([*content.records, RALLY], packages, models)
    assert published is not None
    site = compile_site(published, Edition(1, date(2026, 12, 1), "en"))
    return site, [compile_scene(scene, published, "en") for scene in shown_scenes(published)]


INTERFACES = read_interfaces()
SITE, SCENES = compile_dejima()
SPOTS = [spot for scene in SCENES for spot in scene["hotspots"]]
PARTS: dict[str, list[dict[str, Any]]] = {
    "SiteDocument": [SITE],
    "SiteFacts": [SITE["site"]],
    "TimelineEntry": SITE["site"]["timeline"],
    "Attribution": SITE["site"]["attribution"],
    "Landmark": SITE["landmarks"],
    "Experience": SITE["experiences"],
    "SurveyPoint": SITE["survey_points"],
    "Path": SITE["paths"],
    "Hazard": SITE["hazards"],
    "Sign": SITE["signs"],
    "Rally": SITE["rallies"],
    "SceneDocument": SCENES,
    "Era": [era for scene in SCENES for era in scene["eras"]],
    "SceneNode": [node for scene in SCENES for node in scene["nodes"]],
    "Lod": [lod for scene in SCENES for node in scene["nodes"] for lod in node["lods"]],
    "Occluder": [occluder for scene in SCENES for occluder in scene["occluders"]],
    "Hotspot": SPOTS,
    "Media": [spot["media"] for spot in SPOTS if spot["media"]],
    "Sound": [sound for scene in SCENES for sound in scene["sounds"]],
}


def test_the_interfaces_are_found() -> None:
    assert INTERFACES["SurveyPoint"]["accuracy_m"] is True
    assert INTERFACES["SceneNode"]["anchor_note"] is False
    assert INTERFACES["Sound"]["captions"] is True  # of what it extends
    assert set(PARTS) <= set(INTERFACES)


@pytest.mark.parametrize("name", sorted(PARTS))
def test_the_server_sends_what_the_client_reads_and_nothing_it_does_not_know(name: str) -> None:
    fields = {**INTERFACES[name], **(INTERFACES["ModelFile"] if name == "Lod" else {})}
    assert PARTS[name], "the content of Dejima has none of these"
    for part in PARTS[name]:
        assert set(part) <= set(fields), f"wire.ts does not name {set(part) - set(fields)}"
        always = {field for field, there in fields.items() if there}
        assert always <= set(part), f"the server does not send {always - set(part)}"


@pytest.mark.parametrize("name", sorted(PARTS))
def test_the_documentation_names_every_field(name: str) -> None:
    known = set(re.findall(r"\w+", API))
    for part in PARTS[name]:
        assert set(part) <= known


EVENT = re.compile(r"^  \| \{ (type: '\w+'[^}]*) \}$", re.MULTILINE)
ALIAS = re.compile(r"^export type (\w+) =((?:\s*\|?\s*'\w+')+)$", re.MULTILINE)
Fields = dict[str, tuple[str, bool]]
"""By name: the type in TypeScript, and whether the field is always there."""


def read_aliases() -> dict[str, set[str]]:
    """The closed lists of words of wire.ts."""
    return {name: set(re.findall(r"'(\w+)'", words)) for name, words in ALIAS.findall(WIRE)}


def read_events(union: str) -> dict[str, Fields]:
    """The events of a union of wire.ts: their fields beside the type."""
    body = WIRE[WIRE.index(f"export type {union} =") :]
    body = body[: body.index("\n\n")]
    found: dict[str, Fields] = {}
    for line in EVENT.findall(body):
        parts = dict(part.split(": ") for part in line.split("; "))
        name = parts.pop("type").strip("'")
        found[name] = {field.rstrip("?"): (kind, not field.endswith("?")) for field, kind in parts.items()}
    return found


def name_in_typescript(annotation: Any) -> str:
    """What a field of an event is called in wire.ts."""
    if get_origin(annotation) is Literal:
        words = set(get_args(annotation))
        return next(name for name, known in read_aliases().items() if known == words)
    plain = get_args(annotation)[0] if hasattr(annotation, "__metadata__") else annotation
    return {str: "string", int: "number"}[plain]


def fields_in_python(kind: type[vocabulary.Event]) -> Fields:
    """The same of a type of the vocabulary."""
    found: Fields = {}
    for field in msgspec.structs.fields(kind):
        if field.name in ("id", "at"):
            continue
        annotation = field.type
        if get_origin(annotation) in (Union, types.UnionType):
            (annotation,) = (part for part in get_args(annotation) if part is not type(None))
        found[field.name] = (name_in_typescript(annotation), field.required)
    return found


def test_phone_and_server_have_the_same_events_with_the_same_fields() -> None:
    of_scene = dict.fromkeys(INTERFACES["OfExperience"], ("string", True))
    told = read_events("VisitHappening")
    told |= {name: {**fields, **of_scene} for name, fields in read_events("SceneHappening").items()}
    assert told == {vocabulary.name_of(kind): fields_in_python(kind) for kind in vocabulary.KINDS}
    assert len(told) == 22
    ids = {field.name: field.type for field in msgspec.structs.fields(vocabulary.Event)}
    assert ids["id"] is uuid.UUID and get_args(ids["at"])[0] is datetime
    assert "export type VisitEvent = NewEvent & { id: string; at: string }" in WIRE


def test_phone_and_server_have_the_same_batch() -> None:
    fields = {field.name: field.required for field in msgspec.structs.fields(Batch)}
    assert INTERFACES["EventBatch"] == fields
    by_name = {field.name: field.type for field in msgspec.structs.fields(Batch)}
    device = next(part for part in get_args(by_name["device"]) if part is not type(None))
    assert read_aliases()["DeviceKind"] == set(get_args(device))
    assert read_aliases()["Mode"] == set(get_args(by_name["mode"]))


def test_a_code_of_a_short_link_is_known_by_the_phone() -> None:
    telling = (CLIENT / "telling.ts").read_text(encoding="utf-8")
    (pattern,) = re.findall(r"^const CODE = /([^/]+)/ ", telling, re.MULTILINE)
    known = {chr(code) for code in range(128) if re.fullmatch(pattern, chr(code) * CODE_LENGTH)}
    assert known == set(LETTERS)
