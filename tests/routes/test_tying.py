"""The page that ties a scan to survey points, and the one that holds its size against a known length."""

import re

import pytest

from asset_pipeline.geopose import Position, enu_to_geodetic
from tests.routes.forms import fields_of, submit
from xr_server.domain.survey import Survey, SurveyPoint
from xr_server.storage.catalog import Name, load_record

HERE = Position(32.7437, 129.8723, 36.0)
# corners of the model (its box is 4 by 4 by 5 m) where a model facing north at HERE has them
CORNERS = {"left": (-2.0, 0.0, 2.0), "right": (2.0, 0.0, 2.0), "ridge": (2.0, 5.0, -2.0), "back": (-2.0, 0.0, -2.0)}


def point(name, **moved_m):
    x, y, z = CORNERS[name]
    place = enu_to_geodetic((x + moved_m.get("east", 0), -z, y), HERE)
    facts = {"accuracy_m": 0.02, "surveyed_on": "2026-11-20", "author": "Sato", "landmark": "water-gate"}
    return SurveyPoint(id=f"gate-{name}", name={"en": f"{name} post"}, lat=place.lat, lon=place.lon, h=place.h, **facts)


@pytest.fixture
def survey(world):
    points = [point(name, east=1.0 if name == "ridge" else 0) for name in CORNERS]
    world.publish(Survey(id="november", points=points))


def columns(*names):
    typed = {"point": [f"gate-{name}" for name in names]}
    return typed | {axis: [f"{CORNERS[name][i]:g}" for name in names] for i, axis in enumerate("xyz")}


def send(client, scan, step, html="", **typed):
    path = f"/studio/scans/{scan.id}/ties"
    html = html or client.get(path).text
    fields = {name: [] for name in ("point", "x", "y", "z")} | typed
    return submit(client, html, path, step=step, **fields)


def node_of(world, scan):
    return load_record(world.catalog, Name("dejima", "scene", scan.scene_id)).body.nodes[0]


def test_typed_ties_say_how_they_fit_before_anything_is_saved_and_are_saved_then(world, kana, scan, survey):
    tried = send(kana, scan, "try", **columns("left", "right", "back"))
    assert tried.status_code == 200 and "Good to 0.02 m" in tried.text and "Not saved yet" in tried.text
    assert tried.text.count('<th scope="row">') == 3
    assert node_of(world, scan).ties == []
    saved = send(kana, scan, "save", tried.text, **columns("left", "right", "back"))
    assert saved.headers["location"] == f"/studio/scans/{scan.id}/ties?done=tied"
    assert [tie.point for tie in node_of(world, scan).ties] == ["gate-left", "gate-right", "gate-back"]
    page = kana.get(saved.headers["location"]).text
    assert "Saved. Once published" in page and "Not saved yet" not in page
    place = kana.get(f"/studio/scans/{scan.id}/place").text
    assert "Survey points say where this model stands" in place
    assert send(kana, scan, "save").status_code == 303  # all rows empty
    assert node_of(world, scan).ties == []


def test_the_point_that_agrees_least_is_named_with_what_is_left_without_it(kana, scan, survey):
    page = send(kana, scan, "try", **columns("left", "right", "ridge", "back")).text
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>.*?<td>([^<]*)</td></tr>', page, re.DOTALL)
    assert [name.split(" post")[0] for name, _ in rows] == ["left", "right", "ridge", "back"]
    assert ["agrees least" in name for name, _ in rows] == [False, False, True, False]
    assert float(rows[2][1]) < 0.01 < float(rows[0][1])
    assert "smaller than what was measured" in page  # the point stands a metre too far out
    arrows = re.search(r'id="fit-arrows">(.*?)</script>', page)[1]
    assert arrows.count("]],[[") == 3


def test_a_row_that_cannot_be_taken_says_why_and_nothing_is_lost_or_saved(world, kana, scan, survey):
    typed = {"point": ["gate-left", "", "gate-left"], "x": ["-2", "1", "9"], "y": ["0", "", "0"], "z": ["2", "", "2"]}
    answer = send(kana, scan, "save", **typed)
    assert answer.status_code == 400 and "Some rows cannot be taken" in answer.text
    assert "Choose a survey point, or leave" in answer.text and "more than 1 m outside" in answer.text
    stand = [value for name, value in fields_of(answer.text, f"/studio/scans/{scan.id}/ties") if name == "x"]
    assert stand[:3] == ["-2", "1", "9"]
    assert node_of(world, scan).ties == []


def test_another_row_is_offered_and_what_was_typed_stays(kana, scan, survey):
    page = send(kana, scan, "row", **columns("left", "right", "back")).text
    fields = fields_of(page, f"/studio/scans/{scan.id}/ties")
    assert [value for name, value in fields if name == "x"] == ["-2", "2", "-2", "", ""]


def test_two_windows_never_overwrite_each_others_ties_unseen(world, kana, scan, survey):
    old = kana.get(f"/studio/scans/{scan.id}/ties").text
    send(kana, scan, "save", **columns("left", "right"))
    answer = send(kana, scan, "save", old, **columns("left", "back"))
    assert answer.status_code == 409 and "right post: 2, 0, 2" in answer.text
    assert [tie.point for tie in node_of(world, scan).ties] == ["gate-left", "gate-right"]
    assert send(kana, scan, "save", answer.text, **columns("left", "back")).status_code == 303
    assert [tie.point for tie in node_of(world, scan).ties] == ["gate-left", "gate-back"]


def test_without_a_survey_the_page_says_so_and_strangers_see_nothing(world, kana, scan):
    path = f"/studio/scans/{scan.id}/ties"
    assert "There are no survey points yet" in kana.get(path).text
    assert world.sign_in("haru").get(path).status_code == 404


def ask(client, scan, **typed):
    values = {"a_x": "-2", "a_y": "0", "a_z": "2", "b_x": "2", "b_y": "0", "b_z": "2", **typed}
    return client.get(f"/studio/scans/{scan.id}/scale", params=values)


@pytest.mark.parametrize(
    ("real", "said"),
    [
        ("4.01", "It is off by 0.2 %: that fits."),
        ("4.1", "The model is 2.4 % too small."),
        ("3", "The model is 33.3 % too large."),
        ("0.04", "The file seems to be in centimetres, but was read as metres."),
    ],
)
def test_a_known_length_says_whether_the_size_is_right_and_what_to_do(kana, scan, real, said):
    answer = ask(kana, scan, real_m=real)
    assert answer.status_code == 200 and said in answer.text
    said_then = answer.text.partition("scale-said")[2]
    assert ("Send a scan" in said_then) is (real == "3")
    assert (f"/studio/scans/{scan.id}/rebuild?unit=cm" in said_then) is (real == "0.04")


def test_what_is_no_length_is_said_and_stays_in_the_form(kana, scan):
    answer = ask(kana, scan, real_m="long")
    assert answer.status_code == 400 and "number of metres above 0" in answer.text and 'value="long"' in answer.text
    assert ask(kana, scan, real_m="2", a_x="").status_code == 400
    assert "too large" not in kana.get(f"/studio/scans/{scan.id}/scale").text
