"""Pictures as files: for each the smallest encoding that keeps the likeness asked for, found by measuring it."""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageFile

from asset_pipeline.appearance.likeness import Purpose, Used, sum_squares
from asset_pipeline.mesh import Image

# the most that is asked of an encoded picture, against the baked one, over the texels that the surface shows
ASKED_DB: dict[Purpose, float] = {
    "colour": 36.5,  # a baked statue is 29.9 dB from its scan: this takes 0.7 dB of it, and is not seen
    "normal": 37.5,  # of 8.4 dB that a statue's map wins in shaded views it keeps 7.1; at 35 it kept 6.5 for 2/3 of the bytes
    "roughness": 30.0,  # a gloss that is 3 % off is not seen
}
LEAST_DB = 30.0  # and the least of colour: below it a codec's blocks show
UNDER_LEVEL_DB = 6.5  # more would cost more than 30 % of the bytes for each dB that the level comes nearer to its scan
UNDER_RELIEF_DB = 12.0  # a normal map keeps all but a sixteenth of what it tells a surface without one
SAME_DB = 99.0  # stands for "no difference at all"
NEAR_DB = 0.1  # so little under the asked is taken, and no more is sought above it than three times as much
REAL_NEAR_DB = 0.4  # of a whole picture: to write one again for less is not worth the time
REAL_TRIES = 3
SAMPLE_TRIES = 6
FEW_COLOURS = 1024  # in a sample: a drawing, which lossless encoding may make smaller
DB_PER_QUALITY = 0.25  # a first guess of the slope
STEEPER, LEAST_SLOPE, MOST_STEPS_UP = 1.5, 0.02, 2  # a step by the slope found so far goes half as far again
BYTES_PER_DB = 1.18  # and of what likeness to the baked picture costs
Z_STEPS = 3  # how much coarser z is kept: near upright, where most normals are, it turns nothing
BLOCK_PX, SAMPLE_BLOCKS, SAMPLE_COLUMNS = 128, 20, 4
WHOLE_VALUES = 3 * 1024**2
PLAIN_JPEG_QUALITY = 90


@dataclass(frozen=True)
class Texture:
    """An encoded picture; px is its longer side, psnr_db its likeness to the picture it shows."""

    data: bytes
    media_type: str
    px: int
    psnr_db: float = SAME_DB


@dataclass(frozen=True)
class Encodings:
    """A picture for all clients, and as AVIF for those that read it where that is smaller."""

    common: Texture
    avif: Texture | None


@dataclass(frozen=True)
class Codec:
    """One way to write a picture; top is the highest quality worth trying, guess where the search begins."""

    media_type: str
    pillow: str
    options: dict[str, Any]
    guess: int = 75
    top: int = 97
    directions: bool = False

    def write(self, picture: Image, quality: int) -> bytes:
        """The picture's bytes."""
        sink = io.BytesIO()
        # Pillow's JPEG writer gives up when a noisy picture needs more room than it guessed
        ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, 2 * picture.nbytes)
        how = _direction_steps(quality) if self.directions else {"quality": quality}
        Pillow.fromarray(picture).save(sink, self.pillow, **how, **self.options)
        return sink.getvalue()


WEBP = Codec("image/webp", "WEBP", {"method": 4}, guess=80)
JPEG = Codec("image/jpeg", "JPEG", {"optimize": True, "progressive": True}, guess=82)
FULL_JPEG = Codec("image/jpeg", "JPEG", {**JPEG.options, "subsampling": "4:4:4"}, guess=82)
# x, y and z as they are, each by itself: a mix of them, and tables made for eyes, cost 389 kB where this needs 211
DIRECTIONS = Codec(
    "image/jpeg", "JPEG", {**JPEG.options, "subsampling": "4:4:4", "keep_rgb": True}, guess=80, top=99, directions=True
)
LOSSLESS = Codec("image/webp", "WEBP", {"lossless": True, "method": 4, "exact": True}, guess=60, top=60)
# one thread: two give other bytes. Speed 8 takes a third of the time of 6 for 5 % more bytes
AVIF_OPTIONS = {"speed": 8, "max_threads": 1, "advanced": {"tune": "psnr"}}
AVIF = Codec("image/avif", "AVIF", {**AVIF_OPTIONS, "subsampling": "4:2:0"}, guess=62, top=95)
FULL_AVIF = Codec("image/avif", "AVIF", {**AVIF_OPTIONS, "subsampling": "4:4:4"}, guess=58, top=95)
# the first that keeps the likeness. Halved chroma, which WebP cannot do without, smears the direction of a normal
COMMON: dict[Purpose, tuple[Codec, ...]] = {
    "colour": (WEBP, FULL_JPEG),
    "normal": (DIRECTIONS,),
    "roughness": (WEBP, FULL_JPEG),
}
# AVIF of normals is no smaller than JPEG of directions, and takes five times as long
MODERN: dict[Purpose, tuple[Codec, ...]] = {"colour": (AVIF, FULL_AVIF), "normal": (), "roughness": (FULL_AVIF,)}


@dataclass(frozen=True)
class Original:
    """A picture to encode: what it is for, which texels are shown (None: all), the JPEG it came from, the likeness asked."""

    picture: Image
    purpose: Purpose = "colour"
    used: Used | None = None
    source_jpeg: bytes | None = None
    asked_db: float | None = None

    @property
    def asked(self) -> float:
        """The likeness in dB that its encodings must keep."""
        return ASKED_DB[self.purpose] if self.asked_db is None else self.asked_db


@dataclass(frozen=True)
class Trial:
    """What a codec needs for the asked likeness, judged on a sample."""

    codec: Codec
    quality: int
    bytes: int


def encode_texture(original: Original) -> Encodings:
    """The picture in the smallest common encoding that keeps the asked likeness, and as AVIF if that is smaller."""
    sample = _choose_tried(original)
    with ThreadPoolExecutor(1) as beside:  # the codecs work outside of Python
        coming = beside.submit(_encode_modern, original, sample)
        best, common = _encode_common(original, sample)
        modern, avif = coming.result()
    if modern is None or avif is None or (modern.bytes >= best.bytes and common.psnr_db < SAME_DB):
        return Encodings(common, None)
    return Encodings(common, avif if len(avif.data) < len(common.data) else None)


def _encode_common(original: Original, sample: Original) -> tuple[Trial, Texture]:
    best = _try_codecs(COMMON[original.purpose], sample)
    if best is None or _is_drawing(sample.picture):
        lossless = Trial(LOSSLESS, LOSSLESS.top, len(LOSSLESS.write(sample.picture, LOSSLESS.top)))
        best = lossless if best is None or lossless.bytes < best.bytes else best
    common = _encode(best, original)
    if original.source_jpeg is not None and len(original.source_jpeg) <= len(common.data):
        common = Texture(original.source_jpeg, JPEG.media_type, common.px)
    return best, common


def _encode_modern(original: Original, sample: Original) -> tuple[Trial | None, Texture | None]:
    modern = _try_codecs(MODERN[original.purpose], sample)
    return modern, None if modern is None else _encode(modern, original)


def guess_bytes(original: Original) -> float:
    """About how many bytes the picture's common encoding will have, by one trial."""
    tried = _choose_tried(original)
    codec = COMMON[original.purpose][0]
    data = codec.write(tried.picture, codec.guess)
    missing_db = original.asked - likeness_db(tried, decode(data))
    return len(data) * original.picture.size / tried.picture.size * float(BYTES_PER_DB**missing_db)


def _choose_tried(original: Original) -> Original:
    """What qualities are tried on: a sample, but the whole where that takes no time either and tells more."""
    whole = original.purpose == "normal" and original.picture.size <= WHOLE_VALUES
    return original if whole else take_sample(original)


def _direction_steps(quality: int) -> dict[str, Any]:
    """Tables for x, y and z of one step each, for an error in any frequency turns a normal as far; the least by one in z."""
    step = 100 - quality
    return {"qtables": [[step] * 64, [step] * 64, [min(255, Z_STEPS * step)] * 64]}


def _is_drawing(picture: Image) -> bool:
    wide = picture.astype(np.uint32)
    return len(np.unique(wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2])) <= FEW_COLOURS


def _encode(trial: Trial, original: Original) -> Texture:
    """The whole picture, its quality raised where the sample had promised too much."""
    asked, quality = original.asked, trial.quality
    for _ in range(REAL_TRIES):
        data = trial.codec.write(original.picture, quality)
        found = likeness_db(original, decode(data))
        if found >= asked - REAL_NEAR_DB or quality >= trial.codec.top:
            break
        quality = min(trial.codec.top, quality + int(np.ceil((asked - found) / DB_PER_QUALITY)))
    return Texture(data, trial.codec.media_type, max(original.picture.shape[:2]), found)


def _try_codecs(codecs: tuple[Codec, ...], sample: Original) -> Trial | None:
    """What the first codec needs that keeps the likeness: those with full chroma stand last."""
    return next((trial for codec in codecs if (trial := _try_codec(codec, sample))), None)


def _try_codec(codec: Codec, sample: Original) -> Trial | None:
    """The lowest quality found at which the sample keeps the asked likeness; None when none does."""
    asked = sample.asked
    tried: dict[int, tuple[float, int]] = {}
    quality = codec.guess
    for _ in range(SAMPLE_TRIES):
        data = codec.write(sample.picture, quality)
        tried[quality] = (likeness_db(sample, decode(data)), len(data))
        if 0 <= tried[quality][0] - asked <= 3 * NEAR_DB:
            break
        quality = _next_quality(codec, {quality: found for quality, (found, _) in tried.items()}, asked)
        if quality in tried:
            break
    kept = [quality for quality, (found, _) in tried.items() if found >= asked]
    return Trial(codec, min(kept), tried[min(kept)][1]) if kept else None


def _next_quality(codec: Codec, found: dict[int, float], asked: float) -> int:
    """Where the asked likeness should lie: between the nearest qualities under and above it, or beyond all so far."""
    under = max((quality for quality, db in found.items() if db < asked), default=None)
    above = min((quality for quality, db in found.items() if db >= asked), default=None)
    if under is None and above is not None:
        return max(1, min(above - 1, above - int((found[above] - asked) / DB_PER_QUALITY)))
    if above is None and under is not None:
        # the third step up goes to the top: what does not keep the likeness there is not tried in vain
        if len(found) > MOST_STEPS_UP:
            return codec.top
        lower = max((quality for quality in found if quality < under), default=None)
        slope = DB_PER_QUALITY if lower is None else (found[under] - found[lower]) / (under - lower) / STEEPER
        return min(codec.top, under + max(1, int(np.ceil((asked - found[under]) / max(slope, LEAST_SLOPE)))))
    if under is None or above is None or under >= above:
        return codec.guess
    share = (asked - found[under]) / (found[above] - found[under])
    between = (under + above) // 2 if len(found) % 2 else under + int(np.ceil(share * (above - under)))
    return min(max(between, under + 1), max(above - 1, under + 1))


def take_sample(original: Original) -> Original:
    """Blocks spread evenly over the shown part of a picture, as one small picture; a small one as it is."""
    height, width = (side // BLOCK_PX for side in original.picture.shape[:2])
    if height * width <= 2 * SAMPLE_BLOCKS:
        return original
    inside = original.picture[: height * BLOCK_PX, : width * BLOCK_PX]
    blocks = _cut(inside)
    if original.used is None:
        used, order = None, np.arange(len(blocks))
    else:
        used = _cut(original.used[: height * BLOCK_PX, : width * BLOCK_PX])
        order = np.flatnonzero(used.mean(axis=(1, 2)) >= np.median(used.mean(axis=(1, 2))))
    kept = order[np.linspace(0, len(order) - 1, min(SAMPLE_BLOCKS, len(order))).round().astype(int)]
    kept = kept[: len(kept) // SAMPLE_COLUMNS * SAMPLE_COLUMNS]
    shown = None if used is None else _lay(used[kept])
    return Original(_lay(blocks[kept]), original.purpose, shown, asked_db=original.asked_db)


def _cut(values: NDArray[Any]) -> NDArray[Any]:
    """Blocks (n, BLOCK_PX, BLOCK_PX, ...) of a picture whose sides are multiples of it."""
    rows, columns = values.shape[0] // BLOCK_PX, values.shape[1] // BLOCK_PX
    apart = values.reshape(rows, BLOCK_PX, columns, BLOCK_PX, *values.shape[2:])
    return apart.swapaxes(1, 2).reshape(rows * columns, BLOCK_PX, BLOCK_PX, *values.shape[2:])


def _lay(blocks: NDArray[Any]) -> NDArray[Any]:
    """The blocks as one picture, SAMPLE_COLUMNS wide."""
    rows = len(blocks) // SAMPLE_COLUMNS
    apart = blocks.reshape(rows, SAMPLE_COLUMNS, *blocks.shape[1:]).swapaxes(1, 2)
    joined = apart.reshape(rows * BLOCK_PX, SAMPLE_COLUMNS * BLOCK_PX, *blocks.shape[3:])
    return np.ascontiguousarray(joined)


def likeness_db(original: Original, shown: Image) -> float:
    """Peak signal-to-noise ratio in dB of what is shown over the texels in use; of directions for normals."""
    squares, count = sum_squares(original.picture, shown, original.used, original.purpose)
    return SAME_DB if squares == 0 else min(SAME_DB, float(10 * np.log10(255**2 * count / squares)))


def asked_of_colour(level_db: float) -> float:
    """The likeness in dB asked of a level's colour, by how like its scan the level is before its picture is encoded."""
    return min(ASKED_DB["colour"], max(LEAST_DB, level_db + UNDER_LEVEL_DB))


def asked_of_normals(normal_map: Image, used: Used | None) -> float:
    """The likeness in dB asked of a normal map, by how much it tells a surface without one."""
    upright = np.broadcast_to(np.array([128, 128, 255], np.uint8), normal_map.shape)
    return min(ASKED_DB["normal"], likeness_db(Original(normal_map, "normal", used), upright) + UNDER_RELIEF_DB)


def encode_jpeg(picture: Image, purpose: Purpose = "colour") -> bytes:
    """The picture (h, w, 3) as JPEG, for tools that read no WebP."""
    return (JPEG if purpose == "colour" else FULL_JPEG).write(picture, PLAIN_JPEG_QUALITY)


def decode(data: bytes) -> Image:
    """One of our own encoded pictures as (h, w, 3)."""
    picture = Pillow.open(io.BytesIO(data))
    return np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))
