"""A package's report as one page that a person can read: pictures, figures, what to do; everything inside one file.

No 3D library is needed for it, so that the server can show it to creators.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from asset_pipeline.errors import OptionRefused
from asset_pipeline.manifest import Manifest, dump_manifest, manifest_digest
from asset_pipeline.output.listing import POSTER_FILE, REPORT_FILE, check_listing, parse_report
from asset_pipeline.report.advice import load_words, say_length, say_warnings
from asset_pipeline.report.heat_scale import list_colours, list_ticks
from asset_pipeline.report.report_facts import (
    list_columns,
    list_level_facts,
    list_rows,
    list_sections,
    name_level,
    say_lead,
)

TEMPLATES_DIR = Path(__file__).parents[1] / "templates"
GRADIENT_STEPS = 17
POSTER_PX = (1200, 900)
Read = Callable[[str], bytes]
Report = Mapping[str, Any]


def make_page(manifest: Manifest, report: Report, read: Read, language: str, back: str = "") -> str:
    """The page as HTML in Japanese or English.

    read: gives the bytes of one of the package's files by its name; back: address of the page to go back to, if any.
    """
    t = load_words(language, "report")
    advice = say_warnings(report["warnings"], language, on_page=bool(back))
    pictured = "views" in report
    values = {
        "t": t,
        "language": language,
        "back": back,
        "style": page_style(),
        "credit": manifest.credit,
        "verified": report["validators"].get("dejima_verify") == "passed",
        "lead": say_lead(report, language),
        "advice": advice,
        "notes_line": t["notes_line_one" if len(advice) == 1 else "notes_line"].format(count=len(advice)),
        "compare_help": t["compare_help_points" if "points" in report["levels"][0] else "compare_help"],
        "scale": _describe_scale(report["views"], language) if pictured else None,
        "levels": _describe_levels(manifest.credit.title, report, read, language) if pictured else [],
        "poster": None
        if pictured
        else _show(read(POSTER_FILE), POSTER_PX, (manifest.credit.title, t["poster_caption"])),
        "columns": list_columns(report, language),
        "rows": list_rows(report, language),
        "sections": list_sections(manifest, report, language),
        "package_line": t["package_line"].format(version=manifest.pipeline_version),
        "digest": manifest_digest(dump_manifest(manifest)),
        "source_digest": manifest.source.sha256,
    }
    return _environment().get_template("report.html").render(values)


def write_page(package: Path, out: Path | None, language: str) -> Path:
    """Write the page of a package folder to a file, and give its path. Raises PackageBroken, OptionRefused."""
    manifest, digest = check_listing(package)
    path = out or Path(f"report-{digest[:12]}.html")
    if path.resolve().is_relative_to(package.resolve()):
        raise OptionRefused("page_inside_package", "The page cannot be put into the package, which never changes.")
    report = parse_report((package / REPORT_FILE).read_bytes())
    html = make_page(manifest, report, lambda name: (package / name).read_bytes(), language)
    try:
        path.write_text(html, encoding="utf-8")
    except OSError as error:
        text = f"The page {path} cannot be written: {error.strerror}. Give --out a file in a folder that is there."
        raise OptionRefused("page_unwritable", text) from error
    return path


def choose_language(environment: Mapping[str, str]) -> str:
    """The language of the page for the environment of a process: Japanese where the terminal speaks it, else English."""
    named = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "ja" if (next(filter(None, named), "")).startswith("ja") else "en"


@cache
def page_style() -> str:
    """The page's style sheet, with the colours of the maps of distances in it."""
    stops = ", ".join(f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in list_colours(GRADIENT_STEPS))
    return (TEMPLATES_DIR / "report.css").read_text(encoding="utf-8").replace("HEAT_COLOURS", stops)


def style_source() -> str:
    """What a Content-Security-Policy has to allow in style-src for this page."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(page_style().encode()).digest()).decode()}'"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES_DIR),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _describe_scale(views: Report, language: str) -> dict[str, Any]:
    t = load_words(language, "report")
    ticks = [say_tick(tick) for tick in list_ticks(views["heat_low_m"])]
    return {"ticks": ticks, "label": t["legend_alt"].format(low=ticks[0], high=ticks[-1])}


def say_tick(metres: float) -> str:
    """A distance that a legend names."""
    for unit, size in (("km", 1000.0), ("m", 1.0), ("cm", 0.01)):
        if metres >= size:
            return f"{metres / size:g} {unit}"
    return f"{metres * 1000:g} mm"


def _describe_levels(title: str, report: Report, read: Read, language: str) -> list[dict[str, Any]]:
    levels = report["levels"]
    described = []
    for index, level in enumerate(levels):
        name = name_level(index, len(levels), language)
        words = {"title": title, "level": name, "near": say_length(level["p95_m"], language)}
        views = [_describe_view((index, number), report, read, (language, words)) for number in _numbers(report)]
        described.append(
            {"id": f"level-{index}", "name": name, "facts": list_level_facts(level, language), "views": views}
        )
    return described


def _numbers(report: Report) -> range:
    return range(len(report["views"]["viewpoints"]))


def _describe_view(
    place: tuple[int, int], report: Report, read: Read, words: tuple[str, Mapping[str, str]]
) -> dict[str, Any]:
    """The three pictures of a level (index, viewpoint): scan, level and distances; words: language and what to fill in."""
    (index, number), (language, filled) = place, words
    t, views = load_words(language, "report"), report["views"]
    size = (views["width_px"], views["height_px"])
    filled = {**filled, "view": t["views"][views["viewpoints"][number]["name"]]}
    pictures = [
        _show(
            read(f"{name}-{number}.webp"),
            size,
            (t[f"alt_{kind}"].format(**filled), t[f"picture_{kind}"].format(**filled)),
        )
        for kind, name in (
            ("finest" if "points" in report["levels"][0] else "scan", "view-scan"),
            ("level", f"view-lod{index}"),
            ("heat", f"heat-lod{index}"),
        )
    ]
    return {"upright": size[1] > size[0], "pictures": pictures}


def _show(data: bytes, size_px: tuple[int, int], words: tuple[str, str]) -> dict[str, Any]:
    """A picture of the page; words: what it shows for those who do not see it, and its caption."""
    alt, caption = words
    address = "data:image/webp;base64," + base64.b64encode(data).decode()
    return {"data": address, "alt": alt, "caption": caption, "width": size_px[0], "height": size_px[1]}
