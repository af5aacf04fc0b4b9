"""The recipe: one scan file in, one package folder out, named by the digest of its manifest."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from asset_pipeline.appearance.compare import Reference, describe_comparison, make_reference
from asset_pipeline.appearance.level import FinishedLevel, LevelJob, describe_level, make_level, make_phone_model
from asset_pipeline.appearance.source import Rows, ScanPlaces, Source, read_places
from asset_pipeline.built import BuildResult, is_missed
from asset_pipeline.clouds.place import settle_anchor
from asset_pipeline.clouds.point_levels import (
    choose_point_levels,
    clean_points,
    is_points,
    make_point_levels,
    make_point_reference,
    make_splats,
)
from asset_pipeline.clouds.survey import describe_survey, place_sample
from asset_pipeline.executor import Crew, Task, begin_job, dismiss, open_here, run_jobs, stay_here
from asset_pipeline.geometry.bvh import Bvh
from asset_pipeline.geometry.normals import smooth_normals
from asset_pipeline.geometry.spool import large_arrays_in
from asset_pipeline.geometry.surfaces import choose_levels, each_surface
from asset_pipeline.geopose import Vector
from asset_pipeline.manifest import USDZ_FILE, Manifest
from asset_pipeline.memory import give_back, keep_freed, watch_memory
from asset_pipeline.mesh import Mesh, Positions, Surface
from asset_pipeline.options import BuildOptions
from asset_pipeline.output.folder import write_package
from asset_pipeline.output.stamp import list_files, stamp_files
from asset_pipeline.output.usdz import choose_level
from asset_pipeline.prepare import Prepared, prepare_scan
from asset_pipeline.readers.read import read_scan
from asset_pipeline.report.examine import examine_scan, examine_texture
from asset_pipeline.report.report import make_report
from asset_pipeline.report.views import Views, choose_views, describe_views, draw_scan
from asset_pipeline.scan import Progress, Scan, ScanWarning, no_progress, warn

# surfaces as made, with what to tell of them; the levels they became; budgets that were skipped
_Levels = tuple[list[tuple[Surface, list[ScanWarning]]], list[FinishedLevel], tuple[int, ...]]
_Looked = tuple[Views, dict[str, bytes], list[ScanWarning]]

READ_SHARE = 0.1  # of the whole time, for the progress bar
MOST_TOGETHER = 1_000_000  # triangles of a scan up to which several of its levels are made at a time on this machine
WORTH_HANDS = 150_000  # triangles of a scan from which on other processes finish its levels sooner than this one


def build_package(
    path: Path, out: Path, options: BuildOptions, progress: Progress = no_progress, crew: Crew | None = None
) -> BuildResult:
    """Build, verify and name a package; without a crew, in this process alone.

    Raises ScanRefused, OptionRefused, BuildFailed, PackageBroken.
    """
    if crew is None:
        with open_here() as alone:
            return build_package(path, out, options, progress, alone)
    started = time.monotonic()
    keep_freed()
    with watch_memory(os.getpid()) as peak_bytes:
        with large_arrays_in(crew.folder):
            scan = read_scan(path, options, lambda stage, fraction: progress(stage, READ_SHARE * fraction))
        progress("clean", READ_SHARE)
        make = _make_points if is_points(scan) else _make_surfaces
        made = make(scan, options, progress, crew)
        digest, manifest, report = _write(scan, made, options, (out, progress))
    progress("done", 1.0)
    seconds = time.monotonic() - started
    return BuildResult(digest, out / digest, manifest, report, seconds, peak_bytes(), made.comparison)


def _write(
    scan: Scan, made: "_Made", options: BuildOptions, to: tuple[Path, Progress]
) -> tuple[str, Manifest, dict[str, Any]]:
    """Report, manifest and folder of what was made; gives the digest as well."""
    out, progress = to
    projection = scan.survey.projection if scan.survey else None
    anchor, place_notes = settle_anchor(options, projection, made.offset_m)
    options, finished = replace(options, anchor=anchor), made.finished
    progress("report", 0.94)
    files = made.pictures | {name: data for level in finished for name, data in level.files.items()}
    warnings = [*scan.warnings, *made.warnings, *place_notes, *(note for level in finished for note in level.warnings)]
    report = make_report(scan, finished, warnings)
    report["source"]["offset_m"] = list(made.offset_m)
    report["source"] |= {"cloud": describe_survey(scan, made.offset_m, finished[0].level.mesh)} if scan.survey else {}
    report["views"] = describe_views(made.views)
    files, report = stamp_files(files, report, options.credit, options.anchor)
    manifest = list_files(_make_manifest(scan, options, finished), files)
    progress("write", 0.96)
    digest, _ = write_package(out, files, manifest)
    return digest, manifest, report


@dataclass(frozen=True)
class _Made:
    """What a scan became: where its origin lay, its levels, the pictures of the scan itself, and what to tell people.

    comparison: what its owner compares in 3D, by file name.
    """

    offset_m: Vector
    finished: list[FinishedLevel]
    pictures: dict[str, bytes]
    views: Views
    warnings: list[ScanWarning]
    comparison: dict[str, bytes] = field(default_factory=dict)


def _make_surfaces(scan: Scan, options: BuildOptions, progress: Progress, crew: Crew) -> _Made:
    prepared = prepare_scan(scan, options, crew, lambda fraction: progress("clean", READ_SHARE * (1 + fraction)))
    hands = _choose_hands(prepared, crew)
    levels, skipped = choose_levels(options.levels, prepared.scan.triangles)
    # while the collapse, which is one long thread, keeps this process, another looks at the scan
    finish_looking = begin_job(hands, Task(_look_at, (prepared.looked_at, prepared.looked_normals)), prepared.surface)
    finish_reading = begin_job(hands, Task(_read_places, (prepared.scan, prepared.normals)), None)
    finish_reference = _begin_reference(prepared, options, hands)
    progress("collapse", 0.2)
    tree = None if prepared.bvh.parts else prepared.bvh
    coming = each_surface(prepared.surface, levels, tree)
    first = next(coming)
    looked = finish_looking()
    reference = finish_reference()
    shown = None if reference is None else reference.surface
    jobs = [LevelJob(index, asked, options.texture_px, looked[0], compared=shown) for index, asked in enumerate(levels)]
    made = [first]

    def take_surface(job: LevelJob) -> tuple[Surface, LevelJob]:
        while len(made) <= job.index:
            made.append(next(coming))
        phone_level = choose_level([surface.triangles for surface, _ in made])
        return made[job.index][0], replace(job, for_phone=phone_level == job.index)

    source = Source(prepared.scan, prepared.bvh, prepared.normals, finish_reading())
    finished = _make_levels(source, (jobs, take_surface), progress, hands)
    whole = _gather(prepared, (made, finished, skipped), looked)
    if reference is None:
        return whole
    scale_m = looked[0].scale_m
    compared = [level.compared for level in finished]
    counts = {"triangles": reference.surface.triangles, "of_triangles": prepared.scan.triangles}
    return replace(whole, comparison=describe_comparison(reference, compared, counts, scale_m))


def _begin_reference(prepared: Prepared, options: BuildOptions, hands: Crew) -> Callable[[], Reference | None]:
    """Begin what the owner holds levels against, where somebody compares; gives a function that waits for it."""
    if not options.compare:
        return lambda: None
    return begin_job(hands, Task(_make_reference, (prepared.looked_at, prepared.looked_normals)), None)


def _make_reference(scan: Mesh, normals: Rows, _: None) -> Reference:
    return make_reference(scan, normals)


def _gather(prepared: Prepared, levels: _Levels, looked: _Looked) -> _Made:
    made, finished, skipped = levels
    views, pictures, found = looked
    told = [*prepared.warnings, *found, *(note for _, notes in made for note in notes)]
    told += [*examine_texture(finished[0].level.mesh), *_name_skipped(skipped), *_name_missed(finished)]
    return _Made(prepared.offset_m, finished, pictures, views, told)


def _choose_hands(prepared: Prepared, crew: Crew) -> Crew:
    """Who makes the levels: others beside this process where that is sooner and there is memory for it."""
    # a scan in cells stays on disk, where others of this machine alone can read it; of a whole one that is larger two
    # levels at a time need more than 0.8 GB, unless they are made elsewhere
    in_cells, near = bool(prepared.bvh.parts), crew.shares_disk
    fits = near if in_cells else prepared.scan.triangles <= MOST_TOGETHER or not near
    if prepared.scan.triangles >= WORTH_HANDS and fits:
        return crew
    dismiss(crew)
    return stay_here(crew)


def _look_at(scan: Mesh, normals: Rows, surface: Surface) -> _Looked:
    """Where the scan is looked at from, its pictures, and what may be wrong with it."""
    views = choose_views(scan)
    return views, draw_scan(scan, normals, views), examine_scan(scan, surface)


def _read_places(scan: Mesh, normals: Rows, _: None) -> ScanPlaces:
    return read_places(scan, normals)


def _make_points(scan: Scan, options: BuildOptions, progress: Progress, _: Crew) -> _Made:
    cleaned = clean_points(scan)
    splats = make_splats(cleaned.mesh)
    views = choose_views(splats)
    progress("level 0", 0.35)
    sample = place_sample(scan, cleaned.offset_m)
    budgets = choose_point_levels(options.levels, cleaned.mesh.vertices)
    finished = make_point_levels(cleaned.mesh, sample, budgets, views, options.compare)
    progress("poster", 0.88)
    made = _Made(cleaned.offset_m, finished, draw_scan(splats, smooth_normals(splats), views), views, [])
    return replace(made, comparison=_compare_points(scan, sample, made)) if options.compare else made


def _compare_points(scan: Scan, sample: Positions, made: _Made) -> dict[str, bytes]:
    """What the owner of a cloud compares: a sample of its points beside those that each level kept."""
    reference = make_point_reference(sample, scan.survey.sample_colours if scan.survey else None)
    counts = {"points": len(sample), "of_points": scan.facts.source.vertices}
    return describe_comparison(reference, [level.compared for level in made.finished], counts, made.views.scale_m)


def _make_levels(
    source: Source,
    work: tuple[list[LevelJob], Callable[[LevelJob], tuple[Surface, LevelJob]]],
    progress: Progress,
    hands: Crew,
) -> list[FinishedLevel]:
    """The levels; the surface of each is made when its turn comes, while others finish the one before."""
    jobs, take_surface = work
    give_back()
    progress("level 0", 0.35)
    finished: list[FinishedLevel] = run_jobs(
        hands,
        # one by one: the scan and its normals were lent before, to draw it, and are not written again
        Task(_make_level, (source.scan, source.bvh, source.normals, source.places), take_surface),
        jobs,
        lambda fraction: progress(f"level {round(fraction * len(jobs)) - 1}", 0.35 + 0.58 * fraction),
    )
    dismiss(hands)
    if not any(USDZ_FILE in each.files for each in finished):
        finished[-1] = make_phone_model(source, take_surface(jobs[-1])[0], finished[-1])
    return finished


def _make_level(
    scan: Mesh, bvh: Bvh, normals: Rows, places: ScanPlaces, work: tuple[Surface, LevelJob]
) -> FinishedLevel:
    return make_level(Source(scan, bvh, normals, places), *work)


def _name_missed(finished: list[FinishedLevel]) -> list[ScanWarning]:
    counts = [(each.level.asked, each.level.mesh.triangles) for each in finished]
    return [warn("level_missed", asked=asked, triangles=got) for asked, got in counts if is_missed(asked, got)]


def _name_skipped(skipped: tuple[int, ...]) -> list[ScanWarning]:
    return [warn("level_skipped", asked=level) for level in skipped]


def _make_manifest(scan: Scan, options: BuildOptions, finished: list[FinishedLevel]) -> Manifest:
    """The manifest without its files, and without their sizes."""
    low, high = finished[0].level.mesh.bounds()
    return Manifest(
        source=scan.facts.source,
        credit=options.credit,
        anchor=options.anchor,
        bounds_min_m=(float(low[0]), float(low[1]), float(low[2])),
        bounds_max_m=(float(high[0]), float(high[1]), float(high[2])),
        levels=tuple(describe_level(index, level) for index, level in enumerate(finished)),
    )
