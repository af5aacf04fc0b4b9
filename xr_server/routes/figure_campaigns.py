"""Figures of campaigns: links followed, visits, how far they came, coupons, what an arrival cost; and stamps."""

from xr_server.domain.account import may
from xr_server.domain.campaign import Campaign
from xr_server.domain.days import Window
from xr_server.domain.figures import HIDDEN, Released, Shown, cumulate, divide, rank
from xr_server.domain.voucher import Offer
from xr_server.parts import parts_of
from xr_server.routes.figure_names import list_campaigns_of, name_landmarks
from xr_server.routes.figure_panels import Cell, Frame, Panel, Row, offer
from xr_server.storage.campaigns import count_arrivals
from xr_server.storage.vouchers import count_vouchers

REACH = ("home", "here", "ar", "completed")


def list_campaign_figures(frame: Frame) -> list[Panel]:
    """The figures of the page of campaigns and stamps."""
    campaigns = [(body, title) for body, title in list_campaigns_of(frame) if _touches(body, frame.window)]
    reach = frame.read("reach")
    visits = frame.read("campaign", "")
    return [
        _reach(frame, campaigns, visits, reach),
        _effort(frame, campaigns),
        _links(frame, campaigns),
        _stamps(frame),
    ]


def _touches(body: Campaign, window: Window) -> bool:
    return body.first_on <= window.until_on.isoformat() and body.last_on >= window.from_on.isoformat()


def _lead_to(frame: Frame, body: Campaign) -> str:
    """The campaign's own page, for whoever may open it."""
    return f"/desk/campaigns/{body.id}/run" if may(frame.session, "review") else ""


def _reach(frame: Frame, campaigns: list[tuple[Campaign, str]], visits: Released, reach: Released) -> Panel:
    rows = []
    for body, title in campaigns:
        all_of_it = visits.get("", body.id)
        reached = cumulate(divide(all_of_it, reach.of(body.id), REACH).cells, REACH)
        numbers = (all_of_it, reached["here"], reached["ar"], reached["completed"])
        cells = (*(frame.number(number) for number in numbers), frame.part_of(reached["here"], all_of_it))
        rows.append(Row(title, cells, href=_lead_to(frame, body)))
    rows.sort(key=lambda row: -(row.cells[0].value or 0))
    rows = [
        Row(row.head, row.cells, at == 0 and bool(row.cells[0].value), href=row.href) for at, row in enumerate(rows)
    ]
    said = frame.say("reach_none" if campaigns else "reach_nothing")
    if rows and rows[0].first:
        first = rows[0]
        said = frame.say("reach_sentence", campaign=first.head, count=first.cells[0].text, share=first.cells[4].text)
    keys = ("column_campaign", "column_visits", "reach_here", "reach_ar", "reach_completed", "column_share_came")
    cells_of_all = [*visits.cells.values(), *reach.cells.values()]
    return Panel("reach", [said], [frame.say(key) for key in keys], rows, "bars", offer(cells_of_all, frame.window))


def _effort(frame: Frame, campaigns: list[tuple[Campaign, str]]) -> Panel:
    """What was counted by the short links and by counters themselves, of whole campaigns, whatever visits allow."""
    catalog = parts_of(frame.request).catalog
    rows, cheapest = [], ("", 0.0)
    for body, title in campaigns:
        offered = Offer(frame.session.site_id, "campaign", body.id)
        followed = count_arrivals(catalog, frame.session.site_id, body.id).total
        coupons = count_vouchers(catalog, offered)
        cost = None if body.cost_yen is None or not followed else body.cost_yen / followed
        if cost is not None and (not cheapest[0] or cost < cheapest[1]):
            cheapest = (title, cost)
        numbers = (followed, sum(coupons.issued.values()), sum(coupons.used.values()))
        rows.append(
            Row(
                title,
                (
                    *(Cell(f"{number:,}", number) for number in numbers),
                    Cell("–" if body.cost_yen is None else frame.say("yen", count=f"{body.cost_yen:,}")),
                    Cell("–") if cost is None else Cell(frame.say("yen", count=f"{cost:,.0f}"), round(cost, 1)),
                ),
                first=False,
                href=_lead_to(frame, body),
            )
        )
    rows = [Row(row.head, row.cells, row.head == cheapest[0], href=row.href) for row in rows]
    said = frame.say("effort_none")
    if cheapest[0]:
        said = frame.say("effort_sentence", campaign=cheapest[0], cost=f"{cheapest[1]:,.0f}")
    keys = ("column_campaign", "column_followed", "column_given", "column_used", "column_cost", "column_cost_each")
    return Panel("effort", [said], [frame.say(key) for key in keys], rows)


def _links(frame: Frame, campaigns: list[tuple[Campaign, str]]) -> Panel:
    """The links of each campaign by the visits that came by them."""
    links = frame.read("link")
    names = name_landmarks(frame)
    rows = []
    for body, title in campaigns:
        cells = links.of(body.id)
        for link in body.links:
            if link.code in cells:
                words = " · ".join(
                    filter(None, (title, names.get(link.at or "", ""), f"{link.source} / {link.medium}"))
                )
                rows.append(Row(f"{words} ({link.code})", (frame.number(cells[link.code]),)))
    rows.sort(key=lambda row: -(row.cells[0].value or 0))
    rows = [Row(row.head, row.cells, at == 0 and bool(row.cells[0].value)) for at, row in enumerate(rows)]
    said = frame.say("links_none")
    if rows and rows[0].first:
        said = frame.say("links_sentence", link=rows[0].head, count=rows[0].cells[0].text)
    columns = [frame.say(key) for key in ("column_link", "column_visits")]
    return Panel("links", [said], columns, rows, "bars", offer(links.cells.values(), frame.window))


def _stamps(frame: Frame) -> Panel:
    stamps, seen = frame.read("stamp"), frame.read("landmark")
    names = name_landmarks(frame)
    told: dict[str, Shown] = {part: cell for (part, _), cell in stamps.cells.items()}
    rows = [
        Row(
            names.get(landmark, landmark),
            (frame.number(told[landmark]), frame.part_of(told[landmark], seen.cells.get((landmark, "seen"), HIDDEN))),
            first=at == 0 and bool(told[landmark].visits),
        )
        for at, landmark in enumerate(rank(told))
    ]
    said = frame.say("stamps_none")
    if rows and rows[0].first:
        said = frame.say("stamps_sentence", landmark=rows[0].head, count=rows[0].cells[0].text)
    columns = [frame.say(key) for key in ("column_landmark", "column_visits", "column_of_seen")]
    return Panel("stamps", [said], columns, rows, "bars", offer(told.values(), frame.window))
