"""Figures held side by side: the months of a year, the seasons of the plan, the experiences."""

from collections.abc import Mapping
from datetime import date, timedelta

from xr_server.domain.days import Window
from xr_server.domain.figures import HIDDEN, Block, Shown, add, change, sum_in
from xr_server.domain.period import count_days, month_windows
from xr_server.domain.spread import levelling
from xr_server.parts import parts_of
from xr_server.routes.figure_names import list_seasons_of, name_experiences
from xr_server.routes.figure_panels import Cell, Frame, Panel, Row, offer
from xr_server.routes.pages import load_texts
from xr_server.storage.figures import load_blocks


def list_seasons(frame: Frame) -> list[Panel]:
    """The figures of the page of comparisons; months and seasons are those of the year that ends with the days chosen."""
    year = year_until(frame.window.until_on)
    blocks = load_blocks(
        parts_of(frame.request).events,
        frame.session.site_id,
        "visits",
        Window(_year_before(year.from_on), year.until_on),
        ("", "here"),
    )
    return [_months(frame, blocks, year), _seasons(frame, blocks, year), _experiences(frame)]


def year_until(until_on: date) -> Window:
    """The twelve calendar months before a day and the days of its own month."""
    first = until_on.replace(day=1)
    return Window(_year_before(first), until_on)


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=min(day.day, 28) if day.month == 2 else day.day)


def _months(frame: Frame, blocks: list[Block], year: Window) -> Panel:
    last = Window(year.from_on, _end_of_month(year.until_on))
    months = [month for month in month_windows(last) if month.until_on <= year.until_on]
    numbers = [sum_in(blocks, month) for month in months]
    before = [sum_in(blocks, _month_before(month)) for month in months]
    best = max(range(len(months)), key=lambda at: numbers[at].visits or 0, default=-1)
    rows = [
        Row(
            _say_month(frame, month),
            (
                frame.number(number),
                frame.number(then),
                frame.change(change(number, then)),
            ),
            first=at == best and bool(number.visits),
            days=month,
        )
        for at, (month, number, then) in enumerate(zip(months, numbers, before, strict=True))
    ]
    told = [number.visits for number in numbers if number.visits is not None]
    uneven = levelling(told)
    said = [frame.say("months_none")]
    if uneven is not None and rows[best].first:
        said = [
            frame.say("months_sentence", month=rows[best].head, count=rows[best].cells[0].text),
            frame.say("months_levelling", value=f"{uneven:.2f}", months=len(told)),
        ]
    keys = ("column_month", "column_visits", "column_year_whole", "column_change")
    return Panel("months", said, [frame.say(key) for key in keys], rows, "months")


def _end_of_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _month_before(month: Window) -> Window:
    first = _year_before(month.from_on)
    return Window(first, _end_of_month(first))


def _say_month(frame: Frame, month: Window) -> str:
    name = load_texts(frame.language)["visitor.ui.months"].split(" ")[month.from_on.month - 1]
    year = month.from_on.year
    return f"{year}年{name}月" if frame.language == "ja" else f"{name} {year}"


def _seasons(frame: Frame, blocks: list[Block], year: Window) -> Panel:
    whole = sum_in(blocks, year)
    usual = _a_day(whole, year)
    rows = []
    for name, parts in list_seasons_of(frame, year):
        number = add(sum_in(blocks, part) for part in parts)
        days = sum(count_days(part) for part in parts)
        each = None if number.visits is None else number.visits / days
        against = None if each is None or not usual else each / usual - 1
        rows.append(
            Row(
                name,
                (
                    Cell(f"{days:,}"),
                    frame.number(number),
                    Cell(frame.say("few"), few=True) if each is None else Cell(f"{each:,.0f}", round(each, 1)),
                    frame.change(against),
                ),
            )
        )
    rows.sort(key=lambda row: -(row.cells[2].value or 0))
    rows = [Row(row.head, row.cells, at == 0 and bool(row.cells[2].value)) for at, row in enumerate(rows)]
    said = frame.say("seasons_none")
    if rows and rows[0].first and rows[0].cells[3].value is not None:
        said = frame.say("seasons_sentence", season=rows[0].head, change=rows[0].cells[3].text)
    keys = ("column_season", "column_day_count", "column_visits", "column_a_day", "column_against")
    return Panel("seasons", [said], [frame.say(key) for key in keys], rows, "bars", drawn=2)


def _a_day(shown: Shown, window: Window) -> float | None:
    return None if shown.visits is None else shown.visits / count_days(window)


def _experiences(frame: Frame) -> Panel:
    names, reached = name_experiences(frame), _read_looks(frame)
    rows = [_experience_row(frame, names.get(one, one), reached.get(one, {})) for one in {**names, **reached}]
    rows.sort(key=lambda row: -(row.cells[0].value or 0))
    rows = [Row(row.head, row.cells, at == 0 and bool(row.cells[0].value)) for at, row in enumerate(rows)]
    said = frame.say("looked_none")
    if rows and rows[0].first:
        said = frame.say("looked_sentence", experience=rows[0].head, count=rows[0].cells[0].text)
    keys = ("looked_here", "looked_here_done", "looked_home", "looked_home_done", "column_finished")
    columns = [frame.say("column_experience"), *(frame.say(key) for key in keys)]
    every = [shown for looks in reached.values() for shown in looks.values()]
    return Panel("looked", [said], columns, rows, "pairs", offer(every, frame.window))


def _read_looks(frame: Frame) -> dict[str, dict[tuple[str, str], Shown]]:
    """Visits that opened each experience and that saw it to the end in any way, by (here or home, opened or completed)."""
    opened, looked, funnel = (frame.read(figure) for figure in ("opened", "looked", "funnel"))
    found: dict[str, dict[tuple[str, str], Shown]] = {}
    for part in opened.parts:
        place, _, experience = part.partition("/")
        ends = [looked.get(part, "completed")] + ([funnel.get(experience, "completed")] if place == "here" else [])
        found.setdefault(experience, {})[place, "opened"] = opened.get(part, "opened")
        found[experience][place, "completed"] = add(ends)
    return found


def _experience_row(frame: Frame, name: str, looks: Mapping[tuple[str, str], Shown]) -> Row:
    numbers = [[looks.get((place, look), HIDDEN) for look in ("opened", "completed")] for place in ("here", "home")]
    cells = [frame.number(number) for pair in numbers for number in pair]
    opened, completed = (add(pair[at] for pair in numbers) for at in (0, 1))
    return Row(name, (*cells, frame.part_of(completed, opened)))
