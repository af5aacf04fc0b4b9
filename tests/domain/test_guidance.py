"""Ways, edges and signs in the site document, and what may not be published of them."""

from datetime import date

import msgspec
import pytest
from msgspec.structs import replace

from tests.samples import EXPERIENCE, GATE, SITE, make_manifest, make_scene
from xr_server.domain.catalog import Landmark, Occluder
from xr_server.domain.content_check import check_record
from xr_server.domain.content_index import index_records
from xr_server.domain.guidance import Footpath, Hazard, Sign
from xr_server.domain.media import Cue, Media
from xr_server.domain.publish import Edition, compile_site
from xr_server.domain.publish_scene import compile_scene
from xr_server.domain.published import gather
from xr_server.domain.survey import Survey, SurveyPoint, Tie

DIGEST = "a" * 64
HOUSE = Landmark(id="house", name={"en": "House"}, category="residence", status="restored", lat=32.7436, lon=129.8725)
WAY = Footpath(
    id="gate-to-house",
    start="water-gate",
    end="house",
    points=[(32.7437, 129.8723), (32.7436, 129.8725)],
    accuracy_m=15,
)
RIVER = Hazard(
    id="river",
    kind="river",
    name={"en": "River", "ja": "川"},
    lines=[[(32.744, 129.873), (32.744, 129.874)]],
    accuracy_m=5,
)
POINT = SurveyPoint(
    id="post", name={"en": "Post"}, lat=32.7437, lon=129.8723, h=36, accuracy_m=0.1, surveyed_on="2026-11-20", author="Kana"
)  # fmt: skip
SURVEY = Survey(id="november", points=[POINT])
SIGN = Sign(id="gate", code="GATE", landmark="water-gate", point="post", heading_deg=0, side_m=0.2)
BLOCK = Occluder(
    id="shed", footprint=[(32.7438, 129.8724), (32.7438, 129.8725), (32.7439, 129.8725)], base_m=35, top_m=41
)
SOUND = Media(
    id="bell", file="bell.wav", title={"en": "Bell"}, digest=DIGEST, creator="Kana", licence="CC0", provenance="fiction",
    captions=[Cue(id="a", start_s=0, end_s=1, text={"en": "(Bell)"})],
)  # fmt: skip
PICTURE = replace(SOUND, id="view", file="view.webp", captions=[], alt={"en": "A view"})
SCENE = make_scene(DIGEST)
AT_ORIGIN = Tie(point="post", position=(0, 0, 0))


def compiled(*more, language="en"):
    published = gather([SITE, GATE, HOUSE, SCENE, EXPERIENCE, *more], {DIGEST: make_manifest(b"glTF")}, {})
    assert published is not None
    return compile_site(published, Edition(1, date(2026, 12, 1), language)), published


def test_what_nobody_knows_of_a_way_is_null_and_its_length_is_counted():
    (path,) = compiled(WAY)[0]["paths"]
    assert (path["from"], path["to"], path["steps"], path["slope_percent"], path["note"]) == (
        "water-gate",
        "house",
        None,
        None,
        None,
    )
    assert path["length_m"] == pytest.approx(21.8, abs=0.3)
    assert path["points"] == [[32.7437, 129.8723], [32.7436, 129.8725]]
    (path,) = compiled(replace(WAY, steps=0, slope_percent=6.5, note={"en": "Cobbles"}))[0]["paths"]
    assert (path["steps"], path["slope_percent"], path["note"]) == (0, 6.5, "Cobbles")


def test_an_edge_is_named_in_the_reader_s_language():
    assert compiled(RIVER)[0]["hazards"][0]["name"] == "River"
    assert compiled(RIVER, language="ja")[0]["hazards"][0]["name"] == "川"


def test_a_sign_stands_where_its_point_was_measured_and_nowhere_without_it():
    (sign,) = compiled(SURVEY, SIGN)[0]["signs"]
    assert (sign["lat"], sign["lon"], sign["h"], sign["accuracy_m"]) == (32.7437, 129.8723, 36, 0.1)
    assert compiled(SIGN)[0]["signs"] == []


def test_a_site_without_any_of_it_says_so_with_empty_lists():
    document, _ = compiled()
    assert {name: document[name] for name in ("survey_points", "paths", "hazards", "signs", "media")} == {
        "survey_points": [], "paths": [], "hazards": [], "signs": [], "media": [],
    }  # fmt: skip
    assert document["packages"] == [DIGEST]


def test_a_scene_carries_its_occluders_eras_and_media():
    _, published = compiled(SOUND, PICTURE)
    spot = replace(SCENE.hotspots[0], media="view")
    scene = replace(SCENE, occluders=[BLOCK], hotspots=[spot], sounds=["bell"])
    document = compile_scene(scene, published, "en")
    (block,) = document["occluders"]
    assert (len(block["footprint"]), block["base_m"], block["top_m"], block["demonstration"]) == (3, 35, 41, False)
    media = document["hotspots"][0]["media"]
    assert (media["kind"], media["alt"], media["captions"]) == ("image", "A view", None)
    assert document["sounds"][0]["captions"].endswith("/bell.en.vtt")


def problems(record, *more):
    records = [SITE, GATE, HOUSE, SCENE, EXPERIENCE, SURVEY, SOUND, PICTURE, record, *more]
    index = index_records(records, frozenset())
    assert index is not None
    return [f"{field}: {text}" for field, text in check_record(record, index)]


@pytest.mark.parametrize(
    "record",
    [
        WAY,
        RIVER,
        SIGN,
        SOUND,
        PICTURE,
        SURVEY,
        replace(SCENE, occluders=[BLOCK], sounds=["bell"]),
        replace(EXPERIENCE, cover="view"),
    ],
    ids=lambda record: type(record).__name__,
)
def test_what_is_sound_passes(record):
    index = index_records([SITE, GATE, HOUSE, SCENE, EXPERIENCE, SURVEY, SOUND, PICTURE], frozenset())
    assert index is not None
    assert check_record(record, index) == []


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (replace(WAY, end="hous"), "to: there is no landmark called hous"),
        (replace(WAY, end="water-gate"), "to: a way leads from one landmark to another"),
        (replace(WAY, points=[(32.7, 129.8), (129.8, 32.7)]), "points: this place is"),
        (replace(RIVER, name={}), "name: an edge needs a name"),
        (replace(SIGN, point="pots"), "point: there is no survey point called pots"),
        (replace(SURVEY, id="december"), "points, post: there is a second survey point of this id"),
        (Survey(id="x", points=[replace(POINT, id="y", surveyed_on="2026-02-30")]), "points, y: 2026-02-30 is not a date"),
        (Survey(id="x", points=[replace(POINT, id="y", name={})]), "points, y: a point needs a name"),
        (Survey(id="x", points=[replace(POINT, id="y", landmark="z")]), "points, y: there is no landmark called z"),
        (replace(SCENE, occluders=[replace(BLOCK, top_m=35)]), "occluders, shed: top_m must be higher"),
        (replace(SCENE, occluders=[BLOCK, BLOCK]), "occluders, shed: each occluder has an id of its own"),
        (replace(SCENE, occluders=[replace(BLOCK, footprint=[(32.75, 129.87)] * 3)]), "shed: it stands more than 150 m"),
        (replace(SCENE, sounds=["view"]), "sounds: there is no sound called view"),
        (replace(SCENE, initial_era="y1636"), "initial_era: there is no era called y1636"),
        (replace(SCENE, hotspots=[replace(SCENE.hotspots[0], media="nix")]), "hotspots, roof: there is no picture or sound"),
        (replace(SCENE, nodes=[replace(SCENE.nodes[0], ties=[AT_ORIGIN])]), "two points at least 3 m apart"),
        (replace(EXPERIENCE, cover="nix"), "cover: there is no picture called nix"),
        (replace(SOUND, captions=[]), "captions: say in at least one caption what is heard"),
        (replace(SOUND, captions=[Cue(id="a", start_s=2, end_s=2, text={})]), "captions, a: captions follow one another"),
        (replace(PICTURE, alt={}), "alt: say in at least one language what the picture shows"),
        (replace(PICTURE, loop=True), "captions: captions, loop and language belong to sounds"),
        (replace(PICTURE, title={}), "title: a picture or a sound needs a title"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(record, text):
    assert any(problem.startswith(text) or text in problem for problem in problems(record))


@pytest.mark.parametrize("code", ["abc", "ABCD E", "ABC", "A" * 13, "ABCD\n", "ÄBCD"])
def test_a_sign_s_code_can_be_typed_by_hand(code):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**msgspec.to_builtins(SIGN), "code": code}, Sign)
