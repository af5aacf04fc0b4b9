import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image

from asset_pipeline.built import BuildResult
from asset_pipeline.errors import PackageBroken
from asset_pipeline.manifest import FileEntry, Manifest, dump_manifest, manifest_digest, parse_manifest
from asset_pipeline.output.verify import verify_package


def broken_code(folder: Path) -> str:
    with pytest.raises(PackageBroken) as broken:
        verify_package(folder)
    assert broken.value.text.endswith(".")
    return broken.value.code


def reseal(folder: Path, change: Callable[[Manifest], Manifest] = lambda manifest: manifest) -> Path:
    """Make manifest and name fit what lies in the folder, so that only deeper checks can find the damage."""
    manifest = parse_manifest((folder / "manifest.json").read_bytes())
    files = {
        path.name: FileEntry(sha256(path.read_bytes()).hexdigest(), path.stat().st_size)
        for path in sorted(folder.iterdir())
        if path.name != "manifest.json"
    }
    levels = tuple(replace(level, bytes=files[level.file].bytes) for level in manifest.levels if level.file in files)
    data = dump_manifest(change(replace(manifest, files=files, levels=levels)))
    (folder / "manifest.json").write_bytes(data)
    return folder.rename(folder.parent / manifest_digest(data))


def test_a_package_as_built_is_whole(textured: BuildResult, coloured: BuildResult) -> None:
    found = verify_package(textured.folder)
    assert found.digest == textured.digest
    assert found.triangles == {"lod0.glb": 400, "lod1.glb": 100, "plain.glb": 400}
    assert verify_package(coloured.folder).manifest == coloured.manifest


def test_a_resealed_package_without_changes_is_whole(copied: Path) -> None:
    assert verify_package(reseal(copied)).manifest.levels[0].triangles == 400


def test_a_folder_that_is_no_package(tmp_path: Path) -> None:
    assert broken_code(tmp_path) == "manifest_missing"


def test_a_folder_under_another_name(copied: Path) -> None:
    assert broken_code(copied.rename(copied.parent / "venus")) == "digest"


@pytest.mark.parametrize("name", ["lod0.glb", "lod1.glb", "plain.glb", "poster.webp", "report.json"])
def test_one_changed_byte_in_any_file_is_found(copied: Path, name: str) -> None:
    data = bytearray((copied / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copied / name).write_bytes(data)
    assert broken_code(copied) == "file_sha256"


def test_a_cut_file(copied: Path) -> None:
    data = (copied / "lod0.glb").read_bytes()
    (copied / "lod0.glb").write_bytes(data[:-1])
    assert broken_code(copied) == "file_size"


def test_a_missing_file(copied: Path) -> None:
    (copied / "lod1.glb").unlink()
    assert broken_code(copied) == "file_missing"


def test_a_file_nobody_named(copied: Path) -> None:
    (copied / "notes.txt").write_text("hello")
    assert broken_code(copied) == "file_extra"


def test_a_link_in_place_of_a_file(copied: Path, textured: BuildResult) -> None:
    (copied / "lod0.glb").unlink()
    (copied / "lod0.glb").symlink_to(textured.folder / "lod0.glb")
    assert broken_code(copied) == "file_kind"


@pytest.mark.parametrize("change", [b" ", b"\n"])
def test_a_manifest_that_was_edited(copied: Path, change: bytes) -> None:
    data = (copied / "manifest.json").read_bytes()
    (copied / "manifest.json").write_bytes(data + change)
    assert broken_code(copied) == "manifest_not_canonical"


def test_a_manifest_that_is_no_manifest(copied: Path) -> None:
    (copied / "manifest.json").write_bytes(b'{"schema":"dejima.package/1"}')
    assert broken_code(copied) == "manifest_unreadable"


def test_a_level_of_another_count_than_the_manifest_says(copied: Path) -> None:
    def change(manifest: Manifest) -> Manifest:
        first, *rest = manifest.levels
        return replace(manifest, levels=(replace(first, triangles=399), *rest))

    assert broken_code(reseal(copied, change)) == "triangles"


def test_a_texture_of_another_size_than_the_manifest_says(copied: Path) -> None:
    def change(manifest: Manifest) -> Manifest:
        first, *rest = manifest.levels
        return replace(manifest, levels=(replace(first, texture_px=512), *rest))

    assert broken_code(reseal(copied, change)) == "texture_px"


def test_bounds_that_are_not_the_models(copied: Path) -> None:
    folder = reseal(copied, lambda manifest: replace(manifest, bounds_max_m=(1.0, 2.01, 1.0)))
    assert broken_code(folder) == "bounds"


def test_a_model_that_cannot_be_decoded_although_its_digest_fits(copied: Path) -> None:
    data = bytearray((copied / "lod1.glb").read_bytes())
    size = int.from_bytes(data[12:16], "little")
    data[28 + size : 28 + size + 64] = b"\xff" * 64
    (copied / "lod1.glb").write_bytes(data)
    assert broken_code(reseal(copied)) == "model_unreadable"


def test_a_compressed_model_in_place_of_the_plain_one(copied: Path) -> None:
    (copied / "plain.glb").write_bytes((copied / "lod0.glb").read_bytes())
    assert broken_code(reseal(copied)) == "plain_extensions"


def test_a_coarse_model_in_place_of_the_plain_one(copied: Path, coloured: BuildResult) -> None:
    (copied / "plain.glb").write_bytes((coloured.folder / "plain.glb").read_bytes())
    folder = reseal(copied, lambda m: replace(m, levels=(m.levels[1],)))
    assert broken_code(folder) in {"bounds", "plain_triangles"}


def test_a_poster_that_is_no_picture(copied: Path) -> None:
    (copied / "poster.webp").write_bytes(b"RIFF....WEBP")
    assert broken_code(reseal(copied)) == "picture"


def test_a_blank_poster(copied: Path) -> None:
    Image.new("RGB", (40, 30), (247, 243, 234)).save(copied / "poster.webp", "WEBP")
    assert broken_code(reseal(copied)) == "poster_blank"


@pytest.mark.parametrize(
    ("report", "code"),
    [
        ("{", "report_unreadable"),
        ("[]", "report_unreadable"),
        (json.dumps({"schema": "other/1", "source": {"triangles": 1}, "levels": []}), "report_schema"),
        (json.dumps({"schema": "dejima.report/1", "source": {"triangles": 1}, "levels": []}), "report_levels"),
        (
            json.dumps({"schema": "dejima.report/1", "source": {"triangles": 1}, "levels": [], "views": 1}),
            "report_unreadable",
        ),
    ],
)
def test_a_report_that_is_none_or_of_other_levels(copied: Path, report: str, code: str) -> None:
    (copied / "report.json").write_text(report)
    assert broken_code(reseal(copied)) == code


def test_a_package_without_one_of_its_reports_pictures(copied: Path) -> None:
    (copied / "heat-lod1-0.webp").unlink()
    assert broken_code(reseal(copied)) == "view_missing"


def test_a_picture_of_the_report_that_is_none(copied: Path) -> None:
    (copied / "view-scan-1.webp").write_bytes(b"RIFF")
    assert broken_code(reseal(copied)) == "picture"
