"""How the data stand: a strip under every page of figures, and a page of its own that says all of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.days import Window
from xr_server.domain.families import FIGURES
from xr_server.domain.figures import SMALLEST_SHOWN, Block, share, uncovered_days
from xr_server.domain.period import read_window
from xr_server.domain.quality import Quality, sum_days, told_spans
from xr_server.errors import Invalid
from xr_server.parts import Parts, parts_of
from xr_server.routes.guard import page
from xr_server.routes.live import Place, find_place
from xr_server.routes.noting import note_read
from xr_server.routes.pages import load_texts
from xr_server.routes.staff import say_problem, staff_page
from xr_server.routes.wording import say_date, say_when
from xr_server.storage.figures import load_blocks, load_released
from xr_server.storage.quality import Standing, count_straddling, load_quality_by_day, load_standing

LAGS_MS = 15 * 60_000
"""Figures of today are summed up every few minutes; longer than this, something is amiss."""


MARKED = tuple(figure for figure in FIGURES if figure not in ("hour", "dwell", "next"))
"""Whose runs of days are looked through for those that reach out. The other three are two thirds of all that is released;
their own tables say when one does."""


@dataclass(frozen=True)
class Held:
    """How the data of some days stand: the runs of days that may be told of, their numbers, and all of them together."""

    blocks: list[Block]
    spans: list[Window]
    by_day: Mapping[date, Mapping[str, int]]
    whole: Quality
    standing: Standing


def _look(parts: Parts, site_id: str, window: Window) -> Held:
    blocks = load_blocks(parts.events, site_id, "all", window, ("", "all"))
    spans = told_spans(blocks, window)
    by_day = load_quality_by_day(parts.events, site_id, window)
    return Held(blocks, spans, by_day, sum_days(by_day, spans), load_standing(parts.events, site_id))


def describe_quality(request: Request, place: Place, window: Window, few: int = 0) -> dict[str, Any]:
    """What the strip says of the days shown on a page; few: how many cells of the page are hidden.

    A page of figures passes it on as `quality` and has `{% include "desk/figures/quality_strip.html" %}` at its end.
    """
    return _describe_strip(request, place, window, few, _look(parts_of(request), place.site.id, window))


def _describe_strip(request: Request, place: Place, window: Window, few: int, held: Held) -> dict[str, Any]:
    parts, standing = parts_of(request), held.standing
    final_on, lag_ms = standing.final_on, parts.clock() - (standing.summed_at or 0)
    open_days = window.until_on - max(window.from_on - timedelta(days=1), final_on or date.min)
    return {
        "summed": standing.summed_at and say_when(standing.summed_at, place.language, place.site.time_zone),
        "lags": standing.summed_at is not None and lag_ms > LAGS_MS,
        "final": final_on and say_date(final_on, place.language),
        "open": max(0, open_days.days),
        "few": few,
        "late": _percent(held.whole.share(held.whole.late)),
        "kept_out": _percent(held.whole.share(held.whole.kept_out)),
        "rejected": _percent(held.whole.share(sum(held.whole.rejected.values()))),
        "no_position": _percent(_refused_position(parts, place.site.id, window)),
        "href": f"/desk/figures/quality?from={window.from_on}&until={window.until_on}",
    }


def _refused_position(parts: Parts, site_id: str, window: Window) -> float | None:
    """Which part of all visits refused the position first of all, 0 to 1; None where that is hidden."""
    refused = load_released(parts.events, site_id, "refused", window, "").get("", "location")
    return share(refused, load_released(parts.events, site_id, "all", window, "").get("", "all"))


def _percent(part: float | None) -> str | None:
    if part is None:
        return None
    return "< 0.1 %" if 0 < part < 0.0005 else f"{100 * part:.1f} %"


@page("read_figures")
def show_quality(request: Request, session: Session) -> Response:
    """What became of the events that came, by reason and by day, what is not final and what reaches out of the days."""
    parts, place = parts_of(request), find_place(request, session)
    typed = (request.query_params.get("from", ""), request.query_params.get("until", ""))
    newest_on = load_standing(parts.events, place.site.id).final_on or place.today
    problem = None
    try:
        window = read_window(*typed, newest_on)
        typed = (window.from_on.isoformat(), window.until_on.isoformat())
    except Invalid as error:
        window, problem = read_window("", "", newest_on), say_problem(error, place.language)
    note_read(request, session, "quality", (window.from_on, window.until_on))
    held = _look(parts, place.site.id, window)
    straddling = count_straddling(parts.events, place.site.id, MARKED, window)
    values = {
        "typed": typed,
        "problem": problem,
        "smallest": SMALLEST_SHOWN,
        "first": say_date(window.from_on, place.language),
        "last": say_date(window.until_on, place.language),
        "quality": _describe_strip(request, place, window, 0, held),
        "came": f"{held.whole.came:,}" if held.whole.came else "",
        "fates": _fates(held.whole),
        "rejected": _named(held.whole, held.whole.rejected, "rejected", place.language),
        "flagged": _named(held.whole, held.whole.flagged, "flagged", place.language),
        "straddling": [(figure, straddling[figure]) for figure in MARKED if figure in straddling],
        "untold": len(uncovered_days(held.blocks, window)),
        "rows": _rows(held, place),
    }
    return staff_page(request, session, "desk/figures/quality.html", values)


FATES = ("accepted", "counted_only", "no_consent", "duplicate", "rejected", "late", "kept_out", "without_visit")


def _fates(whole: Quality) -> list[tuple[str, int, str | None]]:
    """What became of events: the name of its text, how many, and which part of all; the last three lie within accepted."""
    counts = {name: getattr(whole, name) for name in FATES if name != "rejected"}
    counts["rejected"] = sum(whole.rejected.values())
    return [(name, counts[name], _percent(whole.share(counts[name]))) for name in FATES]


def _named(whole: Quality, counts: Mapping[str, int], kind: str, language: str) -> list[tuple[str, int, str | None]]:
    """By reason, in words; a reason without words is called by its own name."""
    texts = load_texts(language)
    return [
        (texts.get(f"quality.{kind}_{name}", name), count, _percent(whole.share(count)))
        for name, count in counts.items()
    ]


def _rows(held: Held, place: Place) -> list[tuple[str, Quality]]:
    """Each run of days that may be told of, the newest first."""
    rows = []
    for span in reversed(held.spans):
        first, last = (say_date(day, place.language, with_year=False) for day in (span.from_on, span.until_on))
        rows.append((first if first == last else f"{first} – {last}", sum_days(held.by_day, [span])))
    return rows


routes = [Route("/desk/figures/quality", show_quality)]
