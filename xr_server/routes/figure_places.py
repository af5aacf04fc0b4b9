"""Figures of places: which landmarks visitors saw, at what hours, for how long, and where they went from there."""

from collections.abc import Mapping
from typing import Any

from xr_server.domain.figures import HIDDEN, Released, Shown, divide, rank, share
from xr_server.domain.spread import MOST_LANDMARKS, find_circulation, stay_quartiles
from xr_server.parts import parts_of
from xr_server.routes.figure_names import name_landmarks
from xr_server.routes.figure_panels import Cell, Frame, Panel, Row, offer, say_percent
from xr_server.routes.island import draw_island

HOURS = tuple(f"{hour:02}" for hour in range(24))
LEAST_DOT, MOST_DOT = 2.0, 9.0
"""Radii on the map in m, of the fewest and the most visits."""


def list_places(frame: Frame) -> list[Panel]:
    """The figures of the page of places."""
    names = name_landmarks(frame)
    here = frame.read("visits", "").get("", "here")
    seen = {part: cell for (part, _), cell in frame.read("landmark").cells.items()}
    named = {landmark: names.get(landmark, landmark) for landmark in rank(seen)}
    return [
        _landmarks(frame, named, seen, here),
        _hours(frame, named, seen),
        _stays(frame, named, seen),
        _circulation(frame, here),
        _next(frame, named, seen),
    ]


def draw_places(frame: Frame) -> dict[str, Any]:
    """The island with a spot at each landmark, as large as many visits saw it; nothing before the site is published."""
    parts, site = parts_of(frame.request), frame.place.site
    if site.id not in parts.published.snapshot.sites:
        return {"island": None}
    island = draw_island(parts.published.site(site.id, frame.language).document)
    seen = {part: cell.visits or 0 for (part, _), cell in frame.read("landmark").cells.items()}
    most = max(seen.values(), default=0) or 1
    order = sorted(seen, key=lambda landmark: (-seen[landmark], landmark))
    spots = [
        {
            "x": mark.true_x_m,
            "y": mark.true_y_m,
            "name": mark.name,
            "radius": round(LEAST_DOT + (MOST_DOT - LEAST_DOT) * (seen.get(mark.id, 0) / most) ** 0.5, 1),
            "visits": f"{seen[mark.id]:,}" if seen.get(mark.id) else frame.say("few"),
            "few": not seen.get(mark.id),
            "first": seen.get(mark.id, 0) == most,
            "place": order.index(mark.id) + 1 if seen.get(mark.id) else "",
        }
        for mark in island.marks
    ]
    return {"island": island, "spots": spots}


def _landmarks(frame: Frame, named: Mapping[str, str], seen: Mapping[str, Shown], here: Shown) -> Panel:
    told = [landmark for landmark in named if seen[landmark].visits]
    rows = [
        Row(name, (frame.number(seen[landmark]), frame.part_of(seen[landmark], here)), first=told[:1] == [landmark])
        for landmark, name in named.items()
    ]
    said = frame.say("landmarks_none")
    if told:
        part = share(seen[told[0]], here)
        said = frame.say("landmarks_sentence", landmark=named[told[0]], share=say_percent(part) if part else "–")
        if len(told) > 1:
            part = share(seen[told[-1]], here)
            said += frame.say("landmarks_least", landmark=named[told[-1]], share=say_percent(part) if part else "–")
    columns = [frame.say(key) for key in ("column_landmark", "column_visits", "column_share_here")]
    return Panel("landmarks", [said], columns, rows, "bars", offer(seen.values(), frame.window))


def _hours(frame: Frame, named: Mapping[str, str], seen: Mapping[str, Shown]) -> Panel:
    hours = frame.read("hour")
    told = sorted({atom for (_, atom), cell in hours.cells.items() if cell.visits})
    shown_hours = [hour for hour in HOURS if told and told[0] <= hour <= told[-1]]
    rows, best = [], ("", "", 0)
    for landmark, name in named.items():
        cells = hours.of(landmark)
        if not cells:
            continue
        divided = divide(seen[landmark], cells, HOURS)
        rows.append(Row(name, tuple(frame.number(divided.cells[hour]) for hour in shown_hours)))
        top = rank(cells)[0]
        best = max(best, (landmark, top, cells[top].visits or 0), key=lambda one: one[2])
    said = frame.say("hours_none")
    if best[2]:
        said = frame.say("hours_sentence", landmark=named[best[0]], hour=int(best[1]), next=int(best[1]) + 1)
    columns = [frame.say("column_landmark"), *(frame.say("hour", hour=int(hour)) for hour in shown_hours)]
    return Panel("hours", [said], columns, rows, "heat", offer(hours.cells.values(), frame.window))


def _stays(frame: Frame, named: Mapping[str, str], seen: Mapping[str, Shown]) -> Panel:
    stays = frame.read("dwell")
    rows, longest = [], ("", 0.0, "")
    for landmark, name in named.items():
        found = stay_quartiles(stays.of(landmark), seen[landmark])
        if found is None:
            if seen[landmark].visits:
                rows.append(Row(name, (*(Cell(frame.say("few"), few=True) for _ in range(3)), Cell("–"))))
            continue
        cells = [
            Cell(frame.between(one, frame.stay), round(one.value / 60, 2))
            for one in (found.low, found.middle, found.high)
        ]
        rows.append(Row(name, (*cells, Cell(f"{found.visits:,}"))))
        longest = max(longest, (name, found.middle.value, frame.stay(found.middle.value)), key=lambda one: one[1])
    said = frame.say("stays_none")
    if longest[0]:
        said = frame.say("stays_sentence", landmark=longest[0], stay=longest[2])
    rows = [Row(row.head, row.cells, row.head == longest[0]) for row in rows]
    columns = [
        frame.say(key)
        for key in ("column_landmark", "column_quarter", "column_middle", "column_three", "column_visits_in")
    ]
    return Panel("stays", [said], columns, rows, "ranges", offer(stays.cells.values(), frame.window))


def _circulation(frame: Frame, here: Shown) -> Panel:
    numbers = frame.read("circulation", "")
    found = find_circulation(numbers.of(""), here)
    atoms = [str(number) for number in range(MOST_LANDMARKS + 1)]
    divided = divide(here, numbers.of(""), atoms)
    last = max((int(atom) for atom in atoms if divided.cells[atom].visits), default=-1)
    rows = [
        Row(
            frame.say("landmarks_many" if atom == str(MOST_LANDMARKS) else "landmarks_count", count=int(atom)),
            (frame.number(divided.cells[atom]), frame.part(divided.share(atom))),
        )
        for atom in atoms[: last + 1]
    ]
    said = frame.say("circulation_none")
    if found is not None:
        shares = {"two": frame.between(found.two, say_percent), "three": frame.between(found.three, say_percent)}
        middle = frame.between(found.middle, lambda number: f"{number:.0f}")
        said = frame.say("circulation_sentence", **shares, middle=middle)
    columns = [frame.say(key) for key in ("column_landmarks", "column_visits", "column_share_here")]
    return Panel("circulation", [said], columns, rows, "columns", offer(divided.cells.values(), frame.window))


def _next(frame: Frame, named: Mapping[str, str], seen: Mapping[str, Shown]) -> Panel:
    """From each landmark (rows) to each (columns), in percent of the visits that saw the first one."""
    ways = frame.read("next")
    stops = [landmark for landmark in named if ways.of(landmark) or _leads_to(ways, landmark)]
    rows, best = [], ("", "", 0.0)
    for landmark in stops:
        cells = ways.of(landmark)
        shares = {there: share(cells.get(there, HIDDEN), seen[landmark]) for there in stops}
        few = Cell(frame.say("few"), few=True)
        rows.append(
            Row(
                named[landmark],
                tuple(
                    Cell("·") if there == landmark else few if part is None else frame.part(part)
                    for there, part in shares.items()
                ),
            )
        )
        for there, part in shares.items():
            best = max(best, (landmark, there, part or 0.0), key=lambda one: one[2])
    said = frame.say("next_none")
    if best[2]:
        said = frame.say("next_sentence", landmark=named[best[0]], there=named[best[1]], share=say_percent(best[2]))
    columns = [frame.say("column_from"), *(named[landmark] for landmark in stops)]
    return Panel("next", [said], columns, rows, "heat", offer(ways.cells.values(), frame.window))


def _leads_to(ways: Released, landmark: str) -> bool:
    return any(atom == landmark for _, atom in ways.cells)
