"""Surveyors' tables cell by cell: what they call their columns, what is wrong in which one, and what is only odd."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.samples import SITE
from xr_server.domain.survey_table import Around, Reading, decode_table, read_table, unproject_plane
from xr_server.errors import Invalid

SEA = replace(SITE, geoid_m=32.0)
AROUND = Around(SEA, frozenset({"water-gate"}), date(2026, 12, 1), frozenset({"old-post"}))
CSV = "id,lat,lon,h,accuracy,date,by,name\npost-1,32.74400,129.87200,34.6,0.02,2026-11-30,Sato,柱\n"


def read(text=CSV, reading=None, around=AROUND):
    return read_table(text, reading or Reading(), around)


def only(table):
    (row,) = table.rows
    return row


def test_a_sound_line_is_a_point():
    point = only(read()).point
    assert (point.id, point.lat, point.lon, point.h) == ("post-1", 32.744, 129.872, 34.6)
    assert (point.accuracy_m, point.surveyed_on, point.author, point.name) == (0.02, "2026-11-30", "Sato", {"ja": "柱"})
    assert read().is_sound


@pytest.mark.parametrize(
    "text",
    [
        CSV.replace(",", "\t"),
        CSV.replace(",", ";"),
        "\ufeff" + CSV.replace("\n", "\r\n") + ",,,,,,,\r\n",
        CSV.replace("post-1", "Post_1").replace("2026-11-30", "2026年11月30日"),
        CSV.replace("2026-11-30", "2026/11/30").replace("32.74400", "３２．７４４"),
        "測点名,緯度,経度,楕円体高（m）,精度(m),測量日,測量者,名称\n" + CSV.splitlines()[1],
        "Point,Latitude,Longitude,Height,Accuracy_m,surveyed_on,Author,name_ja\n" + CSV.splitlines()[1],
    ],
)
def test_columns_are_known_by_many_names_and_cells_in_many_ways(text):
    assert only(read(text)).point == only(read()).point


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_files_are_read_as_spreadsheets_write_them(encoding):
    assert only(read(decode_table(CSV.encode(encoding)))).point == only(read()).point


def test_what_is_no_text_is_refused():
    with pytest.raises(Invalid, match="UTF-8"):
        decode_table(b"\x89PNG\r\n\x1a\n\xff\xff")


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("post-1", "基準点１", [("id", "id_unusable")]),
        ("post-1", "", [("id", "id_unusable")]),
        ("post-1", "old-post", [("id", "id_taken")]),
        ("32.74400,129.87200", "129.87200,32.74400", [("lat", "swapped"), ("lon", "swapped")]),
        ("32.74400", "35.6", [("lat", "far")]),
        ("32.74400", "north", [("lat", "number")]),
        ("32.74400", "132.744", [("lat", "far")]),
        ("34.6", "2.6", [("h", "above_sea")]),
        ("34.6", "", [("h", "number")]),
        ("34.6", "inf", [("h", "number")]),
        ("0.02", "0", [("accuracy_m", "accuracy")]),
        ("0.02", "good", [("accuracy_m", "accuracy")]),
        ("2026-11-30", "2026-12-02", [("surveyed_on", "future")]),
        ("2026-11-30", "2026-02-30", [("surveyed_on", "date")]),
        ("2026-11-30", "yesterday", [("surveyed_on", "date")]),
        ("Sato", "", [("author", "author")]),
    ],
)
def test_a_slip_names_its_column(before, after, found):
    row = only(read(CSV.replace(before, after, 1)))
    assert row.point is None
    assert [(slip.column, slip.code) for slip in row.slips] == found


def test_every_slip_of_a_line_is_told_at_once_and_other_lines_stay_sound():
    table = read(
        CSV + "post-1,129.872,32.744,2.6,0,2030-01-01,,\npost-2,32.744,129.8721,34.6,0.02,2026-11-30,Sato,柱\n"
    )
    assert [row.line for row in table.rows] == [2, 3, 4]
    assert [slip.code for slip in table.rows[1].slips] == [
        "id_twice", "swapped", "swapped", "above_sea", "accuracy", "future", "author",
    ]  # fmt: skip
    assert [slip.code for slip in table.rows[0].slips] == ["id_twice"]
    assert [point.id for point in table.points] == ["post-2"] and not table.is_sound


def test_heights_above_the_sea_get_what_lies_between_when_somebody_says_so():
    row = only(read(CSV.replace("34.6", "2.6"), Reading(above_sea=True)))
    assert row.point.h == 34.6
    assert [(doubt.code, doubt.said["geoid"]) for doubt in row.doubts] == [("sea_added", "32")]
    said = CSV.replace(",h,", ",標高,").replace("34.6", "2.6")
    assert only(read(said)).point.h == 34.6
    unknown = read(said, around=Around(SITE, AROUND.landmarks, AROUND.today))
    assert [slip.code for slip in only(unknown).slips] == ["no_geoid"]


def test_a_point_without_a_name_is_called_by_its_id_and_a_rough_one_is_told():
    row = only(read(CSV.replace("柱", "").replace("0.02", "4")))
    assert row.point.name == {"ja": "post-1"}
    assert [doubt.code for doubt in row.doubts] == ["name_missing", "rough"]


# 32.744, 129.872 as pyproj puts it into system I (EPSG 6668 to 6669)
PLANE = "点名,X座標,Y座標,標高,精度,測量日,測量者,名称\npost-1,-28326.907,34861.260,2.6,0.02,2026-11-30,Sato,柱\n"


def test_plane_rectangular_places_are_x_north_and_y_east():
    point = only(read(PLANE)).point
    assert (point.lat, point.lon, point.h) == (pytest.approx(32.744, abs=1e-8), pytest.approx(129.872, abs=1e-8), 34.6)
    turned = PLANE.replace("-28326.907,34861.260", "34861.260,-28326.907")
    assert {slip.code for slip in only(read(turned)).slips} == {"swapped"}
    assert [slip.code for slip in only(read(PLANE, Reading(system=2))).slips] == ["system"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "table_empty"),
        (CSV.splitlines()[0], "table_empty"),
        (CSV.replace(",h,", ",up,"), "table_columns"),
        (CSV.replace("lat,", "X,"), "table_columns"),
        (CSV.replace(",by,", ",date,"), "table_twice"),
        (CSV + '"' + "x" * 200_000, "table_broken"),
        (CSV + CSV.splitlines()[1] + "\n" + "a,1\n" * 1001, "table_long"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(text, code):
    with pytest.raises(Invalid) as refused:
        read(text)
    assert refused.value.code == code


def test_columns_that_say_nothing_are_named():
    assert read(CSV.replace("name\n", "name,crew\n").replace("柱\n", "柱,3\n")).ignored == ("crew",)


PIECES = st.sampled_from(["id", "lat", "h", ",", ";", "\n", "\r", '"', "1", "-", "nan", "1e400", "x", " ", "\t", "\0"])


@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=40).map("".join)))
def test_any_text_is_taken_or_refused(text):
    try:
        table = read(CSV.splitlines()[0] + "\n" + text)
    except Invalid as refusal:
        assert refusal.text
    else:
        assert all((row.point is None) == bool(row.slips) for row in table.rows)


@given(st.floats(-1e308, 1e308), st.floats(-1e308, 1e308), st.integers(1, 19))
def test_no_plane_place_breaks_anything(x_m, y_m, system):
    place = unproject_plane(x_m, y_m, system)
    assert place is None or all(abs(value) <= 360 for value in place)
