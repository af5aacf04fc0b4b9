"""Campaigns: a promotion with its links, its coupon and its targets; the words that statistics know it by. Pure."""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, get_args

import msgspec

from xr_server.domain.fields import Language, LocalDate, Slug, Strict, Text
from xr_server.domain.sealed_code import LETTERS
from xr_server.errors import Invalid

Kind = Literal["site", "landmark", "experience", "rally", "coupon"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""What a link leads to: the map, a landmark, an experience, a rally, or the campaign's own coupon."""
NAMED: dict[Kind, str] = {"landmark": "landmarks", "experience": "experiences", "rally": "rallies"}
"""Kinds that lead to one thing of several, and the step of an address below which these stand."""
Measure = Literal["arrivals", "coupons_given", "coupons_used"]
MEASURES: tuple[Measure, ...] = get_args(Measure)

LONGEST_WORD = 40
Word = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)", max_length=LONGEST_WORD)]
CODE_LENGTH = 6
Code = Annotated[str, msgspec.Meta(pattern=rf"^[{LETTERS}]{{{CODE_LENGTH}}}$(?!\n)")]
MOST_LINKS = 300  # twenty landmarks in seven languages, twice
MOST_COUPONS = 50_000
MOST_WANTED = 1_000_000
MOST_YEN = 1_000_000_000


class Link(Strict, frozen=True, kw_only=True):
    """A short link. target: which landmark, experience or rally; at: the landmark where its poster hangs.

    language None: the visitor's own.
    """

    code: Code
    to: Kind
    target: Slug | None = None
    at: Slug | None = None
    language: Language | None = None
    source: Word
    medium: Word


class Aim(Strict, frozen=True, kw_only=True):
    """A number that the campaign is to reach."""

    measure: Measure
    number: Annotated[int, msgspec.Meta(ge=1, le=MOST_WANTED)]


class Campaign(Strict, frozen=True, kw_only=True):
    """A campaign from its first to its last local day; its id is the word that statistics know it by.

    languages, season, partner: whom it is for. coupon: what is given, empty: there is none; collect_until absent: last_on;
    most_coupons absent: as many as are asked for. cost_yen: what it cost in all, for the figures alone.
    """

    id: Slug
    title: Text
    sentence: Text = {}
    first_on: LocalDate
    last_on: LocalDate
    languages: list[Language] = []
    season: Slug | None = None
    partner: Annotated[str, msgspec.Meta(max_length=80)] = ""
    links: Annotated[list[Link], msgspec.Meta(max_length=MOST_LINKS)] = []
    coupon: Text = {}
    collect_at: Text = {}
    collect_until: LocalDate | None = None
    most_coupons: Annotated[int, msgspec.Meta(ge=1, le=MOST_COUPONS)] | None = None
    aims: Annotated[list[Aim], msgspec.Meta(max_length=len(MEASURES))] = []
    cost_yen: Annotated[int, msgspec.Meta(ge=1, le=MOST_YEN)] | None = None


@dataclass(frozen=True)
class Placed:
    """A link and the campaign it belongs to."""

    campaign: str
    link: Link


def place(campaign: Campaign, link: Link) -> Placed:
    """A link as visitors are led by it: to the map where it names a coupon that its campaign does not have any more."""
    leads = link if link.to != "coupon" or campaign.coupon else msgspec.structs.replace(link, to="site")
    return Placed(campaign.id, leads)


def coupon_until(campaign: Campaign) -> date:
    """The last local day on which coupons are taken and given for."""
    return date.fromisoformat(campaign.collect_until or campaign.last_on)


def make_word(typed: str) -> str:
    """A word of a campaign as statistics want it: small Latin letters, digits and hyphens.

    Raises Invalid where letters would be lost: two names that differ only in them must not become one.
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", typed)).casefold()
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    word = re.sub(r"[\s_./+-]+", "-", bare).strip("-")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", word) or len(word) > LONGEST_WORD:
        raise Invalid(
            "campaign_word",
            f"Write this word in Latin letters and digits, {LONGEST_WORD} at most, such as nagasaki-city.",
            most=LONGEST_WORD,
        )
    return word


def spell_alike(word: str, known: Collection[str]) -> str:
    """The spelling of a word that is in use already, where only hyphens differ: nagasakicity is nagasaki-city."""
    bare = word.replace("-", "")
    return next((one for one in sorted(known) if one.replace("-", "") == bare), word)


def make_link_code(random_bytes: Callable[[int], bytes], taken: Collection[str]) -> str:
    """A code for a new short link, which no other has."""
    while True:
        code = "".join(LETTERS[byte % 32] for byte in random_bytes(CODE_LENGTH))
        if code not in taken:
            return code


def find_target(link: Link, document: Mapping[str, list[Mapping[str, object]]]) -> str:
    """Where a link leads below the site's address in a language: to what it names, to the map where that is not there."""
    group = NAMED.get(link.to)
    if group is None or not any(one["id"] == link.target for one in document.get(group, [])):
        return ""
    return f"{group}/{link.target}"


def link_query(placed: Placed) -> str:
    """What a link's address carries for statistics: utm_content says where the poster hangs, utm_id which link it was."""
    link = placed.link
    words = {"utm_source": link.source, "utm_medium": link.medium, "utm_campaign": placed.campaign}
    words |= {"utm_content": link.at} if link.at else {}
    words["utm_id"] = link.code
    return "&".join(f"{name}={word}" for name, word in words.items())  # letters, digits and hyphens alone


@dataclass(frozen=True)
class Attained:
    """How far a target is reached: wanted, reached, and percent of it in whole numbers, which may pass 100."""

    measure: Measure
    wanted: int
    reached: int

    @property
    def percent(self) -> int:
        """Rounded down, so that 100 means reached."""
        return self.reached * 100 // self.wanted


def attain(campaign: Campaign, reached: Mapping[Measure, int]) -> list[Attained]:
    """The targets of a campaign against what was counted."""
    return [Attained(aim.measure, aim.number, reached.get(aim.measure, 0)) for aim in campaign.aims]


def days_left(campaign: Campaign, today: date) -> int:
    """How many days are left with today; 0 when it is over."""
    return max((date.fromisoformat(campaign.last_on) - today).days + 1, 0)


# programs that look an address up before a person does, or instead: their lines say so. Cubot makes phones
PROGRAMS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|preview|facebookexternalhit|line-poker|whatsapp/|skypeuripreview|curl/|wget/"
    r"|python|okhttp|java/|go-http|libwww|headless|lighthouse|monitor",
    re.IGNORECASE,
)


def is_arrival(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a request for a short link is somebody who arrives: no HEAD, no fetching ahead, no program. Headers in small."""
    ahead = f"{headers.get('sec-purpose', '')} {headers.get('purpose', '')} {headers.get('x-moz', '')}".lower()
    agent = headers.get("user-agent", "")
    return method == "GET" and "prefetch" not in ahead and bool(agent) and not PROGRAMS.search(agent)
