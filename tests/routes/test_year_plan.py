"""The year plan in a spreadsheet: out and in again without loss, each row judged by itself, and nothing computed in it."""

import io
import json
import zipfile
from datetime import date
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from openpyxl import Workbook, load_workbook

from tests.routes.forms import fields_of, fill, submit
from tests.routes.test_calendar import MADE, PLANS
from tests.routes.visitor_world import fill_site, words_of
from xr_server.domain.days import Window
from xr_server.domain.season import (
    Always,
    ByRule,
    DatedRule,
    EnteredYear,
    RecurringRule,
    Schedule,
    Season,
    YearlyRule,
)
from xr_server.domain.season_days import season_ranges
from xr_server.domain.sheet import dump_row, neutral, plain_cell
from xr_server.domain.year_plan import Plan, dump_cells, dump_plan, make_body, parse_csv, read_plan
from xr_server.routes.spreadsheets import read_workbook, write_workbook
from xr_server.storage.catalog import Change, Name, load_record, save_record

PATH = "/desk/exchange"
FILES = Path(__file__).parent.parent.parent / "content" / "dejima"
ODD = Season(
    id="odd",
    name={"ja": "=1+1", "en": "'=quoted'", "ko": "-10+20"},
    note={"en": 'A "note";\twith,\nlines', "ja": "@SUM(1+1)*cmd|' /C calc'!A0"},
    rule=YearlyRule(rrule="FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=27", shifts={"SU": -1, "SA": 2}, start_offset_days=-3),
    former=[YearlyRule(rrule="FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=30", duration_days=2, valid_until=2013)],
    entered=[EnteredYear(year=2027, ranges=[("2027-04-26", "2027-04-28")]), EnteredYear(year=2028)],
    confidence="+high",
    landmarks=["megane"],
    sources=["a, b", "=c"],
)
SCHEDULES = [
    *(replace(schedule, id=f"plan-{number}") for number, schedule in enumerate(PLANS.values())),
    Schedule(id="always", experience="walk", days=Always(), opens_at="sunset", closes_at="21:00", days_off="also"),
    Schedule(
        id="odd",
        experience="walk",
        days=ByRule(rule=RecurringRule(rrule="FREQ=WEEKLY;BYDAY=SA", starts_on="2027-01-02")),
        weekdays=["SA"],
        valid_from="2027-01-01",
        valid_until="2027-12-31",
    ),
]


def bundled() -> list[Season]:
    found = json.loads((FILES / "seasons.json").read_text(encoding="utf-8"))
    made = [replace(season, name={"en": season.id}) for season in MADE.values()]
    return [*(msgspec.convert({**one, "name": {"ja": one["id"]}}, Season) for one in found), *made, ODD]


def plan_of(*bodies: Season | Schedule) -> Plan:
    named = {("season" if isinstance(body, Season) else "schedule", body.id): body for body in bodies}
    landmarks = {name for body in bodies if isinstance(body, Season) for name in body.landmarks}
    return Plan(named, frozenset({"walk"}), frozenset(landmarks), ("ja", "en", "ko"))


FULL = plan_of(*bundled(), *SCHEDULES)


@pytest.mark.parametrize("body", FULL.bodies.values(), ids=lambda body: body.id)
def test_a_row_says_all_of_a_season_or_a_schedule(body):
    again = make_body(dump_cells(body))
    assert dump_cells(again) == dump_cells(body)
    if isinstance(body, Schedule):
        assert again == body
    else:
        window = Window(date(2024, 1, 1), date(2031, 12, 31))
        assert season_ranges(again, window) == season_ranges(body, window)
        assert (again.name, again.former, again.sources) == (body.name, body.former, body.sources)


def csv_of(plan: Plan) -> str:
    return "\ufeff" + "".join(dump_row(plain_cell(cell) for cell in row) for row in dump_plan(plan))


@pytest.mark.parametrize("way", ["csv", "semicolons", "xlsx"])
def test_a_plan_that_goes_out_and_comes_in_changes_nothing(way):
    if way == "xlsx":
        rows = read_workbook(write_workbook(list(dump_plan(FULL)), "plan"))
        rows = parse_csv("".join(dump_row(row) for row in rows))
    else:
        rows = parse_csv(csv_of(FULL) if way == "csv" else semicolons(FULL))
    judged = read_plan(rows, FULL)
    assert {row.verdict for row in judged} == {"unchanged"} and len(judged) == len(FULL.bodies)
    elsewhere = Plan({}, FULL.experiences, FULL.landmarks, FULL.languages)
    taken = {row.body.id + type(row.body).__name__: row.body for row in read_plan(rows, elsewhere) if row.body}
    assert {name: dump_cells(body) for name, body in taken.items()} == {
        body.id + type(body).__name__: dump_cells(body) for body in FULL.bodies.values()
    }


def semicolons(plan: Plan) -> str:
    return "".join(";".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\r\n" for row in dump_plan(plan))


def test_no_cell_is_a_formula_on_either_way():
    for cell in (cell for row in dump_plan(FULL) for cell in row):
        assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    book = load_workbook(io.BytesIO(write_workbook(list(dump_plan(FULL)), "plan")))
    assert {cell.data_type for row in book.worksheets[0].iter_rows() for cell in row} <= {"s", "n"}
    for text in ("=1", " =1", "'=1", "''", "'", "a", "", "-", "\t=", "'a", "@"):
        assert plain_cell(neutral(text)) == text


WRONG = {
    "a kind nobody knows": ({"kind": "festival"}, "season or schedule"),
    "no name": ({"name_en": ""}, "Give the season a name"),
    "31 February": ({"dates": "2027-02-31"}, "date"),
    "an end before its start": ({"dates": "2027-05-02/2027-05-01"}, "lies before"),
    "a landmark nobody knows": ({"landmarks": "moon"}, "no landmark called moon"),
    "a number that is none": ({"duration_days": "a"}, "not a whole number"),
    "a rule for every second": ({"days": "yearly", "dates": "", "rrule": "FREQ=SECONDLY"}, "not by the hour"),
    "a rule that never matches": (
        {"days": "yearly", "dates": "", "rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31"},
        "never comes",
    ),
    "an id that is none": ({"id": "Not An Id"}, "cannot be read"),
    "hours of a season": ({"opens_at": "18:00"}, "nothing to say in opens_at"),
    "the name of a page": ({"id": "new"}, "cannot be read"),
}


@pytest.mark.parametrize(("changes", "said"), WRONG.values(), ids=WRONG)
def test_a_row_that_cannot_be_taken_says_why_and_the_others_are_taken(changes, said):
    good = {"kind": "season", "id": "ships", "name_en": "Ships", "days": "dated", "dates": "2027-05-01/2027-05-03"}
    columns = sorted({*good, *changes, "note_en"})
    wrong = {**good, "id": "wrong", **changes}
    rows = [columns, *([row.get(column, "") for column in columns] for row in (good, wrong, {**good, "id": "last"}))]
    judged = read_plan(rows, plan_of())
    assert [row.verdict for row in judged] == ["new", "refused", "new"]
    assert judged[1].problem is not None and said in judged[1].problem.text


@pytest.fixture
def sato(world):
    fill_site(world)
    return world.sign_in("sato")


def upload(client, data: bytes, name: str):
    values = fill(fields_of(client.get(PATH).text, PATH), step="preview", lang="en")
    return client.post(PATH, data=values, files={"file": (name, data, "application/octet-stream")})


def changed(data: bytes, change) -> bytes:
    book = load_workbook(io.BytesIO(data))
    change(book.worksheets[0])
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def columns_by_name(sheet) -> dict[str, int]:
    return {cell.value: cell.column for cell in sheet[1]}


@pytest.mark.parametrize("name", ["plan.csv", "plan.xlsx"])
def test_what_is_downloaded_comes_back_as_it_stands(world, sato, name):
    answer = sato.get(f"/desk/exchange/{name}")
    assert answer.status_code == 200 and f'filename="dejima-{name}"' in answer.headers["content-disposition"]
    page = upload(sato, answer.content, name)
    assert page.status_code == 200 and "New: 0. Changed: 0. As before: 2." in words_of(page.text)


def test_a_plan_changed_in_a_spreadsheet_is_seen_saved_and_taken_back(world, sato):
    def change(sheet) -> None:
        at = columns_by_name(sheet)
        for row in sheet.iter_rows(min_row=2):
            if row[1].value == "year-end":
                row[at["name_en"] - 1].value = "The end of the year"
                row[at["duration_days"] - 1].value = 10  # as a number, as people type it
            else:
                row[at["closes_at"] - 1].value = "22:00"
        sheet.append(
            {
                at["kind"]: "season",
                at["id"]: "ships",
                at["name_en"]: "Ships",
                at["days"]: "dated",
                at["dates"]: "2027-05-01",
            }
        )

    page = upload(sato, changed(sato.get("/desk/exchange/plan.xlsx").content, change), "plan.xlsx")
    assert "New: 1. Changed: 2. As before: 0. Cannot be taken: 0." in words_of(page.text)
    assert "18:00" in page.text and "22:00" in page.text
    done = submit(sato, page.text, PATH, step="save")
    assert done.status_code == 303

    def read(kind: str, name: str):
        return load_record(world.catalog, Name("dejima", kind, name))

    season, schedule = read("season", "year-end"), read("schedule", "evenings")
    assert season.body.name == {"ja": "年の瀬", "en": "The end of the year"} and season.body.rule.duration_days == 10
    assert schedule.body.closes_at == "22:00" and read("season", "ships").body.rule == DatedRule(
        ranges=[("2027-05-01", "2027-05-01")]
    )
    assert {read("season", "year-end").state, read("schedule", "evenings").state} == {"draft"}
    assert season.published_revision == 1
    submit(sato, sato.get(done.headers["location"]).text, "/desk/exchange/undo")
    season = read("season", "year-end")
    assert season.body.name["en"] == "Year's end" and (season.state, season.published_revision) == (
        "published",
        season.revision,
    )
    assert sato.get("/desk/seasons/ships").status_code == 404


def test_a_formula_in_a_workbook_is_not_computed(world, sato):
    def change(sheet) -> None:
        sheet.cell(2, columns_by_name(sheet)["note_en"]).value = '=WEBSERVICE("https://example.com")'

    page = upload(sato, changed(sato.get("/desk/exchange/plan.xlsx").content, change), "plan.xlsx")
    assert page.status_code == 400 and "Row 2 holds a formula" in page.text


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", b"0" * 40_000_000)
    return packed.getvalue()


def wide() -> bytes:
    book = Workbook()
    book.active.append(["kind", "id", *range(100)])
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


NO_PLAN = {
    "a bomb": (bomb(), "too large once it is unpacked"),
    "a zip of something else": (bomb()[:1000], "This is no table"),
    "too many columns": (wide(), "1000 rows at most"),
    "unknown columns": (b"kind,id,formula\r\nseason,a,b\r\n", "These columns are not known"),
    "a table of something else": (b'landmark,comment\nmizumon,"=cmd"\n', "kind and id must be among them"),
    "a quote without an end": (b'kind,id\n"season,a\n', "This is no table"),
    "too many rows": (b"kind,id\n" + b"season,a\n" * 1001, "1000 rows at most"),
    "letters of another table": ("kind,id\nseason,é".encode("latin-1"), "not in UTF-8"),
}


@pytest.mark.parametrize(("data", "said"), NO_PLAN.values(), ids=NO_PLAN)
def test_what_is_no_plan_is_refused_with_a_sentence(world, sato, data, said):
    page = upload(sato, data, "plan.xlsx")
    assert page.status_code == 400 and said in page.text


def test_two_people_with_one_plan_overwrite_nothing(world, sato):
    csv = sato.get("/desk/exchange/plan.csv").content.replace(b"Year's end", b"End of year")
    page = upload(sato, csv, "plan.csv")
    held = load_record(world.catalog, Name("dejima", "season", "year-end"))
    save_record(
        world.catalog, "dejima", replace(held.body, note={"en": "Theirs."}), held.revision, Change(world.clock())
    )
    answer = submit(sato, page.text, PATH, step="save")
    assert answer.status_code == 409
    now = load_record(world.catalog, Name("dejima", "season", "year-end")).body
    assert isinstance(now, Season) and now.note == {"en": "Theirs."} and now.name["en"] == "Year's end"
