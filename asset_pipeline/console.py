"""What the command line says: progress, tables, JSON lines for a caller, and one sentence when something is refused."""

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from asset_pipeline.errors import OptionRefused, PackageBroken, PipelineError, ScanRefused

if TYPE_CHECKING:
    from asset_pipeline.built import BuildResult
    from asset_pipeline.clouds.terrain import TerrainResult
    from asset_pipeline.output.verify import Verified
    from asset_pipeline.scan import Progress

REFUSED, FAILED = 2, 1
JSON_INTERVAL_S = 0.2


def end_with(command: Callable[[], None]) -> NoReturn:
    """Run a command and end the process with its exit code, without taking everything in it apart.

    After a build that takes half a second, and the system gives the memory back by itself.
    """
    try:
        command()
        code: int | str | None = 0
    except SystemExit as end:
        code = end.code
    if isinstance(code, str):
        sys.exit(code)
    with contextlib.suppress(OSError):  # whoever read our words has gone
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code or 0)


def say(text: str) -> None:
    """One line of plain text on standard output."""
    typer.echo(text)


def say_json(document: Mapping[str, Any]) -> None:
    """One JSON line on standard output, at once."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()


@contextmanager
def outcomes(json_lines: bool) -> Iterator[None]:
    """Turn what the pipeline refuses or fails at into one sentence on standard error and an exit code."""
    try:
        yield
    except PipelineError as error:
        refused = isinstance(error, (ScanRefused, OptionRefused, PackageBroken))
        if json_lines:
            key = "refused" if refused else "failed"
            say_json({key: {"code": error.code, "text": error.text, "stage": error.stage}})
        typer.echo(error.text, err=True)
        raise typer.Exit(REFUSED if refused else FAILED) from None


@contextmanager
def progress_teller(shown: str) -> "Iterator[Progress]":
    """A function to tell progress to, as (stage, fraction 0..1): a bar, JSON lines, or nobody."""
    if shown == "json":
        yield _json_teller()
    elif shown == "bar":
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description:<12}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
        with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("check", total=1.0)
            yield lambda stage, fraction: bar.update(task, description=stage, completed=fraction)
    else:
        yield lambda *_: None


def _json_teller() -> "Progress":
    """JSON lines, those of one stage at most five a second."""
    last_stage, last_s = "", 0.0

    def tell(stage: str, fraction: float) -> None:
        nonlocal last_stage, last_s
        now_s = time.monotonic()
        if stage != last_stage or now_s - last_s >= JSON_INTERVAL_S:
            last_stage, last_s = stage, now_s
            say_json({"stage": stage, "fraction": round(fraction, 4)})

    return tell


def show_result(result: "BuildResult", json_lines: bool) -> None:
    """The finished package: a table of its levels and its folder, or one JSON line."""
    if json_lines:
        say_json(
            {
                "result": {
                    "digest": result.digest,
                    "folder": str(result.folder),
                    "levels": result.report["levels"],
                    "missed": [{"asked": asked, "triangles": got} for asked, got in result.missed],
                    "seconds": round(result.seconds, 2),
                    "peak_bytes": result.peak_bytes,
                }
            }
        )
        return
    show_report(result.report)
    for asked, got in result.missed:
        say(f"Missed: {asked:,} were asked for, {got:,} remain ({got / asked - 1:+.1%}).")
    say(f"Package {result.folder}")
    if result.peak_bytes == 0:
        say(f"It was built from the same scan with the same options before; found again in {result.seconds:.1f} s.")
        return
    say(f"Built and verified in {result.seconds:.1f} s with at most {result.peak_bytes / 1e6:.0f} MB of memory.")


def show_terrain(result: "TerrainResult", json_lines: bool) -> None:
    """What a terrain folder holds: as sentences, or one JSON line."""
    package = result.package
    if json_lines:
        folder = None if package is None else str(package.folder)
        say_json({"result": {"folder": str(result.folder), "package": folder, **result.facts}})
        return
    facts = result.facts
    ground = "taken from the survey's own class" if facts["ground_from"] == "class" else "found by our filter"
    say(f"{facts['points']:,} points in cells of {facts['cell_m']:g} m; the ground was {ground}.")
    say(
        f"{facts['occluders']:,} roofs became occluders; {facts['refused']:,} other areas look like trees, land or vehicles."
    )
    say(f"Look at {result.folder / 'preview.webp'} before you use {result.folder / 'occluders.geojson'}.")
    for note in result.notes:
        say(f"Note: {note.text}")
    if package is None:
        say(
            "The file does not say where it lies, so no package was built: give --crs, or --lat, --lon, --height, --heading."
        )
    else:
        show_report(package.report)
        say(f"Package {package.folder}")


def show_report(report: Mapping[str, Any]) -> None:
    """A report as tables: the scan, its levels, and what to know."""
    source = report["source"]
    held = f"{source['triangles']:,} triangles, {source['vertices']:,} vertices"
    if "cloud" in source:
        held = f"{source['vertices']:,} points"
    say(f"{source['file']}: {held}, {source['bytes']:,} bytes, unit {source['unit']}, {source['up']} up")
    table = Table(
        "file", "asked", "triangles", "RMS m", "RMS 1e-4", "max m", "colour dB", "texture px", "bytes", "as AVIF"
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for level in report["levels"]:
        psnr = level["colour_psnr_db"]
        table.add_row(
            level["file"],
            f"{level['triangles_asked']:,}",
            f"{level['points']:,} points" if "points" in level else f"{level['triangles']:,}",
            f"{level['rms_m']:.3g}",
            f"{level['rms_relative'] * 1e4:.2f}",
            f"{level['max_m']:.3g}",
            "-" if psnr is None else f"{psnr:.1f}",
            str(level["texture_px"] or "-"),
            f"{level['bytes']:,}",
            f"{level['avif']['bytes']:,}" if "avif" in level else "-",
        )
    _print(table)
    for warning in report["warnings"]:
        say(f"Note: {warning['text']}")


def show_verified(verified: "Verified") -> None:
    """A whole package: its files with what was found in them."""
    table = Table("file", "bytes", "triangles", "sha256")
    table.columns[1].justify = table.columns[2].justify = "right"
    for name, entry in sorted(verified.manifest.files.items()):
        triangles = verified.triangles.get(name)
        table.add_row(name, f"{entry.bytes:,}", "" if triangles is None else f"{triangles:,}", entry.sha256[:16])
    _print(table)
    say(f"The package {verified.digest} is whole.")


def show_facts(name: str, facts: Mapping[str, str]) -> None:
    """Names and values under a title."""
    table = Table(title=name, show_header=False)
    for key, value in facts.items():
        table.add_row(key, value)
    _print(table)


def _print(table: Table) -> None:
    console = Console()
    if not console.is_terminal:  # a file or a pipe has no width to respect
        console = Console(width=160)
    console.print(table)
