"""What pages tell machines: schema.org JSON-LD made from the same documents the visitor reads."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from xr_server.routes.times import is_always_on, read_spans

CONTEXT = "https://schema.org"
MAX_EVENTS = 10
Json = dict[str, Any]


def place_address(base: str, document: Mapping[str, Any], landmark_id: str = "") -> str:
    """The address of the site's page or of a landmark's page."""
    home = f"{base}/{document['language']}/{document['site']['id']}/"
    return f"{home}landmarks/{landmark_id}" if landmark_id else home


def describe_site(base: str, document: Mapping[str, Any], other_names: Sequence[str]) -> Json:
    """The site as a TouristAttraction with its dated experiences as Events."""
    site, origin = document["site"], document["site"]["origin"]
    address = place_address(base, document)
    place = {
        "@type": "TouristAttraction",
        "@id": f"{address}#place",
        "name": site["name"],
        "alternateName": list(other_names),
        "description": site["summary"],
        "url": address,
        "geo": {"@type": "GeoCoordinates", "latitude": origin["lat"], "longitude": origin["lon"]},
    }
    events = [event for experience in document["experiences"] for event in describe_events(base, document, experience)]
    return {"@context": CONTEXT, "@graph": [place, *events]}


def describe_landmark(
    base: str, document: Mapping[str, Any], landmark: Mapping[str, Any], other_names: Sequence[str]
) -> Json:
    """A landmark as a TouristAttraction within the site; one whose place is unknown has no geo."""
    address = place_address(base, document, landmark["id"])
    home = place_address(base, document)
    place: Json = {
        "@type": "TouristAttraction",
        "@id": f"{address}#place",
        "name": landmark["name"],
        "alternateName": list(other_names),
        "description": landmark["history"],
        "url": address,
        "containedInPlace": {"@id": f"{home}#place", "@type": "TouristAttraction", "name": document["site"]["name"]},
    }
    if landmark["lat"] is not None:
        place["geo"] = {"@type": "GeoCoordinates", "latitude": landmark["lat"], "longitude": landmark["lon"]}
    offered = [item for item in document["experiences"] if item["landmark"] == landmark["id"]]
    place["subjectOf"] = [{"@id": f"{home}experiences/{item['id']}#model"} for item in offered]
    events = [event for item in offered for event in describe_events(base, document, item)]
    return {"@context": CONTEXT, "@graph": [place, *events]}


def describe_experience(
    base: str, document: Mapping[str, Any], experience: Mapping[str, Any], scene: Mapping[str, Any]
) -> Json:
    """An experience as a 3DModel whose encodings are the files a phone loads, and as Events where it is dated."""
    address = f"{place_address(base, document)}experiences/{experience['id']}"
    model = {
        "@type": "3DModel",
        "@id": f"{address}#model",
        "name": experience["title"],
        "description": experience["summary"],
        "url": address,
        "inLanguage": document["language"],
        "isAccessibleForFree": True,
        "creditText": scene["credit"],
        "creator": [{"@type": "Person", "name": name} for name in _told(scene, "creator")],
        "license": _told(scene, "licence"),
        "about": {"@id": f"{place_address(base, document, experience['landmark'])}#place"},
        "isBasedOn": [
            {"@type": "3DModel", "name": link["title"], "creator": link["creator"], "license": link["licence"]}
            for node in scene["nodes"]
            for link in node.get("based_on", [])
            if link["package"] != node["package"]
        ],
        "encoding": [
            {
                "@type": "MediaObject",
                "contentUrl": base + level["url"],
                "encodingFormat": "model/gltf-binary",
                "contentSize": str(level["bytes"]),
            }
            for node in scene["nodes"]
            for level in node["lods"]
        ],
    }
    if scene["nodes"]:
        model["image"] = base + scene["nodes"][0]["poster"]
    return {"@context": CONTEXT, "@graph": [model, *describe_events(base, document, experience)]}


def describe_events(base: str, document: Mapping[str, Any], experience: Mapping[str, Any]) -> list[Json]:
    """The coming occurrences of a dated experience as Events in the site's local time; none for one that is always on."""
    if is_always_on(experience, document):
        return []
    zone = ZoneInfo(document["site"]["time_zone"])
    return [
        {
            "@type": "Event",
            "@id": f"{place_address(base, document)}experiences/{experience['id']}#{start:%Y%m%dT%H%MZ}",
            "name": experience["title"],
            "description": experience["summary"],
            "startDate": _local(start, zone),
            "endDate": _local(end, zone),
            "eventStatus": "https://schema.org/EventScheduled",
            "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
            "inLanguage": document["language"],
            "location": {
                "@type": "Place",
                "@id": f"{place_address(base, document, experience['landmark'])}#place",
                "name": _landmark_name(document, experience["landmark"]),
            },
        }
        for start, end in read_spans(experience)[:MAX_EVENTS]
    ]


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat()


def _landmark_name(document: Mapping[str, Any], landmark_id: str) -> str:
    names = (mark["name"] for mark in document["landmarks"] if mark["id"] == landmark_id)
    return str(next(names, document["site"]["name"]))


def _told(scene: Mapping[str, Any], what: str) -> list[str]:
    return sorted({node[what] for node in scene["nodes"] if node.get(what)})
