"""What a month's tables are about, from what is published: the site, its landmarks, the campaigns that ran then. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from xr_server.domain.campaign import Campaign
from xr_server.domain.catalog import Landmark, Record, Site
from xr_server.domain.open_figures import OpenVisit, Universe
from xr_server.domain.open_tables import Names, Words
from xr_server.domain.published import pick
from xr_server.domain.ruby import plain
from xr_server.domain.visit_facts import STEPS, VisitFacts
from xr_server.errors import NotFound


@dataclass(frozen=True)
class Month:
    """A month of a site: the cells there are, what they are called, and the site's own name and zone."""

    site_id: str
    site_name: Words
    time_zone: str
    universe: Universe
    names: Names

    @property
    def attribution(self) -> str:
        """Whom to name who uses the tables."""
        return " / ".join(dict.fromkeys(name for name in self.site_name.values() if name)) or self.site_id


def describe_month_of(records: Sequence[Record], month: str) -> Month:
    """What a site's published records say of a month. Raises NotFound before the site itself is published."""
    site = next((one for one in records if isinstance(one, Site)), None)
    if site is None:
        raise NotFound("site_unpublished", "This site is not published yet, so there is nobody to release figures to.")
    landmarks = {one.id: _both(one.name) for one in records if isinstance(one, Landmark) and one.lat is not None}
    campaigns = {one.id: _both(one.title) for one in records if isinstance(one, Campaign) and _ran(one, month)}
    universe = Universe(month, tuple(sorted(landmarks)), tuple(sorted(campaigns)))
    return Month(site.id, _both(site.name), site.time_zone, universe, Names(landmarks, campaigns))


def _ran(campaign: Campaign, month: str) -> bool:
    return campaign.first_on[:7] <= month <= campaign.last_on[:7]


def _both(text: dict[str, str]) -> Words:
    return {language: plain(pick(text, language)) for language in ("ja", "en")}


def open_visit(key: bytes, day_on: str, facts: VisitFacts) -> OpenVisit | None:
    """What the tables ask of a visit; None for one that is kept out of all figures."""
    if facts.flag:
        return None
    furthest = max((one.step for one in facts.experiences.values()), default=0)
    return OpenVisit(
        key=key,
        day_on=day_on,
        here=facts.here,
        language=facts.language,
        device=facts.device or None,
        campaign=facts.campaign or None,
        step=STEPS[furthest] or None,
        landmarks={stay.landmark: stay.hour for stay in facts.stays},
    )
