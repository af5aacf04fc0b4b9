import struct
from dataclasses import replace
from pathlib import Path

import laspy
import numpy as np
import pytest

from asset_pipeline.clouds.crs import check_placeable
from asset_pipeline.clouds.place import settle_anchor
from asset_pipeline.clouds.projection import find_projection
from asset_pipeline.errors import OptionRefused, ScanRefused
from asset_pipeline.geopose import Position
from asset_pipeline.options import BuildOptions, OwnPlace
from asset_pipeline.prechecks.precheck import check_scan_file
from asset_pipeline.readers.inspect import NOWHERE
from asset_pipeline.readers.read import read_scan
from asset_pipeline.scan import Scan
from tests.pipeline.clouds import las_file, scatter
from tests.pipeline.command import Ran, package, run

OPTIONS = BuildOptions(NOWHERE, unit="m", levels=(1000,))
EAST_M, NORTH_M = 27_000.0, -33_000.0  # in the plane rectangular system of Nagasaki


def field(count: int = 3000) -> np.ndarray:
    """Points on a slope of a tenth, 40 m by 30 m, far from the origin of the map."""
    xy = scatter(count, 40, 30)
    return np.column_stack([xy[:, 0] + EAST_M, xy[:, 1] + NORTH_M, 12 + 0.1 * xy[:, 0]])


def read(path: Path, options: BuildOptions = OPTIONS) -> Scan:
    return read_scan(path, options)


def codes(scan: Scan) -> list[str]:
    return [warning.code for warning in scan.warnings]


KINDS = [
    (version, kind, suffix)
    for version, kinds in (("1.2", range(4)), ("1.3", range(5)), ("1.4", range(11)))
    for kind in kinds
    for suffix in (".las", ".laz")
    if suffix == ".las" or kind not in {4, 5, 9, 10}  # the writer of the tests cannot compress waveforms
]


@pytest.mark.parametrize(("version", "kind", "suffix"), KINDS)
def test_every_version_and_point_format_gives_the_same_surface(
    version: str, kind: int, suffix: str, tmp_path: Path
) -> None:
    mesh = read(las_file(tmp_path / f"field{suffix}", field(), version=version, point_format=kind)).mesh
    heights = 12 + 0.1 * (mesh.positions[:, 0] - EAST_M)
    assert mesh.triangles > 2000
    assert np.abs(mesh.positions[:, 2] - heights).max() < 0.05


@pytest.mark.parametrize("factor", [1, 256, 257])
def test_colours_of_eight_and_of_sixteen_bits_look_the_same(factor: int, tmp_path: Path) -> None:
    at = field()
    columns = {
        name: np.full(len(at), value * factor, np.uint16) for name, value in (("red", 200), ("green", 90), ("blue", 30))
    }
    mesh = read(las_file(tmp_path / "field.las", at, **columns)).mesh
    assert mesh.colours is not None
    assert np.abs(mesh.colours.astype(int) - (200, 90, 30)).max() <= 1


def test_a_survey_without_colours_has_none(tmp_path: Path) -> None:
    assert read(las_file(tmp_path / "field.las", field(), point_format=1)).mesh.colours is None
    assert read(las_file(tmp_path / "black.las", field(), point_format=2)).mesh.colours is None


def test_noise_and_withheld_points_are_left_out_and_counted(tmp_path: Path) -> None:
    at = field()
    at[:50, 2] += 40
    kinds, withheld = np.ones(len(at), np.uint8), np.zeros(len(at), np.uint8)
    kinds[:20], kinds[20:30], withheld[30:50] = 7, 18, 1
    scan = read(
        las_file(tmp_path / "f.las", at, version="1.4", point_format=6, classification=kinds, withheld=withheld)
    )
    assert scan.survey is not None and scan.survey.facts["dropped"]["noise"] == 30
    assert "points_noise" in codes(scan)
    assert scan.mesh.positions[:, 2].max() < 17


def test_large_coordinates_keep_their_millimetres(tmp_path: Path) -> None:
    at = np.round(field() + np.array([4e6, 3.6e6, 0.0]), 3)
    mesh = read(las_file(tmp_path / "far.las", at)).mesh
    assert np.abs(mesh.positions[:, 2] - (12 + 0.1 * (mesh.positions[:, 0] - EAST_M - 4e6))).max() < 0.05


@pytest.mark.parametrize(("unit_code", "metres"), [(9002, 0.3048), (9003, 1200 / 3937)])
def test_feet_become_metres_by_the_word_of_the_file(unit_code: int, metres: float, tmp_path: Path) -> None:
    at = field()
    scan = read(
        las_file(tmp_path / "f.las", at / metres, unit_code=unit_code, scale=1e-4),
        BuildOptions(NOWHERE, levels=(1000,)),
    )
    assert (scan.facts.source.unit, scan.facts.unit_from) == ("m", "format")
    assert "unit_turned" in codes(scan)
    assert np.ptp(scan.mesh.positions[:, 0]) == pytest.approx(40, abs=0.7)


def test_a_stated_place_far_from_the_map_is_kept_and_questioned() -> None:
    projection, offset_m = find_projection(6669), (EAST_M, 12.0, -NORTH_M)
    for lat, told in ((32.70230, []), (32.7434, ["place_differs"])):
        anchor = replace(NOWHERE, geopose=replace(NOWHERE.geopose, position=Position(lat, 129.78818, 50.0)))
        kept, notes = settle_anchor(BuildOptions(anchor), projection, offset_m)
        assert kept == anchor
        assert [note.code for note in notes] == told


def test_a_tile_without_map_coordinates_needs_a_place_or_their_code(tmp_path: Path) -> None:
    path = las_file(tmp_path / "f.las", field())
    own = BuildOptions(NOWHERE, own_place=OwnPlace())
    with pytest.raises(OptionRefused, match="--crs"):
        check_placeable(path, own)
    check_placeable(path, replace(own, crs=6669))
    check_placeable(path, replace(own, own_place=None))
    with pytest.raises(OptionRefused, match="EPSG:2992"):
        check_placeable(path, replace(own, crs=2992))
    scan = read(path, replace(own, crs=6669))
    assert scan.survey is not None and scan.survey.projection == find_projection(6669)


def test_the_command_asks_for_a_place_before_it_reads(tmp_path: Path) -> None:
    ran = run("package", las_file(tmp_path / "f.las", field()), "--out", tmp_path / "out")
    assert "--crs" in refusal(ran)
    in_part = run("package", las_file(tmp_path / "g.las", field()), "--lat", "32", "--out", tmp_path / "out")
    assert "together" in refusal(in_part)


def test_the_old_datum_of_japan_gives_no_place(tmp_path: Path) -> None:
    path = las_file(tmp_path / "f.las", field(), epsg=30161)
    assert "old_datum" in codes(read(path))
    with pytest.raises(OptionRefused):
        check_placeable(path, BuildOptions(NOWHERE, own_place=OwnPlace()))


def changed(path: Path, at: int, data: bytes) -> Path:
    """The file with some bytes replaced."""
    whole = bytearray(path.read_bytes())
    whole[at : at + len(data)] = data
    path.write_bytes(whole)
    return path


BAD_HEADERS = {
    "four_billion": ("1.2", 107, struct.pack("<I", 4_000_000_000), "las_too_short"),
    "four_billion_late": ("1.4", 247, struct.pack("<Q", 4_000_000_000), "las_too_short"),
    "more_than_there_are": ("1.2", 107, struct.pack("<I", 3001), "las_too_short"),
    "zero_points": ("1.2", 107, struct.pack("<I", 0), "las_no_points"),
    "nan_scale": ("1.2", 131, struct.pack("<d", float("nan")), "las_scale"),
    "no_scale": ("1.2", 131, struct.pack("<d", 0.0), "las_scale"),
    "infinite_offset": ("1.2", 155, struct.pack("<d", float("inf")), "las_offset"),
    "absurd_offset": ("1.2", 155, struct.pack("<d", 1e300), "las_offset"),
    "nan_bounds": ("1.2", 179, struct.pack("<d", float("nan")), "las_offset"),
    "upside_down": ("1.2", 179, struct.pack("<d", -1e8), "las_bounds"),
    "points_past_end": ("1.2", 96, struct.pack("<I", 0xFFFFFFF0), "las_layout"),
    "points_in_header": ("1.2", 96, struct.pack("<I", 10), "las_layout"),
    "header_of_nothing": ("1.2", 94, struct.pack("<H", 0), "las_layout"),
    "version_9": ("1.2", 25, b"\x09", "las_version"),
    "format_63": ("1.2", 104, b"\x3f", "las_point_format"),
    "point_of_2_bytes": ("1.2", 105, struct.pack("<H", 2), "las_point_format"),
    "records_without_end": ("1.2", 100, struct.pack("<I", 0xFFFFFFFF), "las_records"),
    "records_over_points": ("1.2", 100, struct.pack("<I", 100), "las_records"),
    "late_records_in_a_loop": ("1.4", 235, struct.pack("<QI", 0, 50), "las_records"),
    "late_records_past_end": ("1.4", 235, struct.pack("<QI", 2**63, 1), "las_records"),
}


FALSE_HEADERS = [(name, ".las") for name in BAD_HEADERS]
# chunks of a LAZ hold up to 50,000 points: that some are missing is found when they are read
FALSE_HEADERS += [(name, ".laz") for name in BAD_HEADERS if name != "more_than_there_are"]


@pytest.mark.parametrize(("name", "suffix"), FALSE_HEADERS)
def test_a_false_header_is_refused_before_anything_is_read(name: str, suffix: str, tmp_path: Path) -> None:
    version, at, data, code = BAD_HEADERS[name]
    kind = 7 if version == "1.4" else 2
    path = changed(las_file(tmp_path / f"bad{suffix}", field(), version=version, point_format=kind), at, data)
    with pytest.raises(ScanRefused) as refused:
        check_scan_file(path)
    assert refused.value.code == code


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.9, 0.999])
@pytest.mark.parametrize("suffix", [".las", ".laz"])
def test_a_file_that_was_cut_off_is_refused(kept: float, suffix: str, tmp_path: Path) -> None:
    path = las_file(tmp_path / f"cut{suffix}", field())
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(ScanRefused):
        check_scan_file(path)


def test_damaged_compressed_points_are_refused_in_a_sentence_and_quickly(tmp_path: Path) -> None:
    whole = las_file(tmp_path / "whole.laz", field()).read_bytes()
    random = np.random.default_rng(5)
    with laspy.open(tmp_path / "whole.laz") as reader:
        start = reader.header.offset_to_point_data
    for number in range(60):
        data = bytearray(whole)
        for at in random.integers(start, len(data), 1 + number % 8):
            data[at] = random.integers(256)
        path = tmp_path / f"damaged-{number}.laz"
        path.write_bytes(data)
        try:
            read(path)
        except ScanRefused as refused:
            assert "\n" not in refused.text and len(refused.text) < 250


def refusal(ran: Ran) -> str:
    sentence = ran.stderr.strip()
    assert ran.code == 2 and "\n" not in sentence and "Traceback" not in sentence and len(sentence) < 250, ran.stderr
    assert ran.cpu_s < 2
    return sentence


def test_the_command_refuses_a_cloud_of_billions_without_reading_it(tmp_path: Path) -> None:
    path = changed(las_file(tmp_path / "bad.laz", field()), 107, struct.pack("<I", 4_000_000_000))
    ran = package(path, tmp_path / "out")
    assert "cut off or false" in refusal(ran)
    assert ran.peak_bytes < 128 * 1024 * 1024


def test_points_above_one_another_are_no_surface(tmp_path: Path) -> None:
    at = np.tile([10.0, 20.0, 0.0], (500, 1))
    at[:, 2] = np.arange(500) / 100
    with pytest.raises(ScanRefused, match="span no surface"):
        read(las_file(tmp_path / "line.las", at))


def test_two_points_are_no_surface(tmp_path: Path) -> None:
    with pytest.raises(ScanRefused):
        read(las_file(tmp_path / "two.las", np.array([[0.0, 0, 0], [5, 5, 1]])))


def test_map_codes_are_for_surveys_only(tmp_path: Path) -> None:
    path = tmp_path / "cloud.ply"
    path.write_text(
        "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\nproperty float z\nend_header\n0 0 0\n"
    )
    with pytest.raises(OptionRefused):
        read(path, BuildOptions(NOWHERE, crs=6669, own_place=OwnPlace()))
