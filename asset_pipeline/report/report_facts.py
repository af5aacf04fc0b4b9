"""What the report page says in figures and facts: numbers as people read them, in Japanese or English."""

from collections.abc import Mapping
from typing import Any

from asset_pipeline.geopose import quaternion_to_heading
from asset_pipeline.manifest import Anchor, Manifest
from asset_pipeline.report.advice import load_words, say_bytes, say_length

SLOW_BITS_S, SLOW_START_S = 1_500_000, 0.5  # a busy mobile line: what it carries, and what passes before the first byte
PHONE_FILE, PLAIN_FILE = "model.usdz", "plain.glb"
SAME_DB, NEAR_DB = 36, 28
Report = Mapping[str, Any]
Fact = tuple[str, str]


def say_wait(count: int, language: str) -> str:
    """How long so many bytes take on a slow line, in words."""
    words = load_words(language, "words")
    seconds = SLOW_START_S + count * 8 / SLOW_BITS_S
    if seconds < 1:
        return str(words["moment"])
    if seconds < 90:
        return str(words["seconds"]).format(n=round(seconds))
    return str(words["minutes"]).format(n=round(seconds / 60))


def name_level(index: int, count: int, language: str) -> str:
    """What a level is called; 0 is the finest."""
    names = load_words(language, "report")["levels"]
    if count == 1:
        return str(names["only"])
    if index in {0, count - 1}:
        return str(names["finest" if index == 0 else "coarsest"])
    return str(names["between"]) + (f" {index}" if count > 3 else "")


def say_lead(report: Report, language: str) -> str:
    """The one sentence that says how near the finest level is."""
    t, levels = load_words(language, "report"), report["levels"]
    values = {"triangles": f"{report['source']['triangles']:,}", "points": f"{report['source']['vertices']:,}"}
    one = "_one" if len(levels) == 1 else ""
    if "points" in levels[0]:
        sentence, near_m = "lead_points" + one, levels[0]["rms_m"]
    elif "p95_m" in levels[0]:
        sentence, near_m = "lead" + one, levels[0]["p95_m"]
    else:
        sentence, near_m = "lead_mean", levels[0]["rms_m"]
    return str(t[sentence]).format(**values, levels=len(levels), near=say_length(near_m, language))


def list_level_facts(level: Mapping[str, Any], language: str) -> list[str]:
    """A level in short: triangles, distance, relief, bytes, and how long it takes."""
    t, relief_px = load_words(language, "report"), level.get("normal_map_px", 0)
    counted = "fact_points" if "points" in level else "fact_triangles"
    counts = {"points": f"{level.get('points', 0):,}", "triangles": f"{level['triangles']:,}"}
    return [
        t[counted].format(**counts),
        t["fact_rms"].format(rms=say_length(level["rms_m"], language)),
        *([t["fact_relief"].format(px=relief_px)] if relief_px else []),
        _say_files(level),
        t["fact_time"].format(time=say_wait(level["bytes"], language)),
    ]


def _say_files(level: Mapping[str, Any]) -> str:
    """The size of the file for all phones, and of the smaller one for those that read AVIF, where there is one."""
    size = say_bytes(level["bytes"])
    return f"{size} (AVIF {say_bytes(level['avif']['bytes'])})" if "avif" in level else size


def list_columns(report: Report, language: str) -> list[str]:
    """The heads of the table's columns."""
    t = load_words(language, "report")
    return [
        t["points"] if column == t["source_triangles"] and "points" in report["levels"][0] else column
        for column in t["columns"]
    ]


def list_rows(report: Report, language: str) -> list[list[str]]:
    """The table: one row a level, in the order of the columns."""
    levels = report["levels"]
    return [
        [name_level(index, len(levels), language), *_list_cells(level, language)] for index, level in enumerate(levels)
    ]


def _list_cells(level: Mapping[str, Any], language: str) -> list[str]:
    t, psnr, px = load_words(language, "report"), level["colour_psnr_db"], level["texture_px"]
    count = level.get("points", level["triangles"])
    missed = abs(count - level["triangles_asked"]) > 0.05 * level["triangles_asked"]
    return [
        f"{count:,}" + (" " + t["asked"].format(asked=f"{level['triangles_asked']:,}") if missed else ""),
        say_length(level["rms_m"], language),
        f"{level['rms_relative'] * 100:.2g} %",
        say_length(level["p95_m"], language) if "p95_m" in level and "points" not in level else "–",
        say_length(level["max_m"], language),
        "–" if psnr is None else f"{psnr:.1f} dB",
        f"{px} px" if px else "–",
        say_bytes(level["bytes"]),
        say_wait(level["bytes"], language),
    ]


def list_sections(manifest: Manifest, report: Report, language: str) -> list[tuple[str, str, list[Fact]]]:
    """The lists of facts below the table, as (id, title, facts)."""
    t = load_words(language, "report")
    return [
        ("source", t["source"], _list_source(manifest, report, t)),
        ("place", t["place"], _list_place(manifest.anchor, report, t)),
        ("credits", t["credits"], _list_credits(manifest, t)),
        ("files", t["files"], _list_files(manifest, language)),
    ]


def _list_source(manifest: Manifest, report: Report, t: Mapping[str, Any]) -> list[Fact]:
    source = report["source"]
    sides = (high - low for low, high in zip(manifest.bounds_min_m, manifest.bounds_max_m, strict=True))
    triangles = [(t["source_triangles"], f"{source['triangles']:,}")] if source["triangles"] else []
    return [
        (t["file"], source["file"]),
        (t["size"], say_bytes(source["bytes"])),
        *triangles,
        (t["source_vertices"], f"{source['vertices']:,}"),
        (t["extent"], " × ".join(f"{side:.3g}" for side in sides) + " m"),
        (t["unit"], f"{source['unit']}, {source['up']}"),
    ]


def _list_place(anchor: Anchor, report: Report, t: Mapping[str, Any]) -> list[Fact]:
    place = anchor.geopose.position
    heading = quaternion_to_heading(anchor.geopose.quaternion)
    facts = [
        (t["position"], f"{place.lat:.6f}, {place.lon:.6f}"),
        (t["height"], t[f"height_{anchor.height_kind}"].format(height=f"{place.h:.2f}".rstrip("0").rstrip("."))),
        (t["heading"], t["heading_words"].format(heading=f"{heading % 360:.0f}")),
        (t["accuracy"], t["accuracy_words"].format(accuracy=f"{anchor.horizontal_accuracy_m:g}")),
    ]
    if anchor.surveyed_on:
        facts.append((t["surveyed_on"], anchor.surveyed_on))
    if offset := report["source"].get("offset_m"):
        facts.append((t["origin"], ", ".join(f"{value:.3f}" for value in offset) + " m"))
    return facts


def _list_credits(manifest: Manifest, t: Mapping[str, Any]) -> list[Fact]:
    credit, unknown = manifest.credit, t["not_stated"]
    facts = [
        (t["creator"], credit.creator or unknown),
        (t["licence"], credit.licence or unknown),
        (t["provenance"], t[f"provenance_{credit.provenance}"]),
    ]
    return [*facts, (t["sources"], " / ".join(credit.sources))] if credit.sources else facts


def _list_files(manifest: Manifest, language: str) -> list[Fact]:
    t, files = load_words(language, "report"), manifest.files
    facts = [(t["files_levels"], " / ".join(say_bytes(level.bytes) for level in manifest.levels))]
    for name, word in ((PHONE_FILE, "files_phone"), (PLAIN_FILE, "files_plain")):
        if name in files:
            facts.append((t[word], say_bytes(files[name].bytes)))
    return [*facts, (t["files_total"], say_bytes(sum(entry.bytes for entry in files.values())))]
