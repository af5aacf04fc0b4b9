"""The documents of Dejima have exactly the fields that the client's `wire.ts` names, and docs/api.md names them too."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.samples import make_manifest
from xr_server.domain.publish import Edition, compile_site
from xr_server.domain.publish_scene import compile_scene
from xr_server.domain.published import gather, shown_scenes
from xr_server.domain.rally import Rally
from xr_server.storage.content import read_content

ROOT = Path(__file__).resolve().parents[2]
WIRE = (ROOT / "webxr_client" / "src" / "wire.ts").read_text(encoding="utf-8")
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
