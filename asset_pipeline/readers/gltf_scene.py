"""The scene of a glTF: which primitives it shows, and where each stands."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.prechecks.precheck_scene import Document
from asset_pipeline.readers.gltf_buffers import Gltf

Matrix = NDArray[np.float64]


def placed_primitives(gltf: Gltf) -> Iterator[tuple[Document, Matrix]]:
    """Every primitive the default scene shows, with the transform (4, 4) that places it there."""
    nodes, meshes = gltf.items("nodes"), gltf.items("meshes")
    for index, matrix in scene_nodes(gltf).items():
        if "mesh" in nodes[index]:
            for primitive in meshes[nodes[index]["mesh"]].get("primitives", []):
                yield primitive, matrix


def _scene_roots(gltf: Gltf) -> list[int]:
    scenes = gltf.items("scenes")
    if scenes:
        roots: list[int] = scenes[gltf.document.get("scene", 0)].get("nodes", [])
        return roots
    children = {child for node in gltf.items("nodes") for child in node.get("children", [])}
    return [index for index in range(len(gltf.items("nodes"))) if index not in children]


def scene_nodes(gltf: Gltf) -> dict[int, Matrix]:
    """The nodes of the default scene with their transforms to it, in the order of the tree."""
    nodes, found = gltf.items("nodes"), {}
    waiting = [(root, np.eye(4)) for root in reversed(_scene_roots(gltf))]
    while waiting:
        index, above = waiting.pop()
        found[index] = above @ _local_matrix(nodes[index])
        waiting += [(child, found[index]) for child in reversed(nodes[index].get("children", []))]
    return found


def _local_matrix(node: Document) -> Matrix:
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T  # stored column by column
    x, y, z, w = node.get("rotation", (0.0, 0.0, 0.0, 1.0))
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = turn * np.array(node.get("scale", (1.0, 1.0, 1.0)), np.float64)
    matrix[:3, 3] = node.get("translation", (0.0, 0.0, 0.0))
    return matrix
