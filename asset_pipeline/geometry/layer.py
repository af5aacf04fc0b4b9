"""A picture while it is baked: texels come in any order, several may share a pixel, and what nobody gave is filled."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.jit import njit
from asset_pipeline.mesh import Image


@dataclass(frozen=True)
class Layer:
    """A picture of px x px that texels of a picture of texels_px x texels_px, a multiple, are put into: written to in place.

    sums (px, px, 3) and counts (px, px) of what was put; where both sides are equal, each pixel is put once and nothing is
    summed: it stands in picture (px, px, 3).
    """

    texels_px: int
    sums: NDArray[np.float32]
    counts: NDArray[np.uint16]
    picture: Image


def start_layer(texels_px: int, px: int) -> Layer:
    """An empty picture of px x px."""
    summed = 1 if texels_px == px else px
    sums, counts = np.zeros((summed, summed, 3), np.float32), np.zeros((px, px), np.uint16)
    return Layer(texels_px, sums, counts, np.zeros((px, px, 3), np.uint8))


def put_texels(layer: Layer, place: NDArray[np.int32], values: NDArray[np.float32]) -> None:
    """Add values (n, 3), 0..255, at places row * texels_px + column."""
    _put(place, values, layer.texels_px, layer.sums, layer.counts, layer.picture)


def finish_layer(layer: Layer) -> Image:
    """The picture: the means of what was put, and around them what continues them smoothly."""
    _divide(layer.sums, layer.counts, layer.picture)
    return fill_gaps(layer.picture, layer.counts > 0)


@njit(cache=True)
def _put(place, values, texels_px, sums, counts, picture):
    part = texels_px // len(counts)
    for i in range(len(place)):
        row, column = place[i] // texels_px // part, place[i] % texels_px // part
        counts[row, column] += 1
        for channel in range(3):
            if part == 1:
                picture[row, column, channel] = np.uint8(min(max(values[i, channel] + 0.5, 0.0), 255.0))
            else:
                sums[row, column, channel] += values[i, channel]


@njit(cache=True)
def _divide(sums, counts, picture):
    if len(sums) < len(counts):  # nothing was summed
        return
    for row in range(len(counts)):
        for column in range(len(counts)):
            if counts[row, column]:
                for channel in range(3):
                    value = sums[row, column, channel] / counts[row, column] + 0.5
                    picture[row, column, channel] = np.uint8(min(max(value, 0.0), 255.0))


def fill_gaps(picture: Image, known: NDArray[np.bool_]) -> Image:
    """The picture (h, w, 3) with unknown texels taken from ever coarser means of the known ones (pull and push)."""
    filled = picture.copy()
    levels = [(filled, known.astype(np.float32))]
    while max(levels[-1][1].shape) > 1:
        height, width = ((side + 1) // 2 for side in levels[-1][1].shape)
        coarse = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
        _pull(*levels[-1], *coarse)
        levels.append(coarse)
    coarser = levels.pop()[0]
    while levels:
        finer, weight = levels.pop()
        _push(finer, weight, coarser)
        coarser = finer
    return filled


@njit(cache=True)
def _pull(colour, weight, coarse, coarse_weight):
    """The weighted means of four texels each; weights are sums."""
    for row in range(weight.shape[0]):
        for column in range(weight.shape[1]):
            if weight[row, column] > 0:
                coarse_weight[row // 2, column // 2] += weight[row, column]
                for channel in range(3):
                    coarse[row // 2, column // 2, channel] += weight[row, column] * colour[row, column, channel]
    for row in range(coarse_weight.shape[0]):
        for column in range(coarse_weight.shape[1]):
            if coarse_weight[row, column] > 0:
                for channel in range(3):
                    coarse[row, column, channel] /= coarse_weight[row, column]


@njit(cache=True)
def _push(colour, weight, coarse):
    """Give the unknown texels the coarse picture's colour, read bilinearly."""
    height, width = coarse.shape[:2]
    for row in range(weight.shape[0]):
        for column in range(weight.shape[1]):
            if weight[row, column] > 0:
                continue
            near_row, near_column = row // 2, column // 2
            next_row = min(max(near_row + (1 if row % 2 else -1), 0), height - 1)
            next_column = min(max(near_column + (1 if column % 2 else -1), 0), width - 1)
            for channel in range(3):
                near = 0.75 * coarse[near_row, near_column, channel] + 0.25 * coarse[near_row, next_column, channel]
                far = 0.75 * coarse[next_row, near_column, channel] + 0.25 * coarse[next_row, next_column, channel]
                colour[row, column, channel] = 0.75 * near + 0.25 * far
