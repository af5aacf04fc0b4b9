"""STL: text and binary told apart by size, corners joined, colours where the file says how they are meant."""

import struct
from pathlib import Path

import numpy as np
import pytest

from asset_pipeline.errors import ScanRefused
from asset_pipeline.geometry import equal_rows
from asset_pipeline.geometry.equal_rows import number_rows
from asset_pipeline.mesh import Mesh
from asset_pipeline.prechecks.precheck import check_scan_file
from asset_pipeline.readers.read_stl import read_stl
from tests.pipeline.builders import BOX_FACES, BOX_POINTS, stl_bytes

TRIANGLES = BOX_POINTS[BOX_FACES]


def read(folder: Path, data: bytes) -> tuple[Mesh, list[str]]:
    path = folder / "box.stl"
    path.write_bytes(data)
    check_scan_file(path)
    mesh, warnings = read_stl(path)
    return mesh, [warning.code for warning in warnings]


def painted(values: list[int], header: bytes = b"") -> bytes:
    rows = [struct.pack("<12fH", 0, 0, 0, *c.ravel(), v) for c, v in zip(TRIANGLES, values, strict=True)]
    return header.ljust(80, b"\0") + struct.pack("<I", len(rows)) + b"".join(rows)


@pytest.mark.parametrize(
    "data",
    [
        stl_bytes(TRIANGLES),
        stl_bytes(TRIANGLES, text=True),
        stl_bytes(TRIANGLES, text=True).upper().replace(b"\n", b"\r\n\t "),
        b"solid made by a program that says so".ljust(80) + stl_bytes(TRIANGLES)[80:],
        stl_bytes(TRIANGLES)[:80] + struct.pack("<I", 0) + stl_bytes(TRIANGLES)[84:],
        stl_bytes(TRIANGLES) + b"something of its own",
    ],
    ids=["binary", "text", "loud text", "binary that says solid", "no count", "more behind"],
)
def test_a_box_of_every_form_has_eight_corners(tmp_path: Path, data: bytes) -> None:
    mesh, _ = read(tmp_path, data)
    assert mesh.vertices == 8 and (mesh.positions[mesh.faces] == TRIANGLES).all()


def test_a_size_that_is_not_what_the_triangles_need_is_told(tmp_path: Path) -> None:
    assert read(tmp_path, stl_bytes(TRIANGLES) + b"more")[1] == ["stl_size"]
    assert read(tmp_path, stl_bytes(TRIANGLES))[1] == []


def test_colours_marked_as_valid_are_kept(tmp_path: Path) -> None:
    red, blue = 0x8000 | 31 << 10, 0x8000 | 31
    mesh, warnings = read(tmp_path, painted([red] * 6 + [blue] * 5 + [0]))
    assert mesh.colours is not None and warnings == []
    shown = mesh.colours[mesh.faces]
    assert (shown[:6] == [255, 0, 0]).all() and (shown[6:11] == [0, 0, 255]).all() and (shown[11] == 255).all()
    assert (mesh.positions[mesh.faces] == TRIANGLES).all()


def test_colours_under_a_header_that_names_one_are_counted_the_other_way(tmp_path: Path) -> None:
    header = b"part COLOR=" + bytes((10, 20, 30, 255)) + b" MATERIAL="
    mesh, _ = read(tmp_path, painted([31] * 6 + [0x8000] * 6, header))
    assert mesh.colours is not None
    shown = mesh.colours[mesh.faces]
    assert (shown[:6] == [255, 0, 0]).all() and (shown[6:] == [10, 20, 30]).all()


def test_bytes_whose_meaning_is_not_said_are_named_and_left_out(tmp_path: Path) -> None:
    mesh, warnings = read(tmp_path, painted([7] * 12))
    assert mesh.colours is None and warnings == ["stl_attributes"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (stl_bytes(TRIANGLES)[:-1], "stl_size"),
        (stl_bytes(TRIANGLES)[:80] + b"\xff\xff\xff\x7f" + stl_bytes(TRIANGLES)[84:], "stl_size"),
        (stl_bytes(TRIANGLES)[:60], "stl_size"),
        (stl_bytes(TRIANGLES, text=True).replace(b"vertex 1", b"vertex one"), "stl_number"),
        (stl_bytes(TRIANGLES, text=True).replace(b"vertex 0.0 0.0 0.0", b"vertex 0.0 0.0"), "stl_number"),
        (stl_bytes(TRIANGLES, text=True).rpartition(b"vertex")[0], "stl_cut"),
    ],
)
def test_a_broken_stl_is_refused(tmp_path: Path, data: bytes, code: str) -> None:
    with pytest.raises(ScanRefused) as refused:
        read(tmp_path, data)
    assert refused.value.code == code


@pytest.mark.parametrize("probes", [64, 0])
def test_equal_rows_are_numbered_as_they_first_appear(probes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equal_rows, "PROBES_PER_ROW", probes)
    rows = np.random.default_rng(1).integers(-2, 3, (1000, 3)).astype(np.int32)
    numbers, firsts = number_rows(rows)
    assert (rows[firsts][numbers] == rows).all()
    assert (np.diff(firsts) > 0).all() and (numbers[firsts] == np.arange(len(firsts))).all()
    assert len(firsts) == len({tuple(row) for row in rows.tolist()})
