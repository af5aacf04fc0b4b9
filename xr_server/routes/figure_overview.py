"""The figures at a glance: visits by day with what they are compared with, the main numbers, the hours of arrival."""

from collections.abc import Mapping
from datetime import date, timedelta

from xr_server.domain.days import Window
from xr_server.domain.figures import Block, Released, Shown, change, divide, rank, share, sum_in
from xr_server.domain.period import count_days, move
from xr_server.domain.spread import Circulation, find_circulation
from xr_server.parts import parts_of
from xr_server.routes.figure_ar import add_steps, read_steps
from xr_server.routes.figure_names import list_campaigns_of, list_seasons_of, mark_days
from xr_server.routes.figure_panels import Cell, Frame, Panel, Row, offer, say_change, say_percent
from xr_server.storage.figures import load_blocks

MOST_DAYS = 62
"""Of more days weeks are shown."""
HOURS = tuple(f"{hour:02}" for hour in range(24))


def list_overview(frame: Frame) -> list[Panel]:
    """The figures of the first page."""
    return [_main_numbers(frame), _by_day(frame), _by_hour(frame)]


def _by_day(frame: Frame) -> Panel:
    compared = frame.compared
    series = [_load(frame, window) for window in (compared.window, compared.before, compared.year_before)]
    spans = list_spans(series[0], frame.window)
    rows = [_day_row(frame, span, series) for span in spans]
    totals = [
        sum_in(blocks, window)
        for blocks, window in zip(series, (compared.window, compared.before, compared.year_before), strict=True)
    ]
    best = max(rows, key=lambda row: row.cells[1].value or 0, default=None)
    rows = [_mark_first(row) if row is best and row.cells[1].value else row for row in rows]
    return Panel(
        "by_day",
        _say_days(frame, totals, best),
        [frame.say(key) for key in ("column_days", "column_visits", "column_a_day", "column_before", "column_year")],
        rows,
        "days",
        offer(totals[:1], frame.window),
        _bands(frame),
    )


def _load(frame: Frame, window: Window) -> list[Block]:
    return load_blocks(parts_of(frame.request).events, frame.session.site_id, "visits", window, ("", "here"))


def list_spans(blocks: list[Block], window: Window) -> list[Window]:
    """The days of a window in the pieces that can be told: its blocks, or, of a long one, weeks from Monday on."""
    if count_days(window) <= MOST_DAYS:
        inside = [Window(block.first_on, block.last_on) for block in blocks]
        return [span for span in inside if span.from_on >= window.from_on and span.until_on <= window.until_on]
    weeks = []
    first = window.from_on
    while first <= window.until_on:
        last = min(first + timedelta(days=6 - first.weekday()), window.until_on)
        weeks.append(Window(first, last))
        first = last + timedelta(days=1)
    return weeks


def _day_row(frame: Frame, span: Window, series: list[list[Block]]) -> Row:
    compared = frame.compared
    then = [
        move(span, (other.from_on - frame.window.from_on).days) for other in (compared.before, compared.year_before)
    ]
    numbers = [sum_in(blocks, days) for blocks, days in zip(series, [span, *then], strict=True)]
    days = count_days(span)
    a_day = [None if number.visits is None else number.visits / days for number in numbers]
    cells = [frame.number(numbers[0]), *(_a_day(frame, value) for value in a_day)]
    return Row(_say_span(frame, span), tuple(cells), days=span, marks=mark_days(frame, span))


def _a_day(frame: Frame, value: float | None) -> Cell:
    return Cell(frame.say("few"), None, few=True) if value is None else Cell(f"{value:,.0f}", round(value, 1))


def _say_span(frame: Frame, span: Window) -> str:
    first, last = frame.say_day(span.from_on), frame.say_day(span.until_on)
    return first if first == last else f"{first} – {last}"


def _mark_first(row: Row) -> Row:
    return Row(row.head, row.cells, True, row.days, row.href, row.marks)


def _say_days(frame: Frame, totals: list[Shown], best: Row | None) -> list[str]:
    now, before, year = totals
    if now.visits is None:
        return [frame.say("by_day_none")]
    said = [frame.say("by_day_sentence", count=f"{now.visits:,}", days=count_days(frame.window))]
    changes = [change(now, then) for then in (before, year)]
    for key, by in zip(("before", "year"), changes, strict=True):
        if by is not None:
            said.append(frame.say(f"by_day_{key}", change=say_change(by)))
    if best is not None and best.cells[1].value:
        said.append(frame.say("by_day_best", days=best.head, count=best.cells[1].text))
    return said


def _bands(frame: Frame) -> list[tuple[str, Window]]:
    """Seasons and campaigns with days in the window: what the time axis is marked with."""
    window = frame.window
    bands = [(name, days) for name, parts in list_seasons_of(frame, window) for days in parts]
    for body, title in list_campaigns_of(frame):
        first = max(date.fromisoformat(body.first_on), window.from_on)
        last = min(date.fromisoformat(body.last_on), window.until_on)
        bands += [(title, Window(first, last))] if first <= last else []
    return sorted(bands, key=lambda band: (band[1].from_on, band[0]))


def _main_numbers(frame: Frame) -> Panel:
    compared = frame.compared
    windows = (compared.window, compared.before, compared.year_before)
    visits = [frame.read("visits", "", window) for window in windows]
    circles = [
        find_circulation(frame.read("circulation", "", window).of(""), there.get("", "here"))
        for window, there in zip(windows, visits, strict=True)
    ]
    steps = [add_steps(read_steps(frame, window).values()) for window in windows]
    rows = [
        _numbers_row(frame, "visits_here", [there.get("", "here") for there in visits]),
        _numbers_row(frame, "visits_home", [there.get("", "home") for there in visits]),
        _shares_row(frame, "circulation_two", [_two(one) for one in circles]),
        _shares_row(frame, "ar_share", [share(one["ar"], one["triggered"]) for one in steps]),
    ]
    columns = (
        "column_figure",
        "column_now",
        "column_before_whole",
        "column_change",
        "column_year_whole",
        "column_change",
    )
    return Panel(
        "main",
        [_say_main(frame, visits[0], circles[0])],
        [frame.say(key) for key in columns],
        rows,
        "tiles",
        offer([visits[0].get("", "here"), visits[0].get("", "home")], frame.window),
    )


def _two(circle: Circulation | None) -> float | None:
    return None if circle is None else circle.two.value


def _numbers_row(frame: Frame, key: str, numbers: list[Shown]) -> Row:
    now, before, year = numbers
    cells = [frame.number(now)]
    for then in (before, year):
        cells += [frame.number(then), frame.change(change(now, then))]
    return Row(frame.say(key), tuple(cells))


def _shares_row(frame: Frame, key: str, shares: list[float | None]) -> Row:
    """Shares change by percentage points, not by percent of themselves."""
    now, *others = shares
    cells = [frame.part(now)]
    for then in others:
        points = None if now is None or then is None else round(100 * (now - then))
        by = Cell("–") if points is None else Cell(frame.say("points", count=_signed(points)), points)
        cells += [frame.part(then), by]
    return Row(frame.say(key), tuple(cells))


def _signed(number: int) -> str:
    return "±0" if number == 0 else f"{'+' if number > 0 else '−'}{abs(number)}"


def _say_main(frame: Frame, visits: Released, circle: Circulation | None) -> str:
    if circle is not None:
        return frame.say("main_sentence", share=frame.between(circle.two, say_percent))
    return frame.say("main_none" if visits.get("", "here").visits is None else "main_unknown")


def _by_hour(frame: Frame) -> Panel:
    here = frame.read("visits", "").get("", "here")
    hours = divide(here, frame.read("arrival_hour", "").of(""), HOURS)
    first = rank(hours.cells)[0]
    top = hours.cells[first].visits
    rows = [
        Row(
            frame.say("hour", hour=int(hour)),
            (frame.number(shown), frame.part(hours.share(hour))),
            first=hour == first and bool(top),
        )
        for hour, shown in _without_night(hours.cells)
    ]
    said = frame.say("by_hour_none")
    if top:
        said = frame.say(
            "by_hour_sentence", hour=int(first), next=int(first) + 1, share=say_percent(hours.share(first) or 0)
        )
    columns = [frame.say(key) for key in ("column_hour", "column_visits", "column_share")]
    return Panel("by_hour", [said], columns, rows if top else [], "columns", offer(hours.cells.values(), frame.window))


def _without_night(cells: Mapping[str, Shown]) -> list[tuple[str, Shown]]:
    """The hours from the first to the last in which anybody came."""
    told = [at for at, hour in enumerate(HOURS) if cells[hour].visits]
    return [(hour, cells[hour]) for hour in HOURS[min(told) : max(told) + 1]] if told else []
