"""Attaching a built scan to a landmark: the scene and the experience that come of it, as draft records."""

import re
from dataclasses import dataclass

import msgspec

from xr_server.domain.catalog import Experience, Node, Placement, Scene, Trigger
from xr_server.domain.fields import Text
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
    """What a scan brings along: its id, what its creator said about it, and its package."""

    id: str
    details: ScanDetails
    package_digest: str


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


def propose_id(wording: Wording, scan_id: str) -> str:
    """An id for the scene and experience of a scan: readable, from the English title or the landmark, and its own."""
    source = wording.title.get("en", "").lower()
    slug = re.sub(r"[^a-z0-9]+", "-", source).strip("-") or wording.landmark
    return f"{slug[:SLUG_LENGTH].strip('-')}-{scan_id.replace('-', '')[:8]}"


def make_scene(record_id: str, wording: Wording, scan: BuiltScan, before: Scene | None) -> Scene:
    """The scene that shows the scan where it was surveyed; what others added to an earlier one stays."""
    details = scan.details
    placement = Placement(
        lat=details.lat, lon=details.lon, h=details.height, heading_deg=details.heading, accuracy_m=details.accuracy
    )
    if before is not None:
        nodes = [
            msgspec.structs.replace(node, package=scan.package_digest) if node.id == "scan" else node
            for node in before.nodes
        ]
        return msgspec.structs.replace(before, landmark=wording.landmark, nodes=nodes)
    node = Node(id="scan", package=scan.package_digest, placement=placement, provenance=details.provenance)
    credit = credit_of(details)
    return Scene(id=record_id, landmark=wording.landmark, nodes=[node], credit={"ja": credit, "en": credit})


def make_experience(record_id: str, wording: Wording, before: Experience | None) -> Experience:
    """The experience that opens the scene at the landmark; texts in languages the form lacks stay."""
    if before is not None:
        title = {**{k: v for k, v in before.title.items() if k not in ("ja", "en")}, **wording.title}
        summary = {**{k: v for k, v in before.summary.items() if k not in ("ja", "en")}, **wording.summary}
        return msgspec.structs.replace(before, landmark=wording.landmark, title=title, summary=summary)
    return Experience(
        id=record_id,
        title=wording.title,
        summary=wording.summary,
        landmark=wording.landmark,
        scene=record_id,
        trigger=Trigger(kind="geofence"),
    )
