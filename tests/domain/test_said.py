import pytest

from xr_server.domain.catalog import Experience, Trigger
from xr_server.domain.restating import (
    RESTATED,
    credit_of,
    judge_details,
    read_details,
    restate_experience,
    type_details,
)
from xr_server.domain.said import LICENCES, MOST_SOURCES, choose_licence, find_faults, flatten, gather
from xr_server.domain.scan import ScanDetails, build_metadata, parse_details
from xr_server.errors import Invalid

PLACE = {"lat": 32.7437, "lon": 129.8723, "height": 34.5}
BASE = ScanDetails(title="Wall", creator="Kana", licence="CC BY 4.0", **PLACE)
FULL = ScanDetails(
    title="Wall",
    creator="Kana",
    licence="CC BY-NC 4.0",
    **PLACE,
    names={"ja": "石垣", "nl": "Muur"},
    period="about 1820",
    surveyed_on="2026-11-24",
    sources=["Plan of 1820, city archive", "Siebold, Nippon"],
    credit_line="Class 6a",
    permission="2026-017",
    no_persons=True,
)


def test_what_an_earlier_version_kept_is_still_read():
    assert parse_details({"title": "Wall", "creator": "Kana", "licence": "CC BY 4.0", **PLACE}) == BASE
    assert not BASE.no_persons and BASE.names == {}


def test_a_file_of_details_survives_the_way_through_an_uploads_metadata():
    import msgspec

    flat = flatten(msgspec.to_builtins(FULL))
    assert all(isinstance(value, str) for value in flat.values()) and flat["name_ja"] == "石垣"
    assert parse_details(flat) == FULL


def test_what_the_form_shows_gives_the_same_details_again():
    for details in (BASE, FULL):
        typed = {name: str(text) for name, text in type_details(details).items()}
        assert read_details(typed, details) == details
        assert set(typed) <= set(RESTATED)


def test_what_was_taken_out_of_the_form_is_gone():
    typed = dict.fromkeys(RESTATED, "") | {
        "title": "Wall",
        "creator": "Kana",
        "licence": "CC0 1.0",
        "provenance": "fiction",
    }
    bare = read_details(typed, FULL)
    assert (bare.names, bare.sources, bare.period, bare.surveyed_on) == ({}, [], "", None)
    assert (bare.credit_line, bare.permission, bare.no_persons) == ("", "", False)
    assert bare.lat == FULL.lat


def test_names_in_languages_that_nobody_asked_for_stay():
    typed = {"title": "Wall", "creator": "Kana", "licence": "CC0 1.0", "provenance": "fiction", "name_ja": "海の石垣"}
    assert read_details(typed, FULL).names == {"ja": "海の石垣", "nl": "Muur"}


def test_a_licence_in_own_words_is_asked_for_and_kept():
    assert gather({"licence": "own", "licence_own": " Ask the school "})["licence"] == "Ask the school"
    assert judge_details({"title": "W", "creator": "K", "licence": "own", "licence_own": ""}) == {"licence": "missing"}
    assert choose_licence("Ask the school") == ("own", "Ask the school")
    assert all(choose_licence(each) == (each, "") for each in LICENCES)


@pytest.mark.parametrize(
    ("said", "faults"),
    [
        ({"title": ""}, {"title": "missing"}),
        ({"title": "x" * 201, "creator": ""}, {"title": "too_long", "creator": "missing"}),
        ({"period": "x" * 101}, {"period": "too_long"}),
        ({"names": {"nl": "x" * 201}}, {"name_nl": "too_long"}),
        ({"sources": ["x"] * (MOST_SOURCES + 1)}, {"sources": "too_many"}),
        ({"sources": ["x" * 201]}, {"sources": "too_long"}),
        ({"surveyed_on": "2026-02-30"}, {"surveyed_on": "no_date"}),
        ({"surveyed_on": "24.11.2026"}, {"surveyed_on": "no_date"}),
        ({}, {}),
    ],
)
def test_each_fault_is_told_by_its_field_in_the_order_of_the_form(said, faults):
    assert find_faults({"title": "W", "creator": "K", "licence": "CC0 1.0", **said}) == faults
    assert list(find_faults({"title": "W", "creator": "K", "licence": "CC0 1.0", **said})) == list(faults)


@pytest.mark.parametrize("wrong", [{"surveyed_on": "2026-02-30"}, {"name_xx": "X"}, {"permission": "x" * 101}])
def test_an_upload_that_says_something_impossible_is_refused(wrong):
    with pytest.raises(Invalid, match=next(iter(wrong)).replace("name_xx", "xx")):
        parse_details({"title": "W", "creator": "K", "licence": "CC0 1.0", **PLACE, **wrong})


def test_what_goes_into_the_package_and_what_stays_in_the_record():
    metadata = build_metadata(FULL)
    assert metadata["sources"] == FULL.sources and metadata["period"] == "about 1820"
    assert not {"permission", "no_persons", "credit_line", "names"} & set(metadata)
    assert (credit_of(FULL), credit_of(BASE)) == ("Class 6a", "Kana, CC BY 4.0")


def test_titles_follow_the_names_unless_somebody_worded_them_otherwise():
    experience = Experience(
        id="wall",
        title={"ja": "石垣", "en": "The wall by the gate", "nl": "Muur"},
        landmark="water-gate",
        scene="wall",
        trigger=Trigger(kind="geofence"),
    )
    typed = {**type_details(FULL), "name_ja": "海の石垣", "name_en": "Wall", "name_nl": "", "name_ko": "돌담"}
    after = read_details({name: str(text) for name, text in typed.items()}, FULL)
    title = restate_experience(experience, FULL, after).title
    assert title == {"ja": "海の石垣", "en": "The wall by the gate", "nl": "Muur", "ko": "돌담"}
