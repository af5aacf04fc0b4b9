"""What a level is seen with: the raw pictures of its material as encoded files, and as a client will show them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image as Pillow

from asset_pipeline.appearance.likeness import Purpose, Used
from asset_pipeline.appearance.sides import Sides
from asset_pipeline.appearance.texels import find_covered
from asset_pipeline.appearance.texture import (
    Encodings,
    Original,
    Texture,
    asked_of_colour,
    asked_of_normals,
    decode,
    encode_jpeg,
    encode_texture,
)
from asset_pipeline.mesh import Image, Material, Mesh
from asset_pipeline.output.encode import Look

MASK_PX = 1024  # which texels are shown is told apart this finely at most
LEAST_TILT_DEG = 1.0  # a map that turns normals by less in the mean is not seen
PICTURES_TOGETHER = 2
FLAT_STEPS = 1  # values that differ by no more are one colour


@dataclass(frozen=True)
class EncodedLook:
    """A level's look for all clients, with AVIF where that is smaller (None: nowhere), and as it is shown at worst."""

    common: Look
    avif: Look | None
    shown: tuple[Material, ...]


def encode_look(mesh: Mesh, level_db: float | None = None) -> EncodedLook:
    """The look of a dressed mesh, whose one material holds raw pictures; level_db: how like the scan its colours are."""
    if not mesh.materials:
        return EncodedLook(Look(), None, ())
    material = mesh.materials[0]
    used = find_used(mesh, material)
    with ThreadPoolExecutor(PICTURES_TOGETHER) as pool:  # the codecs work outside of Python
        colour, normal, roughness = pool.map(_encode, _originals(material, used, level_db))
    encoded = (colour, normal, roughness)
    shown = replace(
        material,
        picture=_show(colour),
        normal_map=_show(normal),
        roughness_map=_show(roughness),
        source_jpeg=None,
    )
    has_avif = any(each is not None and each.avif is not None for each in encoded)
    return EncodedLook(
        _make_look(material, encoded), _make_look(material, encoded, True) if has_avif else None, (shown,)
    )


def _originals(material: Material, used: Used | None, level_db: float | None) -> list[Original | None]:
    """What to encode of colour, normals and roughness, each with the likeness asked of it."""
    colour = normal = roughness = None
    if (picture := material.picture) is not None:
        asked_db = None if level_db is None else asked_of_colour(level_db)
        colour = Original(picture, "colour", _mask(used, picture), material.source_jpeg, asked_db)
    if (picture := material.normal_map) is not None and not has_no_relief(picture, used):
        mask = _mask(used, picture)
        normal = Original(picture, "normal", mask, asked_db=asked_of_normals(picture, mask))
    if (picture := material.roughness_map) is not None:
        roughness = Original(picture, "roughness", _mask(used, picture))
    return [colour, normal, roughness]


def _mask(used: Used | None, picture: Image) -> Used | None:
    return None if used is None else fit_mask(used, picture)


def fit_material(material: Material, sides: Sides) -> Material:
    """The material with no picture larger than the level needs."""
    picture = _fit(material.picture, sides.colour_px)
    kept = picture is material.picture
    return replace(
        material,
        picture=picture,
        source_jpeg=material.source_jpeg if kept else None,
        normal_map=_fit(material.normal_map, sides.normal_px or sides.colour_px),
        roughness_map=_fit(material.roughness_map, sides.colour_px),
    )


def _fit(picture: Image | None, side_px: int) -> Image | None:
    if picture is None or max(picture.shape[:2]) <= side_px:
        return picture
    height, width = (max(1, round(side * side_px / max(picture.shape[:2]))) for side in picture.shape[:2])
    return np.asarray(Pillow.fromarray(picture).resize((width, height), Pillow.Resampling.BOX))


def plain_look(material: Material, common: Look) -> Look:
    """The look for tools that read JPEG only: pictures already JPEG as they are, the others made of the raw ones."""
    return replace(
        common,
        colour=_as_jpeg(common.colour, material.picture, "colour"),
        normal=_as_jpeg(common.normal, material.normal_map, "normal"),
        roughness=_as_jpeg(common.roughness, material.roughness_map, "roughness"),
    )


def find_used(mesh: Mesh, material: Material) -> Used | None:
    """Which texels of the material's largest picture some triangle shows; None when all may be."""
    pictures = [each for each in (material.picture, material.normal_map, material.roughness_map) if each is not None]
    if not pictures or mesh.uv is None or mesh.uv.min() < 0 or mesh.uv.max() > 1:
        return None
    height, width = max((picture.shape[:2] for picture in pictures), key=lambda shape: shape[0] * shape[1])
    share = max(1, -(-max(height, width) // MASK_PX))
    rows, columns = -(-height // share), -(-width // share)
    used = find_covered(mesh.uv, mesh.faces, rows, columns)
    return used if used.any() else None


def has_no_relief(normal_map: Image, used: Used | None) -> bool:
    """Whether a normal map leaves the normals as they are, as far as anybody sees."""
    texels = normal_map.reshape(-1, 3) if used is None else normal_map[fit_mask(used, normal_map)]
    vectors = texels[:: max(1, len(texels) // 1_000_000)].astype(np.float32) - 127.5
    upright = vectors[:, 2] / np.maximum(np.linalg.norm(vectors, axis=1), 1e-6)
    tilt = np.arccos(np.clip(upright, -1, 1))
    return float(np.degrees(np.sqrt(np.mean(tilt**2)))) < LEAST_TILT_DEG


def fit_mask(used: Used, picture: Image) -> Used:
    """The mask at a picture's own size, by nearest texel."""
    height, width = picture.shape[:2]
    rows = np.arange(height) * used.shape[0] // height
    columns = np.arange(width) * used.shape[1] // width
    return np.asarray(used[rows[:, None], columns[None, :]])


def _encode(original: Original | None) -> Encodings | None:
    if original is None:
        return None
    if _is_flat(original.picture):  # one colour needs one texel
        original = Original(np.ascontiguousarray(original.picture[:1, :1]), original.purpose)
    return encode_texture(original)


def _is_flat(picture: Image) -> bool:
    """Whether a picture is one colour; a few texels tell it of nearly all that are not."""
    first = picture[0, 0].astype(np.int16)
    return all(np.abs(part - first).max() <= FLAT_STEPS for part in (picture[::16, ::16], picture))


def _make_look(material: Material, encoded: tuple[Encodings | None, ...], avif: bool = False) -> Look:
    colour, normal, roughness = (
        None if each is None else each.avif if avif and each.avif else each.common for each in encoded
    )
    return Look(colour, normal, roughness, material.colour, material.roughness, material.metallic)


def _show(encoded: Encodings | None) -> Image | None:
    """The picture as the client sees it that has the less like one."""
    if encoded is None:
        return None
    worst = min((each for each in (encoded.common, encoded.avif) if each is not None), key=lambda each: each.psnr_db)
    return decode(worst.data)


def _as_jpeg(texture: Texture | None, picture: Image | None, purpose: Purpose) -> Texture | None:
    if texture is None or picture is None or texture.media_type == "image/jpeg":
        return texture
    raw = picture if max(picture.shape[:2]) == texture.px else picture[:1, :1]
    return Texture(encode_jpeg(np.ascontiguousarray(raw), purpose), "image/jpeg", texture.px)
