import pytest

from xr_server.domain.attachment import BuiltScan, made_scene, make_experience, make_scene, propose_id, read_wording
from xr_server.domain.dating import make_schedule, show_schedule
from xr_server.domain.review import Standing, check_note, is_possible, next_state
from xr_server.domain.scan import ScanDetails
from xr_server.errors import Conflict, Invalid

DETAILS = ScanDetails(title="Gate", creator="kana", licence="CC0", lat=32.7, lon=129.8, height=34.5, heading=90.0)
SCAN = BuiltScan("3f9a2b1c-0000-4000-8000-000000000000", DETAILS, "ab" * 32)
TYPED = {"days": "dates", "season": "", "ranges": [("2026-12-05", "2026-12-25")], "opens_at": "", "closes_at": ""}


def test_a_draft_goes_to_review_and_from_there_out_or_back():
    assert next_state("send_for_review", Standing("draft", None)) == "in_review"
    assert next_state("publish", Standing("in_review", None)) == "published"
    assert next_state("request_changes", Standing("in_review", None)) == "changes_requested"
    assert next_state("send_for_review", Standing("changes_requested", None)) == "in_review"


def test_what_visitors_never_saw_cannot_be_withdrawn_and_what_is_out_is_not_sent_again():
    assert not is_possible("withdraw", Standing("draft", None))
    assert is_possible("withdraw", Standing("draft", 3))
    with pytest.raises(Conflict, match="published now"):
        next_state("send_for_review", Standing("published", 3))


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001])
def test_a_note_says_something_and_not_too_much(text):
    with pytest.raises(Invalid):
        check_note(text)


def test_an_attached_scan_becomes_a_scene_where_it_was_surveyed_and_an_experience_there():
    wording = read_wording("water-gate", {"ja": "水門", "en": "The Water Gate, 1820"}, {"ja": "", "en": "A gate."})
    record_id = propose_id(wording, SCAN.id)
    assert record_id == "the-water-gate-1820-3f9a2b1c"
    scene, experience = make_scene(record_id, wording, SCAN, None), make_experience(record_id, wording, None)
    assert scene.nodes[0].package == SCAN.package_digest
    assert (scene.nodes[0].placement.lat, scene.nodes[0].placement.heading_deg) == (32.7, 90.0)
    assert experience.summary == {"en": "A gate."}
    assert experience.scene == record_id


def test_attaching_again_keeps_what_others_added():
    wording = read_wording("water-gate", {"ja": "水門", "en": ""}, {})
    first = make_experience("gate-1", wording, None)
    translated = make_experience("gate-1", wording, first).__class__(
        id="gate-1",
        title={"ja": "水門", "nl": "Waterpoort"},
        landmark="water-gate",
        scene="gate-1",
        trigger=first.trigger,
    )
    again = make_experience("gate-1", read_wording("sea-wall", {"ja": "石垣"}, {}), translated)
    assert again.title == {"ja": "石垣", "nl": "Waterpoort"}
    assert again.landmark == "sea-wall"


@pytest.mark.parametrize(
    ("landmark", "title", "code"),
    [
        ("", {"ja": "x"}, "landmark_missing"),
        ("a", {"ja": ""}, "title_missing"),
        ("a", {"en": "x" * 121}, "title_too_long"),
    ],
)
def test_attaching_without_landmark_or_title_is_refused(landmark, title, code):
    with pytest.raises(Invalid) as refused:
        read_wording(landmark, title, {})
    assert refused.value.code == code


def test_titles_without_latin_letters_take_the_landmarks_name():
    assert propose_id(read_wording("water-gate", {"ja": "水門"}, {}), SCAN.id) == "water-gate-3f9a2b1c"


def test_typed_dates_become_a_schedule_and_come_back_as_typed():
    body = make_schedule("s", "e", {**TYPED, "opens_at": "18:00", "closes_at": "21:00"}, [])
    assert {**show_schedule(body), **TYPED, "opens_at": "18:00", "closes_at": "21:00"} == show_schedule(body)
    single = make_schedule("s", "e", {**TYPED, "ranges": [("2026-12-05", "")]}, [])
    assert show_schedule(single)["ranges"] == [("2026-12-05", "2026-12-05")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ranges": []}, "dates_missing"),
        ({"days": "never"}, "dates_missing"),
        ({"days": "season", "season": "summer"}, "season_missing"),
        ({"opens_at": "18:00"}, "hours_half"),
        ({"opens_at": "18:00", "closes_at": "18:00"}, "hours_equal"),
        ({"opens_at": "25:00", "closes_at": "26:00"}, "hours_unreadable"),
        ({"ranges": [("2026-12-05", "2026-12-01")]}, "range_reversed"),
        ({"ranges": [("soon", "later")]}, "date_unreadable"),
    ],
)
def test_dates_that_cannot_be_are_refused_with_the_first_thing_amiss(change, code):
    with pytest.raises(Invalid) as refused:
        make_schedule("s", "e", {**TYPED, **change}, ["winter"])
    assert refused.value.code == code


@pytest.mark.parametrize("with_title", [True, False])
def test_a_scene_tells_by_its_name_which_scan_it_was_made_of(with_title):
    wording = read_wording("water-gate", {"en": "A very long title " * 6}, {})
    made = propose_id(wording, SCAN.id, with_title)
    assert made_scene(SCAN.id, made)
    others = (propose_id(wording, "12345678-0000-4000-8000-000000000000", with_title), "gate-1820", None)
    assert [made_scene(SCAN.id, other) for other in others] == [False, False, False]
