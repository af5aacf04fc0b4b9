"""What was to be reached and what was: targets of months and years, and those of campaigns, as figures."""

from collections.abc import Sequence
from datetime import date

from xr_server.domain.campaign import attain
from xr_server.domain.days import Window
from xr_server.domain.spread import find_circulation
from xr_server.domain.target import Attained, Target, begun, passed_share
from xr_server.parts import parts_of
from xr_server.routes.campaigns import reached
from xr_server.routes.figure_names import list_campaigns_of
from xr_server.routes.figure_panels import Cell, Frame, Panel, Row, say_percent
from xr_server.routes.targets import say_period
from xr_server.storage.targets import load_targets


def list_targets(frame: Frame, of: Window | None = None) -> list[Panel]:
    """The targets of the year in which the days end, against what was reached; none where there are none.

    of: only the months and years in which these days lie.
    """
    found = load_targets(parts_of(frame.request).catalog, frame.session.site_id, frame.window.until_on.year)
    told = begun(found.all, frame.newest_on)
    if of is not None:
        told = [one for one in told if one.window.from_on <= of.from_on and of.until_on <= one.window.until_on]
    attained = [_attain(frame, one) for one in told]
    return [_panel(frame, attained)] if attained else []


def _attain(frame: Frame, target: Target) -> Attained:
    window = target.window
    here = frame.read("visits", "", window).get("", "here")
    passed = passed_share(window, frame.newest_on)
    if target.measure == "visits":
        return Attained(target, here.visits, here.more or passed < 1, passed)
    found = find_circulation(frame.read("circulation", "", window).of(""), here)
    return Attained(target, None if found is None else 100 * found.two.value, False, passed)


def _panel(frame: Frame, attained: Sequence[Attained]) -> Panel:
    rows = [_row(frame, one, at == 0 and one.percent is not None) for at, one in enumerate(attained)]
    first = attained[0]
    said = frame.say("targets_none")
    if first.percent is not None:
        words = {"target": rows[0].head, "percent": first.percent, "passed": say_percent(first.passed)}
        said = frame.say("targets_sentence", **words)
    keys = ("column_target", "column_wanted", "column_reached", "column_attained", "column_passed")
    return Panel("targets", [said], [frame.say(key) for key in keys], rows, "bars", drawn=2)


def _row(frame: Frame, one: Attained, first: bool) -> Row:
    percent = one.target.measure == "circulation"
    unit = "{} %" if percent else "{:,}"
    value = "–" if one.reached is None else f"{one.reached:.0f} %" if percent else f"{one.reached:,.0f}"
    cells = (
        Cell(unit.format(one.target.number), one.target.number),
        Cell(value, one.reached),
        Cell("–") if one.percent is None else Cell(f"{one.percent} %", one.percent),
        Cell(say_percent(one.passed), round(100 * one.passed, 1)),
    )
    head = frame.say("target_of", period=say_period(one.target.period, frame.language), measure=_measure(frame, one))
    return Row(head, cells, first)


def _measure(frame: Frame, one: Attained) -> str:
    return frame.say(f"measure_{one.target.measure}")


def list_aims(frame: Frame) -> list[Panel]:
    """The targets of campaigns that have days in the window, against what was counted of them; none without any."""
    rows = []
    for body, title in list_campaigns_of(frame):
        if not _touches(frame.window, body.first_on, body.last_on):
            continue
        for one in attain(body, reached(parts_of(frame.request), frame.session.site_id, body)):
            head = frame.say("target_of", period=title, measure=frame.say(f"aim_{one.measure}"))
            numbers = (Cell(f"{number:,}", number) for number in (one.wanted, one.reached))
            rows.append(Row(head, (*numbers, Cell(f"{one.percent} %", one.percent))))
    if not rows:
        return []
    best = max(rows, key=lambda row: row.cells[2].value or 0)
    rows = [Row(row.head, row.cells, row is best) for row in rows]
    said = frame.say("aims_sentence", target=best.head, percent=int(best.cells[2].value or 0))
    keys = ("column_target", "column_wanted", "column_reached", "column_attained")
    return [Panel("aims", [said], [frame.say(key) for key in keys], rows, "bars", drawn=2)]


def _touches(window: Window, first_on: str, last_on: str) -> bool:
    return date.fromisoformat(first_on) <= window.until_on and date.fromisoformat(last_on) >= window.from_on
