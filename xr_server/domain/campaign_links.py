"""The form that makes a campaign's short links: what it leads to, where posters hang, in which languages. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import msgspec

from xr_server.domain.campaign import KINDS, MOST_LINKS, NAMED, Campaign, Kind, Link, make_word, spell_alike
from xr_server.domain.fields import Language
from xr_server.domain.typed import Faults, check_faults
from xr_server.errors import Conflict, Invalid

OWN = "own"
"""A poster leads to the landmark where it hangs."""
ANY = "any"
"""A link in the visitor's own language."""


@dataclass(frozen=True)
class Asked:
    """What the form says: a kind and an id such as `rally:autumn`, landmarks, languages, and two words for statistics."""

    to: str
    at: Sequence[str]
    languages: Sequence[str]
    source: str
    medium: str


@dataclass(frozen=True)
class Known:
    """What there is: things by kind, the site's languages, and the words that its campaigns use already."""

    things: Mapping[str, Collection[str]]
    languages: Sequence[str]
    sources: Collection[str]
    mediums: Collection[str]


class Wanted(NamedTuple):
    """A link without its code."""

    to: Kind
    target: str | None
    at: str | None
    language: Language | None
    source: str
    medium: str


def make_links(asked: Asked, known: Known, campaign: Campaign, make_codes: Callable[[int], Sequence[str]]) -> Campaign:
    """The campaign with a link for each place and language, without those that it has already; codes are made for all new.

    Raises Unfit naming every field that is not right, Conflict when nothing would be new.
    """
    faults: Faults = {}
    to, target = _read_target(asked, known, campaign, faults)
    if not set(asked.at) <= set(known.things["landmark"]) or (asked.to == OWN and not asked.at):
        faults["at"] = Invalid("link_places", "Choose at least one landmark where a poster hangs.")
    if not asked.languages or not set(asked.languages) <= {ANY, *known.languages}:
        faults["in"] = Invalid("link_languages", "Choose at least one language.")
    source = _read_word(asked.source, "source", known.sources, faults)
    medium = _read_word(asked.medium, "medium", known.mediums, faults)
    check_faults(faults)
    places: Sequence[str | None] = asked.at or (None,)
    wanted = [
        Wanted(to, at if asked.to == OWN else target, at, _language(language), source, medium)
        for at, language in product(places, asked.languages)
    ]
    there = {Wanted(one.to, one.target, one.at, one.language, one.source, one.medium) for one in campaign.links}
    new = [one for one in dict.fromkeys(wanted) if one not in there]
    if not new:
        raise Conflict("links_there", "These links are there already, so nothing was added.")
    if len(campaign.links) + len(new) > MOST_LINKS:
        raise Conflict("links_many", f"A campaign has {MOST_LINKS} links at most. Take fewer at once.", most=MOST_LINKS)
    added = [Link(code=code, **one._asdict()) for code, one in zip(make_codes(len(new)), new, strict=True)]
    return msgspec.structs.replace(campaign, links=[*campaign.links, *added])


def _language(chosen: str) -> Language | None:
    return None if chosen == ANY else msgspec.convert(chosen, Language)


def _read_target(asked: Asked, known: Known, campaign: Campaign, faults: Faults) -> tuple[Kind, str | None]:
    if asked.to == OWN:
        return "landmark", None
    name, _, target = asked.to.partition(":")
    kind = next((one for one in KINDS if one == name), None)
    fits = kind is not None and (target in known.things[kind] if kind in NAMED else not target)
    if kind is None or not fits or (kind == "coupon" and not campaign.coupon):
        faults["to"] = Invalid("link_target", "Choose from the list where the link leads.")
        return "site", None
    return kind, target or None


def _read_word(typed: str, name: str, known: Collection[str], faults: Faults) -> str:
    try:
        return spell_alike(make_word(typed), known)
    except Invalid as fault:
        faults[name] = fault
        return "unnamed"


def drop_link(campaign: Campaign, code: str) -> Campaign:
    """The campaign without a link."""
    return msgspec.structs.replace(campaign, links=[link for link in campaign.links if link.code != code])


def words_in_use(campaigns: Collection[Campaign]) -> tuple[list[str], list[str]]:
    """Sources and mediums of all links: the words that statistics know."""
    links = [link for campaign in campaigns for link in campaign.links]
    return sorted({link.source for link in links}), sorted({link.medium for link in links})
