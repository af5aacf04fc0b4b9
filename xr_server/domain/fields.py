"""What the fields of records are made of: languages, texts, ids, places, dates, and the strict base of every part. Pure."""

from typing import Annotated, Literal

import msgspec

LANGUAGES = ("ja", "en", "zh-Hans", "zh-Hant", "ko", "nl", "ja-x-easy")

Language = Literal["ja", "en", "zh-Hans", "zh-Hant", "ko", "nl", "ja-x-easy"]
Text = dict[str, str]
# `$(?!\n)` rather than `$`: Python's `$` would also let a line break at the end pass, JSON Schema's would not
Slug = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)", max_length=64)]
Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Place = tuple[Latitude, Longitude]
Heading = Annotated[float, msgspec.Meta(ge=0, lt=360)]  # degrees clockwise from true north
LocalDate = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$(?!\n)")]
LocalTime = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)")]
MonthDay = Annotated[str, msgspec.Meta(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$(?!\n)")]
Provenance = Literal["evidence", "estimate", "fiction"]


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A record part: immutable, and an unknown field is an error rather than a silent loss."""


def prepare_types() -> list[type[msgspec.Struct]]:
    """Have all that is loaded of our records and messages made ready for reading; gives them.

    msgspec does so by itself at the first use, but two threads that are first at the same time crash the process.
    """
    ready, waiting = [], list(msgspec.Struct.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("xr_server."):
            msgspec.json.Decoder(kind)
            ready.append(kind)
    return ready
