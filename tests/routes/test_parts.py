"""Memberships for a part of a site, organisations, and room for scans: what an administrator sets holds on every page."""

import re

import pytest
from msgspec.structs import replace

from tests.routes.conftest import post_form
from tests.routes.forms import TYPED, attach, submit
from tests.routes.test_media_library import BELL, SOUNDS, add, added, send
from tests.samples import GATE, publish
from xr_server.domain.catalog import Change, Name
from xr_server.storage.catalog import load_record, save_record
from xr_server.storage.people import find_person, set_landmarks
from xr_server.storage.scans import load_scan
from xr_server.storage.stopping import find_stop

ELSEWHERE = "outside it"


@pytest.fixture
def sea_gate(world):
    """A second landmark."""
    world.publish(replace(GATE, id="sea-gate", name={"ja": "海の門", "en": "Sea Gate"}))
    return "sea-gate"


def limit(world, name, *landmarks):
    set_landmarks(
        world.catalog, "dejima", world.accounts[name], landmarks, Change(world.clock(), world.accounts["mori"])
    )


def hand_in(kana, scan):
    page = kana.get(f"/studio/scans/{scan.id}").text
    submit(kana, page, f"/studio/scans/{scan.id}/review")


def test_staff_for_another_part_of_the_site_neither_see_nor_publish_nor_date(world, kana, scan, sea_gate):
    hand_in(kana, scan)
    sato, record = world.sign_in("sato"), f"/desk/records/experience/{scan.scene_id}"
    page = sato.get(record).text
    assert "The wall" in sato.get("/desk/").text and "1 waiting for you" in page
    limit(world, "sato", sea_gate)
    assert "The wall" not in sato.get("/desk/").text and "waiting for you" not in sato.get("/desk/").text
    for answer in (
        sato.get(record),
        submit(sato, page, record, step="publish"),
        submit(sato, page, record, step="changes", note="Turn it."),
        sato.get(f"/desk/dates/{scan.scene_id}"),
        post_form(sato, f"/desk/dates/{scan.scene_id}", days="always", step="publish"),
    ):
        assert answer.status_code == 403 and ELSEWHERE in answer.text
    assert sato.get(f"/studio/scans/{scan.id}").status_code == 404
    assert "Wall" not in sato.get("/studio/?whose=all").text
    assert load_record(world.catalog, Name("dejima", "experience", scan.scene_id)).state == "in_review"
    limit(world, "sato", sea_gate, "water-gate")
    assert submit(sato, page, record, step="publish").status_code == 303


def test_an_undo_by_somebody_who_is_elsewhere_by_now_is_refused(world, kana, scan, sea_gate):
    hand_in(kana, scan)
    sato, record = world.sign_in("sato"), f"/desk/records/experience/{scan.scene_id}"
    done = submit(sato, sato.get(record).text, record, step="publish").headers["location"]
    page = sato.get(done).text
    limit(world, "sato", sea_gate)
    refused = submit(sato, page, "/desk/undo")
    assert refused.status_code == 403 and ELSEWHERE in refused.text
    assert load_record(world.catalog, Name("dejima", "experience", scan.scene_id)).state == "published"


def test_a_creator_for_one_part_attaches_and_places_there_alone(world, kana, scan, sea_gate):
    new = world.built_scan("kana", content=b"another wall")
    limit(world, "kana", sea_gate)
    page = kana.get(f"/studio/scans/{new.id}").text
    assert 'value="sea-gate"' in page and 'value="water-gate"' not in page
    refused = attach(kana, new.id, title_en="My wall")
    assert refused.status_code == 403 and ELSEWHERE in refused.text and 'value="My wall"' in refused.text
    assert attach(kana, new.id, landmark="sea-gate").status_code == 303
    # what was attached before may neither be moved away nor be placed
    moved = attach(kana, scan.id, landmark="sea-gate")
    assert moved.status_code == 403 and ELSEWHERE in moved.text
    place = f"/studio/scans/{scan.id}/place"
    placed = submit(kana, kana.get(place).text, place)
    assert placed.status_code == 403 and ELSEWHERE in placed.text
    assert TYPED["landmark"] == "water-gate"


def test_an_administrator_chooses_the_part_on_the_persons_page(world, sea_gate):
    mori, path = world.sign_in("mori"), f"/desk/people/{world.accounts['sato']}"
    page = mori.get(path).text
    assert "the whole site" in page
    answer = submit(mori, page, f"{path}/part", landmark=["sea-gate", "nowhere"])
    page = mori.get(answer.headers["location"]).text
    assert "The part of the site is changed" in page and "<dd>Sea Gate</dd>" in page
    assert find_person(world.catalog, "dejima", world.accounts["sato"]).landmarks == ("sea-gate",)
    assert re.search(r'value="sea-gate" checked', page)
    submit(mori, page, f"{path}/part", landmark=[])
    assert find_person(world.catalog, "dejima", world.accounts["sato"]).landmarks == ()


def test_organisations_are_made_named_and_belonged_to(world):
    mori = world.sign_in("mori")
    empty = submit(mori, mori.get("/desk/site").text, "/desk/site/organisations", name=" ", kind="school")
    assert empty.status_code == 400 and "1 to 200 characters" in empty.text
    made = submit(mori, mori.get("/desk/site").text, "/desk/site/organisations", name="Harbour School", kind="school")
    page = mori.get(made.headers["location"]).text
    assert "The organisation is made." in page and 'value="Harbour School"' in page
    ids = re.findall(r'action="/desk/site/organisations/([\w-]+)"', page)
    new = next(one for one in ids if f'organisations/{one}"' in page and "Harbour" in page.split(one)[1][:600])
    submit(mori, page, f"/desk/site/organisations/{new}", name="Harbour Primary School")
    unknown = post_form(mori, "/desk/site/organisations/nobody", name="X", kind="shop")
    assert unknown.status_code == 404 and "Choose it from the list" in unknown.text
    path = f"/desk/people/{world.accounts['kana']}"
    submit(mori, mori.get(path).text, f"{path}/organisation", organisation=new)
    page = mori.get(path).text
    assert "<dd>Harbour Primary School</dd>" in page
    wrong = post_form(mori, f"{path}/organisation", organisation="nobody")
    assert wrong.status_code == 404
    assert "Accounts: 1" in mori.get("/desk/site").text


def test_room_set_for_the_site_is_said_before_and_refused_by_the_upload(world, kana, tus):
    from tests.routes.test_uploads import create

    mori = world.sign_in("mori")
    page = mori.get("/desk/site").text
    wrong = submit(mori, page, "/desk/site/room", account_gb="lots", site_scans="7")
    assert wrong.status_code == 400 and 'value="lots"' in wrong.text and 'value="7"' in wrong.text
    submit(mori, page, "/desk/site/room", account_gb="0.5", account_scans="2")
    assert "512 MB in 2 scans" in kana.get("/studio/upload").text
    kana.headers.update({**tus(), "Accept": "application/json"})
    assert [create(kana, 10).status_code for _ in range(3)] == [201, 201, 413]
    refused = create(kana, 10).json()
    assert refused["code"] == "quota_scans" and "ask an administrator for room" in refused["detail"]
    kana.headers["Accept"] = "text/html"
    assert "There is no room left" in kana.get("/studio/upload").text
    submit(mori, mori.get("/desk/site").text, "/desk/site/room", account_gb="", account_scans="", site_scans="2")
    kana.headers["Accept"] = "application/json"
    assert create(kana, 10).json()["code"] == "site_quota_exceeded"


@pytest.fixture
def two_places(world, kana, scan, sea_gate):
    """A scan of haru's at the sea gate beside kana's at the water gate, both out; sato looks after the sea gate alone."""
    haru = world.sign_in("haru")
    other = world.built_scan("haru", content=b"a wall by the sea")
    attach(haru, other.id, landmark=sea_gate, title_en="The sea wall", title_ja="海の石垣")
    other, sato = load_scan(world.catalog, "dejima", other.id), world.sign_in("sato")
    for one in (scan, other):
        record = f"/desk/records/experience/{one.scene_id}"
        assert submit(sato, sato.get(record).text, record, step="publish").status_code == 303
    limit(world, "sato", sea_gate)
    return scan, other, sato


def test_the_log_tells_who_looks_after_a_part_of_that_part_alone(world, two_places):
    scan, other, sato = two_places
    log, sheet = sato.get("/desk/log").text, sato.get("/desk/log.csv").text
    for text in (log, sheet):
        assert "sato published" in text and "“The sea wall”" in text and "haru sent" in text
        assert "“The wall”" not in text and "kana" not in text and "part of the site of" not in text
    assert "your part of the site: Sea Gate" in log
    assert scan.scene_id not in log and other.scene_id in log
    assert ">mori<" not in log  # nor is anybody named who did nothing there
    for query in ("kind=account", f"thing={scan.scene_id}", f"person={world.accounts['kana']}", "kind=site"):
        assert "Nothing was done that fits this." in sato.get(f"/desk/log?{query}").text
    whole = world.sign_in("mori").get("/desk/log").text
    assert "“The wall”" in whole and "“The sea wall”" in whole and "your part of the site" not in whole


def test_pictures_reports_and_stops_of_models_are_those_of_ones_part(world, two_places):
    scan, other, sato = two_places
    for address in ("/desk/posters/{}", "/desk/packages/{}", "/desk/packages/{}/report"):
        refused = sato.get(address.format(scan.package_digest))
        assert refused.status_code == 403 and ELSEWHERE in refused.text
        assert sato.get(address.format(other.package_digest)).status_code in (200, 404)  # this report has no maps
    assert sato.get(f"/desk/posters/{other.package_digest}").content == b"RIFF of a poster"
    page = sato.get(f"/desk/packages/{other.package_digest}").text
    assert "The sea wall" in page and "/stop" in page
    refused = post_form(sato, f"/desk/packages/{scan.package_digest}/stop", reason="Mine.")
    assert refused.status_code == 403 and ELSEWHERE in refused.text


def test_of_a_model_shown_elsewhere_too_a_part_is_told_how_often_and_leaves_it_to_the_whole_site(world, two_places):
    scan, other, sato = two_places
    stored = load_record(world.catalog, Name("dejima", "scene", scan.scene_id))
    node = replace(stored.body.nodes[0], id="sea", package=other.package_digest)
    both = replace(stored.body, nodes=[*stored.body.nodes, node])
    save_record(world.catalog, "dejima", both, stored.revision, Change(world.clock()))
    address = f"/desk/packages/{other.package_digest}"
    page = sato.get(address).text
    assert "The sea wall" in page and "The wall<" not in page and "show it too: 1." in page
    assert f'action="{address}/stop"' not in page
    assert post_form(sato, f"{address}/stop", reason="Mine.").status_code == 403
    assert find_stop(world.catalog, "dejima", other.package_digest) is None
    mori = world.sign_in("mori")
    assert "The wall<" in mori.get(address).text
    assert submit(mori, mori.get(address).text, f"{address}/stop", reason="Theirs.").status_code == 303
    assert "“" in sato.get("/desk/log?kind=package").text
    assert "took" in sato.get("/desk/log?kind=package").text


def test_a_changed_sound_waits_for_those_of_its_part_and_only_they_may_change_it(world, two_places):
    scan, _, sato = two_places
    kana = world.sign_in("kana")
    typed = {**BELL, "captions_ja": "鐘"}
    sound = added(add(kana, "sound", (SOUNDS / "plain.wav").read_bytes(), **typed))
    stored = load_record(world.catalog, Name("dejima", "scene", scan.scene_id))
    publish(world.catalog, replace(stored.body, sounds=[sound]), stored.revision, world.clock())
    assert send(kana, f"/studio/media/{sound}", {"file": ("", b"")}, title_ja="大きな鐘").status_code == 303
    assert "1 waiting for you" not in sato.get("/desk/").text
    page = sato.get(f"/studio/media/{sound}").text
    assert f'action="/studio/media/{sound}"' not in page
    assert post_form(sato, f"/studio/media/{sound}", revision=2, **typed).status_code == 403
    limit(world, "sato", "water-gate")
    listed = sato.get("/desk/").text
    assert "1 waiting for you" in listed and f"/desk/records/media/{sound}" in listed
    assert send(sato, f"/studio/media/{sound}", {"file": ("", b"")}, title_ja="小さな鐘").status_code == 303


def test_an_administrator_tells_what_lies_between_sea_and_ellipsoid(world):
    mori = world.sign_in("mori")
    page = mori.get("/desk/site").text
    for wrong in ("high", "nan", "120"):
        refused = submit(mori, page, "/desk/site/geoid", geoid_m=wrong)
        assert refused.status_code == 400 and "from -110 to 90" in refused.text and f'value="{wrong}"' in refused.text
    assert submit(mori, page, "/desk/site/geoid", geoid_m="32,05").status_code == 303
    name = Name("dejima", "site", "dejima")
    stored = load_record(world.catalog, name)
    assert (stored.body.geoid_m, stored.state, stored.published_revision) == (32.05, "published", stored.revision)
    late = submit(mori, page, "/desk/site/geoid", geoid_m="31")  # the page from before
    assert late.status_code == 409 and load_record(world.catalog, name).body.geoid_m == 32.05
    submit(mori, mori.get("/desk/site").text, "/desk/site/geoid", geoid_m="")
    assert load_record(world.catalog, name).body.geoid_m is None
    assert post_form(world.sign_in("sato"), "/desk/site/geoid", geoid_m="1", revision="1").status_code == 403
