"""The page on which a creator places a scan: a new revision of the scene, on top of the one that was seen."""

import re

import pytest
from msgspec.structs import replace

from tests.routes.forms import submit
from tests.samples import EXPERIENCE, SITE, add_package, make_scene
from xr_server.domain.catalog import Occluder
from xr_server.storage.catalog import Change, Name, load_record, save_record


def node_of(world, scan):
    return load_record(world.catalog, Name("dejima", "scene", scan.scene_id)).body.nodes[0]


def save(client, scan, **typed):
    path = f"/studio/scans/{scan.id}/place"
    return submit(client, client.get(path).text, path, **typed)


def test_a_scan_is_put_elsewhere_and_its_preview_shows_it_there(world, kana, scan):
    answer = save(kana, scan, lat="32.7440000", heading_deg="90", ground_y="0.2")
    assert answer.headers["location"] == f"/studio/scans/{scan.id}/place?done=placed"
    page = kana.get(answer.headers["location"]).text
    assert "It stands there now" in page and 'value="32.7440000"' in page
    node = node_of(world, scan)
    assert (node.placement.lat, node.placement.heading_deg, node.ground_y) == (32.744, 90, 0.2)
    preview = submit(kana, page, f"/studio/scans/{scan.id}/preview")
    base = re.search(r"http://localhost(/preview/[0-9a-f]{64})/", preview.text)[1]
    scene = world.visitor().get(f"{base}/api/v1/sites/dejima/scenes/{scan.scene_id}").json()
    assert scene["nodes"][0]["geopose"]["position"]["lat"] == 32.744


def test_the_plan_has_the_outline_of_the_model_and_its_size_in_words(kana, scan):
    page = kana.get(f"/studio/scans/{scan.id}/place").text
    assert re.search(r'data-min="-2.0 0.0 -2.0" data-max="2.0 5.0 2.0"', page)
    assert re.search(r"The model is 4\.00 m wide, 4\.00 m deep and 5\.00 m high\.", page)
    assert f"lies at {SITE.origin.h:g} m" in page


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"lat": "here"}, ("Latitude is a number", "lat")),
        ({"lat": str(SITE.origin.lon), "lon": str(SITE.origin.lat)}, ("are exchanged", "")),
        ({"h": str(SITE.origin.h - 32)}, ("metres above the sea", "")),
    ],
)
def test_a_slip_is_said_beside_its_field_and_what_was_typed_stays(world, kana, scan, typed, said):
    before = node_of(world, scan)
    answer = save(kana, scan, **typed)
    words, field = said
    assert answer.status_code == 400 and words in answer.text
    assert all(f'value="{value}"' in answer.text for value in typed.values())
    if field:
        assert re.search(rf'<input id="{field}"[^>]*aria-invalid="true"', answer.text)
    assert node_of(world, scan) == before


def test_a_height_that_is_right_all_the_same_is_taken_when_said_twice(world, kana, scan):
    path, h = f"/studio/scans/{scan.id}/place", f"{SITE.origin.h - 32:g}"
    doubted = save(kana, scan, h=h)
    assert doubted.status_code == 400 and "save again" in doubted.text
    other = submit(kana, doubted.text, path, h=f"{SITE.origin.h - 30:g}")
    assert other.status_code == 400  # another height is doubted anew
    assert submit(kana, doubted.text, path).status_code == 303
    assert node_of(world, scan).placement.h == SITE.origin.h - 32
    assert save(kana, scan, heading_deg="12").status_code == 303  # and is not asked about again


def test_two_windows_never_overwrite_each_other_unseen(world, kana, scan):
    path = f"/studio/scans/{scan.id}/place"
    old = kana.get(path).text
    save(kana, scan, heading_deg="10")
    answer = submit(kana, old, path, heading_deg="20")
    assert answer.status_code == 409 and "Somebody else has changed this" in answer.text
    assert 'value="20"' in answer.text and node_of(world, scan).placement.heading_deg == 10
    assert submit(kana, answer.text, path).status_code == 303  # who saves again has seen it
    assert node_of(world, scan).placement.heading_deg == 20


def test_others_place_nothing_and_reviewers_may(world, kana, scan):
    path = f"/studio/scans/{scan.id}/place"
    assert world.sign_in("haru").get(path).status_code == 404
    assert save(world.sign_in("sato"), scan, heading_deg="5").status_code == 303


def test_what_is_attached_to_no_landmark_has_no_place_yet(world, kana):
    loose = world.built_scan("kana", b"another wall")
    answer = kana.get(f"/studio/scans/{loose.id}/place")
    assert answer.status_code == 409 and "Attach this scan to a landmark first" in answer.text


def test_the_height_may_be_told_from_the_floor_of_the_site(world, kana, scan):
    page = kana.get(f"/studio/scans/{scan.id}/place").text
    assert re.search(r'id="floor_h" name="floor_h" value="0.00"', page)
    assert save(kana, scan, floor_h="1.25").status_code == 303
    assert node_of(world, scan).placement.h == pytest.approx(SITE.origin.h + 1.25)
    both = save(kana, scan, floor_h="2", h="80")
    assert both.status_code == 400 and "do not fit together" in both.text
    assert all(re.search(rf'<input id="{name}"[^>]*aria-invalid="true"', both.text) for name in ("h", "floor_h"))


def test_metres_above_the_sea_are_turned_into_ours_by_a_button_that_says_what_is_added(world, kana, scan):
    stored = load_record(world.catalog, Name("dejima", "site", "dejima"))
    save_record(world.catalog, "dejima", replace(SITE, geoid_m=32.0), stored.revision, Change(world.clock()))
    path = f"/studio/scans/{scan.id}/place"
    doubted = save(kana, scan, h="2.5")
    assert doubted.status_code == 400 and "2.5 + 32 = 34.5 m above" in doubted.text
    answer = submit(kana, doubted.text, path, above_sea="2.5")
    assert answer.headers["location"].endswith("?done=placed_sea")
    assert node_of(world, scan).placement.h == 34.5
    assert "was added" in kana.get(answer.headers["location"]).text


def test_what_stands_around_is_drawn_on_the_plan(world, kana, scan):
    digest = add_package(world.catalog, world.settings.package_dir)
    block = Occluder(
        id="water-gate", footprint=[(32.744, 129.873), (32.7441, 129.873), (32.744, 129.8731)], base_m=34.5, top_m=41
    )
    world.publish(replace(make_scene(digest), occluders=[block]))
    world.publish(EXPERIENCE)
    world.app.state.parts.published.refresh()
    page = kana.get(f"/studio/scans/{scan.id}/place").text
    found = re.findall(
        r'class="neighbour (\w+)" d="(M[^"]+Z)" data-low="([^"]+)" data-high="([^"]+)"><title>([^<]+)', page
    )
    assert [(kind, low, high, name) for kind, _, low, high, name in found] == [
        ("building", "0.00", "6.50", "Water Gate"),
        ("model", "1.50", "6.50", "At the Water Gate"),
    ]
    model = [float(n) for n in re.findall(r"-?[\d.]+", found[1][1])]  # 4 by 4 m, about 32.7437, 129.8723
    assert max(model[::2]) - min(model[::2]) == pytest.approx(4, abs=0.05)


def test_the_creator_alone_is_handed_the_models_levels(world, kana, scan):
    path = f"/studio/scans/{scan.id}/compare/lod0.glb"
    answer = kana.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "model/gltf-binary")
    assert world.sign_in("haru").get(path).status_code == 404
    assert kana.get(f"/studio/scans/{scan.id}/compare/manifest.json").status_code == 404
