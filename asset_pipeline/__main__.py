"""The command line: package, inspect, verify, report, warm-up. Also part of the command `dejima`.

Only the standard library, typer and rich are loaded here: a file that its header already gives away is refused before
numpy and the 3D libraries cost time and memory.
"""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from asset_pipeline import console
from asset_pipeline.built import build_key, find_built, remember_built
from asset_pipeline.clouds.crs import check_placeable
from asset_pipeline.errors import OptionRefused
from asset_pipeline.geopose import Position
from asset_pipeline.options import (
    DEFAULT_ACCURACY_M,
    DEFAULT_LEVELS,
    BuildOptions,
    PointsAs,
    Unit,
    Up,
    check_texture_px,
    make_anchor,
    make_credit,
    make_place,
    parse_levels,
    read_metadata,
)
from asset_pipeline.prechecks.precheck import check_scan_file, check_tiles

app = typer.Typer(
    help="Turn a 3D scan into a package of levels of detail.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

DEFAULT_LEVELS_TEXT = ",".join(map(str, DEFAULT_LEVELS))
Shown = Literal["bar", "json", "none"]
Scan = Annotated[
    Path, typer.Argument(help="OBJ, PLY, STL, GLB, glTF, LAS, LAZ, or a ZIP with one of them and its pictures.")
]
Tiles = Annotated[list[Path], typer.Argument(help="LAS or LAZ tiles of one survey, side by side.")]
Package = Annotated[Path, typer.Argument(help="A package folder.")]
Lat = Annotated[float | None, typer.Option(help="Latitude of the scan's origin in degrees; surveys on a map know it.")]
Lon = Annotated[float | None, typer.Option(help="Longitude in degrees.")]
Height = Annotated[float | None, typer.Option(help="Height in metres above the WGS 84 ellipsoid.")]
Heading = Annotated[float | None, typer.Option(help="Compass direction of the scan's -z axis in degrees.")]
Out = Annotated[Path, typer.Option(help="Folder in which the package's own folder is made.")]
Accuracy = Annotated[float, typer.Option(help="How exact the position is, in metres.")]
UnitOption = Annotated[Unit | None, typer.Option(help="Unit of the scan; guessed, and said so, when not given.")]
UpOption = Annotated[Up | None, typer.Option(help="Up axis of the scan; guessed, and said so, when not given.")]
Metadata = Annotated[Path | None, typer.Option(help="JSON file with title, creator, licence and more.")]
Levels = Annotated[str, typer.Option(help="Triangles of each level, finest first.")]
TexturePx = Annotated[int, typer.Option(help="Side of the finest level's texture, a power of two.")]
Points = Annotated[PointsAs, typer.Option(help="What becomes of a point cloud: its upper surface, or fewer points.")]
CrsOption = Annotated[int | None, typer.Option("--crs", help="EPSG code of a survey's map coordinates, such as 6669.")]
Language = Annotated[
    Literal["ja", "en"] | None, typer.Option("--lang", help="Language of the page; the terminal's own when not given.")
]
PageOut = Annotated[
    Path | None, typer.Option("--out", help="The page's file; report-<package>.html in this folder when not given.")
]
OnlyText = Annotated[bool, typer.Option("--text", help="Only print the figures, write no page.")]
ChangedLat = Annotated[float | None, typer.Option("--lat", help="New latitude in degrees.")]
ChangedLon = Annotated[float | None, typer.Option("--lon", help="New longitude in degrees.")]
ChangedHeight = Annotated[
    float | None, typer.Option("--height", help="New height in metres above the WGS 84 ellipsoid.")
]
ChangedHeading = Annotated[
    float | None, typer.Option("--heading", help="New compass direction of the -z axis in degrees.")
]
ChangedAccuracy = Annotated[float | None, typer.Option("--accuracy", help="New accuracy of the position in metres.")]
Dask = Annotated[
    str | None,
    typer.Option(help="Address of a Dask scheduler whose workers make cells and levels, such as tcp://host:8786."),
]
Compare = Annotated[
    Path | None,
    typer.Option(help="Folder for what the scan's owner compares in 3D: the scan as a model, and distances."),
]
Progress = Annotated[Shown, typer.Option(help="How progress is told: a bar, JSON lines on standard output, or not.")]


@app.command()
def package(  # noqa: PLR0913, PLR0917 - a command line has as many options as people need
    scan: Scan,
    out: Out,
    lat: Lat = None,
    lon: Lon = None,
    height: Height = None,
    heading: Heading = None,
    accuracy: Accuracy = DEFAULT_ACCURACY_M,
    unit: UnitOption = None,
    up: UpOption = None,
    metadata: Metadata = None,
    levels: Levels = DEFAULT_LEVELS_TEXT,
    texture_px: TexturePx = 2048,
    points: Points = "surface",
    crs: CrsOption = None,
    dask: Dask = None,
    compare: Compare = None,
    progress: Progress = "bar",
) -> None:
    """Build one package. Exit 0: whole, every level on its budget; 3: whole, a level missed it; 2: refused."""
    with console.outcomes(progress == "json"):
        check_texture_px(texture_px)
        facts = read_metadata(metadata)
        options = BuildOptions(
            anchor=make_anchor(Position(lat or 0.0, lon or 0.0, height or 0.0), heading or 0.0, accuracy, facts),
            credit=make_credit(facts, scan.stem),
            unit=unit,
            up=up,
            levels=parse_levels(levels),
            texture_px=texture_px,
            points=points,
            crs=crs,
            own_place=make_place(lat, lon, height, heading),
            compare=compare is not None,
        )
        check_scan_file(scan)
        check_placeable(scan, options)
        key = build_key(scan, options)
        result = find_built(out, key, options) if key and compare is None else None
        if result is None:
            from asset_pipeline.executor import open_crew

            with console.progress_teller(progress) as tell, open_crew(dask, scan.stat().st_size) as crew:
                from asset_pipeline.package import build_package

                result = build_package(scan, out, options, tell, crew)
            if key:
                remember_built(out, key, result.digest)
            if compare is not None:
                from asset_pipeline.output.folder import write_files

                write_files(compare, result.comparison)
        console.show_result(result, progress == "json")
        if result.missed:
            raise typer.Exit(3)


@app.command()
def terrain(  # noqa: PLR0913, PLR0917 - a command line has as many options as people need
    tiles: Tiles,
    out: Out,
    lat: Lat = None,
    lon: Lon = None,
    height: Height = None,
    heading: Heading = None,
    accuracy: Accuracy = DEFAULT_ACCURACY_M,
    unit: UnitOption = None,
    crs: CrsOption = None,
    metadata: Metadata = None,
    levels: Levels = DEFAULT_LEVELS_TEXT,
    progress: Progress = "bar",
) -> None:
    """Make terrain and occluders of surveyed tiles: bare ground as a package, roofs as shapes with foot and top."""
    with console.outcomes(progress == "json"):
        facts = read_metadata(metadata)
        options = BuildOptions(
            anchor=make_anchor(Position(lat or 0.0, lon or 0.0, height or 0.0), heading or 0.0, accuracy, facts),
            credit=make_credit(facts, tiles[0].stem),
            unit=unit,
            levels=parse_levels(levels),
            crs=crs,
            own_place=make_place(lat, lon, height, heading),
        )
        check_tiles(tiles)
        with console.progress_teller(progress) as tell:
            from asset_pipeline.clouds.terrain import build_terrain

            result = build_terrain(tuple(tiles), out, options, tell)
        console.show_terrain(result, progress == "json")


@app.command()
def inspect(scan: Scan) -> None:
    """Say what a scan holds, without building anything."""
    with console.outcomes(json_lines=False):
        check_scan_file(scan)
        from asset_pipeline.readers.inspect import inspect_scan

        console.show_facts(scan.name, inspect_scan(scan))


@app.command()
def verify(package: Package) -> None:
    """Say whether a package is whole: its files, their digests, and every model in it decoded again."""
    with console.outcomes(json_lines=False):
        from asset_pipeline.output.verify import verify_package

        console.show_verified(verify_package(package))


@app.command()
def report(package: Package, lang: Language = None, out: PageOut = None, text: OnlyText = False) -> None:
    """Write a package's report as a page with pictures, and print its figures."""
    with console.outcomes(json_lines=False):
        from asset_pipeline.output.listing import read_report

        console.show_report(read_report(package))
        if not text:
            from asset_pipeline.report.report_page import choose_language, write_page

            console.say(f"Page {write_page(package, out, lang or choose_language(os.environ))}")


@app.command()
def stamp(  # noqa: PLR0913, PLR0917 - what a package says has as many parts
    package: Package,
    out: Out,
    metadata: Metadata = None,
    lat: ChangedLat = None,
    lon: ChangedLon = None,
    height: ChangedHeight = None,
    heading: ChangedHeading = None,
    accuracy: ChangedAccuracy = None,
) -> None:
    """Make a new package that says something else of title, creator, licence, sources or place; its models stay as they are."""
    with console.outcomes(json_lines=False):
        facts = read_metadata(metadata)
        moved = {"lat": lat, "lon": lon, "height": height, "heading": heading, "accuracy": accuracy}
        if not facts and all(value is None for value in moved.values()):
            raise OptionRefused(
                "stamp_nothing", "Say what to change: --metadata FILE.json, --lat, --lon, --height or --heading."
            )
        from asset_pipeline.output.stamp import restamp_package

        _, folder = restamp_package(package, out, facts, moved)
        console.say(f"Package {folder}")


@app.command("warm-up")
def warm_up() -> None:
    """Compile the numeric kernels now, so that no later build waits for it."""
    with console.outcomes(json_lines=False):
        from asset_pipeline.warm_up import compile_kernels

        console.say(f"Kernels are ready after {compile_kernels():.1f} s.")


if __name__ == "__main__":
    console.end_with(lambda: app(prog_name="asset_pipeline"))
