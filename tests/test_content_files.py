"""The committed content of Dejima: one form, its schemas, all languages, and the facts it was taken from."""

import json
import math
import struct
import wave
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from asset_pipeline.geopose import Position, geodetic_to_enu
from asset_pipeline.options import parse_levels
from xr_server.domain.catalog import Experience, Landmark, Scene, Site
from xr_server.domain.content import format_json
from xr_server.domain.content_schema import make_schemas
from xr_server.domain.fields import LANGUAGES
from xr_server.domain.geofence import distance_m
from xr_server.domain.guidance import Footpath, Hazard, Sign
from xr_server.domain.media import Media
from xr_server.domain.schedule import Window
from xr_server.domain.season import Always, InSeason, Schedule, Season
from xr_server.domain.season_days import season_ranges, season_spans, starts_without_end
from xr_server.domain.survey import Survey, find_standing
from xr_server.storage.content import dump_content, read_content

ROOT = Path(__file__).resolve().parents[1]
DEJIMA = ROOT / "content" / "dejima"
SCHEMAS = ROOT / "content" / "schemas"
FACTS = ROOT.parent / "shared" / "dejima"
OSM = "© OpenStreetMap contributors"
SCHEMA_OF = {
    "site.json": "site",
    "landmarks.geojson": "landmarks",
    "seasons.json": "seasons",
    "schedules.json": "schedules",
    "scenes": "scene",
    "experiences": "experience",
    "texts": "texts",
    "models": "model",
    "media": "media",
    "survey": "survey",
    "paths.json": "paths",
    "hazards.json": "hazards",
    "signs.json": "signs",
}
# what staff make at the desk: Dejima's folder has no file of it
NONE_HERE: dict[str, Any] = {
    "rallies.schema.json": [
        {"id": "autumn", "landmarks": ["suimon"], "first_on": "2026-11-20", "last_on": "2026-11-30", "proof": "sign"}
    ],
    "campaigns.schema.json": [
        {
            "id": "lantern-2027",
            "first_on": "2027-02-05",
            "last_on": "2027-02-19",
            "links": [{"code": "7K3MPA", "to": "site", "source": "dejima", "medium": "poster"}],
        }
    ],
    "questionnaires.schema.json": [{"id": "year", "first_on": "2026-11-20", "usual": ["satisfaction"]}],
    "notices.schema.json": [
        {"id": "shut", "landmark": "suimon", "severity": "closed", "from_at": "2026-12-01T00:00:00Z"}
    ],
}
CONTENT = read_content(DEJIMA)
FILES = sorted(path for path in DEJIMA.rglob("*") if path.suffix in {".json", ".geojson"})


def of(kind: type) -> dict[str, Any]:
    return {record.id: record for record in CONTENT.records if isinstance(record, kind)}


def read_facts(name: str) -> Any:
    path = FACTS / name
    if not path.is_file():
        pytest.skip(f"the facts of Dejima are not beside this checkout ({name})")
    return json.loads(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return str(path.relative_to(DEJIMA))


def schema_for(path: Path) -> str:
    return f"{SCHEMA_OF[Path(name_of(path)).parts[0]]}.schema.json"


def test_the_files_have_the_one_form_that_an_export_gives_them():
    for name, data in dump_content(CONTENT.records).items():
        assert (DEJIMA / name).read_bytes() == data, f"{name}: import it and export it, or compare with git diff"


def test_the_committed_schemas_are_those_of_the_record_types():
    made = {name: format_json(schema) + "\n" for name, schema in make_schemas().items()}
    committed = {path.name: path.read_text(encoding="utf-8") for path in SCHEMAS.iterdir()}
    assert committed == made, "run python scripts/make_schemas.py"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_follows_its_schema(path):
    schema = json.loads((SCHEMAS / schema_for(path)).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), schema, jsonschema.Draft202012Validator)


def find_document(name: str) -> Any:
    """A file of the content with that schema, or a sample of what Dejima has none of."""
    path = next((path for path in FILES if schema_for(path) == name), None)
    return NONE_HERE[name] if path is None else json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(NONE_HERE))
def test_what_dejima_has_none_of_follows_its_schema_too(name):
    jsonschema.validate(NONE_HERE[name], make_schemas()[name], jsonschema.Draft202012Validator)


@pytest.mark.parametrize("name", sorted(make_schemas()))
def test_a_schema_refuses_a_field_that_nobody_knows(name):
    document = find_document(name)
    inner = document[0] if isinstance(document, list) else document
    inner["colour"] = "red"
    with pytest.raises(jsonschema.ValidationError, match="colour"):
        jsonschema.validate(document, make_schemas()[name], jsonschema.Draft202012Validator)


@pytest.mark.parametrize("language", ["en"])
def test_every_word_is_there_in_every_language(language):
    ja, own = (
        set(leaves(json.loads((DEJIMA / "texts" / f"{name}.json").read_text(encoding="utf-8"))))
        for name in ("ja", language)
    )
    assert own == ja
    assert len(own) > 150


def test_the_site_speaks_every_language_there_is():
    assert tuple(of(Site)["dejima"].languages) == LANGUAGES


def leaves(tree: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(tree, dict):
        assert isinstance(tree, str)
        assert tree.strip() == tree != "", path
        return [path]
    return [leaf for key, value in tree.items() for leaf in leaves(value, (*path, key))]


def test_nobody_is_shouted_at():
    for language in LANGUAGES:
        words = (DEJIMA / "texts" / f"{language}.json").read_text(encoding="utf-8")
        assert "!" not in words
        assert "！" not in words


def test_whatever_came_from_the_map_says_so():
    assert OSM in of(Site)["dejima"].attribution[0].text
    assert of(Site)["dejima"].attribution[0].licence == "ODbL-1.0"
    for landmark in of(Landmark).values():
        if landmark.certainty in ("mapped", "derived"):
            assert OSM in landmark.geometry_licence, landmark.id
            assert "ODbL" in landmark.geometry_licence
    for scene in of(Scene).values():
        assert all(OSM in text and "ODbL" in text for text in scene.credit.values()), scene.id


def test_the_landmarks_are_those_of_the_facts_but_for_the_one_not_to_be_published():
    facts = {feature["properties"]["id"]: feature for feature in read_facts("landmarks.geojson")["features"]}
    landmarks = of(Landmark)
    assert set(facts) - set(landmarks) == {"jail"}
    assert set(landmarks) <= set(facts)
    for name, landmark in landmarks.items():
        geometry, known = facts[name]["geometry"], facts[name]["properties"]
        if geometry is None:
            assert (landmark.lat, landmark.lon, landmark.geometry, landmark.geofence) == (None, None, None, None)
        elif geometry["type"] == "Point":
            assert [landmark.lon, landmark.lat] == geometry["coordinates"]
            assert landmark.geofence is not None
        else:
            assert landmark.geometry == geometry
        assert (landmark.name["ja"], landmark.kana) == (known["names"]["ja"], known["name_kana"])
        assert (landmark.certainty, landmark.sources) == (known["certainty"], known["sources"])
        assert landmark.accuracy_m == known["horizontal_accuracy_m"]


def test_nothing_is_told_without_a_source():
    told = [*of(Landmark).values(), *of(Season).values()]
    assert [record.id for record in told if not record.sources] == []
    assert [entry.year for entry in of(Site)["dejima"].timeline if not entry.sources] == []
    assert [scene.id for scene in of(Scene).values() for node in scene.nodes if not node.sources] == []


@pytest.mark.parametrize("number", range(2026, 2032))
def test_the_seasons_fall_on_the_days_of_the_facts_and_an_end_nobody_knows_is_asked_for(number):
    facts = {event["id"]: event for event in read_facts("events.json")["seasonal"]}
    assert set(facts) == set(of(Season))
    assert len(facts) == 15
    window = Window(date(number, 1, 1), date(number, 12, 31))
    for name, season in of(Season).items():
        known = facts[name]["computed"].get(str(number))
        ranges = [[first.isoformat(), last.isoformat()] for first, last in season_ranges(season, window)]
        assert ranges == ([known] if known and known[1] else []), name
        asked = [first.isoformat() for first in starts_without_end(season, window)]
        assert asked == ([known[0]] if known and not known[1] else []), name


def test_what_was_observed_of_the_seasons_is_what_their_rules_say_of_those_years():
    facts = {event["id"]: event for event in read_facts("events.json")["seasonal"]}
    seen = 0
    for name, season in of(Season).items():
        for number, known in facts[name].get("observed", {}).items():
            window = Window(date(int(number), 1, 1), date(int(number), 12, 31))
            assert [[str(first), str(last)] for first, last in season_ranges(season, window)] == [known], (name, number)
            seen += 1
    assert seen == 14


def test_the_lantern_festival_follows_the_lunar_calendar_until_2025_and_the_first_friday_of_february_after():
    season = of(Season)["lantern-festival"]
    spans = season_spans(season, Window(date(2024, 1, 1), date(2028, 12, 31)))
    assert [(span.first_on, span.last_on) for span in spans] == [
        (date(2024, 2, 10), date(2024, 2, 24)),
        (date(2025, 1, 29), date(2025, 2, 12)),
        (date(2026, 2, 6), date(2026, 2, 23)),
        (date(2027, 2, 5), None),
        (date(2028, 2, 4), None),
    ]


def test_quiet_days_are_the_ninth_and_fifteenth_of_august():
    assert of(Site)["dejima"].quiet_days == ["08-09", "08-15"]


def test_the_timeline_is_that_of_the_facts_where_a_source_was_found():
    facts = [fact for fact in read_facts("events.json")["timeline"] if fact["year"] != 2028]  # no source for that plan
    entries = of(Site)["dejima"].timeline
    assert [(entry.year, entry.landmarks, entry.confidence) for entry in entries] == [
        (fact["year"], fact["landmarks"], fact["confidence"]) for fact in facts
    ]


def test_no_place_claims_to_be_good_enough_for_an_overlay():
    places = [node.placement for scene in of(Scene).values() for node in scene.nodes]
    assert all(not place.surveyed and place.accuracy_m >= 15 for place in places)
    assert len(places) == 3
    assert all(
        31 < place.h < 36 for place in places
    )  # metres above the ellipsoid: the foot of the sea wall, or the ground


def test_the_pipeline_takes_the_options_of_every_bundled_model():
    assert set(CONTENT.models) == {"chief-factor-house", "chief-factor-house-today", "water-gate"}
    for model in CONTENT.models.values():
        assert parse_levels(",".join(map(str, model.levels))) == model.levels
        assert model.licence in ("CC0-1.0", "CC-BY-4.0")


def test_a_model_is_packaged_where_its_scene_shows_it():
    for scene in of(Scene).values():
        for node in scene.nodes:
            place, shown = CONTENT.models[node.model].place, node.placement
            assert (place.lat, place.lon, place.h, place.heading_deg) == (
                shown.lat,
                shown.lon,
                shown.h,
                shown.heading_deg,
            )


def test_hotspots_lie_near_the_surface_of_the_model_they_belong_to():
    for scene in of(Scene).values():
        points = {node.id: read_points(DEJIMA / "models" / f"{node.model}.glb") for node in scene.nodes}
        for spot in scene.hotspots:
            away_m = np.sqrt(((points[spot.node] - spot.position) ** 2).sum(axis=1).min())
            assert away_m < 1.5, f"{scene.id} {spot.id} floats {away_m:.1f} m from the model"  # half an open gateway


def read_points(path: Path) -> np.ndarray:
    """The corners (n, 3) of a GLB's triangles, in metres; nothing in these files is moved by a node."""
    data = path.read_bytes()
    (length,) = struct.unpack_from("<I", data, 12)
    document, binary = json.loads(data[20 : 20 + length]), data[20 + length + 8 :]
    assert not any({"translation", "rotation", "scale", "matrix"} & set(node) for node in document["nodes"])
    parts = []
    for accessor in (
        document["accessors"][primitive["attributes"]["POSITION"]]
        for mesh in document["meshes"]
        for primitive in mesh["primitives"]
    ):
        view = document["bufferViews"][accessor["bufferView"]]
        assert "byteStride" not in view or view["byteStride"] == 12
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        parts.append(np.frombuffer(binary, "<f4", accessor["count"] * 3, start).reshape(-1, 3))
    return np.concatenate(parts)


def test_both_houses_can_always_be_seen_and_one_visit_is_for_new_years_day():
    days = {schedule.experience: schedule.days for schedule in of(Schedule).values()}
    assert days == {
        "chief-factor-house-1820": Always(),
        "water-gate-1820": Always(),
        "dutch-new-year": InSeason(season="oranda-shogatsu"),
    }
    assert set(of(Experience)) == set(days)


def test_every_point_of_the_demonstration_says_that_nobody_measured_it():
    survey = of(Survey)["demonstration"]
    assert all(point.demonstration and "nobody" in point.author for point in survey.points)
    assert "Nobody stood there" in survey.method
    for point in survey.points:
        assert ("demonstration" in point.name["en"], "見本" in point.name["ja"]) == (True, True), point.id


def test_the_demonstration_lets_models_stand_where_their_estimates_put_them_and_says_so():
    points = {point.id: point for survey in of(Survey).values() for point in survey.points}
    for scene in of(Scene).values():
        for node in scene.nodes:
            found = find_standing(node.ties, points)
            assert found is not None
            assert found.surveyed and found.demonstration
            place = node.placement
            assert distance_m(found.position.lat, found.position.lon, place.lat, place.lon) < 0.1, node.id
            assert abs(found.heading_deg - place.heading_deg) < 0.1
            for tie in node.ties:
                away_m = np.sqrt(
                    ((read_points(DEJIMA / "models" / f"{node.model}.glb") - tie.position) ** 2).sum(axis=1).min()
                )
                assert away_m < 0.3, f"{node.id}: {tie.point} is not on the model"


def test_occluders_stand_clear_of_the_models_they_might_hide():
    for scene in of(Scene).values():
        assert scene.occluders
        for occluder in scene.occluders:
            assert occluder.demonstration, "no building here has a published outline"
            for node in scene.nodes:
                origin = Position(node.placement.lat, node.placement.lon, node.placement.h)
                turn = math.radians(node.placement.heading_deg)
                low, high = (
                    getattr(read_points(DEJIMA / "models" / f"{node.model}.glb"), way)(axis=0) for way in ("min", "max")
                )
                for lat, lon in occluder.footprint:
                    east, north, _ = geodetic_to_enu(Position(lat, lon, origin.h), origin)
                    x, z = (
                        east * math.cos(turn) - north * math.sin(turn),
                        -east * math.sin(turn) - north * math.cos(turn),
                    )
                    inside = low[0] < x < high[0] and low[2] < z < high[2]
                    assert not inside, f"{scene.id}: {occluder.id} reaches into {node.id}"


def test_nobody_claims_to_have_walked_the_ways():
    paths = of(Footpath)
    landmarks = of(Landmark)
    assert len(paths) >= 20
    for path in paths.values():
        assert (path.steps, path.slope_percent) == (None, None)
        assert path.accuracy_m >= 15 and OSM in path.geometry_licence
        for name, (lat, lon) in ((path.start, path.points[0]), (path.end, path.points[-1])):
            assert distance_m(lat, lon, landmarks[name].lat, landmarks[name].lon) < 25, (
                f"{path.id} ends far from {name}"
            )


def test_the_river_is_the_north_edge_that_the_facts_give():
    (river,) = of(Hazard).values()
    ring = {(lat, lon) for lon, lat in of(Landmark)["outline-present"].geometry["coordinates"][0]}
    assert {tuple(place) for line in river.lines for place in line} <= ring
    assert min(lat for lat, _ in river.lines[0]) > of(Site)["dejima"].origin.lat - 0.0005


def test_each_sign_faces_away_from_the_wall_it_hangs_on():
    for sign in of(Sign).values():
        point = next(p for survey in of(Survey).values() for p in survey.points if p.id == sign.point)
        assert point.landmark == sign.landmark
        landmark = of(Landmark)[sign.landmark]
        origin = Position(landmark.lat, landmark.lon, 34.5)
        east, north, _ = geodetic_to_enu(Position(point.lat, point.lon, 34.5), origin)
        facing = math.radians(sign.heading_deg)
        assert east * math.sin(facing) + north * math.cos(facing) > 1, f"{sign.id} faces into the building"


def test_sounds_are_small_and_what_they_say_they_are():
    for media in of(Media).values():
        assert media.size_bytes < 150_000, media.id
        if media.kind == "sound":
            with wave.open(str(DEJIMA / "media" / media.file)) as file:
                assert file.getnframes() / file.getframerate() == pytest.approx(media.captions[-1].end_s, abs=0.01)
                assert file.getnchannels() == 1
            assert media.provenance == "fiction"
