"""The records that staff and creators edit, as msgspec Structs: what is stored, and what JSON Schemas are made from.

A record's body holds its texts by language (`Text`); the content folder keeps the same texts in `texts/{lang}.json`.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec

from xr_server.domain.campaign import Campaign
from xr_server.domain.fields import (
    Digest,
    Heading,
    Language,
    Latitude,
    LocalDate,
    Longitude,
    MonthDay,
    Place,
    Provenance,
    Slug,
    Strict,
    Text,
)
from xr_server.domain.guidance import Footpath, Hazard, Sign
from xr_server.domain.kiosk import Kiosk
from xr_server.domain.media import Media
from xr_server.domain.notice import Notice
from xr_server.domain.opening import Opening
from xr_server.domain.questionnaire import Questionnaire
from xr_server.domain.rally import Rally
from xr_server.domain.remix import BasedOn
from xr_server.domain.season import Schedule, Season
from xr_server.domain.survey import Survey, Tie

State = Literal["draft", "with_teacher", "in_review", "changes_requested", "published", "withdrawn"]


@dataclass(frozen=True)
class Name:
    """The full name of a record, or of another thing that the audit log tells of."""

    site_id: str
    kind: str
    id: str


@dataclass(frozen=True)
class Change:
    """Who changes something, and when in ms UTC; account_id None is the system, such as an import.

    approval: the answered question in whose name something goes out.
    """

    at: int
    account_id: str | None = None
    approval: str | None = None


class Origin(Strict, frozen=True, kw_only=True):
    """Where the site's east-north-up frame touches the ground; h is metres above the WGS 84 ellipsoid."""

    lat: Latitude
    lon: Longitude
    h: float


class Attribution(Strict, frozen=True, kw_only=True):
    """A credit that must stand wherever the data it names is shown."""

    text: str
    licence: str
    url: str = ""


class TimelineEntry(Strict, frozen=True, kw_only=True):
    """One dated fact of the site's history."""

    year: int
    text: Text
    landmarks: list[Slug] = []
    confidence: Literal["high", "medium", "low", "planned"] = "high"
    sources: list[str] = []


class TextReview(Strict, frozen=True, kw_only=True):
    """Texts of a language that a person has read: their paths, each with the digest of the words as they were."""

    language: Language
    by: Annotated[str, msgspec.Meta(min_length=1)]
    on: LocalDate
    texts: dict[str, Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{12}$(?!\n)")]]


class Site(Strict, frozen=True, kw_only=True):
    """A place as a whole. quiet_days are month-day pairs such as 08-09, every year. A text no review names is unread.

    geoid_m: how far the sea lies above the WGS 84 ellipsoid here; what turns heights above the sea into ours.
    """

    id: Slug
    name: Text
    summary: Text = {}
    origin: Origin
    geoid_m: Annotated[float, msgspec.Meta(ge=-110, le=90)] | None = None
    time_zone: str
    languages: Annotated[list[Language], msgspec.Meta(min_length=1)]
    quiet_days: list[MonthDay] = []
    attribution: list[Attribution] = []
    timeline: list[TimelineEntry] = []
    reviews: list[TextReview] = []
    kiosk: Kiosk | None = None


class Geofence(Strict, frozen=True, kw_only=True):
    """A circle in metres round a landmark, wider to leave than to enter."""

    enter_m: Annotated[float, msgspec.Meta(gt=0, le=1000)]
    leave_m: Annotated[float, msgspec.Meta(gt=0, le=1500)]


class Landmark(Strict, frozen=True, kw_only=True):
    """A thing a visitor can stand before. lat and lon are absent where no place is known; geometry is GeoJSON."""

    id: Slug
    name: Text
    kana: str = ""
    category: str
    status: str
    history: Text = {}
    lat: Latitude | None = None
    lon: Longitude | None = None
    accuracy_m: float | None = None
    geometry: dict[str, Any] | None = None
    geofence: Geofence | None = None
    years: dict[str, str] = {}
    opening: Opening | None = None
    certainty: str = ""
    position_method: str = ""
    geometry_licence: str = ""
    sources: list[str] = []


class Placement(Strict, frozen=True, kw_only=True):
    """Where a package stands in a scene: the landmark's own numbers, which may differ from the survey default."""

    lat: Latitude
    lon: Longitude
    h: float
    heading_deg: Heading = 0.0
    accuracy_m: Annotated[float, msgspec.Meta(gt=0)]
    surveyed: bool = False


class Node(Strict, frozen=True, kw_only=True):
    """One package placed in a scene; exactly one of package (a digest) and model (a file of content/.../models).

    ties name points of the model that were surveyed; with two or more it stands where they say, else at its placement.
    ground_y is how high in the model, in its metres, the ground lies on which people stand today; None: at its lowest point.
    based_on names whose works it was made from, the nearest first; the first may be the package itself, shown as it is.
    """

    id: Slug
    package: Digest | None = None
    model: str | None = None
    placement: Placement
    ties: list[Tie] = []
    ground_y: Annotated[float, msgspec.Meta(ge=-1000, le=1000)] | None = None
    eras: list[Slug] = []
    provenance: Provenance = "estimate"
    sources: list[str] = []
    based_on: Annotated[list[BasedOn], msgspec.Meta(max_length=20)] = []


class Era(Strict, frozen=True, kw_only=True):
    """A dated state of a place, with a sentence on what stood there; an era in which no node stands shows bare ground."""

    id: Slug
    year: int
    label: Text
    text: Text = {}


class Hotspot(Strict, frozen=True, kw_only=True):
    """A point on a node, in the model's metres (y up), with a title and a text, and a picture or a sound."""

    id: Slug
    node: Slug
    position: tuple[float, float, float]
    title: Text
    text: Text
    media: Slug | None = None


class Occluder(Strict, frozen=True, kw_only=True):
    """A present-day building that hides what stands behind it: its outline, foot and top in metres above the ellipsoid."""

    id: Slug
    footprint: Annotated[list[Place], msgspec.Meta(min_length=3, max_length=400)]
    base_m: float
    top_m: float
    demonstration: bool = False  # a block for a trial; no building has this shape
    source: str = ""


class Scene(Strict, frozen=True, kw_only=True):
    """Packages, texts and sounds placed together at a landmark.

    initial_era is the one it opens in, that of its first node without it; sounds are media that are heard all around.
    """

    id: Slug
    landmark: Slug
    eras: list[Era] = []
    initial_era: Slug | None = None
    nodes: list[Node]
    occluders: Annotated[list[Occluder], msgspec.Meta(max_length=500)] = []
    hotspots: list[Hotspot] = []
    sounds: list[Slug] = []
    credit: Text = {}


class Trigger(Strict, frozen=True, kw_only=True):
    """The condition that opens an experience."""

    kind: Literal["geofence", "code"]


class Experience(Strict, frozen=True, kw_only=True):
    """What is offered: a scene, its trigger and words. cover names a picture among the media; without it, a poster stands."""

    id: Slug
    title: Text
    summary: Text = {}
    body: Text = {}
    landmark: Slug
    scene: Slug
    trigger: Trigger
    cover: str = ""
    promotional: bool = False  # suspended on the site's quiet days


Record = (
    Site
    | Landmark
    | Season
    | Media
    | Survey
    | Scene
    | Experience
    | Schedule
    | Footpath
    | Hazard
    | Sign
    | Notice
    | Rally
    | Campaign
    | Questionnaire
)

RECORD_TYPES: dict[str, type[Record]] = {
    "site": Site,
    "landmark": Landmark,
    "season": Season,
    "media": Media,
    "survey": Survey,
    "scene": Scene,
    "experience": Experience,
    "schedule": Schedule,
    "path": Footpath,
    "hazard": Hazard,
    "sign": Sign,
    "notice": Notice,
    "rally": Rally,
    "campaign": Campaign,
    "questionnaire": Questionnaire,
}
