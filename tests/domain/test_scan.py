import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xr_server.domain.scan import (
    MAX_SCAN_BYTES,
    build_arguments,
    parse_upload_metadata,
    read_upload,
    stored_suffix,
)
from xr_server.errors import Invalid, TooLarge

METADATA = {
    "filename": "水門.ply",
    "title": "水門",
    "creator": "kana",
    "licence": "CC BY 4.0",
    "lat": "32.7435",
    "lon": "129.8732",
    "height": "34.5",
}


def encode(pairs: dict[str, str]) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in pairs.items())


@given(st.dictionaries(st.from_regex(r"[a-z]{1,10}", fullmatch=True), st.text(max_size=50), max_size=8))
def test_metadata_comes_back_as_it_was_sent(pairs):
    assert parse_upload_metadata(encode(pairs)) == pairs


@pytest.mark.parametrize("header", ["title ???", "title YQ==,title YQ==", "title /w==", "x" * 9000])
def test_metadata_that_is_no_list_of_pairs_is_refused(header):
    with pytest.raises(Invalid):
        parse_upload_metadata(header)


def test_an_upload_says_what_the_scan_is():
    upload = read_upload(METADATA, 100)
    assert (upload.file_name, upload.details.title, upload.details.lat) == ("水門.ply", "水門", 32.7435)
    assert (upload.details.heading, upload.details.accuracy, upload.details.provenance) == (0, 15, "estimate")
    assert "--lat=32.7435" in build_arguments(upload.details)
    assert not any(argument.startswith("--unit") for argument in build_arguments(upload.details))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"lat": "91"}, "lat"),
        ({"lon": "nan"}, "lon"),
        ({"heading": "360"}, "heading"),
        ({"accuracy": "0"}, "accuracy"),
        ({"unit": "inch"}, "unit"),
        ({"provenance": "hearsay"}, "provenance"),
        ({"title": " "}, "title"),
        ({"colour": "red"}, "colour"),
        ({"filename": ""}, "filename"),
    ],
)
def test_a_refusal_names_the_field_that_is_amiss(change, named):
    with pytest.raises(Invalid, match=named):
        read_upload({**METADATA, **change}, 100)


def test_files_too_large_or_empty_are_refused_with_figures():
    with pytest.raises(TooLarge, match="at most 4 GB"):
        read_upload(METADATA, MAX_SCAN_BYTES + 1)
    with pytest.raises(Invalid, match="empty"):
        read_upload(METADATA, 0)


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("a.PLY", ".ply"),
        ("../../etc/passwd", ".bin"),
        ("x./../../y", ".bin"),
        ("a.b/c", ".bin"),
        ("a.glb\0.sh", ".sh"),
        ("a.日本", ".bin"),
        ("a.verylongsuffix", ".bin"),
    ],
)
def test_only_a_plain_suffix_of_a_name_reaches_the_disk(name, suffix):
    assert stored_suffix(name) == suffix


@given(st.text(max_size=80))
def test_no_name_ever_gives_a_suffix_that_leaves_its_folder(name):
    suffix = stored_suffix(name)
    assert suffix.startswith(".") and suffix[1:].isalnum() and len(suffix) <= 9
