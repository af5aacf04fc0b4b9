"""The tablet at the entrance: after how long it begins anew, in which languages, with which landmarks. Pure."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from xr_server.domain.fields import Language, Slug, Strict
from xr_server.domain.typed import YES, Faults, Typed, check_faults, read_number
from xr_server.errors import Invalid

LEAST_S, MOST_S = 20, 600
QUESTION_S = 15  # so long "are you still here?" waits for an answer


class Kiosk(Strict, frozen=True, kw_only=True):
    """How the entrance tablet of a site is set up. Without languages or landmarks it has all of them.

    after_s: so long nobody touches it before it asks whether somebody is there. prints: whether a printer is at hand.
    """

    after_s: Annotated[int, msgspec.Meta(ge=LEAST_S, le=MOST_S)] = 60
    languages: list[Language] = []
    landmarks: list[Slug] = []
    prints: bool = False


def read_kiosk(
    typed: Typed, chosen: tuple[Sequence[str], Sequence[str]], offered: tuple[Sequence[str], Sequence[str]]
) -> Kiosk:
    """The set-up that the form describes; chosen, offered: languages and landmarks. All of a kind is kept as none.

    Raises Unfit naming every field that is not right.
    """
    faults: Faults = {}
    after_s = read_number(typed, "after_s", (LEAST_S, MOST_S), faults)
    if after_s is None and "after_s" not in faults:
        faults["after_s"] = Invalid("kiosk_seconds", "Say after how many seconds it asks.")
    languages, landmarks = ([one for one in all_ if one in some] for all_, some in zip(offered, chosen, strict=True))
    if not languages:
        faults["languages"] = Invalid("kiosk_languages", "Choose one language at least.")
    if not landmarks:
        faults["landmarks"] = Invalid("kiosk_landmarks", "Choose one landmark at least.")
    check_faults(faults)
    return Kiosk(
        after_s=round(after_s or 0),
        languages=_unless_all(languages, offered[0]),
        landmarks=_unless_all(landmarks, offered[1]),
        prints=typed.get("prints") == YES,
    )


def _unless_all(chosen: list[Any], offered: Sequence[str]) -> list[Any]:
    """What is added to the site later shall not be missing where everything was meant."""
    return [] if len(chosen) == len(offered) else chosen


def dump_kiosk(kiosk: Kiosk) -> dict[str, Any]:
    """The set-up as site documents say it."""
    return {
        "after_s": kiosk.after_s,
        "languages": kiosk.languages,
        "landmarks": kiosk.landmarks,
        "prints": kiosk.prints,
    }


def kiosk_of(document: Mapping[str, Any]) -> Kiosk:
    """The set-up that a site document says; the usual one where staff have said nothing."""
    return msgspec.convert(document["site"].get("kiosk", {}), Kiosk)


def languages_of(kiosk: Kiosk, offered: Sequence[str]) -> list[str]:
    """The languages that the tablet shows; all of the site's when none of the chosen ones is left."""
    return [one for one in offered if one in kiosk.languages] or list(offered)


def shows(kiosk: Kiosk, landmark: str) -> bool:
    """Whether the tablet has a landmark."""
    return not kiosk.landmarks or landmark in kiosk.landmarks
