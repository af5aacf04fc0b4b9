"""What the form of a picture or a sound says, as a record, and a record as that form shows it. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import msgspec

from xr_server.domain.captions import Line, make_cues, read_typed, read_vtt, type_cues
from xr_server.domain.fields import Language, Provenance, Text
from xr_server.domain.media import Cue, Media
from xr_server.errors import Invalid

LICENCES = ("CC BY 4.0", "CC BY-SA 4.0", "CC0 1.0", "PDM 1.0")
OTHER = "other"
SLUG_LENGTH = 52
LONGEST = {"title": 120, "alt": 400, "creator": 200, "licence_other": 200, "source": 500}
MOST_SOURCES = 20
YES = "yes"
Kind = Literal["image", "sound"]
Typed = Mapping[str, str]


class Unfit(Invalid):
    """A form with gaps: for each field that is not right, what is wrong with it."""

    def __init__(self, faults: Mapping[str, Invalid]) -> None:
        super().__init__(
            "media_fields", "Some fields are not right yet; each says what is missing. What you typed is still here."
        )
        self.faults = dict(faults)


@dataclass(frozen=True)
class About:
    """What a form is about: the site's languages, a new id, the kind, and the record as it stands (None: a new one)."""

    languages: Sequence[str]
    record_id: str
    kind: Kind
    suffix: str
    duration_s: float
    before: Media | None = None


def propose_media_id(title: str, mark: str) -> str:
    """An id that can be read: of an English title, with a mark of eight letters that makes it its own."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "media"
    return f"{slug[:SLUG_LENGTH].strip('-')}-{mark}"


def read_media_form(typed: Typed, about: About) -> Media:
    """The record that the form describes; digest and size come with its file. Raises Unfit naming every field."""
    faults: dict[str, Invalid] = {}
    languages, before = about.languages, about.before
    title = _read_text(typed, "title", languages, faults)
    alt = _read_text(typed, "alt", languages if about.kind == "image" else (), faults)
    if not title:
        faults[f"title_{languages[0]}"] = Invalid("media_title", "Give it a title in at least one language.")
    if about.kind == "image" and not alt:
        faults[f"alt_{languages[0]}"] = Invalid("media_alt", "Say what the picture shows, for those who do not see it.")
    if typed.get("no_persons") != YES:
        faults["no_persons"] = Invalid(
            "media_persons",
            "Look again whether anybody or a number plate can be recognised, and confirm that it is not so.",
        )
    captions = _read_captions(typed, about, faults) if about.kind == "sound" else []
    plain = {
        "id": about.record_id,
        "file": f"{about.record_id}{about.suffix}",
        "title": _kept(before.title if before else {}, languages) | title,
        "alt": _kept(before.alt if before else {}, languages if about.kind == "image" else ()) | alt,
        "captions": msgspec.to_builtins(captions),
        "language": _read_language(typed) if about.kind == "sound" else None,
        "loop": about.kind == "sound" and typed.get("loop") == YES,
        "creator": _read_line(typed, "creator", faults),
        "licence": _read_licence(typed, faults),
        "provenance": _read_provenance(typed, faults),
        "sources": _read_sources(typed, faults),
        "no_persons": True,
    }
    if faults:
        raise Unfit(faults)
    return msgspec.convert(plain, Media)


def _kept(text: Text, languages: Sequence[str]) -> Text:
    """Words in languages that the form does not show."""
    return {language: words for language, words in text.items() if language not in languages}


def _read_text(typed: Typed, name: str, languages: Sequence[str], faults: dict[str, Invalid]) -> Text:
    found: Text = {}
    for language in languages:
        words = typed.get(f"{name}_{language}", "")
        if len(words) > LONGEST[name]:
            faults[f"{name}_{language}"] = _too_long(name)
        if words:
            found[language] = words
    return found


def _read_line(typed: Typed, name: str, faults: dict[str, Invalid]) -> str:
    words = typed.get(name, "")
    if not words:
        faults[name] = Invalid(f"media_{name}", "Say who made it, as they want to be named.")
    elif len(words) > LONGEST[name]:
        faults[name] = _too_long(name)
    return words


def _too_long(name: str) -> Invalid:
    return Invalid("media_too_long", f"At most {LONGEST[name]} characters fit here.", most=LONGEST[name])


def _read_licence(typed: Typed, faults: dict[str, Invalid]) -> str:
    chosen, other = typed.get("licence", ""), typed.get("licence_other", "")
    if chosen in LICENCES:
        return chosen
    if chosen != OTHER:
        faults["licence"] = Invalid("media_licence", "Choose what others may do with it.")
    elif not other:
        faults["licence_other"] = Invalid("media_licence_other", "Say which permission it is used by.")
    elif len(other) > LONGEST["licence_other"]:
        faults["licence_other"] = _too_long("licence_other")
    return other


def _read_provenance(typed: Typed, faults: dict[str, Invalid]) -> str:
    grade = typed.get("provenance", "")
    if grade not in get_args(Provenance):
        faults["provenance"] = Invalid("media_provenance", "Choose how sure it is.")
    return grade


def _read_language(typed: Typed) -> str | None:
    spoken = typed.get("language", "")
    return spoken if spoken in get_args(Language) else None


def _read_sources(typed: Typed, faults: dict[str, Invalid]) -> list[str]:
    sources = [row.strip() for row in typed.get("sources", "").splitlines() if row.strip()]
    if len(sources) > MOST_SOURCES or any(len(source) > LONGEST["source"] for source in sources):
        faults["sources"] = Invalid(
            "media_sources",
            f"At most {MOST_SOURCES} sources of {LONGEST['source']} characters fit.",
            most=MOST_SOURCES,
            longest=LONGEST["source"],
        )
    return sources


def _read_captions(typed: Typed, about: About, faults: dict[str, Invalid]) -> list[Cue]:
    """Cues from typed lines, or from WebVTT: as it was sent as a file, or as it came back into the field with a fault."""
    written: dict[str, list[Line]] = {}
    for language in about.languages:
        text = typed.get(f"captions_{language}", "")
        is_vtt = text.startswith("WEBVTT") or typed.get(f"vtt_{language}") == YES
        try:
            written[language] = read_vtt(text) if is_vtt else read_typed(text)
        except Invalid as error:
            faults[f"captions_{language}"] = error
            return []
    first = f"captions_{about.languages[0]}"
    if not any(written.values()):
        faults[first] = Invalid("media_captions", "Say what is heard, for those who do not hear it.")
        return []
    try:
        return make_cues(written, about.duration_s, about.before.captions if about.before else [])
    except Invalid as error:
        language = str(error.values.get("tongue"))
        faults[f"captions_{language}" if language in about.languages else first] = error
        return []


def _squeezed(licence: str) -> str:
    """A licence's name however it is written: CC BY 4.0 and CC-BY-4.0 are one."""
    return licence.replace(" ", "").replace("-", "").upper()


def type_media(media: Media, languages: Sequence[str]) -> dict[str, str]:
    """What the form shows of a record."""
    typed = {"creator": media.creator, "provenance": media.provenance, "language": media.language or ""}
    listed = next((licence for licence in LICENCES if _squeezed(licence) == _squeezed(media.licence)), None)
    typed |= {"licence": listed or OTHER, "licence_other": "" if listed else media.licence}
    typed |= {"sources": "\n".join(media.sources), "loop": YES if media.loop else ""}
    typed |= {"no_persons": YES if media.no_persons else ""}
    for language in languages:
        typed[f"title_{language}"] = media.title.get(language, "")
        typed[f"alt_{language}"] = media.alt.get(language, "")
        typed[f"captions_{language}"] = type_cues(media.captions, language)
    return typed
