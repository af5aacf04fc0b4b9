import json
from dataclasses import replace
from datetime import UTC, date, datetime

import msgspec
import pytest
from msgspec.structs import replace as change

from asset_pipeline.manifest import AvifFile, FileEntry
from tests.samples import EXPERIENCE, GATE, SITE, make_manifest, make_scene
from xr_server.domain.catalog import Landmark, Node
from xr_server.domain.publish import (
    Edition,
    compile_site,
    declination_deg,
    experience_occurrences,
    find_bounds,
    find_faults,
    horizon,
    live_experiences,
)
from xr_server.domain.publish_scene import compile_scene
from xr_server.domain.published import gather, pick, shown_digests, shown_scenes, told_in
from xr_server.domain.season import Always, InSeason, OnDates, Schedule, Season, YearlyRule

DIGEST = "a" * 64
MANIFEST = make_manifest(b"glTF")
TODAY = date(2026, 12, 1)
LANGUAGES = ["ja", "en", "zh-Hans", "zh-Hant", "ko", "nl", "ja-x-easy"]
SCENE = make_scene(DIGEST)


def published(*more, site=SITE, scene=SCENE, packages=None, models=None):
    records = [site, GATE, scene, EXPERIENCE, *more]
    compiled = gather(records, {DIGEST: MANIFEST} if packages is None else packages, models or {})
    assert compiled is not None
    return compiled


def document(language="en", **parts):
    return compile_site(published(**parts), Edition(7, TODAY, language))


def test_the_site_document_has_the_shape_other_tools_rely_on():
    site = document()
    assert {"schema", "revision", "compiled_for_on", "language", "site", "landmarks", "experiences"} <= set(site)
    assert (site["schema"], site["revision"], site["compiled_for_on"]) == ("dejima.site/1", 7, "2026-12-01")
    facts = {"id", "name", "origin", "bounds", "time_zone", "declination_deg", "languages", "attribution"}
    assert facts <= set(site["site"])
    assert site["site"]["origin"] == {"lat": 32.74352, "lon": 129.87316, "h": 34.5}
    (landmark,) = site["landmarks"]
    assert {"id", "name", "category", "lat", "lon", "accuracy_m", "geofence", "sources"} <= set(landmark)
    assert landmark["geofence"] == {"enter_m": 20, "leave_m": 30}
    (experience,) = site["experiences"]
    fields = {"id", "title", "landmark", "scene", "trigger", "occurrences", "quiet_on", "cover"}
    assert fields <= set(experience)
    assert experience["trigger"] == {"kind": "geofence"}
    json.dumps(site, allow_nan=False)


def test_the_scene_manifest_has_the_shape_other_tools_rely_on():
    scene = compile_scene(SCENE, published(), "en")
    fields = {"schema", "id", "landmark", "eras", "nodes", "occluders", "hotspots", "sounds", "credit"}
    assert fields <= set(scene)
    assert scene["schema"] == "dejima.scene/1"
    assert scene["eras"] == [{"id": "y1820", "year": 1820, "label": "1820", "text": ""}]
    assert scene["initial_era"] == "y1820"
    (node,) = scene["nodes"]
    fields = {"id", "package", "lods", "usdz", "geopose", "accuracy_m", "surveyed", "eras", "provenance", "sources"}
    assert fields <= set(node)
    assert node["lods"] == [{"url": f"/packages/{DIGEST}/lod0.glb", "triangles": 12, "bytes": 4, "texture_px": 0}]
    assert node["geopose"]["position"] == {"lat": 32.7437, "lon": 129.8723, "h": 36.0}
    assert scene["hotspots"][0]["position"] == [0, 4, 0]
    json.dumps(scene, allow_nan=False)


def test_a_package_with_a_model_for_iphones_names_its_address():
    parts = published()
    manifest = parts.packages[DIGEST]
    assert compile_scene(SCENE, parts, "en")["nodes"][0]["usdz"] is None
    with_usdz = replace(manifest, files={**manifest.files, "model.usdz": FileEntry("0" * 64, 9)})
    (node,) = compile_scene(SCENE, published(packages={DIGEST: with_usdz}), "en")["nodes"]
    assert node["usdz"] == f"/packages/{DIGEST}/model.usdz"


def test_a_level_with_a_smaller_file_names_it_beside_the_one_for_all():
    parts = published()
    manifest = parts.packages[DIGEST]
    level = replace(manifest.levels[0], avif=AvifFile("lod0.avif.glb", 3))
    parts = replace(parts, packages={DIGEST: replace(manifest, levels=(level,))})
    (lod,) = compile_scene(SCENE, parts, "en")["nodes"][0]["lods"]
    assert lod["url"] == f"/packages/{DIGEST}/lod0.glb"
    assert lod["avif"] == {"url": f"/packages/{DIGEST}/lod0.avif.glb", "bytes": 3}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_in_its_own_words_or_the_nearest(language):
    site = change(SITE, languages=LANGUAGES)
    compiled = document(language, site=site)
    assert compiled["language"] == language
    own = {"ja": "水門", "ja-x-easy": "水門"}.get(language, "Water Gate")
    assert compiled["landmarks"][0]["name"] == own
    assert compiled["experiences"][0]["title"]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ({"ja": "門", "en": "Gate"}, "en", "Gate"),
        ({"ja": "門", "en": "Gate"}, "nl", "Gate"),
        ({"ja": "門", "en": "Gate"}, "ja-x-easy", "門"),
        ({"ja": "門", "en": ""}, "en", "門"),
        ({"nl": "Poort"}, "ko", "Poort"),
        ({}, "ja", ""),
    ],
)
def test_a_missing_text_falls_back_to_the_nearest_language(text, language, expected):
    assert pick(text, language) == expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ({"ja": "門", "en": "Gate"}, "en", {}),
        ({"ja": "門", "en": "Gate"}, "nl", {"told_in": "en"}),
        ({"ja": "門"}, "ko", {"told_in": "ja"}),
        ({"ja": "門"}, "ja-x-easy", {}),  # Japanese to every voice
        ({}, "ko", {}),
    ],
)
def test_what_stands_in_another_language_says_in_which(text, language, expected):
    assert told_in(text, language) == expected


def test_bounds_hold_every_landmark_and_the_origin_west_south_east_north():
    far = Landmark(id="far", name={"en": "Far"}, category="c", status="s", lat=32.75, lon=129.86)
    nowhere = Landmark(id="nowhere", name={"en": "Nowhere"}, category="c", status="s")
    assert find_bounds(published(far, nowhere)) == [129.86, 32.7435_2, 129.87316, 32.75]


def test_declination_at_dejima_is_that_of_the_world_magnetic_model():
    assert declination_deg(SITE, date(2025, 1, 1)) == pytest.approx(-7.6, abs=0.3)
    assert declination_deg(SITE, date(2040, 1, 1)) < 0  # beyond the coefficients' years: an answer all the same


def test_a_scene_whose_package_is_missing_is_not_shown_nor_is_its_experience():
    incomplete = published(packages={})
    assert shown_scenes(incomplete) == []
    assert shown_digests(incomplete) == frozenset()
    assert compile_site(incomplete, Edition(1, TODAY, "en"))["experiences"] == []


def test_a_bundled_model_is_shown_once_it_has_been_packaged():
    place = SCENE.nodes[0].placement
    scene = change(SCENE, nodes=[Node(id="gate", model="gate.glb", placement=place)])
    assert shown_scenes(published(scene=scene)) == []
    packaged = published(scene=scene, models={"gate.glb": DIGEST})
    assert shown_digests(packaged) == {DIGEST}
    assert compile_scene(scene, packaged, "ja")["nodes"][0]["package"] == DIGEST


def test_only_a_surveyed_placement_to_one_metre_may_stand_on_the_real_thing():
    for accuracy_m, surveyed, expected in ((1.0, True, True), (1.1, True, False), (0.5, False, False)):
        place = change(SCENE.nodes[0].placement, accuracy_m=accuracy_m, surveyed=surveyed)
        scene = change(SCENE, nodes=[change(SCENE.nodes[0], placement=place)])
        assert compile_scene(scene, published(scene=scene), "en")["nodes"][0]["surveyed"] is expected


def test_without_a_schedule_an_experience_is_on_for_the_whole_horizon():
    (span,) = document()["experiences"][0]["occurrences"]
    assert span == ["2026-11-29T15:00:00Z", "2027-01-30T15:00:00Z"]  # 30 November to 30 January in Nagasaki


def test_several_schedules_of_an_experience_add_up():
    evenings = Schedule(
        id="a", experience="gate-visit", days=OnDates(ranges=[("2026-12-05", "2026-12-05")]), opens_at="18:00"
    )
    morning = Schedule(
        id="b", experience="gate-visit", days=OnDates(ranges=[("2026-12-06", "2026-12-06")]), closes_at="09:00"
    )
    elsewhere = Schedule(id="c", experience="other", days=Always())
    site = compile_site(published(evenings, morning, elsewhere), Edition(1, TODAY, "en"))
    assert site["experiences"][0]["occurrences"] == [["2026-12-05T09:00:00Z", "2026-12-06T00:00:00Z"]]


def test_an_evening_begun_yesterday_is_still_in_todays_document():
    nights = Schedule(id="a", experience="gate-visit", days=Always(), opens_at="22:00", closes_at="02:00")
    spans = experience_occurrences("gate-visit", published(nights), horizon(TODAY))
    assert any(start <= datetime(2026, 11, 30, 16, 30, tzinfo=UTC) < end for start, end in spans)


def test_only_promotion_is_suspended_on_quiet_days():
    august = Edition(1, date(2026, 8, 1), "en")
    assert compile_site(published(), august)["experiences"][0]["quiet_on"] == []
    promotion = change(EXPERIENCE, id="fireworks", promotional=True)
    experiences = compile_site(published(promotion), august)["experiences"]
    assert experiences[1]["quiet_on"] == ["2026-08-09", "2026-08-15"]


def test_what_is_live_at_a_moment_is_what_visitors_find_then():
    fireworks = change(EXPERIENCE, id="fireworks", promotional=True)
    nights = Schedule(id="a", experience="gate-visit", days=Always(), opens_at="22:00", closes_at="02:00")
    site = published(fireworks, nights)
    told = {day: sorted(live_experiences(site, datetime(2026, 8, day, 16, 30, tzinfo=UTC))) for day in (7, 8, 9)}
    assert told == {
        7: ["fireworks", "gate-visit"],
        8: ["gate-visit"],
        9: ["fireworks", "gate-visit"],
    }  # 01:30 the day after
    assert live_experiences(site, datetime(2026, 8, 7, 17, 0, tzinfo=UTC)) == ["fireworks"]
    hidden = published(nights, packages={})
    assert live_experiences(hidden, datetime(2026, 8, 7, 16, 30, tzinfo=UTC)) == []


def test_a_schedule_whose_season_was_withdrawn_takes_only_itself_away():
    lost = Schedule(id="lost", experience="gate-visit", days=InSeason(season="gone"))
    broken = published(lost)
    assert find_faults(broken, horizon(TODAY)) == ["The schedule lost names the season gone, which is not there."]
    site = compile_site(broken, Edition(1, TODAY, "en"))
    assert site["experiences"][0]["occurrences"] == []
    rule = YearlyRule(rrule="FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=5", duration_days=1)
    whole = published(lost, Season(id="gone", name={"en": "Back"}, rule=rule))
    assert find_faults(whole, horizon(TODAY)) == []
    assert compile_site(whole, Edition(1, TODAY, "en"))["experiences"][0]["occurrences"]


def test_records_without_their_site_are_nothing_to_publish():
    assert gather([GATE, SCENE], {}, {}) is None


def test_compiling_is_a_function_of_revision_date_and_language_alone():
    first, again = (msgspec.json.encode(document(), order="deterministic") for _ in range(2))
    assert first == again
    later = compile_site(published(), replace(Edition(7, TODAY, "en"), compiled_for_on=date(2026, 12, 2)))
    assert later["compiled_for_on"] == "2026-12-02"
    assert later["experiences"][0]["occurrences"] != document()["experiences"][0]["occurrences"]
