"""Attaching a built scan to a landmark: the scene and the experience that come of it, as draft records."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from xr_server.domain.catalog import Experience, Node, Placement, Scene, Trigger
from xr_server.domain.fields import Language, Text
from xr_server.domain.restating import credit_of
from xr_server.domain.scan import ScanDetails
from xr_server.errors import Invalid

MAX_TITLE_LENGTH = 120
MAX_SUMMARY_LENGTH = 600
SLUG_LENGTH = 52


@dataclass(frozen=True)
class Wording:
    """What the creator fills in: the landmark, and titles and summaries by language."""

    landmark: str
    title: Text
    summary: Text


@dataclass(frozen=True)
class BuiltScan:
    """What a scan brings along: its id, what its creator said about it, and its package.

    others: its other packages, one of which staff may have gone back to; the scene then shows the scan already.
    """

    id: str
    details: ScanDetails
    package_digest: str
    others: frozenset[str] = frozenset()


def read_wording(landmark: str, title: Text, summary: Text) -> Wording:
    """The form's values, empty languages left out. Raises Invalid."""
    title = {language: text for language, text in title.items() if text}
    summary = {language: text for language, text in summary.items() if text}
    if not landmark:
        raise Invalid("landmark_missing", "Choose the landmark in front of which visitors should find this.")
    if not title:
        raise Invalid("title_missing", "Give it a title in at least one language; visitors see it first.")
    if any(len(text) > MAX_TITLE_LENGTH for text in title.values()):
        raise Invalid("title_too_long", f"A title has {MAX_TITLE_LENGTH} characters at most, to fit on a phone.")
    if any(len(text) > MAX_SUMMARY_LENGTH for text in summary.values()):
        raise Invalid("summary_too_long", f"A summary has {MAX_SUMMARY_LENGTH} characters at most.")
    return Wording(landmark, title, summary)


def propose_id(wording: Wording, scan_id: str, with_title: bool = True) -> str:
    """An id for the scene and experience of a scan: readable, from the English title or the landmark, and its own.

    Without the title where ids must outlive what was typed: the audit log keeps them.
    """
    source = wording.title.get("en", "").lower() if with_title else ""
    slug = re.sub(r"[^a-z0-9]+", "-", source).strip("-") or wording.landmark
    return f"{slug[:SLUG_LENGTH].strip('-')}{_ending(scan_id)}"


def made_scene(scan_id: str, scene_id: str | None) -> bool:
    """Whether a scene was made of this scan, as its name tells; one that the scan joined later has another's ending."""
    return scene_id is not None and scene_id.endswith(_ending(scan_id))


def _ending(scan_id: str) -> str:
    return f"-{scan_id.replace('-', '')[:8]}"


def make_scene(record_id: str, wording: Wording, scan: BuiltScan, before: Scene | None) -> Scene:
    """The scene that shows the scan where it was surveyed; what an earlier one holds besides stays as it is."""
    node = make_node(scan, before)
    if before is not None:
        is_shown = any(other.package in {scan.package_digest, *scan.others} for other in before.nodes)
        nodes = before.nodes if is_shown else [*before.nodes, node]
        return msgspec.structs.replace(before, landmark=wording.landmark, nodes=nodes)
    credit = credit_of(scan.details)
    return Scene(id=record_id, landmark=wording.landmark, nodes=[node], credit={"ja": credit, "en": credit})


def make_node(scan: BuiltScan, scene: Scene | None) -> Node:
    """The node of a scan where it was surveyed, under an id that is free in the scene it joins."""
    details = scan.details
    taken = {node.id for node in scene.nodes} if scene else frozenset()
    names = ("scan", *(f"scan-{number}" for number in range(2, len(taken) + 3)))
    return Node(
        id=next(name for name in names if name not in taken),
        package=scan.package_digest,
        placement=Placement(
            lat=details.lat, lon=details.lon, h=details.height, heading_deg=details.heading, accuracy_m=details.accuracy
        ),
        provenance=details.provenance,
        sources=details.sources,
        based_on=list(details.based_on),
    )


def make_experience(
    record_id: str, wording: Wording, before: Experience | None, names: Mapping[Language, str] | None = None
) -> Experience:
    """The experience that opens the scene at the landmark; texts in languages the form lacks stay.

    names: the scan's own, which a new experience has for its titles in other languages.
    """
    if before is not None:
        title = {**{k: v for k, v in before.title.items() if k not in ("ja", "en")}, **wording.title}
        summary = {**{k: v for k, v in before.summary.items() if k not in ("ja", "en")}, **wording.summary}
        return msgspec.structs.replace(before, landmark=wording.landmark, title=title, summary=summary)
    others: Text = {language: name for language, name in (names or {}).items() if language not in ("ja", "en")}
    return Experience(
        id=record_id,
        title={**others, **wording.title},
        summary=wording.summary,
        landmark=wording.landmark,
        scene=record_id,
        trigger=Trigger(kind="geofence"),
    )
