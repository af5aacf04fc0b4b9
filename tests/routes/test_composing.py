"""The page on which a scene is composed: one form, one revision, the way back, and who may."""

import json
import re

import msgspec
import pytest
from sqlalchemy import update

from tests.routes.conftest import DETAILS, csrf_of
from tests.routes.forms import attach, submit
from tests.samples import EXPERIENCE, make_scene, publish
from xr_server.domain.catalog import Era
from xr_server.domain.media import Media
from xr_server.domain.portfolio import Portfolio
from xr_server.errors import NotFound
from xr_server.storage.catalog import Change, Name, load_record
from xr_server.storage.packages import find_package_file
from xr_server.storage.portfolios import list_creator_pages, list_own_scenes, save_portfolio
from xr_server.storage.scans import Owner, load_scan
from xr_server.storage.tables.scans import scan as scans

STAIR = Media(
    id="stair",
    file="stair.webp",
    title={"en": "Stair"},
    creator="K",
    licence="CC0",
    provenance="estimate",
    digest="d" * 64,
)
WAVES = Media(
    id="waves",
    file="waves.wav",
    title={"en": "Waves"},
    creator="K",
    licence="CC0",
    provenance="fiction",
    digest="e" * 64,
)
DOOR = {
    "spot-0-title-en": "Door",
    "spot-0-text-ja": "門の戸です。\r\n二枚あります。",
    "spot-0-x": "0.5",
    "spot-0-y": "1,25",
    "spot-0-z": "-2",
}


def address_of(scan):
    return f"/studio/scenes/{scan.scene_id}"


def save(client, scan, page=None, **typed):
    return submit(client, page or client.get(address_of(scan)).text, address_of(scan), **typed)


def scene_of(world, scan):
    return load_record(world.catalog, Name("dejima", "scene", scan.scene_id))


def experience_of(world, scan):
    return load_record(world.catalog, Name("dejima", "experience", scan.scene_id))


def test_a_point_an_era_a_sound_and_words_are_saved_as_one_revision_without_script(world, kana, scan):
    world.publish(STAIR)
    world.publish(WAVES)
    era = {"era-0-year": "1820", "era-0-label-ja": "1820年", "era-0-stands-scan": "yes"}
    answer = save(
        kana,
        scan,
        **DOOR,
        **era,
        **{"spot-0-media": "stair", "sound-waves": "yes", "body-en": "Long.", "cover": "stair"},
    )
    assert answer.headers["location"].startswith(f"{address_of(scan)}?done=composed&back=1.1")
    stored, offer = scene_of(world, scan), experience_of(world, scan)
    assert (stored.revision, stored.state, offer.revision) == (2, "draft", 2)
    spot = stored.body.hotspots[0]
    assert (spot.id, spot.node, spot.position, spot.media) == ("door", "scan", (0.5, 1.25, -2), "stair")
    assert spot.text == {"ja": "門の戸です。\n二枚あります。"} and stored.body.sounds == ["waves"]
    assert stored.body.eras == [Era(id="era-1820", year=1820, label={"ja": "1820年"})]
    assert (offer.body.body, offer.body.cover, offer.body.title["en"]) == ({"en": "Long."}, "stair", "The wall")
    page = kana.get(answer.headers["location"]).text
    assert "Saved. Visitors see it" in page and 'value="1.25"' in page
    again = save(kana, scan, page)
    assert again.headers["location"] == f"{address_of(scan)}?done=composed_same"
    assert scene_of(world, scan).revision == 2


def test_a_scene_full_of_points_is_saved_in_one_go(world, kana, scan):
    texts = {f"text-{language}": "石" * 600 for language in ("ja", "en")}
    point = {"title-ja": "石", **texts, "node": "scan", "x": "0", "y": "1", "z": "0", "id": "", "media": ""}
    full = {f"spot-{i}-{name}": value for i in range(30) for name, value in point.items()}
    assert len(full) > 200 and save(kana, scan, **full).status_code == 303
    spots = scene_of(world, scan).body.hotspots
    assert len({spot.id for spot in spots}) == 30 and spots[29].text["ja"] == "石" * 600
    assert save(kana, scan, **{f"spot-30-{name}": value for name, value in point.items()}).status_code == 400


def test_what_is_seen_by_visitors_becomes_a_draft_and_they_see_it_once_it_is_published(world, kana, scan):
    page = kana.get(f"/studio/scans/{scan.id}").text
    submit(kana, page, f"/studio/scans/{scan.id}/review")
    save(kana, scan, **DOOR)
    assert scene_of(world, scan).state == "draft"
    submit(kana, kana.get(f"/studio/scans/{scan.id}").text, f"/studio/scans/{scan.id}/review")
    sato = world.sign_in("sato")
    record = f"/desk/records/experience/{scan.scene_id}"
    assert "Door" in sato.get(record).text and "二枚あります。" in sato.get(record).text
    submit(sato, sato.get(record).text, record, step="publish")
    world.app.state.parts.published.refresh()
    scene = world.visitor().get(f"/api/v1/sites/dejima/scenes/{scan.scene_id}?lang=en").json()
    assert [spot["title"] for spot in scene["hotspots"]] == ["Door"]


def test_slips_are_said_beside_their_fields_and_nothing_typed_is_lost(world, kana, scan):
    typed = {**DOOR, "spot-0-title-en": "", "spot-0-title-nl": "", "spot-0-x": "far", "era-0-year": "then"}
    answer = save(kana, scan, **typed, **{"credit-en": "x" * 301})
    assert answer.status_code == 400 and "nothing was saved yet" in answer.text
    for name in ("spot-0-x", "era-0-year", "credit-en"):
        assert re.search(rf'<(input|textarea) id="{name}"[^>]*aria-invalid="true"', answer.text), name
    for sentence in ("Give the point a title", "Give a number of metres", "Give the era a name", "written in figures"):
        assert sentence in answer.text
    assert 'value="far"' in answer.text and "二枚あります。" in answer.text and 'value="then"' in answer.text
    assert re.search(r'<details class="row" data-row="spot" data-start="spot-0-"[^>]* open', answer.text)
    assert scene_of(world, scan).revision == 1
    mended = {
        "spot-0-title-en": "Door",
        "spot-0-x": "1",
        "era-0-year": "1820",
        "era-0-label-en": "1820",
        "credit-en": "K",
    }
    mended["era-0-stands-scan"] = "yes"
    assert save(kana, scan, answer.text, **mended).status_code == 303
    assert scene_of(world, scan).body.hotspots[0].text["ja"].startswith("門の戸です。")


def test_two_windows_never_overwrite_each_other_unseen(world, kana, scan):
    old = kana.get(address_of(scan)).text
    save(kana, scan, **DOOR)
    answer = save(kana, scan, old, **{"credit-en": "Kana and Haru"})
    assert answer.status_code == 409 and "Somebody else has changed this" in answer.text
    both = re.search(r"<tbody>(.*?)</tbody>", answer.text, re.DOTALL)[1]
    assert "Point “Door”" in both and "Kana and Haru" in both
    assert ">Kana and Haru</textarea>" in answer.text and scene_of(world, scan).revision == 2
    assert save(kana, scan, answer.text).status_code == 303  # whoever saves again has seen it
    body = scene_of(world, scan).body
    assert body.credit["en"] == "Kana and Haru" and body.hotspots == []


def test_words_changed_elsewhere_are_noticed_even_when_the_scene_was_not(world, kana, scan):
    old = kana.get(address_of(scan)).text
    attach(kana, scan.id, title_en="The sea wall")
    answer = save(kana, scan, old, **DOOR)
    assert answer.status_code == 409 and "The sea wall" in answer.text and scene_of(world, scan).revision == 1


def test_a_save_is_undone_and_any_earlier_state_brought_back(world, kana, scan):
    world.clock.at += 60_000
    saved = save(kana, scan, **DOOR, **{"title-en": "The door"})
    undone = submit(kana, kana.get(saved.headers["location"]).text, f"{address_of(scan)}/back")
    page = kana.get(undone.headers["location"]).text
    assert "That earlier state is back" in page
    assert scene_of(world, scan).body.hotspots == [] and experience_of(world, scan).body.title["en"] == "The wall"
    assert (scene_of(world, scan).revision, experience_of(world, scan).revision) == (3, 3)
    states = re.findall(r'name="to_scene" value="(\d)"><input type="hidden" name="to_words" value="(\d)"', page)
    assert states == [("1", "1")]  # of what was made in one moment the last counts
    forward = {"to_scene": "2", "to_words": "2", "revision": "3", "words_revision": "3"}
    assert submit(kana, page, f"{address_of(scan)}/back", **forward).status_code == 303
    assert [spot.id for spot in scene_of(world, scan).body.hotspots] == ["door"]
    stale = submit(kana, page, f"{address_of(scan)}/back", **forward)
    assert stale.status_code == 409
    lost = submit(kana, page, f"{address_of(scan)}/back", to_scene="99", revision="4", words_revision="4")
    assert lost.status_code == 404 and "no such earlier state" in lost.text


def test_another_scan_of_ones_own_joins_at_its_place_and_leaves_with_its_points(world, kana, scan):
    other = world.built_scan("kana", b"another wall")
    stranger = world.built_scan("haru", b"a wall of haru")
    page = kana.get(address_of(scan)).text
    assert other.id in page and stranger.id not in page
    assert save(kana, scan, add=other.id).status_code == 303
    nodes = scene_of(world, scan).body.nodes
    assert [(node.id, node.package) for node in nodes] == [
        ("scan", scan.package_digest),
        ("scan-2", other.package_digest),
    ]
    page = kana.get(address_of(scan)).text
    assert f"/studio/scans/{other.id}/place" in page
    path = f"/studio/scans/{other.id}/place"
    assert submit(kana, kana.get(path).text, path, lat="32.7440000").status_code == 303
    assert [node.placement.lat for node in scene_of(world, scan).body.nodes] == [DETAILS.lat, 32.744]
    page = kana.get(address_of(scan)).text
    assert f'<option value="{other.id}">' not in page
    save(kana, scan, page, **DOOR, **{"spot-0-node": "scan-2"})
    assert scene_of(world, scan).body.hotspots[0].node == "scan-2"
    save(kana, scan, **{"node-1-remove": "yes"})
    body = scene_of(world, scan).body
    assert [node.id for node in body.nodes] == ["scan"] and body.hotspots == []


def test_a_scan_of_somebody_else_or_of_another_scene_does_not_join(world, kana, scan):
    stranger = world.built_scan("haru", b"a wall of haru")
    assert save(kana, scan, add=stranger.id).status_code == 404
    sato = world.sign_in("sato")
    assert stranger.id not in sato.get(address_of(scan)).text  # to a scene of kana's, scans of kana's are offered
    assert save(sato, scan, add=stranger.id).status_code == 409
    taken = world.built_scan("kana", b"another wall")
    attach(kana, taken.id)
    answer = save(kana, scan, add=taken.id)
    assert answer.status_code == 409 and "shown by another scene" in answer.text
    assert len(scene_of(world, scan).body.nodes) == 1


def test_a_scan_that_nobody_has_looked_through_for_persons_does_not_join(world, kana, scan):
    other = world.built_scan("kana", b"another wall")
    unlooked = msgspec.json.encode(msgspec.structs.replace(DETAILS, no_persons=False)).decode()
    with world.catalog.begin() as connection:
        connection.execute(update(scans).where(scans.c.id == other.id).values(details=unlooked))
    answer = save(kana, scan, add=other.id)
    assert answer.status_code == 409 and "can be recognised" in answer.text
    assert len(scene_of(world, scan).body.nodes) == 1


def test_saying_the_words_of_the_first_scan_again_leaves_the_other_models_alone(world, kana, scan):
    other = world.built_scan("kana", b"another wall")
    save(kana, scan, add=other.id)
    for one in (scan, other):  # both lead to the same scene now
        attach(kana, one.id, title_en=f"Two walls, said of {one.id[:4]}")
    assert [node.package for node in scene_of(world, scan).body.nodes] == [scan.package_digest, other.package_digest]


def test_the_view_has_the_draft_and_its_files_and_nobody_else_may_ask_for_them(world, kana, scan):
    save(kana, scan, **DOOR)
    document = json.loads(re.search(r'id="compose-scene">(.*?)</script>', kana.get(address_of(scan)).text)[1])
    assert document["hotspots"][0]["position"] == [0.5, 1.25, -2]
    url = document["nodes"][0]["lods"][0]["url"]
    assert url == f"{address_of(scan)}/packages/{scan.package_digest}/lod0.glb"
    answer = kana.get(url)
    assert answer.content == b"glTF of a wall" and answer.headers["cache-control"] == "private, no-cache"
    assert kana.get(url, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert world.sign_in("haru").get(url).status_code == 404
    assert world.visitor().get(url, follow_redirects=False).status_code == 303
    other = world.built_scan("kana", b"another wall")
    assert find_package_file(world.settings.package_dir, other.package_digest, "lod0.glb") is not None
    assert kana.get(f"{address_of(scan)}/packages/{other.package_digest}/lod0.glb").status_code == 404


def test_others_compose_nothing_and_reviewers_may(world, kana, scan):
    assert world.sign_in("haru").get(address_of(scan)).status_code == 404
    assert save(world.sign_in("sato"), scan, **DOOR).status_code == 303
    assert kana.get("/studio/scenes/none").status_code == 404


def test_scenes_that_came_with_the_content_are_composed_by_staff_alone(world, kana, scan):
    publish(world.catalog, make_scene(scan.package_digest))
    publish(world.catalog, EXPERIENCE)
    assert kana.get("/studio/scenes/gate-1820").status_code == 404
    sato = world.sign_in("sato")
    assert "/studio/scenes/gate-1820" in sato.get("/desk/records/scene/gate-1820").text
    page = sato.get("/studio/scenes/gate-1820").text
    assert "At the Water Gate" in page and "/desk/records/experience/gate-visit" in page
    answer = submit(sato, page, "/studio/scenes/gate-1820", **{"spot-0-title-ja": "屋根"})
    assert answer.status_code == 303
    stored = load_record(world.catalog, Name("dejima", "scene", "gate-1820"))
    assert (stored.state, stored.published_revision) == ("draft", 1)
    assert stored.body.hotspots[0].title == {"en": "Roof", "ja": "屋根"} and stored.body.nodes[0].eras == ["y1820"]


def test_a_preview_is_opened_and_ended_from_here(world, kana, scan):
    answer = submit(kana, kana.get(address_of(scan)).text, f"{address_of(scan)}/preview")
    base = re.search(r"http://localhost(/preview/[0-9a-f]{64})/", answer.text)[1]
    assert f'href="{address_of(scan)}"' in answer.text
    assert world.visitor().get(f"{base}/en/").status_code == 200
    ended = submit(kana, kana.get(address_of(scan)).text, f"{address_of(scan)}/preview/end")
    assert "The preview is ended" in kana.get(ended.headers["location"]).text
    assert world.visitor().get(f"{base}/en/").status_code == 404


def test_what_was_typed_waits_behind_the_login_when_the_session_has_ended(world, kana, scan):
    page = kana.get(address_of(scan)).text
    kana.cookies.clear()
    answer = save(kana, scan, page, **DOOR)
    assert answer.status_code == 401 and "What you typed is kept" in answer.text


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_page_speaks_both_languages(kana, scan, language):
    page = kana.get(f"{address_of(scan)}?lang={language}").text
    assert f'<html lang="{language}">' in page
    assert ("モデル" in page) == (language == "ja")
    assert csrf_of(kana) in page


def delete_whole(client, scan):
    path = f"/studio/scans/{scan.id}/delete"
    return submit(client, client.get(path).text, path)


def test_deleting_a_scan_that_joined_leaves_the_scene_and_its_experience(world, kana, scan):
    other = world.built_scan("kana", b"another wall")
    assert save(kana, scan, add=other.id).status_code == 303
    refused = delete_whole(kana, other)
    assert refused.status_code == 409 and "Another scene shows this model" in refused.text
    assert [node.id for node in scene_of(world, scan).body.nodes] == ["scan", "scan-2"]
    save(kana, scan, **{"node-1-remove": "yes"})
    assert delete_whole(kana, other).headers["location"] == "/studio/?done=deleted"
    assert (scene_of(world, scan).revision, experience_of(world, scan).revision) == (3, 1)
    assert load_scan(world.catalog, "dejima", scan.id) == scan


def test_deleting_the_scan_a_scene_was_made_of_sets_those_free_that_joined(world, kana, scan):
    other = world.built_scan("kana", b"another wall")
    save(kana, scan, add=other.id)
    assert delete_whole(kana, scan).status_code == 303
    with pytest.raises(NotFound):
        scene_of(world, scan)
    assert load_scan(world.catalog, "dejima", other.id).scene_id is None
    attach(kana, other.id)
    own = load_scan(world.catalog, "dejima", other.id)
    assert own.scene_id != scan.scene_id and scene_of(world, own).revision == 1


def test_a_scan_in_a_scene_that_came_with_the_content_makes_it_nobodys(world, kana, scan):
    publish(world.catalog, make_scene(scan.package_digest))
    publish(world.catalog, EXPERIENCE)
    sato, theirs = world.sign_in("sato"), world.built_scan("sato", b"a wall of sato")
    page = sato.get("/studio/scenes/gate-1820").text
    assert submit(sato, page, "/studio/scenes/gate-1820", add=theirs.id).status_code == 303
    assert load_scan(world.catalog, "dejima", theirs.id).scene_id == "gate-1820"
    pages = {}
    for name in ("sato", "kana"):
        owner = Owner("dejima", world.accounts[name])
        save_portfolio(world.catalog, owner, Portfolio(True, name, name), Change(world.clock(), owner.account_id))
        pages[name] = list_own_scenes(world.catalog, owner)
    assert pages == {"sato": set(), "kana": {scan.scene_id}}
    shown = {page.slug: set(page.scenes) for page in list_creator_pages(world.catalog, "dejima")}
    assert {name: shown.get(name, set()) for name in pages} == pages
    refused = delete_whole(sato, theirs)
    assert refused.status_code == 409 and "Another scene shows this model" in refused.text


def add_second(world, scan):
    """Another experience of hers that shows the same scene, published by staff."""
    first = experience_of(world, scan).body
    second = msgspec.structs.replace(first, id="by-night", title={"en": "By night", "ja": "夜"}, summary={})
    world.publish(second)
    return Name("dejima", "experience", "by-night")


def test_staff_edit_the_words_of_each_experience_that_shows_the_scene(world, kana, scan):
    second = add_second(world, scan)
    sato = world.sign_in("sato")
    page = sato.get(address_of(scan)).text
    assert "2 experiences show this scene" in page and 'value="The wall"' in page
    there = f"{address_of(scan)}?words=by-night"
    assert f'<a href="{there}#words-title">By night</a>' in page
    page = sato.get(there).text
    assert 'value="By night"' in page and '<strong aria-current="true">By night</strong>' in page
    answer = save(sato, scan, page, **DOOR, **{"title-en": "At night", "summary-ja": "夜の石垣"})
    assert answer.headers["location"].endswith("&words=by-night")
    stored = load_record(world.catalog, second)
    assert (stored.body.title["en"], stored.body.summary, stored.state) == ("At night", {"ja": "夜の石垣"}, "draft")
    assert experience_of(world, scan).body.title["en"] == "The wall"
    assert [spot.id for spot in scene_of(world, scan).body.hotspots] == ["door"]
    # what was just done is taken back, words and scene together
    page = sato.get(answer.headers["location"]).text
    back = submit(sato, page, f"{address_of(scan)}/back")
    assert back.headers["location"] == f"{address_of(scan)}?done=composed_back&words=by-night"
    assert load_record(world.catalog, second).body.title["en"] == "By night"
    assert scene_of(world, scan).body.hotspots == []
    shown = submit(sato, sato.get(there).text, f"{address_of(scan)}/preview")
    assert "At night" not in shown.text and f'href="{there}"' in shown.text


def test_somebody_elses_change_of_a_second_experience_is_shown_and_not_overwritten(world, scan):
    second = add_second(world, scan)
    sato, mori = world.sign_in("sato"), world.sign_in("mori")
    there = f"{address_of(scan)}?words=by-night"
    page = sato.get(there).text
    assert save(mori, scan, mori.get(there).text, **{"title-en": "Theirs"}).status_code == 303
    answer = save(sato, scan, page, **{"title-en": "Mine"})
    assert answer.status_code == 409 and "Theirs" in answer.text and 'value="Mine"' in answer.text
    assert 'name="words" value="by-night"' in answer.text
    assert load_record(world.catalog, second).body.title["en"] == "Theirs"


def test_a_creator_sees_what_else_shows_the_scene_and_edits_the_own_words_alone(world, kana, scan):
    second = add_second(world, scan)
    page = kana.get(address_of(scan)).text
    assert "By night" in page and "written by staff" in page and "?words=by-night" not in page
    assert kana.get(f"{address_of(scan)}?words=by-night").status_code == 404
    assert save(kana, scan, page, words="by-night", **{"title-en": "Mine now"}).status_code == 404
    assert load_record(world.catalog, second).body.title["en"] == "By night"
    for name in ("nowhere", "chief-factor", "../x"):
        assert world.sign_in("sato").get(f"{address_of(scan)}?words={name}").status_code == 404
