"""USD scenes written by hand, so that what is read is held against what the format means and not against our own writer."""

import io
import random
import struct
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from asset_pipeline.errors import ScanRefused
from asset_pipeline.mesh import Mesh
from asset_pipeline.output.usdz_archive import pack_usdz
from asset_pipeline.prechecks.precheck import check_scan_file
from asset_pipeline.readers import read_usd as module
from asset_pipeline.readers.read import read_scan
from asset_pipeline.readers.read_usd import read_usd
from asset_pipeline.readers.usd_child import check_layers, read_scene
from asset_pipeline.readers.usd_mesh import Broken
from asset_pipeline.scan import ScanWarning, Stated
from tests.pipeline.builders import checker, encode_picture, png_header, zip_bytes
from tests.pipeline.shapes import options

SQUARE = """
        int[] faceVertexCounts = [4]
        int[] faceVertexIndices = [0, 1, 2, 3]
        point3f[] points = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)]
"""
UV = 'texCoord2f[] primvars:st = [(0, 0), (1, 0), (1, 1), (0, 1)] (\n interpolation = "faceVarying"\n)\n'


def layer(body: str, settings: str = 'metersPerUnit = 1\nupAxis = "Y"') -> str:
    """A text layer whose default prim is called Scan."""
    return f'#usda 1.0\n(\ndefaultPrim = "Scan"\n{settings}\n)\n\ndef Xform "Scan"\n{{\n{body}\n}}\n'


def mesh(inside: str = SQUARE, name: str = "Wall", metadata: str = "") -> str:
    return f'    def Mesh "{name}" ({metadata})\n    {{\n{inside}\n    }}\n'


def material(shaders: str, inputs: str, name: str = "Look") -> str:
    path = f"/Scan/{name}"
    return f"""
    def Material "{name}"
    {{
        token outputs:surface.connect = <{path}/Surface.outputs:surface>
        def Shader "Surface"
        {{
            uniform token info:id = "UsdPreviewSurface"
            {inputs}
            token outputs:surface
        }}
        def Shader "Reader"
        {{
            uniform token info:id = "UsdPrimvarReader_float2"
            string inputs:varname = "st"
            float2 outputs:result
        }}
        {shaders}
    }}
"""


def texture(name: str, file: str, more: str = "", outputs: str = "float3 outputs:rgb") -> str:
    return f"""
        def Shader "{name}"
        {{
            uniform token info:id = "UsdUVTexture"
            asset inputs:file = @{file}@
            float2 inputs:st.connect = </Scan/Look/Reader.outputs:result>
            {more}
            {outputs}
        }}
"""


CLIPS = """clips = {
    dictionary default = {
        asset[] assetPaths = [@/etc/a.usda@]
        string primPath = "/Scan"
        double2[] active = [(0, 0)]
    }
}"""
BOUND = 'prepend apiSchemas = ["MaterialBindingAPI"]'
BINDING = "rel material:binding = </Scan/Look>\n"


def write_usdz(folder: Path, text: str, files: Mapping[str, bytes] = {}) -> Path:
    path = folder / "scan.usdz"
    path.write_bytes(pack_usdz({"scan.usda": text.encode(), **files}))
    return path


def read(folder: Path, text: str, files: Mapping[str, bytes] = {}) -> tuple[Mesh, list[ScanWarning], Stated]:
    path = write_usdz(folder, text, files)
    check_scan_file(path)
    return read_usd(path)


def refusal(folder: Path, text: str, files: Mapping[str, bytes] = {}) -> tuple[str, str]:
    with pytest.raises(ScanRefused) as refused:
        read(folder, text, files)
    assert refused.value.text.endswith(".")
    return refused.value.code, refused.value.text


def test_polygons_become_triangles_that_face_the_same_way(tmp_path: Path) -> None:
    pentagon = """
        int[] faceVertexCounts = [5, 3]
        int[] faceVertexIndices = [0, 1, 2, 3, 4, 0, 4, 5]
        point3f[] points = [(0, 0, 0), (2, 0, 0), (3, 1, 0), (1, 2, 0), (-1, 1, 0), (-1, 0, 0)]
    """
    found, warnings, stated = read(tmp_path, layer(mesh(pentagon)))
    assert found.faces.tolist() == [[0, 1, 2], [0, 2, 3], [0, 3, 4], [0, 4, 5]]
    a, b, c = (found.positions[found.faces[:, k]] for k in range(3))
    assert (np.cross(b - a, c - a)[:, 2] > 0).all()
    assert (warnings, stated) == ([], Stated("m", "y"))


def test_left_handed_meshes_are_turned_and_holes_stay_open(tmp_path: Path) -> None:
    two = """
        int[] faceVertexCounts = [3, 3]
        int[] faceVertexIndices = [0, 1, 2, 0, 2, 3]
        int[] holeIndices = [1]
        uniform token orientation = "leftHanded"
        point3f[] points = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)]
    """
    found, _, _ = read(tmp_path, layer(mesh(two)))
    assert found.triangles == 1
    a, b, c = found.positions[found.faces[0]]
    assert np.cross(b - a, c - a)[2] < 0


def test_transforms_add_up_and_a_mirrored_part_shows_its_front(tmp_path: Path) -> None:
    moved = (
        """
    def Xform "Away"
    {
        double3 xformOp:translate = (10, 0, 0)
        double3 xformOp:scale = (-2, 2, 2)
        uniform token[] xformOpOrder = ["xformOp:translate", "xformOp:scale"]
"""
        + mesh()
        + "    }\n"
    )
    found, _, _ = read(tmp_path, layer(moved))
    assert found.positions.min(axis=0).tolist() == [8, 0, 0] and found.positions.max(axis=0).tolist() == [10, 2, 0]
    a, b, c = found.positions[found.faces[0]]
    assert np.cross(b - a, c - a)[2] > 0


@pytest.mark.parametrize(
    ("settings", "stated"),
    [
        ('metersPerUnit = 0.01\nupAxis = "Z"', Stated("cm", "z")),
        ('metersPerUnit = 0.001\nupAxis = "Y"', Stated("mm", "y")),
        ('metersPerUnit = 0.3048\nupAxis = "Y"', Stated("ft", "y")),
        ('upAxis = "Z"', Stated(None, "z")),
    ],
)
def test_the_unit_and_the_up_axis_are_what_the_file_states(tmp_path: Path, settings: str, stated: Stated) -> None:
    found, warnings, said = read(tmp_path, layer(mesh(), settings))
    assert said == stated and warnings == []
    assert found.positions.max() == 1  # numbers stay the file's own


def test_an_odd_unit_is_read_in_metres_and_said_so(tmp_path: Path) -> None:
    found, warnings, said = read(tmp_path, layer(mesh(), "metersPerUnit = 0.0254"))
    assert said.unit == "m" and found.positions.max() == pytest.approx(0.0254)
    assert [warning.code for warning in warnings] == ["unit_converted"]


@pytest.mark.parametrize(
    ("st", "vertices"),
    [
        ('[(0, 0), (1, 0), (1, 1), (0, 1)] (\n interpolation = "vertex"\n)', 4),
        ('[(0, 0), (1, 0), (1, 1), (0, 1)] (\n interpolation = "faceVarying"\n)', 4),
        (
            '[(0, 0), (1, 1), (1, 0), (0, 1)] (\n interpolation = "faceVarying"\n)\n'
            "int[] primvars:st:indices = [0, 2, 1, 3]",
            4,
        ),
    ],
)
def test_texture_coordinates_in_every_layout_count_from_the_top(tmp_path: Path, st: str, vertices: int) -> None:
    textured = mesh(SQUARE + BINDING + f"texCoord2f[] primvars:st = {st}\n", metadata=BOUND)
    look = material(
        texture("Colour", "textures/wall.png"), "color3f inputs:diffuseColor.connect = </Scan/Look/Colour.outputs:rgb>"
    )
    found, warnings, _ = read(tmp_path, layer(textured + look), {"textures/wall.png": encode_picture(checker())})
    assert warnings == [] and found.vertices == vertices and found.uv is not None
    at = {tuple(position): tuple(uv) for position, uv in zip(found.positions.tolist(), found.uv.tolist(), strict=True)}
    assert at == {(0, 0, 0): (0, 1), (1, 0, 0): (1, 1), (1, 1, 0): (1, 0), (0, 1, 0): (0, 0)}
    (shown,) = found.materials
    assert shown.name == "Look" and shown.picture is not None and shown.picture[0, 0].tolist() == [255, 0, 0]


def test_one_point_with_two_texture_coordinates_stands_twice(tmp_path: Path) -> None:
    folded = """
        int[] faceVertexCounts = [3, 3]
        int[] faceVertexIndices = [0, 1, 2, 0, 2, 3]
        point3f[] points = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)]
        texCoord2f[] primvars:st = [(0, 0), (1, 0), (1, 1), (0.5, 0.5), (1, 1), (0, 1)] (
            interpolation = "faceVarying"
        )
    """
    found, _, _ = read(tmp_path, layer(mesh(folded)))
    assert found.vertices == 5


def test_all_pictures_of_a_material_are_kept(tmp_path: Path) -> None:
    shaders = (
        texture("Colour", "c.png", "float4 inputs:scale = (0.5, 1, 1, 1)")
        + texture("Bumps", "n.png", "float4 inputs:scale = (2, -2, 2, 1)\nfloat4 inputs:bias = (-1, 1, -1, 0)")
        + texture("Rough", "r.png", outputs="float outputs:r")
        + texture("Metal", "m.png", outputs="float outputs:b")
    )
    inputs = """
        color3f inputs:diffuseColor.connect = </Scan/Look/Colour.outputs:rgb>
        normal3f inputs:normal.connect = </Scan/Look/Bumps.outputs:rgb>
        float inputs:roughness.connect = </Scan/Look/Rough.outputs:r>
        float inputs:metallic.connect = </Scan/Look/Metal.outputs:b>
        float inputs:occlusion = 0.5
        color3f inputs:emissiveColor = (0, 0, 0)
        float inputs:opacity = 0.5
    """
    normals, rough, metal = (np.full((side, side, 3), 128, np.uint8) for side in (4, 4, 8))
    normals[..., 1], rough[..., 0], metal[..., 2] = 200, 77, 9
    pictures = {"c.png": checker(), "n.png": normals, "r.png": rough, "m.png": metal}
    text = layer(mesh(SQUARE + UV + BINDING, metadata=BOUND) + material(shaders, inputs))
    found, warnings, _ = read(tmp_path, text, {name: encode_picture(image) for name, image in pictures.items()})
    (shown,) = found.materials
    assert shown.colour == pytest.approx((0.7354, 1, 1), abs=1e-3)
    assert shown.normal_map is not None and shown.normal_map[0, 0].tolist() == [128, 55, 128]
    assert shown.roughness_map is not None and shown.roughness_map.shape == (8, 8, 3)
    assert shown.roughness_map[5, 5, 1:].tolist() == [77, 9] and (shown.roughness, shown.metallic) == (1, 1)
    assert [warning.text for warning in warnings] == ["Not kept from scan.usdz: transparency."]


def test_texture_coordinates_pass_through_their_transform(tmp_path: Path) -> None:
    turn = """
        def Shader "Turn"
        {
            uniform token info:id = "UsdTransform2d"
            float2 inputs:in.connect = </Scan/Look/Reader.outputs:result>
            float2 inputs:scale = (2, 1)
            float inputs:rotation = 90
            float2 inputs:translation = (0.25, 0)
            float2 outputs:result
        }
    """
    picture = texture("Colour", "c.png").replace("Reader.outputs", "Turn.outputs")
    look = material(picture + turn, "color3f inputs:diffuseColor.connect = </Scan/Look/Colour.outputs:rgb>")
    text = layer(mesh(SQUARE + UV + BINDING, metadata=BOUND) + look)
    found, _, _ = read(tmp_path, text, {"c.png": encode_picture(checker())})
    assert found.uv is not None
    corner = found.uv[found.positions.tolist().index([1, 0, 0])]
    assert corner.tolist() == pytest.approx([0.25, 1 - 2], abs=1e-6)  # (1, 0) -> (2, 0) -> (0, 2) -> (0.25, 2)


@pytest.mark.parametrize("family", ['uniform token familyName = "materialBind"', ""])
def test_parts_of_a_mesh_have_the_material_of_their_subset(tmp_path: Path, family: str) -> None:
    two = """
        int[] faceVertexCounts = [3, 3]
        int[] faceVertexIndices = [0, 1, 2, 0, 2, 3]
        point3f[] points = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)]
        rel material:binding = </Scan/Red>
        uniform token subsetFamily:materialBind:familyType = "nonOverlapping"
        def GeomSubset "Part" (prepend apiSchemas = ["MaterialBindingAPI"])
        {
            uniform token elementType = "face"
            FAMILY
            int[] indices = [1]
            rel material:binding = </Scan/Blue>
        }
    """
    looks = material("", "color3f inputs:diffuseColor = (1, 0, 0)", "Red") + material(
        "", "color3f inputs:diffuseColor = (0, 0, 1)", "Blue"
    )
    found, _, _ = read(tmp_path, layer(mesh(two.replace("FAMILY", family), metadata=BOUND) + looks))
    assert found.face_material is not None
    colours = [found.materials[number].colour for number in found.face_material.tolist()]
    assert colours == [(1, 0, 0), (0, 0, 1)]


def test_colours_at_points_are_read_as_linear_light(tmp_path: Path) -> None:
    values = "[(0, 0, 0), (1, 0, 0), (0, 0.2140, 0), (0, 0, 1)]"
    colours = f'color3f[] primvars:displayColor = {values} (\n interpolation = "vertex"\n)\n'
    found, _, _ = read(tmp_path, layer(mesh(SQUARE + colours)))
    assert found.colours is not None and found.materials == ()
    assert found.colours.tolist() == [[0, 0, 0], [255, 0, 0], [0, 127, 0], [0, 0, 255]]


def test_only_what_a_viewer_shows_of_the_default_prim_is_read(tmp_path: Path) -> None:
    body = (
        mesh()
        + mesh(SQUARE + 'token visibility = "invisible"\n', "Hidden")
        + mesh(SQUARE + 'uniform token purpose = "guide"\n', "Guide")
        + '    def Sphere "Ball"\n    {\n    }\n'
    )
    text = layer(body) + '\ndef Mesh "Elsewhere"\n{\n' + SQUARE + "\n}\n"
    found, warnings, _ = read(tmp_path, text)
    assert found.triangles == 2
    assert [warning.text for warning in warnings] == ["Not kept from scan.usdz: shapes of the kind Sphere."]


def test_a_scene_of_several_layers_in_one_archive_is_put_together(tmp_path: Path) -> None:
    inner = '#usda 1.0\n(\ndefaultPrim = "Part"\n)\ndef Xform "Part"\n{\n' + mesh() + "}\n"
    text = layer('    def "Here" (references = @./parts/wall.usda@)\n    {\n    }\n')
    found, _, _ = read(tmp_path, text, {"parts/wall.usda": inner.encode()})
    assert found.triangles == 2


def test_a_layer_alone_is_read_with_the_pictures_beside_it(tmp_path: Path) -> None:
    look = material(
        texture("Colour", "./wall.png"), "color3f inputs:diffuseColor.connect = </Scan/Look/Colour.outputs:rgb>"
    )
    (tmp_path / "scan.usda").write_text(layer(mesh(SQUARE + UV + BINDING, metadata=BOUND) + look), encoding="utf-8")
    (tmp_path / "wall.png").write_bytes(encode_picture(checker()))
    check_scan_file(tmp_path / "scan.usda")
    found, warnings, _ = read_usd(tmp_path / "scan.usda")
    assert found.materials[0].picture is not None and warnings == []


def test_a_layer_zipped_with_its_pictures_is_a_scan(tmp_path: Path) -> None:
    look = material(
        texture("Colour", "textures/wall.png"), "color3f inputs:diffuseColor.connect = </Scan/Look/Colour.outputs:rgb>"
    )
    text = layer(mesh(SQUARE + UV + BINDING, metadata=BOUND) + look, 'metersPerUnit = 0.01\nupAxis = "Z"')
    files = {"wall.usda": text.encode(), "textures/wall.png": encode_picture(checker())}
    (tmp_path / "wall.zip").write_bytes(zip_bytes(files))
    scan = read_scan(tmp_path / "wall.zip", options(unit=None, up=None))
    assert (scan.facts.source.unit, scan.facts.source.up, scan.facts.unit_from) == ("cm", "z", "format")
    assert scan.mesh.materials[0].picture is not None and scan.warnings == ()


@pytest.mark.parametrize(
    "composition",
    [
        "references = @/etc/hostname.usda@",
        "references = @../../outside.usda@",
        "references = @../outside.usda@",
        "payload = @http://127.0.0.1:9/x.usda@",
        'references = @`"out" + "side.usda"`@',
        "references = @./scan.usda:SDF_FORMAT_ARGS:target=x@",
        'variantSets = "v"',
        CLIPS,
    ],
)
def test_a_scene_that_builds_on_files_elsewhere_is_refused_unopened(tmp_path: Path, composition: str) -> None:
    (tmp_path / "outside.usda").write_text(layer(mesh()), encoding="utf-8")
    variant = 'variantSet "v" = {\n"a" (payload = @../outside.usda@) {\n}\n}\n' if "variantSets" in composition else ""
    inside = tmp_path / "scan" / "scan.usda"
    inside.parent.mkdir()
    inside.write_text(layer(f'    def "Here" ({composition})\n    {{\n{variant}    }}\n'), encoding="utf-8")
    with pytest.raises(Broken, match=r"which is not in it|value clips"):
        check_layers(inside)


def test_a_layer_that_a_referenced_layer_names_is_looked_at_too(tmp_path: Path) -> None:
    inner = "#usda 1.0\n(\nsubLayers = [@/etc/other.usda@]\n)\n"
    code, said = refusal(
        tmp_path, layer('    def "Here" (references = @./a.usda@)\n    {\n    }\n'), {"a.usda": inner.encode()}
    )
    assert code == "usd_scene" and "/etc/other.usda" in said


def test_a_picture_outside_the_scan_is_not_opened_and_named(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(encode_picture(checker()))
    look = material(
        texture("Colour", str(tmp_path / "secret.png")),
        "color3f inputs:diffuseColor.connect = </Scan/Look/Colour.outputs:rgb>",
    )
    found, warnings, _ = read(tmp_path, layer(mesh(SQUARE + UV + BINDING, metadata=BOUND) + look))
    assert found.materials[0].picture is None
    assert "pictures that are not in the scan" in warnings[0].text


@pytest.mark.parametrize(
    "broken",
    [
        "int[] faceVertexCounts = [3]\nint[] faceVertexIndices = [0, 1, 7]\npoint3f[] points = [(0,0,0),(1,0,0),(0,1,0)]",
        "int[] faceVertexCounts = [3]\nint[] faceVertexIndices = [0, 1, -2]\npoint3f[] points = [(0,0,0),(1,0,0),(0,1,0)]",
        "int[] faceVertexCounts = [3, 3]\nint[] faceVertexIndices = [0, 1, 2]\npoint3f[] points = [(0,0,0),(1,0,0),(0,1,0)]",
        "int[] faceVertexCounts = [-3, 6]\nint[] faceVertexIndices = [0, 1, 2]\npoint3f[] points = [(0,0,0),(1,0,0),(0,1,0)]",
        "int[] faceVertexCounts = [2147483647]\nint[] faceVertexIndices = [0, 1, 2]\npoint3f[] points = [(0,0,0)]",
    ],
)
def test_faces_that_do_not_fit_their_points_are_refused(tmp_path: Path, broken: str) -> None:
    (tmp_path / "scan.usda").write_text(layer(mesh(broken)), encoding="utf-8")
    with pytest.raises(Broken, match="Wall"):
        read_scene(tmp_path / "scan.usda", tmp_path)


def test_a_layer_that_breaks_off_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, layer(mesh("int[] faceVertexCounts = [3")))[0] == "usd_scene"


def test_a_text_layer_nested_a_hundred_thousand_deep_ends_in_its_own_process(tmp_path: Path) -> None:
    deep = "customData = {" + "dictionary a = {" * 100_000
    assert refusal(tmp_path, layer(mesh(metadata=deep)))[0] == "usd_scene"


def test_every_cut_of_a_binary_layer_is_refused_or_read(tmp_path: Path) -> None:
    from pxr import Sdf

    source = Sdf.Layer.CreateAnonymous(".usda")
    source.ImportFromString(layer(mesh(SQUARE + UV)))
    source.Export(str(tmp_path / "whole.usdc"))
    whole = (tmp_path / "whole.usdc").read_bytes()
    for part in range(1, 6):
        damaged = bytearray(whole[: len(whole) * part // 6] if part % 2 else whole)
        for at in range(90 + part, len(damaged), 101):
            damaged[at] ^= 0xFF
        (tmp_path / "scan.usdc").write_bytes(damaged)
        with pytest.raises(ScanRefused):
            check_scan_file(tmp_path / "scan.usdc")
            read_usd(tmp_path / "scan.usdc")


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK\3\4 and nothing more", "usdz_broken"),
        (zipped({"scan.usda": b"#usda 1.0\n"}, zipfile.ZIP_DEFLATED), "usdz_packed"),
        (zipped({"readme.txt": b"hello", "scan.usda": b"#usda 1.0\n"}), "usdz_layer"),
        (zipped({"scan.usda": b"#usda 1.0\n", "run.sh": b"#!"}), "usdz_kind"),
        (zipped({"scan.usda": b"#usda 1.0\n", "inner.usdz": b"PK"}), "usdz_kind"),
        (zipped({"scan.usda": b"#usda 1.0\n", "../a.png": b""}), "path_outside"),
        (zipped({"scan.usda": b"#usda 1.0\n", "A.png": b"x", "a.PNG": b"x"}), "usdz_names"),
        (zipped({"scan.usda": b"not a layer"}), "usd_layer"),
        (zipped({"scan.usdc": b"#usda 1.0\n"}), "usd_layer"),
        (zipped({"scan.usda": b"#usda 1.0\n", "a.png": png_header(60_000, 60_000)}), "picture_too_large"),
        (zipped({"scan.usda": b"#usda 1.0\n"})[:-30], "usdz_broken"),
    ],
)
def test_hostile_archives_are_refused_by_their_list_of_members(tmp_path: Path, data: bytes, code: str) -> None:
    path = tmp_path / "scan.usdz"
    path.write_bytes(data)
    with pytest.raises(ScanRefused) as refused:
        check_scan_file(path)
    assert refused.value.code == code and refused.value.text.endswith(".")


def test_a_damaged_archive_is_refused_or_taken_and_nothing_else(tmp_path: Path) -> None:
    whole = pack_usdz({"scan.usda": b"#usda 1.0\n", "a/b.png": png_header(8, 8), "c.usdc": b"PXR-USDC" + bytes(80)})
    chance, path, taken = random.Random(1), tmp_path / "scan.usdz", 0
    for _ in range(600):
        damaged = bytearray(whole)
        for _ in range(chance.choice((1, 1, 3, 9))):
            at = chance.randrange(len(damaged))
            if chance.random() < 0.8:
                damaged[at] = chance.choice((0, 255, chance.randrange(256)))
            else:
                damaged[at : at + chance.randrange(20)] = chance.randbytes(chance.randrange(20))
        path.write_bytes(damaged)
        try:
            check_scan_file(path)
            taken += 1
        except ScanRefused as refused:
            assert refused.text.endswith(".")
    assert 0 < taken < 600


def test_names_in_local_headers_that_differ_from_the_directory_count_for_nothing(tmp_path: Path) -> None:
    data = bytearray(pack_usdz({"scan.usda": layer(mesh()).encode(), "parts/a.usda": b"#usda 1.0\n"}))
    at = data.index(b"parts/a.usda")
    data[at : at + 12] = b"../../a.usda"
    (tmp_path / "scan.usdz").write_bytes(data)
    with pytest.raises(ScanRefused):
        check_scan_file(tmp_path / "scan.usdz")
        read_usd(tmp_path / "scan.usdz")
    assert not (tmp_path.parent / "a.usda").exists()


def test_the_header_checks_load_neither_pxr_nor_numpy(tmp_path: Path) -> None:
    import subprocess

    path = write_usdz(tmp_path, layer(mesh()))
    program = (
        "import sys; from pathlib import Path; from asset_pipeline.prechecks.precheck import check_scan_file\n"
        f"check_scan_file(Path({str(path)!r})); print([n for n in ('pxr', 'numpy') if n in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


def test_without_the_extra_the_refusal_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    path = write_usdz(tmp_path, layer(mesh()))
    with pytest.raises(ScanRefused) as refused:
        read_usd(path)
    assert refused.value.code == "usd_missing" and "pip install 'dejima-xr[usd]'" in refused.value.text


def test_the_archive_of_another_writer_is_read_as_well(tmp_path: Path) -> None:
    from pxr import Sdf, UsdUtils

    (tmp_path / "wall.png").write_bytes(encode_picture(checker()))
    look = material(
        texture("Colour", "wall.png"), "color3f inputs:diffuseColor.connect = </Scan/Look/Colour.outputs:rgb>"
    )
    (tmp_path / "wall.usda").write_text(layer(mesh(SQUARE + UV + BINDING, metadata=BOUND) + look), encoding="utf-8")
    assert UsdUtils.CreateNewARKitUsdzPackage(Sdf.AssetPath(str(tmp_path / "wall.usda")), str(tmp_path / "scan.usdz"))
    check_scan_file(tmp_path / "scan.usdz")
    found, warnings, _ = read_usd(tmp_path / "scan.usdz")
    assert found.triangles == 2 and found.materials[0].picture is not None and warnings == []
    assert struct.unpack("<4s", (tmp_path / "scan.usdz").read_bytes()[:4]) == (b"PK\3\4",)
