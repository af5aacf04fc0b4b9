"""A scan too large for memory, cut into cells on disk: split, thinned cell by cell, and joined again.

A tree of cuts, each across the longer side at the median of a sample, gives boxes of about as many triangles. Vertices
that triangles of two cells share are locked: they stay bit for bit, so the thinned cells fit together without a gap.
The joined surface has several times the triangles of the finest level, and the levels are made from it as from any scan.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.executor import Crew, Task, run_jobs
from asset_pipeline.geometry.bvh import Bvh, BvhPart, build_bvh
from asset_pipeline.geometry.bvh_parts import join_parts
from asset_pipeline.geometry.clean import weld
from asset_pipeline.geometry.collapse import COLOUR_SHARE, Settings, collapse
from asset_pipeline.geometry.normals import corner_normals
from asset_pipeline.geometry.spool import let_all_go, let_go, new_array, spool_value
from asset_pipeline.geometry.streams import assign_faces, find_boxes
from asset_pipeline.mesh import Faces, Mesh, Positions, Surface

SAMPLES = 400_000  # triangles that decide where to cut
CHUNK = 1 << 20
NORMALS_FILE = "normals"
PER_LOCKED = 3  # triangles a cell keeps for each locked vertex, or these would be all that is left
STEP = 0.5  # what a run of the queue leaves of a cell: coarser than for a level, which is made from what is left,
LUMPED_BITS = 8  # and so are the prices: two octaves are as one
PAIRS_ABOVE = 8.0  # times what is left of a cell, above which its vertices are joined in pairs

Rows = NDArray[np.int32]


@dataclass(frozen=True)
class Cuts:
    """A binary tree: at node i points below cuts[i] on axes[i] go to below[i], else above[i]; -1 - box at its ends."""

    axes: NDArray[np.int64]
    cuts: NDArray[np.float64]
    below: NDArray[np.int64]
    above: NDArray[np.int64]


@dataclass(frozen=True)
class CutScan:
    """A scan whose triangles lie cell by cell: those of cell i are the rows starts[i] to starts[i + 1].

    first_row (n,) names for each vertex the first one at its place; locked (n,) says of such rows whether cells share them.
    """

    mesh: Mesh
    first_row: Rows
    locked: NDArray[np.bool_]
    starts: tuple[int, ...]


@dataclass(frozen=True)
class Cell:
    """A part of a scan with each place once; locked (n,) vertices must stay. colour_m: see collapse.Settings."""

    surface: Surface
    locked: NDArray[np.bool_]
    target: int
    colour_m: float


@dataclass(frozen=True)
class CellJob:
    """Which cell of a scan to thin to how many triangles; its search tree is left in `folder`."""

    index: int
    target: int
    colour_m: float
    folder: Path


def plan_cuts(mesh: Mesh, cell_triangles: int) -> Cuts:
    """Where to cut a scan so that no cell has many more triangles than asked."""
    step = max(1, mesh.triangles // SAMPLES)
    centres = mesh.positions[mesh.faces[::step]].mean(axis=1)
    return _cut_points(centres, -(-mesh.triangles // cell_triangles))


def _cut_points(points: Positions, boxes: int) -> Cuts:
    axes, cuts, below, above = list[int](), list[float](), list[int](), list[int]()
    waiting = [(points, boxes, -1, below)]
    made = 0
    while waiting:
        part, number, parent, side = waiting.pop()
        cut = _best_cut(part, number)
        if cut is None:
            name, made = -1 - made, made + 1
        else:
            name = len(axes)
            axes.append(cut[0])
            cuts.append(cut[1])
            below.append(0)
            above.append(0)
            lower = part[:, cut[0]] < cut[1]
            waiting.append((part[~lower], number - number // 2, name, above))
            waiting.append((part[lower], number // 2, name, below))
        if parent >= 0:
            side[parent] = name
    if not axes:  # one box: nothing lies below a cut at minus infinity
        return Cuts(np.zeros(1, np.int64), np.full(1, -np.inf), np.full(1, -1), np.full(1, -1))
    return Cuts(np.array(axes), np.array(cuts), np.array(below), np.array(above))


def _best_cut(points: Positions, boxes: int) -> tuple[int, float] | None:
    """Axis and place that leave on each side its share of the points; None when there is nothing to cut."""
    if boxes < 2 or len(points) < 2:
        return None
    axis = int(np.argmax(np.ptp(points, axis=0)))
    cut = float(np.quantile(points[:, axis], (boxes // 2) / boxes))
    lower = points[:, axis] < cut
    return (axis, cut) if lower.any() and not lower.all() else None


def cut_scan(mesh: Mesh, first_row: Rows, cell_triangles: int, spool: Path) -> CutScan:
    """The scan with its triangles sorted by cell, on disk."""
    tree = plan_cuts(mesh, cell_triangles)
    number = int(-min(tree.below.min(), tree.above.min()))
    boxes = np.empty(mesh.vertices, np.int16)
    for start in range(0, mesh.vertices, CHUNK):
        part = slice(start, start + CHUNK)
        find_boxes(mesh.positions[part], tree.axes, tree.cuts, tree.below, tree.above, boxes[part])
        let_go(mesh.positions)
    cells, locked = np.empty(mesh.triangles, np.int16), np.zeros(mesh.vertices, bool)
    for start in range(0, mesh.triangles, CHUNK):
        part = slice(start, start + CHUNK)
        assign_faces(mesh.faces[part], boxes, first_row, cells[part], locked)
        let_go(mesh.faces)
    counts = np.bincount(cells, minlength=number)
    starts = np.concatenate([[0], np.cumsum(counts)])
    faces = new_array(spool / "cut_faces", "<i4", (mesh.triangles, 3))
    looks = None
    if mesh.face_material is not None:
        looks = new_array(spool / "cut_face_material", "<i4", (mesh.triangles,))
    _sort_faces(mesh, cells, starts[:-1].copy(), (faces, looks))
    let_all_go()
    sorted_mesh = Mesh(mesh.positions, faces, mesh.uv, mesh.colours, mesh.materials, looks)
    filled = np.concatenate([[True], counts > 0])  # a cell without triangles is none
    return CutScan(sorted_mesh, first_row, locked, tuple(starts[filled].tolist()))


def _sort_faces(mesh: Mesh, cells: NDArray[np.int16], at: NDArray[np.int64], out: tuple[Faces, Rows | None]) -> None:
    """Append each triangle to its cell's rows; at (cells,) says where the next one of each goes."""
    faces, looks = out
    for start in range(0, mesh.triangles, CHUNK):
        part = slice(start, start + CHUNK)
        order = np.argsort(cells[part], kind="stable")
        counts = np.bincount(cells[part], minlength=len(at))
        ends = np.cumsum(counts)
        shifted = np.arange(len(order)) + np.repeat(at - (ends - counts), counts)
        faces[shifted] = mesh.faces[part][order]
        if looks is not None and mesh.face_material is not None:
            looks[shifted] = mesh.face_material[part][order]
        at += counts
        let_go(mesh.faces, mesh.face_material, faces, looks)


def load_cell(scan: CutScan, job: CellJob) -> Cell:
    """A cell as a surface of its own."""
    rows = scan.first_row[scan.mesh.faces[scan.starts[job.index] : scan.starts[job.index + 1]]]
    marked = np.zeros(len(scan.first_row), bool)  # sorting the cell's rows would take ten times as long
    marked[rows] = True
    used, place = np.flatnonzero(marked), np.cumsum(marked, dtype=np.int32) - 1
    colours = None if scan.mesh.colours is None else scan.mesh.colours[used].astype(np.float32)
    surface = Surface(scan.mesh.positions[used], place[rows], colours)
    return Cell(surface, scan.locked[used], job.target, job.colour_m)


def thin_cell(cell: Cell) -> Surface:
    """The cell with about its target of triangles, and more where locked vertices ask for it."""
    target = max(cell.target, PER_LOCKED * int(np.count_nonzero(cell.locked)))
    if target >= cell.surface.triangles:
        return cell.surface
    settings = Settings(colour_m=cell.colour_m, step=STEP, lumped_bits=LUMPED_BITS, pairs_above=PAIRS_ABOVE)
    return collapse(cell.surface, target, settings, locked=cell.locked)


def thin_spooled_cell(scan: CutScan, job: CellJob) -> tuple[Surface, BvhPart]:
    """The thinned cell of a scan on disk, and its search tree, left there as well."""
    cell = load_cell(scan, job)
    part = index_cell(cell, scan.starts[job.index], job)
    return thin_cell(cell), part


def index_cell(cell: Cell, start: int, job: CellJob) -> BvhPart:
    """Leave normals and search tree of a cell on disk; its triangles begin at row `start` of the scan."""
    positions, faces = cell.surface.positions, cell.surface.faces
    normals = corner_normals(positions, faces)
    with (job.folder / NORMALS_FILE).open("r+b") as file:
        file.seek(start * normals[0].nbytes)
        file.write(normals.data)
    tree = spool_value(job.folder, f"tree{job.index}", build_bvh(positions, faces))
    return BvhPart(start, positions.min(axis=0), positions.max(axis=0), tree)


@dataclass(frozen=True)
class ThinnedScan:
    """A scan thinned to a surface; of the whole of it the tree to search in, and its normals (m, 3, 3) on disk, one a corner."""

    surface: Surface
    bvh: Bvh
    normals: NDArray[np.float32]


def thin_scan(scan: CutScan, aim: int, crew: Crew, progress: Callable[[float], None]) -> ThinnedScan:
    """The scan thinned to about so many triangles."""
    starts, colour_m = scan.starts, COLOUR_SHARE * scan.mesh.diagonal()
    jobs = [
        CellJob(index, aim * (end - start) // starts[-1], colour_m, crew.folder)
        for index, (start, end) in enumerate(pairwise(starts))
    ]
    normals = new_array(crew.folder / NORMALS_FILE, "<f4", (starts[-1], 3, 3))
    if crew.shares_disk:
        both = run_jobs(crew, Task(thin_spooled_cell, (scan,)), jobs, progress)
    else:
        thinned = run_jobs(crew, Task(thin_cell, prepare=partial(load_cell, scan)), jobs, progress)
        parts = (index_cell(load_cell(scan, job), starts[job.index], job) for job in jobs)
        both = list(zip(thinned, parts, strict=True))
    let_all_go()
    return ThinnedScan(
        join_cells([surface for surface, _ in both]), join_parts(tuple(part for _, part in both)), normals
    )


def join_cells(surfaces: list[Surface]) -> Surface:
    """The cells as one surface: vertices that were locked stand in two of them, bit for bit, and become one again."""
    starts = np.cumsum([0, *(len(surface.positions) for surface in surfaces[:-1])])
    faces = np.concatenate([surface.faces + start for surface, start in zip(surfaces, starts, strict=True)])
    joined = weld(Mesh(np.concatenate([surface.positions for surface in surfaces]), faces.astype(np.int32)))
    colours = None
    if surfaces[0].colours is not None:
        first = np.unique(joined.vertex_of, return_index=True)[1]
        colours = np.concatenate([surface.colours for surface in surfaces if surface.colours is not None])[first]
    return Surface(joined.positions, joined.faces, colours)
