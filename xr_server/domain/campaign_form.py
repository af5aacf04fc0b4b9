"""The form of a campaign: what was typed in, the campaign out, or a sentence beside each field that cannot be taken. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from xr_server.domain.campaign import MEASURES, MOST_COUPONS, MOST_WANTED, MOST_YEN, Aim, Campaign, make_word
from xr_server.domain.days import check_year
from xr_server.domain.fields import LANGUAGES
from xr_server.domain.typed import (
    YES,
    Faults,
    Typed,
    check_faults,
    read_line,
    read_number,
    read_words,
    say_number,
    type_words,
)
from xr_server.errors import Invalid

LONGEST = {"title": 60, "sentence": 140, "coupon": 120, "collect_at": 200}
"""Texts, and how long each may be: a title and a sentence have to fit on a poster."""
TEXTS = tuple(LONGEST)
MAX_PARTNER_LENGTH = 80
PLAIN = ("word", "first_on", "last_on", "season", "partner", "collect_until", "most_coupons", "cost_yen")
NUMBERS = ("most_coupons", "cost_yen")
FIELDS = (
    *PLAIN,
    *(f"{name}-{language}" for name in TEXTS for language in LANGUAGES),
    *(f"for-{language}" for language in LANGUAGES),
    *(f"aim-{measure}" for measure in MEASURES),
)


@dataclass(frozen=True)
class About:
    """What a form is about: the campaign as it stands (None: a new one), and what it may name.

    taken: words of the site's other campaigns.
    """

    before: Campaign | None
    languages: Sequence[str]
    seasons: Collection[str]
    taken: Collection[str]


def read_campaign(typed: Typed, about: About) -> Campaign:
    """The campaign that the form describes, its links as they were. Raises Unfit naming every field that is not right."""
    faults: Faults = {}
    before = about.before
    texts = {
        name: read_words(typed, (name, getattr(before, name, {}), longest), about.languages, faults)
        for name, longest in LONGEST.items()
    }
    if not texts["title"]:
        faults["title-ja"] = Invalid("campaign_title", "Give the campaign a title in at least one language.")
    if bool(texts["coupon"]) != bool(texts["collect_at"]):
        faults["coupon-ja" if texts["collect_at"] else "collect_at-ja"] = Invalid(
            "campaign_coupon", "Say both what the coupon gives and where, or neither: then there is none."
        )
    values: dict[str, Any] = {"id": before.id if before else _read_word(typed, about, faults), **texts}
    values |= _read_days(typed, faults) | _read_group(typed, about, faults)
    values["most_coupons"] = _read_count(typed, "most_coupons", MOST_COUPONS, faults)
    values["cost_yen"] = _read_count(typed, "cost_yen", MOST_YEN, faults)
    values["aims"] = _read_aims(typed, faults)
    check_faults(faults)
    return Campaign(**values, links=before.links if before else [])


def _read_word(typed: Typed, about: About, faults: Faults) -> str:
    try:
        word = make_word(typed.get("word", ""))
    except Invalid as fault:
        faults["word"] = fault
        return "unnamed"
    if word.replace("-", "") in {one.replace("-", "") for one in about.taken} or word == "new":
        faults["word"] = Invalid(
            "campaign_taken", f"Another campaign is called {word} already. Add a year or a place.", word=word
        )
    return word


def _read_days(typed: Typed, faults: Faults) -> dict[str, str | None]:
    first, last = _read_day(typed, "first_on", faults), _read_day(typed, "last_on", faults)
    until = _read_day(typed, "collect_until", faults) if typed.get("collect_until") else None
    if first and last and last < first:
        faults["last_on"] = Invalid("range_reversed", "The last day lies before the first one. Exchange them.")
    elif last and until and until < last:
        faults["collect_until"] = Invalid(
            "campaign_until", "The coupon holds until the last day of the campaign at least, or longer."
        )
    return {"first_on": first, "last_on": last, "collect_until": until}


def _read_day(typed: Typed, name: str, faults: Faults) -> str:
    try:
        day = date.fromisoformat(typed.get(name, ""))
        check_year(day.year)
    except ValueError:
        faults[name] = Invalid("campaign_day", "Give this day, written like 2026-11-24.")
        return ""
    except Invalid as fault:
        faults[name] = fault
        return ""
    return day.isoformat()


def _read_group(typed: Typed, about: About, faults: Faults) -> dict[str, Any]:
    """Whom it is for."""
    season = typed.get("season", "")
    if season and season not in about.seasons:
        faults["season"] = Invalid("campaign_season", "Choose a season of the list, or none.")
    languages = [language for language in LANGUAGES if typed.get(f"for-{language}") == YES]
    partner = read_line(typed, "partner", MAX_PARTNER_LENGTH, faults)
    return {"season": season or None, "languages": languages, "partner": partner}


def _read_count(typed: Typed, name: str, most: int, faults: Faults) -> int | None:
    number = read_number(typed, name, (1, most), faults)
    if number is not None and number != int(number):
        faults[name] = Invalid("campaign_whole", "A whole number is wanted.")
    return None if number is None else int(number)


def _read_aims(typed: Typed, faults: Faults) -> list[Aim]:
    wanted = [(measure, _read_count(typed, f"aim-{measure}", MOST_WANTED, faults)) for measure in MEASURES]
    return [Aim(measure=measure, number=number) for measure, number in wanted if number is not None]


def type_campaign(campaign: Campaign) -> dict[str, str]:
    """What the form shows of a campaign."""
    typed = {name: str(getattr(campaign, name) or "") for name in PLAIN if name != "word" and name not in NUMBERS}
    typed |= {name: say_number(getattr(campaign, name)) for name in NUMBERS}
    for name in TEXTS:
        typed |= type_words(name, getattr(campaign, name))
    typed |= {f"for-{language}": YES for language in campaign.languages}
    typed |= {f"aim-{aim.measure}": str(aim.number) for aim in campaign.aims}
    return {**typed, "word": campaign.id}
