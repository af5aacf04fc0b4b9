"""The form of a notice: what was typed in, the notice out, or a sentence beside each field that cannot be taken. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from xr_server.domain.fields import Text
from xr_server.domain.moments import read_local_moment
from xr_server.domain.notice import SEVERITIES, Notice, Severity, dump_moment, end_of_day, parse_moment
from xr_server.domain.typed import Faults, Typed, check_faults, read_words, type_words
from xr_server.errors import Invalid

MAX_TEXT_LENGTH = 300
STARTS, ENDS = ("now", "at"), ("today", "at", "open")
FIELDS = ("landmark", "severity", "starts", "from_at", "ends", "until_at")


@dataclass(frozen=True)
class About:
    """What a form is about: the notice's id, as it stands (None: a new one), where and when, and what it may name."""

    record_id: str
    before: Notice | None
    languages: Sequence[str]
    landmarks: Sequence[str]
    zone: ZoneInfo
    now: datetime


def read_notice(typed: Typed, about: About) -> Notice:
    """The notice that the form describes. Raises Unfit naming every field that is not right."""
    faults: Faults = {}
    before = about.before.text if about.before else {}
    text = read_words(typed, ("text", before, MAX_TEXT_LENGTH), about.languages, faults)
    if not (text.get("ja") or text.get("en")):
        faults["text-ja"] = Invalid(
            "notice_text", "Say it in Japanese or English at least; visitors without it in their language read that."
        )
    landmark = typed.get("landmark", "")
    if landmark and landmark not in about.landmarks:
        faults["landmark"] = Invalid("notice_landmark", "Choose a landmark of the list, or the whole site.")
    severity = _read_severity(typed, faults)
    start = _read_start(typed, about, faults)
    end = _read_end(typed, about, start, faults)
    check_faults(faults)
    return Notice(
        id=about.record_id,
        text=text,
        landmark=landmark or None,
        severity=severity,
        from_at=dump_moment(start),
        until_at=dump_moment(end) if end else None,
    )


def _read_severity(typed: Typed, faults: Faults) -> Severity:
    chosen = next((known for known in SEVERITIES if known == typed.get("severity")), None)
    if chosen is None:
        faults["severity"] = Invalid("notice_severity", "Choose how grave it is.")
    return chosen or "information"


def _read_start(typed: Typed, about: About, faults: Faults) -> datetime:
    if typed.get("starts") != "at":
        # who changes a notice that holds does not make it begin again
        begun = parse_moment(about.before.from_at) if about.before else about.now
        return min(begun, about.now)
    start = read_local_moment(typed.get("from_at", ""), about.zone)
    if start is None:
        faults["from_at"] = Invalid("notice_from", "Give the day and the hour from which it holds.")
    return start or about.now


def _read_end(typed: Typed, about: About, start: datetime, faults: Faults) -> datetime | None:
    ends = typed.get("ends")
    if ends == "open":
        return None
    if ends not in ENDS:
        faults["ends"] = Invalid(
            "notice_ends", "Say until when it holds. If nobody knows, choose “until it is taken back”."
        )
        return None
    if ends == "today":
        return end_of_day(max(start, about.now), about.zone)
    end = read_local_moment(typed.get("until_at", ""), about.zone)
    if end is None:
        faults["until_at"] = Invalid("notice_until", "Give the day and the hour at which it ends.")
    elif end <= max(start, about.now):
        faults["until_at"] = Invalid("notice_until_past", "This end lies before the start, or is past already.")
    return end


def type_notice(notice: Notice, zone: ZoneInfo) -> dict[str, str]:
    """What the form shows of a notice."""
    until = notice.until_at
    return {
        "landmark": notice.landmark or "",
        "severity": notice.severity,
        "starts": "at",
        "from_at": _local(notice.from_at, zone),
        "ends": "at" if until else "open",
        "until_at": _local(until, zone) if until else "",
        **type_words("text", notice.text),
    }


def _local(moment: str, zone: ZoneInfo) -> str:
    return f"{parse_moment(moment).astimezone(zone):%Y-%m-%dT%H:%M}"


def type_closed(landmark: str, name: Text, sentences: Text) -> dict[str, str]:
    """The form of `closed today` at a landmark: sentences with a gap for its name, in the languages it has a name in."""
    texts = {
        language: sentence.replace("{name}", name[language])
        for language, sentence in sentences.items()
        if name.get(language)
    }
    return {
        "landmark": landmark,
        "severity": "closed",
        "starts": "now",
        "from_at": "",
        "ends": "today",
        "until_at": "",
        **type_words("text", texts),
    }


def propose_id(landmark: str, at: datetime, mark: str) -> str:
    """An id that can be read: where, on which day, and a mark of letters that makes it its own."""
    return f"{landmark[:40].strip('-') or 'site'}-{at:%Y%m%d}-{mark}"
