"""Surveyors' tables brought in at the desk: shown with every slip first, then stored, published, and undone."""

import re

import pytest
from msgspec.structs import replace

from tests.routes.forms import fields_of, fill, submit
from tests.samples import SITE, add_package, make_scene
from xr_server.domain.survey import Tie
from xr_server.errors import NotFound
from xr_server.storage import catalog as storage
from xr_server.storage.catalog import Change, Name, load_record, save_record

PATH = "/desk/surveys"
HEAD = "点名,緯度,経度,楕円体高,精度,測量日,測量者,名前,landmark\n"
LINES = (
    "post-1,32.7437000,129.8722800,36.0,0.02,2026-11-20,佐藤測量,南の柱,water-gate\n",
    "post-2,32.7437000,129.8723213,36.0,0.02,2026-11-20,佐藤測量,北の柱,water-gate\n",
)
CSV = HEAD + "".join(LINES)


@pytest.fixture
def sato(world):
    return world.sign_in("sato")


def read(client, text=CSV, **typed):
    typed = {"survey": "november", **typed}
    return submit(client, client.get(PATH).text, PATH, step="preview", table=text, **typed)


def upload(client, data):
    values = fill(fields_of(client.get(PATH).text, PATH), step="preview", survey="november")
    return client.post(PATH, data=values, files={"file": ("points.csv", data, "text/csv")})


def stored(world, survey_id="november"):
    return load_record(world.catalog, Name("dejima", "survey", survey_id))


def published(world):
    world.app.state.parts.published.refresh()
    document = world.visitor().get("/api/v1/sites/dejima?lang=ja").json()
    return [point["id"] for point in document["survey_points"]]


def test_a_table_is_shown_first_and_then_stored_and_published_and_undone(world, sato):
    shown = read(sato)
    assert shown.status_code == 200 and "Each of them is a point." in shown.text
    assert published(world) == []
    saved = submit(sato, shown.text, PATH, step="save")
    assert saved.status_code == 303
    assert published(world) == ["post-1", "post-2"]
    point = stored(world).body.points[0]
    assert (point.name, point.author, point.landmark) == ({"ja": "南の柱"}, "佐藤測量", "water-gate")
    page = sato.get(saved.headers["location"]).text
    assert "The points are published" in page and "november" in page
    undone = submit(sato, page, "/desk/surveys/undo")
    assert undone.headers["location"] == "/desk/surveys?done=undone"
    assert published(world) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_file_is_read_as_spreadsheets_write_it_and_carried_along(world, sato, encoding):
    shown = upload(sato, CSV.encode(encoding))
    assert "Each of them is a point." in shown.text and "南の柱" in shown.text
    assert submit(sato, shown.text, PATH, step="save").status_code == 303
    assert len(stored(world).body.points) == 2


@pytest.mark.parametrize(
    ("data", "said"), [(b"\x89PNG\r\n\x1a\n", "no text in UTF-8"), (b"x" * 600_000, "512 kB at most")]
)
def test_a_file_that_is_no_table_is_refused(sato, data, said):
    answer = upload(sato, data)
    assert answer.status_code == 400 and said in answer.text


def test_every_slip_stands_in_its_cell_and_nothing_can_be_stored(world, sato):
    wrong = "post-1,129.87228,32.7437,2.6,0.02,2031-01-01,,柱,bell-tower\n"
    shown = read(sato, CSV + wrong)
    assert shown.status_code == 200 and "2 of them cannot be taken" in shown.text
    for said in (
        "post-1 stands in the table twice", "seem to be exchanged", "looks like a height above the sea", "still to come",
        "Say who measured", "no such landmark",
    ):  # fmt: skip
        assert said in shown.text
    assert 'value="save"' not in shown.text
    forced = submit(sato, shown.text, PATH, step="save")
    assert forced.status_code == 400 and "Nothing was stored" in forced.text and "bell-tower" in forced.text
    assert published(world) == []


def test_heights_above_the_sea_say_what_is_added(world, sato):
    site = load_record(world.catalog, Name("dejima", "site", "dejima"))
    save_record(world.catalog, "dejima", replace(SITE, geoid_m=32.0), site.revision, Change(world.clock()))
    shown = read(sato, CSV.replace(",36.0,", ",4.0,"), heights="sea")
    assert shown.text.count("32 m were added: 36.00 m.") == 2
    assert submit(sato, shown.text, PATH, step="save").status_code == 303
    assert [point.h for point in stored(world).body.points] == [36.0, 36.0]


def test_the_models_it_moves_are_named_with_how_far(world, sato):
    submit(sato, read(sato).text, PATH, step="save")
    scene = make_scene(add_package(world.catalog, world.settings.package_dir))
    ties = [Tie(point="post-1", position=(-1.93, 0, 0)), Tie(point="post-2", position=(1.93, 0, 0))]
    world.publish(replace(scene, nodes=[replace(scene.nodes[0], ties=ties)]))
    moved = read(sato, CSV.replace("32.7437000", "32.7437100"))
    assert re.search(r"gate-1820: moves by 1\.1\d m, and is good to 0\.\d\d m then", moved.text)
    lost = read(sato, HEAD + LINES[0])
    assert "has too few points then" in lost.text and "These points go: post-2" in lost.text
    assert "No model moves." in read(sato).text


def test_two_people_never_overwrite_each_others_survey_unseen(world, sato):
    submit(sato, read(sato).text, PATH, step="save")
    first, second = read(sato, CSV.replace("0.02", "0.03")), read(sato, CSV.replace("0.02", "0.04"))
    assert submit(sato, first.text, PATH, step="save").status_code == 303
    stale = submit(sato, second.text, PATH, step="save")
    assert stale.status_code == 409 and "Somebody else has changed this" in stale.text
    assert stored(world).body.points[0].accuracy_m == 0.03
    assert submit(sato, stale.text, PATH, step="save").status_code == 303
    assert stored(world).body.points[0].accuracy_m == 0.04


def test_points_that_could_not_be_published_are_not_stored_either(world, sato, monkeypatch):
    def crash(*_):
        raise RuntimeError("the power went off")

    shown = read(sato)
    with monkeypatch.context() as patched:
        patched.setattr(storage, "count_publication", crash)
        assert submit(sato, shown.text, PATH, step="save").status_code == 500
    with pytest.raises(NotFound):
        stored(world)
    assert submit(sato, shown.text, PATH, step="save").status_code == 303
    assert published(world) == ["post-1", "post-2"]


def test_names_that_translators_gave_stay_and_the_same_points_are_not_stored_twice(world, sato):
    submit(sato, read(sato).text, PATH, step="save")
    body = stored(world).body
    named = replace(body, points=[replace(one, name={**one.name, "en": "post"}) for one in body.points])
    save_record(world.catalog, "dejima", named, stored(world).revision, Change(world.clock()))
    assert submit(sato, read(sato).text, PATH, step="save").status_code == 303
    assert stored(world).body.points[0].name == {"ja": "南の柱", "en": "post"}
    again = submit(sato, read(sato).text, PATH, step="save")
    assert again.status_code == 409 and "stored and published already" in again.text


def test_points_of_other_surveys_keep_their_ids(world, sato):
    submit(sato, read(sato).text, PATH, step="save")
    assert "belongs to another survey already" in read(sato, survey="december").text


@pytest.mark.parametrize(("typed", "said"), [({"survey": "11月"}, "small letters"), ({"system": "20"}, "19 plane")])
def test_what_it_is_called_and_how_it_is_read_are_checked(sato, typed, said):
    answer = read(sato, **typed)
    assert answer.status_code == 400 and said in answer.text and "post-1" in answer.text


def test_creators_bring_in_no_surveys(kana):
    assert kana.get(PATH).status_code == 403


def test_heights_that_look_like_the_seas_are_read_so_by_one_button_and_the_survey_says_it(world, sato):
    submit(mori := world.sign_in("mori"), mori.get("/desk/site").text, "/desk/site/geoid", geoid_m="32")
    shown = read(sato, CSV.replace(",36.0,", ",4.0,"))
    assert "looks like a height above the sea" in shown.text and "add 32 m" in shown.text
    again = submit(sato, shown.text, PATH, step="sea")
    assert "Each of them is a point." in again.text and "above the sea + 32 m" in again.text
    assert dict(fields_of(again.text, PATH))["heights"] == "sea"
    submit(sato, again.text, PATH, step="save")
    assert [(point.h, point.geoid_m) for point in stored(world).body.points] == [(36.0, 32.0)] * 2
    assert "measured above the sea, 32 m added (2)" in sato.get(PATH).text
    plain = read(sato, CSV.replace("post-", "stone-"), survey="december")
    assert "as measured, above the ellipsoid" in plain.text
    submit(sato, plain.text, PATH, step="save")
    assert "measured above the ellipsoid (2)" in sato.get(PATH).text


def test_without_a_number_for_the_site_nothing_is_turned_and_who_can_tell_it_is_named(world, sato):
    shown = read(sato, CSV.replace(",36.0,", ",4.0,"))
    assert "an administrator has told" in shown.text and 'value="sea"' not in shown.text
