"""Composing a scene: what is typed comes out as the scene, what was not touched stays, and every slip has its sentence."""

import msgspec
import pytest

from tests.samples import EXPERIENCE, make_scene
from xr_server.domain.catalog import Era, Experience, Hotspot, Node, Placement, Scene
from xr_server.domain.compose import LENGTHS, MAX_ERAS, MAX_SPOTS, Around, compose_scene, compose_words
from xr_server.domain.compose_form import compare_typed, rows_of, type_scene, type_words

PLACE = Placement(lat=32.7437, lon=129.8723, h=36.0, accuracy_m=15)
GATE, HOUSE = Node(id="gate", package="a" * 64, placement=PLACE), Node(id="house", package="b" * 64, placement=PLACE)
OLD = Era(id="y1820", year=1820, label={"ja": "1820年", "en": "1820"})
NEW = Era(id="y2006", year=2006, label={"en": "Today"}, text={"nl": "Nu"})
ROOF = Hotspot(
    id="roof", node="gate", position=(0.25, 4, -1.5), title={"en": "Roof", "ko": "지붕"}, text={"en": "Tiles.\nGrey."}
)
SCENE = Scene(
    id="gate-1820",
    landmark="water-gate",
    eras=[OLD, NEW],
    nodes=[msgspec.structs.replace(GATE, eras=["y1820"]), HOUSE],
    hotspots=[ROOF],
    sounds=["waves"],
    credit={"en": "Kana"},
)
AROUND = Around(
    languages=("ja", "en", "nl"),
    pictures=frozenset(("stair",)),
    sounds=frozenset(("waves", "bell")),
    boxes={"gate": ((-2.0, 0.0, -2.0), (2.0, 5.0, 2.0))},
)
SPOT = {"spot-7-title-en": "Door", "spot-7-node": "gate", "spot-7-x": "1.5", "spot-7-y": "0.75", "spot-7-z": "-2"}


def compose(before=SCENE, added=None, without=(), **typed):
    fields = {**type_scene(before), **{name.replace("_", "-"): value for name, value in typed.items()}}
    return compose_scene({n: v for n, v in fields.items() if n not in without}, before, AROUND, added)


def faults_of(before=SCENE, **typed):
    return {name: fault.code for name, fault in compose(before, **typed)[1].items()}


@pytest.mark.parametrize(
    "scene",
    [
        SCENE,
        make_scene("a" * 64),
        msgspec.structs.replace(SCENE, initial_era="y2006"),
        msgspec.structs.replace(SCENE, initial_era="y1820"),
        msgspec.structs.replace(SCENE, eras=[], nodes=[GATE], sounds=[]),
    ],
)
def test_what_was_not_touched_stays_as_it_was(scene):
    assert compose(scene) == (scene, {})


def test_a_point_typed_into_the_empty_row_joins_the_others_under_an_id_of_its_own():
    scene, faults = compose(**SPOT, **{"spot-7-text-ja": "門の戸です。", "spot-7-media": "stair"})
    assert faults == {} and scene.hotspots[0] == ROOF
    assert scene.hotspots[1:] == [
        Hotspot(
            id="door",
            node="gate",
            position=(1.5, 0.75, -2),
            title={"en": "Door"},
            text={"ja": "門の戸です。"},
            media="stair",
        )
    ]
    again, faults = compose(scene, **{**SPOT, "spot-7-title-en": "Roof", "spot-7-x": "１，５"})
    assert faults == {} and [spot.id for spot in again.hotspots] == ["roof", "door", "roof-2"]
    assert again.hotspots[2].position[0] == 1.5


def test_a_point_is_moved_renamed_and_taken_away_and_words_in_other_languages_stay():
    scene, _ = compose(**{"spot-0-x": "1", "spot-0-title-en": "Ridge", "spot-0-text-en": ""})
    assert scene.hotspots == [
        msgspec.structs.replace(ROOF, position=(1, 4, -1.5), title={"ko": "지붕", "en": "Ridge"}, text={})
    ]
    assert compose(**{"spot-0-remove": "yes"})[0].hotspots == []


@pytest.mark.parametrize(
    ("typed", "field", "code"),
    [
        ({"spot-0-title-en": ""}, None, None),  # it is told in Korean still
        ({**SPOT, "spot-7-title-en": ""}, "spot-7-title", "compose_title_missing"),
        ({**SPOT, "spot-7-title-en": "x" * 61}, "spot-7-title-en", "compose_label_long"),
        ({"spot-0-text-ja": "石" * 601}, "spot-0-text-ja", "compose_text_long"),
        ({"spot-0-x": "left"}, "spot-0-x", "compose_number"),
        ({"spot-0-y": ""}, "spot-0-y", "compose_number"),
        ({"spot-0-z": "nan"}, "spot-0-z", "compose_number"),
        ({"spot-0-y": "1e3"}, "spot-0-y", "compose_number"),
        ({"spot-0-y": "11"}, "spot-0-y", "compose_outside"),
        ({"spot-0-y": "10"}, None, None),  # as far above it as it is high
        ({"spot-0-node": "tower"}, "spot-0-node", "compose_node_missing"),
        ({"spot-0-media": "gone"}, "spot-0-media", "compose_media_missing"),
        ({"era-0-year": "long ago"}, "era-0-year", "compose_year"),
        ({"era-0-year": "3001"}, "era-0-year", "compose_year"),
        ({"era-2-year": "1700"}, "era-2-label", "compose_label_missing"),
        ({"credit-nl": "x" * 301}, "credit-nl", "compose_credit_long"),
    ],
)
def test_a_slip_is_named_at_its_field(typed, field, code):
    assert faults_of(**typed) == ({field: code} if field else {})


def test_an_era_is_added_in_the_order_of_years_and_nothing_ticked_is_bare_ground():
    scene, faults = compose(**{"era-9-year": "1798", "era-9-label-en": "After the fire"})
    assert faults == {} and [era.id for era in scene.eras] == ["era-1798", "y1820", "y2006"]
    assert [node.eras for node in scene.nodes] == [["y1820"], ["y1820", "y2006"]]


def test_what_is_ticked_in_every_era_names_none_and_what_is_ticked_nowhere_is_refused():
    scene, _ = compose(**{"era-1-stands-gate": "yes"})
    assert [node.eras for node in scene.nodes] == [[], []]
    _, faults = compose(without=("era-0-stands-gate",))
    assert {name: fault.code for name, fault in faults.items()} == {"node-0-eras": "compose_nowhere"}


def test_the_era_it_opens_in_is_written_down_only_when_it_would_not_open_so_by_itself():
    assert compose(initial="1")[0].initial_era == "y2006"
    assert compose(initial="0")[0].initial_era is None
    scene, _ = compose(initial="9", **{"era-9-year": "-30", "era-9-label-en": "Sea"})
    assert scene.initial_era == "era-bc-30" == scene.eras[0].id
    named = msgspec.structs.replace(SCENE, initial_era="y2006")
    assert compose(named, **{"era-1-remove": "yes", "initial": "1"})[0].initial_era is None


def test_a_model_joins_stands_in_all_eras_and_goes_with_its_points():
    shed = Node(id="scan", package="c" * 64, placement=PLACE)
    scene, faults = compose(added=shed)
    assert faults == {} and scene.nodes[2] == shed
    scene, faults = compose(**{"node-0-remove": "yes"})
    assert faults == {} and [node.id for node in scene.nodes] == ["house"] and scene.hotspots == []
    assert faults_of(**{"node-0-remove": "yes", "node-1-remove": "yes"}) == {"nodes": "compose_no_model"}


def test_what_a_model_rests_on_is_a_line_a_source():
    scene, faults = compose(**{"node-1-sources": " City archive, 1820 \n\nA letter\n"})
    assert faults == {} and [node.sources for node in scene.nodes] == [[], ["City archive, 1820", "A letter"]]
    assert faults_of(**{"node-0-sources": "x\n" * 21}) == {"node-0-sources": "compose_source_long"}


def test_points_stand_in_the_order_of_the_form():
    fields = {**SPOT, **type_scene(SCENE)}
    assert [spot.id for spot in compose_scene(fields, SCENE, AROUND)[0].hotspots] == ["door", "roof"]


def test_sounds_are_those_ticked_of_the_library():
    assert compose(**{"sound-bell": "yes", "sound-gone": "yes"})[0].sounds == ["waves", "bell"]
    assert compose(without=("sound-waves",))[0].sounds == []


def test_there_is_an_end_to_what_fits_into_a_scene():
    many = {f"spot-{i}-{name[7:]}": value for i in range(1, MAX_SPOTS + 1) for name, value in SPOT.items()}
    assert faults_of(**many) == {"spots": "compose_many_spots"}
    eras = {f"era-{i}-year": "1700" for i in range(2, MAX_ERAS + 1)}
    labels = {f"era-{i}-label-en": "x" for i in range(2, MAX_ERAS + 1)}
    assert faults_of(**eras, **labels) == {"eras": "compose_many_eras"}


def test_a_row_sent_twice_becomes_two_points_and_none_is_lost():
    twice = {
        name.replace("spot-0-", "spot-1-"): value for name, value in type_scene(SCENE).items() if "spot-0-" in name
    }
    scene, faults = compose(**twice)
    assert faults == {} and [spot.id for spot in scene.hotspots] == ["roof", "roof-2"]


def test_words_and_cover_of_the_experience():
    before: Experience = EXPERIENCE
    assert compose_words(type_words(before), before, AROUND) == (before, {})
    typed = {**type_words(before), "summary-nl": "Een poort.", "body-ja": "話", "cover": "stair"}
    words, faults = compose_words(typed, before, AROUND)
    assert faults == {} and (words.summary, words.body, words.cover) == ({"nl": "Een poort."}, {"ja": "話"}, "stair")
    _, faults = compose_words({"title-ja": "", "cover": "waves", "body-en": "x" * 4001}, before, AROUND)
    assert {name: fault.code for name, fault in faults.items()} == {
        "title": "title_missing",
        "cover": "compose_media_missing",
        "body-en": "compose_body_long",
    }
    assert LENGTHS["compose_body_long"] == 4000


def test_two_versions_are_told_apart_row_by_row_whatever_their_order():
    theirs = type_scene(msgspec.structs.replace(SCENE, hotspots=[Hotspot(**{**vars_of(ROOF), "id": "door"}), ROOF]))
    mine = {**type_scene(SCENE), "spot-0-title-en": "Ridge", "era-1-remove": "yes", "initial": "1"}
    found = {
        (one.kind, one.row, one.field, one.language): (one.theirs, one.mine)
        for one in compare_typed(theirs, mine, "en")
    }
    assert found["spot", "Roof", "title", "en"] == ("Roof", "Ridge")
    assert found["era", "Today", "year", ""] == ("2006", "")
    assert found["", "", "initial", ""] == ("1820", "2006")
    assert ("spot", "Roof", "x", "") in found  # the point that they added, and that is not in mine
    assert compare_typed(theirs, theirs, "ja") == []


def vars_of(struct):
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


def test_empty_rows_are_no_rows():
    typed = {"spot-0-id": "", "spot-0-node": "gate", "spot-0-title-en": "", "era-0-id": "", "era-0-stands-gate": "yes"}
    assert rows_of(typed, "spot") == rows_of(typed, "era") == []
