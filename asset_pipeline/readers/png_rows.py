"""Very large PNG pictures, read a band of rows at a time to a half or less of their size, so that they are never held whole.

Source: PNG specification, third edition: chunks, filters, colour types.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.jit import njit
from asset_pipeline.mesh import Image

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
PALETTE = 3
BAND_BYTES = 16 * 1024 * 1024
PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class _Layout:
    """Size in px, bytes of a sample, colour type, palette (256, 3), and where the packed data stands."""

    width: int
    height: int
    deep: int
    kind: int
    palette: NDArray[np.uint8]
    data: list[tuple[int, int]]


def read_png_reduced(data: bytes, shrink: int) -> Image:
    """The picture (h // shrink, w // shrink, 3), each pixel the mean of a square. Raises ValueError when it is broken.

    shrink: a power of two. Read are pictures of 8 or 16 bit that are not interlaced.
    """
    layout = _read_layout(data)
    bytes_per_pixel = CHANNELS[layout.kind] * layout.deep
    stride = layout.width * bytes_per_pixel
    rows = max(1, BAND_BYTES // (stride * shrink)) * shrink
    image = np.empty((layout.height // shrink, layout.width // shrink, 3), np.uint8)
    previous, done = np.zeros(stride, np.uint8), 0
    for band in _bands(data, layout, rows * (stride + 1)):
        raw = np.frombuffer(band, np.uint8).reshape(-1, stride + 1).copy()
        if not _unfilter(raw, previous, bytes_per_pixel):
            raise ValueError("a row has no filter that PNG knows")
        part = _halve(_to_colour(raw[:, 1:], layout), shrink)
        image[done : done + len(part)] = part
        done += len(part)
    if done != len(image):
        raise ValueError("it ends before its last row")
    return image


def _read_layout(data: bytes) -> _Layout:
    width, height, depth, kind, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    if depth not in {8, 16} or kind not in CHANNELS or interlaced or (kind == PALETTE and depth != 8):
        raise ValueError("of this size only plain rows of 8 or 16 bit are read")
    palette, pieces, at = np.zeros((256, 3), np.uint8), list[tuple[int, int]](), 8
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        if name == b"PLTE":
            colours = np.frombuffer(data[at + 8 : at + 8 + min(length, 768) // 3 * 3], np.uint8).reshape(-1, 3)
            palette[: len(colours)] = colours
        elif name == b"IDAT":
            pieces.append((at + 8, min(at + 8 + length, len(data))))
        at += 12 + length
    return _Layout(width, height, depth // 8, kind, palette, pieces)


def _bands(data: bytes, layout: _Layout, band_bytes: int) -> Iterator[bytes]:
    """The unpacked rows, with their filter bytes, in bands of that size; the last one may be shorter."""
    left = layout.height * (layout.width * CHANNELS[layout.kind] * layout.deep + 1)
    unpack, waiting = zlib.decompressobj(), bytearray()
    for start, end in layout.data:
        for at in range(start, end, PIECE_BYTES):
            piece = data[at : min(at + PIECE_BYTES, end)]
            while piece and left:
                found = unpack.decompress(piece, min(band_bytes, left))
                piece = unpack.unconsumed_tail
                waiting += found
                left -= len(found)
                while len(waiting) >= band_bytes:
                    yield bytes(waiting[:band_bytes])
                    del waiting[:band_bytes]
    if left:
        raise ValueError("it ends before its last row")
    if waiting:
        yield bytes(waiting)


@njit(cache=True)
def _unfilter(raw, previous, step):
    """Undo the filters of rows (n, 1 + stride) in place, previous being the row before them; False at an unknown filter."""
    for row in range(len(raw)):
        kind = raw[row, 0]
        if kind > 4:
            return False
        for i in range(len(previous)):
            left = np.int32(raw[row, 1 + i - step]) if i >= step else np.int32(0)
            up = np.int32(previous[i])
            guess = np.int32(0)
            if kind == 1:
                guess = left
            elif kind == 2:
                guess = up
            elif kind == 3:
                guess = (left + up) // 2
            elif kind == 4:
                corner = np.int32(previous[i - step]) if i >= step else np.int32(0)
                to_left, to_up, to_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
                guess = left if to_left <= to_up and to_left <= to_corner else up if to_up <= to_corner else corner
            raw[row, 1 + i] = (raw[row, 1 + i] + guess) & 255
        for i in range(len(previous)):
            previous[i] = raw[row, 1 + i]
    return True


def _to_colour(rows: NDArray[np.uint8], layout: _Layout) -> NDArray[np.uint8]:
    """Rows of samples (n, stride) as colours (n, w, 3), without transparency; of 16 bits the upper eight."""
    samples = rows.reshape(len(rows), layout.width, -1)[:, :, :: layout.deep]
    if layout.kind == PALETTE:
        return layout.palette[samples[:, :, 0]]
    if CHANNELS[layout.kind] < 3:
        return np.repeat(samples[:, :, :1], 3, axis=2)
    return samples[:, :, :3]


def _halve(colours: NDArray[np.uint8], shrink: int) -> NDArray[np.uint8]:
    """The mean of each square of `shrink` px; what is left over at the right and below is cut off."""
    while shrink > 1:
        height, width = colours.shape[0] // 2 * 2, colours.shape[1] // 2 * 2
        wide = colours[0:height:2, :width].astype(np.uint16) + colours[1:height:2, :width]
        colours = ((wide[:, 0::2] + wide[:, 1::2] + 2) >> 2).astype(np.uint8)
        shrink //= 2
    return colours
