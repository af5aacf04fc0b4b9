"""The closed vocabulary of engagement events: one type each, and of each only the fields that stand here. Pure.

No coordinates and no free text: a field is an id of something published, a word of a closed list, or a small whole
number. What is not listed is refused. docs/events.md is made from these types.
"""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal, get_args

import msgspec

from xr_server.domain.campaign import Code
from xr_server.domain.fields import Slug

Accuracy = Literal["good", "fair", "poor"]
"""How sure the phone is of where it stands: to 10 m, to 25 m, worse."""
Opener = Literal["trigger", "code", "visitor"]
Permission = Literal["camera", "location", "motion"]
Way = Literal["ar", "window", "headset"]
Aligning = Literal["floor", "points", "sign", "hand"]
"""What a model stands by: the found floor, points that were sighted, a sign, the visitor's own hand."""
Reason = Literal[
    "unsupported", "no_floor", "position_poor", "model_missing", "model_broken", "line_lost", "graphics_lost",
    "interrupted", "storage_full", "other",
]  # fmt: skip
REASONS: tuple[str, ...] = get_args(Reason)
PERMISSIONS: tuple[str, ...] = get_args(Permission)
MOST_STAY_S = 600
StayS = Annotated[int, msgspec.Meta(ge=1, le=MOST_STAY_S)]
Level = Annotated[int, msgspec.Meta(ge=0, le=15)]


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type"):
    """What every event says: its id, a UUID version 7 made on the phone, and when it happened by the phone's clock."""

    id: uuid.UUID
    at: Annotated[datetime, msgspec.Meta(tz=True)]


class SiteOpened(Event, frozen=True, tag="site_opened"):
    """The site was opened; link is the code of the short link or QR code that led there."""

    link: Code | None = None


class Arrived(Event, frozen=True, tag="arrived"):
    """The phone stands inside the site, by its own reckoning."""

    accuracy: Accuracy


class LandmarkEntered(Event, frozen=True, tag="landmark_entered"):
    """The phone came near a landmark, by its own reckoning."""

    landmark: Slug
    accuracy: Accuracy


class LandmarkStayed(Event, frozen=True, tag="landmark_stayed"):
    """So many seconds more were spent near a landmark with the page in sight; sent now and then while somebody stays."""

    landmark: Slug
    stay_s: StayS


class LandmarkLeft(Event, frozen=True, tag="landmark_left"):
    """The phone went away from a landmark."""

    landmark: Slug


class ExperienceOpened(Event, frozen=True, tag="experience_opened"):
    """The sheet of an experience opened: by the place itself, by a code on a sign, or by the visitor."""

    experience: Slug
    landmark: Slug
    by: Opener


class OfExperience(Event, frozen=True):
    """An event of a scene within an experience at a landmark."""

    experience: Slug
    landmark: Slug
    scene: Slug


class SceneOpened(OfExperience, frozen=True, tag="scene_opened"):
    """The model was seen for the first time on this page, at a level of detail (0 is the finest)."""

    level: Level


class ArStarted(OfExperience, frozen=True, tag="ar_started"):
    """The model is looked at in the camera's picture: in AR, through the window, or in a headset."""

    way: Way


class ArEnded(OfExperience, frozen=True, tag="ar_ended"):
    """The visitor went back from the camera's picture."""


class Aligned(OfExperience, frozen=True, tag="aligned"):
    """It became known by what the model stands."""

    by: Aligning
    accuracy: Accuracy


class ScenePlaced(OfExperience, frozen=True, tag="scene_placed"):
    """The model stands still in the camera's picture: on the floor near the visitor, or over what it shows."""

    by: Aligning


class SceneCompleted(OfExperience, frozen=True, tag="scene_completed"):
    """The scene was looked at for 30 seconds in sight, or each of its points of interest was opened."""


class EraChanged(OfExperience, frozen=True, tag="era_changed"):
    """Another time was chosen."""

    era: Slug


class HotspotOpened(OfExperience, frozen=True, tag="hotspot_opened"):
    """A point of interest was opened."""

    hotspot: Slug


class SoundPlayed(OfExperience, frozen=True, tag="sound_played"):
    """A sound was played."""

    sound: Slug


class PhotoTaken(OfExperience, frozen=True, tag="photo_taken"):
    """A picture was kept on the phone; nothing of it leaves the phone."""


class PermissionRefused(Event, frozen=True, tag="permission_refused"):
    """The visitor or the browser refused the camera, the position or the motion sensors."""

    permission: Permission
    experience: Slug | None = None


class Failed(Event, frozen=True, tag="failed"):
    """Something did not work, for a reason of a closed list."""

    reason: Reason
    experience: Slug | None = None


class StampCollected(Event, frozen=True, tag="stamp_collected"):
    """A stamp came onto a card."""

    rally: Slug
    landmark: Slug


class PrizeRedeemed(Event, frozen=True, tag="prize_redeemed"):
    """The prize of a rally was handed out."""

    rally: Slug


class CouponRedeemed(Event, frozen=True, tag="coupon_redeemed"):
    """The coupon of a campaign was used at a counter."""

    campaign: Slug


class SurveyAnswered(Event, frozen=True, tag="survey_answered"):
    """A questionnaire was handed in; what it said is not told here."""

    questionnaire: Slug


AnyEvent = (
    SiteOpened | Arrived | LandmarkEntered | LandmarkStayed | LandmarkLeft | ExperienceOpened | SceneOpened | ArStarted
    | ArEnded | Aligned | ScenePlaced | SceneCompleted | EraChanged | HotspotOpened | SoundPlayed | PhotoTaken
    | PermissionRefused | Failed | StampCollected | PrizeRedeemed | CouponRedeemed | SurveyAnswered
)  # fmt: skip
KINDS: tuple[type[Event], ...] = get_args(AnyEvent)


def name_of(kind: type[Event]) -> str:
    """What an event's type is called in JSON and in the store."""
    return str(kind.__struct_config__.tag)


EVENT_TYPES: tuple[str, ...] = tuple(name_of(kind) for kind in KINDS)


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What an event says beside its type, in the columns of the store.

    subject: what it is about beside landmark, experience and scene (a link, an era, a hotspot, a sound, a rally, a campaign
    or a questionnaire). word: of a closed list (by, way, permission, reason). amount: seconds or a level.
    """

    landmark: str | None = None
    experience: str | None = None
    scene: str | None = None
    subject: str | None = None
    word: str | None = None
    amount: int | None = None
    accuracy: str | None = None


SUBJECTS = ("link", "era", "hotspot", "sound", "rally", "campaign", "questionnaire")
WORDS = ("by", "way", "permission", "reason")
AMOUNTS = ("stay_s", "level")
COLUMN_OF = dict.fromkeys(SUBJECTS, "subject") | dict.fromkeys(WORDS, "word")
COLUMN_OF |= dict.fromkeys(AMOUNTS, "amount")
_FIELDS = {
    kind: tuple((field, COLUMN_OF.get(field, field)) for field in kind.__struct_fields__ if field not in ("id", "at"))
    for kind in KINDS
}


def said_by(event: Event) -> Said:
    """An event's fields as the store has them."""
    values: dict[str, Any] = {column: getattr(event, field) for field, column in _FIELDS[type(event)]}
    return Said(**values)
