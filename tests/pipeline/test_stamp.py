"""Title, rights and place put into the files of a package, when it is built and when they change."""

import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from asset_pipeline.built import BuildResult
from asset_pipeline.errors import OptionRefused, PackageBroken
from asset_pipeline.geopose import GeoPose, Position, heading_to_quaternion
from asset_pipeline.licences import licence_url
from asset_pipeline.manifest import Anchor, Credit, parse_manifest
from asset_pipeline.options import read_metadata
from asset_pipeline.output.listing import dump_report
from asset_pipeline.output.stamp import restamp_package, stamp_glb, stamp_package
from asset_pipeline.output.verify import verify_package
from asset_pipeline.output.xmp import copyright_line, make_packet
from asset_pipeline.package import build_package
from tests.pipeline.command import run
from tests.pipeline.shapes import ANCHOR, options, write_ball
from tests.pipeline.test_usdz import ODD_TEXTS
from tests.pipeline.test_verify import reseal

CREDIT = Credit(
    "出島の商館", 'Museum "De Liefde"', "CC BY-SA 4.0", "evidence", ("Plan of 1699", "https://example.org/a")
)
PLACE = Anchor(
    GeoPose(Position(32.744, 129.874, 3.25), heading_to_quaternion(123.5)), "ellipsoidal", 0.75, "2026-11-03"
)
TEXTS = {
    "title": CREDIT.title,
    "creator": CREDIT.creator,
    "licence": CREDIT.licence,
    "provenance": "evidence",
    "sources": list(CREDIT.sources),
    "surveyed_on": "2026-11-03",
}
MOVED = {"lat": 32.744, "lon": 129.874, "height": 3.25, "heading": 123.5, "accuracy": 0.75}
NOT_MOVED = dict.fromkeys(MOVED)


def chunks(data: bytes) -> tuple[dict[str, Any], bytes]:
    """A GLB's JSON and everything after it."""
    size = struct.unpack("<I", data[12:16])[0]
    assert struct.unpack("<I", data[8:12])[0] == len(data) and (20 + size) % 4 == 0
    return json.loads(data[20 : 20 + size]), data[20 + size :]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def packet_in(folder: Path, name: str = "lod0.glb") -> dict[str, Any]:
    document, _ = chunks((folder / name).read_bytes())
    number = document["asset"]["extensions"]["KHR_xmp_json_ld"]["packet"]
    packet: dict[str, Any] = document["extensions"]["KHR_xmp_json_ld"]["packets"][number]
    return packet


def test_a_stamped_package_is_the_one_built_anew_with_the_same_facts(textured: BuildResult, tmp_path: Path) -> None:
    anew = build_package(write_ball(tmp_path), tmp_path / "anew", options(texture_px=256, credit=CREDIT, anchor=PLACE))
    digest, folder = restamp_package(textured.folder, tmp_path / "stamped", TEXTS, MOVED)
    assert digest == anew.digest != textured.digest
    assert contents(folder) == contents(anew.folder)
    assert "height_like_sea_level" in [warning["code"] for warning in anew.report["warnings"]]


def test_stamping_twice_changes_nothing_and_stamping_back_gives_the_first_package(
    textured: BuildResult, tmp_path: Path
) -> None:
    digest, folder = stamp_package(textured.folder, tmp_path, CREDIT, PLACE)
    assert stamp_package(folder, tmp_path, CREDIT, PLACE) == (digest, folder)
    back, again = stamp_package(folder, tmp_path, textured.manifest.credit, textured.manifest.anchor)
    assert back == textured.digest and contents(again) == contents(textured.folder)


def test_only_what_is_said_changes_never_what_is_shown(coloured: BuildResult, tmp_path: Path) -> None:
    _, folder = stamp_package(coloured.folder, tmp_path, CREDIT, PLACE)
    before, after = contents(coloured.folder), contents(folder)
    assert before.keys() == after.keys()
    told = {"manifest.json", "report.json", "model.usdz"} | {name for name in before if name.endswith(".glb")}
    changed = {name for name in before if before[name] != after[name]}
    assert told - {"report.json"} <= changed <= told  # of the report only sizes, which may be the same
    for name in before:
        if name.endswith(".glb"):
            assert chunks(before[name])[1] == chunks(after[name])[1]


def test_sizes_in_manifest_and_report_are_those_of_the_stamped_files(textured: BuildResult, tmp_path: Path) -> None:
    _, folder = stamp_package(textured.folder, tmp_path, replace(CREDIT, title="長" * 300), PLACE)
    report = json.loads((folder / "report.json").read_bytes())
    for told in (*report["levels"], *json.loads((folder / "manifest.json").read_bytes())["levels"]):
        assert told["bytes"] == (folder / told["file"]).stat().st_size
    assert report["source"] == textured.report["source"]


def test_a_height_that_looks_like_sea_level_is_warned_of_until_it_is_put_right(
    textured: BuildResult, tmp_path: Path
) -> None:
    _, low = restamp_package(textured.folder, tmp_path, {}, {**NOT_MOVED, "height": 2.5})
    warning = json.loads((low / "report.json").read_bytes())["warnings"][-1]
    assert warning["code"] == "height_like_sea_level" and warning["values"] == {"height_m": 2.5}
    digest, _ = restamp_package(low, tmp_path, {}, {**NOT_MOVED, "height": ANCHOR.geopose.position.h})
    assert digest == textured.digest


def test_what_was_said_of_the_old_place_is_not_said_of_the_new_one(copied: Path, tmp_path: Path) -> None:
    said = ["place_from_map", "height_from_survey", "place_differs", "holes"]
    report = json.loads((copied / "report.json").read_bytes())
    report["warnings"] = [{"code": code, "text": "Said.", "values": {}} for code in said]
    (copied / "report.json").write_bytes(dump_report(report))
    folder = reseal(copied)

    def codes_after(**moved: float) -> list[str]:
        _, stamped = restamp_package(folder, tmp_path / "out", {}, {**NOT_MOVED, **moved})
        return [warning["code"] for warning in json.loads((stamped / "report.json").read_bytes())["warnings"]]

    assert codes_after(accuracy=3.0) == said
    assert codes_after(lon=129.9) == ["height_from_survey", "holes"]
    assert codes_after(height=40.0) == ["place_from_map", "place_differs", "holes"]


def test_what_is_not_named_stays_as_it_was(textured: BuildResult, tmp_path: Path) -> None:
    first, folder = stamp_package(textured.folder, tmp_path, CREDIT, PLACE)
    _, moved = restamp_package(folder, tmp_path, {}, {**NOT_MOVED, "lat": 32.75})
    manifest = parse_manifest((moved / "manifest.json").read_bytes())
    assert manifest.credit == CREDIT
    assert manifest.anchor == replace(PLACE, geopose=replace(PLACE.geopose, position=Position(32.75, 129.874, 3.25)))
    _, named = restamp_package(folder, tmp_path, {"creator": "", "surveyed_on": None}, NOT_MOVED)
    manifest = parse_manifest((named / "manifest.json").read_bytes())
    assert manifest.credit == replace(CREDIT, creator="") and manifest.anchor == replace(PLACE, surveyed_on=None)
    assert first != moved.name != named.name


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_any_text_comes_back_from_every_model_as_it_was(textured: BuildResult, tmp_path: Path, text: str) -> None:
    _, folder = stamp_package(textured.folder, tmp_path, Credit(text, text, text, "fiction", (text,)), PLACE)
    for name in ("lod0.glb", "lod1.glb", "plain.glb"):
        packet = packet_in(folder, name)
        assert packet["dc:title"]["rdf:_1"]["@value"] == packet["dc:rights"]["rdf:_1"]["@value"] == text
        assert packet["dc:creator"] == {"@list": [text]} and packet["dc:source"] == text
        document, _ = chunks((folder / name).read_bytes())
        assert document["nodes"][0]["name"] == document["scenes"][0]["name"] == text
    assert verify_package(folder).manifest.credit.title == text


def test_the_packet_follows_the_extension(textured: BuildResult, tmp_path: Path) -> None:
    _, folder = stamp_package(textured.folder, tmp_path, CREDIT, PLACE)
    packet = packet_in(folder)
    prefixes = {key.partition(":")[0] for key in packet if not key.startswith("@")}
    assert prefixes <= set(packet["@context"]) and "rdf" in packet["@context"]
    assert all(uri.endswith(("/", "#")) for uri in packet["@context"].values())
    assert packet["dc:title"] == {"@type": "rdf:Alt", "rdf:_1": {"@language": "x-default", "@value": CREDIT.title}}
    assert packet["xmpRights:WebStatement"] == "https://creativecommons.org/licenses/by-sa/4.0/"
    assert packet["xmpRights:Marked"] is True and packet["dejima:provenance"] == "evidence"
    assert packet["xmp:CreatorTool"] == "Dejima XR"
    assert packet["dc:source"] == "Plan of 1699; https://example.org/a"
    document, _ = chunks((folder / "lod0.glb").read_bytes())
    assert document["asset"]["copyright"] == 'Museum "De Liefde". CC BY-SA 4.0'
    assert document["extensionsUsed"].count("KHR_xmp_json_ld") == 1
    assert "KHR_xmp_json_ld" not in document["extensionsRequired"]
    plain, _ = chunks((folder / "plain.glb").read_bytes())
    assert plain["extensionsUsed"] == ["KHR_xmp_json_ld"] and "extensionsRequired" not in plain


def test_what_is_not_stated_is_left_out() -> None:
    packet = make_packet(Credit())
    assert packet.keys() == {"@context", "dejima:provenance", "xmp:CreatorTool"}
    assert copyright_line(Credit(creator="A")) == "A" and copyright_line(Credit(licence="CC0")) == "CC0"
    assert copyright_line(Credit()) == ""


@pytest.mark.parametrize(
    ("licence", "url"),
    [
        ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
        ("cc-by-nc-sa 3.0", "https://creativecommons.org/licenses/by-nc-sa/3.0/"),
        ("Creative Commons BY ND 4.0 International", "https://creativecommons.org/licenses/by-nd/4.0/"),
        ("CC0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("CC0 1.0 Universal", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("https://example.org/licence?x=1", "https://example.org/licence?x=1"),
        ("javascript:alert(1)", None),
        ("All rights reserved", None),
        ("CC BY 4.0 except the roof", None),
        ("", None),
    ],
)
def test_a_licence_known_by_its_name_has_an_address(licence: str, url: str | None) -> None:
    assert licence_url(licence) == url
    marked = make_packet(Credit(licence=licence)).get("xmpRights:Marked")
    assert marked == (None if not licence else not licence.startswith("CC0"))


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ('{"title": 7}', "metadata_text"),
        ('{"creator": ["A", "B"]}', "metadata_text"),
        ('{"licence": "a\\u0000b"}', "metadata_text"),
        ('{"title": "\\ud800"}', "metadata_text"),
        (json.dumps({"title": "x" * 4001}), "metadata_text"),
        (json.dumps({"sources": ["x"] * 101}), "metadata_sources"),
        ('{"sources": [1]}', "metadata_text"),
        ('{"sources": "one"}', "metadata_shape"),
        ('{"provenance": "rumour"}', "provenance"),
        ('{"surveyed_on": "20261103"}', "date_unreadable"),
        ('{"surveyed_on": "3 November"}', "date_unreadable"),
        ('{"height_kind": "sea"}', "height_kind"),
        ('{"tittle": "slip"}', "metadata_field"),
        ("[]", "metadata_shape"),
        ("{", "metadata_unreadable"),
    ],
)
def test_bad_metadata_is_refused_and_nothing_is_written(
    textured: BuildResult, tmp_path: Path, metadata: str, code: str
) -> None:
    path, out = tmp_path / "facts.json", tmp_path / "out"
    path.write_text(metadata, encoding="utf-8")
    with pytest.raises(OptionRefused) as refused:
        restamp_package(textured.folder, out, read_metadata(path), NOT_MOVED)
    assert refused.value.code == code and refused.value.text.endswith(".")
    assert not out.exists()


@pytest.mark.parametrize(
    "moved", [{"lat": 91.0}, {"lon": 200.0}, {"height": float("nan")}, {"heading": 360.0}, {"accuracy": 0.0}]
)
def test_an_impossible_place_is_refused_and_nothing_is_written(
    textured: BuildResult, tmp_path: Path, moved: dict[str, float]
) -> None:
    with pytest.raises(OptionRefused):
        restamp_package(textured.folder, tmp_path / "out", {}, {**NOT_MOVED, **moved})
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["lod0.glb", "model.usdz", "report.json", "manifest.json"])
def test_a_package_that_is_not_whole_is_not_stamped(copied: Path, tmp_path: Path, name: str) -> None:
    (copied / name).write_bytes((copied / name).read_bytes()[:-1])
    with pytest.raises(PackageBroken):
        stamp_package(copied, tmp_path / "out", CREDIT, PLACE)
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_no_glb_of_ours_is_refused() -> None:
    for data in (b"", b"glTF", b"\0" * 40, struct.pack("<4sIII4s", b"glTF", 2, 22, 2, b"JSON") + b"[]"):
        with pytest.raises(PackageBroken):
            stamp_glb(data, CREDIT)


def test_the_command_prints_where_the_new_package_is_and_leaves_the_old_one(
    textured: BuildResult, tmp_path: Path
) -> None:
    facts = tmp_path / "facts.json"
    facts.write_text(json.dumps(TEXTS), encoding="utf-8")
    place = [word for name, value in MOVED.items() for word in (f"--{name}", str(value))]
    ran = run("stamp", textured.folder, "--metadata", facts, *place, "--out", tmp_path / "out")
    assert ran.code == 0, ran.stderr
    folder = Path(ran.stdout.removeprefix("Package ").strip())
    assert verify_package(folder).manifest.credit == CREDIT and verify_package(folder).manifest.anchor == PLACE
    assert verify_package(textured.folder).digest == textured.digest
    assert ran.peak_bytes < 250e6


def test_the_command_says_what_is_missing(textured: BuildResult, tmp_path: Path) -> None:
    ran = run("stamp", textured.folder, "--out", tmp_path / "out")
    assert ran.code == 2 and "Say what to change" in ran.stderr
    ran = run("stamp", textured.folder, "--lat", "95", "--out", tmp_path / "out")
    assert ran.code == 2 and "latitude" in ran.stderr.lower()
    ran = run("stamp", tmp_path, "--lat", "32", "--out", tmp_path / "out")
    assert ran.code == 2 and not (tmp_path / "out").exists()


def test_the_time_that_a_model_shows_stands_in_every_file_and_is_nowhere_where_it_is_not_said(
    copied: Path, tmp_path: Path
) -> None:
    digest, folder = restamp_package(copied, tmp_path / "out", {"period": "about 1820"}, {})
    assert verify_package(folder).manifest.credit.period == "about 1820"
    assert make_packet(Credit(period="about 1820"))["dc:coverage"] == "about 1820"
    assert b"about 1820" in (folder / "lod0.glb").read_bytes() and b"about 1820" in (folder / "model.usdz").read_bytes()
    again, bare = restamp_package(folder, tmp_path / "out", {"period": ""}, {})
    assert again == copied.name != digest  # without it a package is the one it was before there was such a field
    assert b"period" not in (bare / "manifest.json").read_bytes()
