"""Whether campaigns are possible and name what is there. Pure."""

from collections.abc import Iterator

from xr_server.domain.campaign import NAMED, Campaign, Link
from xr_server.domain.content_index import Found, Index, find_unknown, find_wrong_days


def check_campaign(campaign: Campaign, index: Index) -> Iterator[Found]:
    """Everything amiss with one campaign."""
    if not campaign.title:
        yield "title", "a campaign needs a title in at least one language"
    if campaign.season is not None:
        yield from find_unknown("season", "season", campaign.season, index.seasons)
    codes = [link.code for link in campaign.links]
    if len(set(codes)) != len(codes):
        yield "links", "each link has a code of its own"
    for link in campaign.links:
        yield from _check_link(campaign, link, index)
    measures = [aim.measure for aim in campaign.aims]
    if len(set(measures)) != len(measures):
        yield "aims", "name each target once"
    if bool(campaign.coupon) != bool(campaign.collect_at):
        yield "collect_at", "say both what the coupon gives and where, or neither"
    yield from find_wrong_days(campaign, "the coupon holds until the last day at least")


def _check_link(campaign: Campaign, link: Link, index: Index) -> Iterator[Found]:
    known = {"landmark": index.landmarks, "experience": index.experiences}
    if (link.target is not None) != (link.to in NAMED):
        yield "links", f"{link.code}: a landmark, an experience or a rally is named, and nothing else is"
    elif link.target is not None and link.to in known:
        yield from find_unknown("links", link.to, link.target, known[link.to])
    if link.at is not None:
        yield from find_unknown("links", "landmark", link.at, index.landmarks)
    if link.to == "coupon" and not campaign.coupon:
        yield "links", f"{link.code}: there is no coupon to lead to"
