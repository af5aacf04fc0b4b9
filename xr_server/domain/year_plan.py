"""The year plan as a table, one row a season or a schedule: written, and read back without loss. Pure.

docs/formats.md says what each column means. A column that a file leaves out stays as it is; a cell that is empty is empty.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from xr_server.domain.calendar_import import Row, Verdict
from xr_server.domain.days import parse_range
from xr_server.domain.fields import LANGUAGES
from xr_server.domain.schedule import find_schedule_faults
from xr_server.domain.season import ByRule, DatedRule, InSeason, OnDates, Rule, Schedule, Season
from xr_server.domain.season_days import find_season_faults
from xr_server.domain.sheet import neutral, plain_cell
from xr_server.errors import DejimaError, Invalid

MOST_ROWS = 1000
MOST_COLUMNS = 60
FIELDS = {  # of a rule, by the columns that hold them
    "rrule": "rrule", "starts_on": "starts_on", "first": "first", "last": "last", "lunar_month": "month",
    "lunar_day": "day", "duration_days": "duration_days", "start_offset_days": "start_offset_days", "shifts": "shifts",
    "rule_valid_from": "valid_from", "rule_valid_until": "valid_until",
}  # fmt: skip
NUMBERS = ("lunar_month", "lunar_day", "duration_days", "start_offset_days", "rule_valid_from", "rule_valid_until")
HOURS = ("opens_at", "closes_at", "valid_from", "valid_until")
COLUMNS = (
    "experience", "days", "season", *FIELDS, "dates", "not_held", *HOURS, "weekdays", "days_off", "except_on", "exclusive",
    "former", "confidence", "landmarks", "sources",
)  # fmt: skip
RULES = ("yearly", "between", "lunar", "recurring")
OF_SEASON = (*FIELDS, "days", "dates", "not_held", "former", "confidence", "landmarks", "sources")
OF_SCHEDULE = (
    *FIELDS, "experience", "days", "season", "dates", *HOURS, "weekdays", "days_off", "except_on", "exclusive",
)  # fmt: skip
Body = Season | Schedule
Cells = Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """What is here already: seasons and schedules by kind and id, the experiences, and the languages of the site."""

    bodies: Mapping[tuple[str, str], Body]
    experiences: frozenset[str]
    landmarks: frozenset[str]
    languages: Sequence[str]


def columns_of(languages: Sequence[str]) -> tuple[str, ...]:
    """The header row for a site that speaks these languages."""
    texts = (f"{name}_{language}" for name in ("name", "note") for language in languages)
    return ("kind", "id", *texts, *COLUMNS)


def dump_plan(plan: Plan) -> Iterator[list[str]]:
    """The rows of the table, the header first; each cell such that no spreadsheet takes it for a formula."""
    columns = columns_of(plan.languages)
    yield list(columns)
    for _, body in sorted(plan.bodies.items(), key=lambda item: (item[0][0] != "season", item[0][1])):
        cells = dump_cells(body)
        yield [neutral(cells.get(column, "")) for column in columns]


def dump_cells(body: Body) -> dict[str, str]:
    """A season or a schedule as cells by their columns, without those that are empty."""
    cells = _season_cells(body) if isinstance(body, Season) else _schedule_cells(body)
    plain = {column: cell.replace("\r\n", "\n").strip() for column, cell in cells.items()}
    return {column: cell for column, cell in plain.items() if cell}


def _season_cells(season: Season) -> dict[str, str]:
    ranges = [pair for year in season.entered for pair in year.ranges]
    cells = {"kind": "season", "id": season.id, "confidence": season.confidence}
    for language, text in season.name.items():
        cells[f"name_{language}"] = text
    for language, text in season.note.items():
        cells[f"note_{language}"] = text
    cells |= {"landmarks": " ".join(season.landmarks), "sources": "\n".join(season.sources)}
    cells |= _rule_cells(season.rule)
    if isinstance(season.rule, DatedRule):
        ranges += season.rule.ranges
    if season.former:
        cells["former"] = json.dumps(msgspec.to_builtins(season.former), ensure_ascii=False)
    cells["not_held"] = " ".join(str(year.year) for year in season.entered if not year.ranges)
    return {**cells, "dates": _dump_ranges(ranges)}


def _rule_cells(rule: Rule) -> dict[str, str]:
    values = msgspec.to_builtins(rule)
    cells = {column: values[name] for column, name in FIELDS.items() if values.get(name) is not None}
    shifts = cells.pop("shifts", {})
    texts = {column: str(value) for column, value in cells.items()}
    return {**texts, "days": values["type"], "shifts": " ".join(f"{day}:{moved}" for day, moved in shifts.items())}


def _dump_ranges(ranges: Sequence[tuple[str, str]]) -> str:
    return " ".join(first if first == last else f"{first}/{last}" for first, last in sorted(ranges))


def _schedule_cells(schedule: Schedule) -> dict[str, str]:
    days = schedule.days
    cells = {"kind": "schedule", "id": schedule.id, "experience": schedule.experience}
    if isinstance(days, ByRule):
        cells |= _rule_cells(days.rule)
    else:
        cells["days"] = msgspec.to_builtins(days)["type"]
    if isinstance(days, InSeason):
        cells["season"] = days.season
    if isinstance(days, OnDates):
        cells["dates"] = _dump_ranges(days.ranges)
    cells |= {name: getattr(schedule, name) or "" for name in HOURS}
    cells |= {"weekdays": " ".join(schedule.weekdays), "except_on": _dump_ranges(schedule.except_on)}
    cells["exclusive"] = "yes" if schedule.exclusive else ""
    return {**cells, "days_off": "" if schedule.days_off == "as_others" else schedule.days_off}


def read_plan(rows: Sequence[Sequence[str]], plan: Plan) -> list[Row]:
    """What becomes of each row of a table. Raises Invalid for a table that is none of ours."""
    if not rows or not {"kind", "id"} <= {cell.strip() for cell in rows[0]}:
        raise Invalid("plan_columns", "The first row names the columns; kind and id must be among them.")
    header = [cell.strip() for cell in rows[0]]
    if len(rows) > MOST_ROWS or len(header) > MOST_COLUMNS:
        raise Invalid("plan_large", f"A table has {MOST_ROWS} rows at most.", most=str(MOST_ROWS))
    known = {"kind", "id", *COLUMNS, *(f"{name}_{one}" for name in ("name", "note") for one in LANGUAGES)}
    strange = sorted({cell for cell in header if cell and cell not in known} | _twice(header))
    if strange:
        names = ", ".join(strange)[:100]
        raise Invalid("plan_strange", f"These columns are not known, or stand there twice: {names}", names=names)
    seasons = {name for kind, name in plan.bodies if kind == "season"}
    judged: list[Row] = []
    seen: set[tuple[str, str]] = set()
    for row in rows[1:]:
        cells = {
            name: plain_cell(cell).replace("\r\n", "\n").strip()
            for name, cell in zip(header, row, strict=False)
            if name
        }
        if any(cells.values()):
            judged.append(_judge(cells, plan, seasons, seen))
            if cells.get("kind") == "season" and judged[-1].body is not None:
                seasons.add(cells["id"])
    return judged


def _twice(header: Sequence[str]) -> set[str]:
    return {cell for cell in header if cell and header.count(cell) > 1}


def _judge(cells: Cells, plan: Plan, seasons: set[str], seen: set[tuple[str, str]]) -> Row:
    key = cells.get("kind", ""), cells.get("id", "")
    title = next((cells[name] for name in cells if name.startswith("name_") and cells[name]), "") or key[1] or key[0]
    try:
        if key in seen:
            raise Invalid("plan_twice", "The same kind and id stand above; this row was left out.")
        seen.add(key)
        stored = plan.bodies.get(key)
        whole = {**dump_cells(stored), **cells} if stored is not None else dict(cells)
        body = make_body(whole)
        _check_named(body, plan, seasons)
    except DejimaError as error:
        return Row(title[:60], "refused", problem=error)
    same = stored is not None and dump_cells(body) == dump_cells(stored)
    verdict: Verdict = "new" if stored is None else "unchanged" if same else "changed"
    return Row(title[:60], verdict, stored if same else body)


def _check_named(body: Body, plan: Plan, seasons: set[str]) -> None:
    """Refuse what names something that is not here. Raises Invalid."""
    if isinstance(body, Season):
        lost = sorted(set(body.landmarks) - plan.landmarks)
        if lost:
            raise Invalid("plan_landmark", f"There is no landmark called {lost[0][:64]}.", name=lost[0][:64])
        return
    if body.experience not in plan.experiences:
        raise Invalid(
            "plan_experience", f"There is no experience called {body.experience[:64]}.", name=body.experience[:64]
        )
    if isinstance(body.days, InSeason) and body.days.season not in seasons:
        raise Invalid("plan_season", f"There is no season called {body.days.season[:64]}.", name=body.days.season[:64])


def make_body(cells: Cells) -> Body:
    """The season or schedule that a row's cells say. Raises Invalid with a sentence about the first thing amiss."""
    if cells.get("id") == "new":
        raise Invalid("plan_cell", "This row cannot be read: new is no id.", said="id: new")
    kinds: dict[str, tuple[Any, Any, tuple[str, ...]]] = {
        "season": (_season_values, Season, OF_SEASON),
        "schedule": (_schedule_values, Schedule, OF_SCHEDULE),
    }
    if cells.get("kind") not in kinds:
        raise Invalid("plan_kind", "The column kind says season or schedule.")
    make, kind, wanted = kinds[cells["kind"]]
    extra = sorted(name for name in COLUMNS if cells.get(name) and name not in wanted)
    if extra:
        raise Invalid("plan_extra", f"A {cells['kind']} has nothing to say in {extra[0]}.", column=extra[0])
    try:
        body: Body = msgspec.convert(make(cells), kind)
    except msgspec.ValidationError as error:
        said = str(error)[:150]
        raise Invalid("plan_cell", f"This row cannot be read: {said}", said=said) from error
    faults = find_season_faults(body) if isinstance(body, Season) else find_schedule_faults(body)
    for _, sentence in faults:
        raise Invalid("season_unfit", f"This season cannot be: {sentence}.", sentence=sentence)
    return body


def _season_values(cells: Cells) -> dict[str, Any]:
    texts = {
        name: {one: cells[f"{name}_{one}"] for one in LANGUAGES if cells.get(f"{name}_{one}")}
        for name in ("name", "note")
    }
    if not texts["name"]:
        raise Invalid("season_name_missing", "Give the season a name.")
    ranges, rule = _ranges(cells, "dates"), _rule(cells)
    years: dict[int, list[tuple[str, str]]] = {int(year): [] for year in _numbers(cells, "not_held")}
    if cells.get("days") == "dated":
        rule["ranges"] = ranges
    else:
        for pair in ranges:
            years.setdefault(int(pair[0][:4]), []).append(pair)
    return {
        "id": cells.get("id", ""),
        **texts,
        "rule": rule,
        "former": _former(cells),
        "entered": [{"year": year, "ranges": pairs} for year, pairs in sorted(years.items())],
        "confidence": cells.get("confidence", ""),
        "landmarks": cells.get("landmarks", "").split(),
        "sources": [line.strip() for line in cells.get("sources", "").splitlines() if line.strip()],
    }


def _rule(cells: Cells) -> dict[str, Any]:
    if cells.get("days") not in (*RULES, "dated"):
        raise Invalid("plan_days", f"The column days says what kind of days: {', '.join((*RULES, 'dated'))}.")
    rule: dict[str, Any] = {"type": cells["days"]}
    for column, name in FIELDS.items():
        text = cells.get(column, "")
        if text and column == "shifts":
            rule[name] = _shifts(text)
        elif text:
            rule[name] = _number(text, column) if column in NUMBERS else text
    return rule


def _shifts(text: str) -> dict[str, int]:
    pairs = [part.partition(":") for part in text.split()]
    return {day: _number(moved, "shifts") for day, _, moved in pairs}


def _number(text: str, column: str) -> int:
    plain = re.fullmatch(r"(-?[0-9]{1,4})(\.0)?", text)  # a spreadsheet may have made 15.0 of it
    if plain is None:
        raise Invalid(
            "plan_number", f"In {column}, {text[:20]} is not a whole number.", column=column, number=text[:20]
        )
    return int(plain[1])


def _numbers(cells: Cells, column: str) -> list[int]:
    return [_number(text, column) for text in cells.get(column, "").split()]


def _ranges(cells: Cells, column: str) -> list[tuple[str, str]]:
    """Days and ranges of them: 2027-02-05/2027-02-19 2028-02-04. Raises Invalid."""
    pairs = []
    for part in cells.get(column, "").replace(",", " ").replace(";", " ").split():
        first, _, last = part.partition("/")
        parse_range((first, last or first))
        pairs.append((first, last or first))
    return sorted(pairs)


def _former(cells: Cells) -> Any:
    try:
        return json.loads(cells.get("former") or "[]")
    except (ValueError, RecursionError) as error:
        raise Invalid("plan_former", "The column former is not as it was written; leave it as it is.") from error


def _schedule_values(cells: Cells) -> dict[str, Any]:
    days: dict[str, Any] = {"type": cells.get("days", "")}
    if days["type"] in RULES:
        days = {"type": "rule", "rule": _rule(cells)}
    elif days["type"] == "season":
        days["season"] = cells.get("season", "")
    elif days["type"] == "dates":
        days["ranges"] = _ranges(cells, "dates")
    elif days["type"] != "always":
        raise Invalid("plan_days", "The column days says always, season, dates, or the kind of a rule.")
    values: dict[str, Any] = {"id": cells.get("id", ""), "experience": cells.get("experience", ""), "days": days}
    values |= {name: cells[name] for name in HOURS if cells.get(name)}
    if cells.get("days_off"):
        values["days_off"] = cells["days_off"]
    if cells.get("exclusive", "") not in ("", "yes"):
        raise Invalid("plan_exclusive", "The column exclusive says yes, or nothing.")
    values["exclusive"] = cells.get("exclusive") == "yes"
    return {**values, "weekdays": cells.get("weekdays", "").split(), "except_on": _ranges(cells, "except_on")}


def parse_csv(text: str) -> list[list[str]]:
    """The rows of a CSV, separated by commas, semicolons or tabs as its first line is. Raises Invalid."""
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    head = lines[0] if lines else ""
    delimiter = max(",;\t", key=head.count)
    try:
        return [row for row in csv.reader(lines, delimiter=delimiter, strict=True) if any(row)]
    except csv.Error as error:
        raise Invalid("plan_unreadable", "This is no table as spreadsheets write it (CSV).") from error
