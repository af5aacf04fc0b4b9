"""The report of a package: what came in, how far each level is from it, and what to know."""

from typing import Any

import numpy as np

from asset_pipeline.appearance.level import FinishedLevel, avif_file, level_file
from asset_pipeline.mesh import Mesh
from asset_pipeline.output.listing import REPORT_SCHEMA
from asset_pipeline.scan import Scan, ScanWarning


def make_report(
    scan: Scan,
    finished: list[FinishedLevel],
    warnings: list[ScanWarning],
) -> dict[str, Any]:
    """The report (schema dejima.report/1): what came in, how far each level is from it, and what to know."""
    source = scan.facts.source
    diagonal = finished[0].level.mesh.diagonal() or 1.0
    levels = []
    for index, each in enumerate(finished):
        level, deviation = each.level, each.deviation
        levels.append(
            {
                "file": level_file(index),
                "triangles_asked": level.asked,
                "triangles": level.mesh.triangles,
                **({} if level.mesh.triangles else {"points": level.mesh.vertices}),
                "rms_m": _rounded(deviation.rms_m),
                "rms_relative": _rounded(deviation.rms_m / diagonal),
                "max_m": _rounded(deviation.max_m),
                "p95_m": _rounded(each.p95_m),
                "colour_psnr_db": None if deviation.colour_psnr_db is None else round(deviation.colour_psnr_db, 2),
                "bytes": len(each.files[level_file(index)]),
                **_describe_avif(index, each),
                "texture_px": each.texture_px,
                "normal_map_px": _normal_map_px(level.mesh),
                "uv": level.uv,
            }
        )
    return {
        "schema": REPORT_SCHEMA,
        "source": {
            "file": source.file,
            "triangles": source.triangles,
            "vertices": source.vertices,
            "bytes": source.bytes,
            "unit": source.unit,
            "up": source.up,
        },
        "levels": levels,
        "warnings": [
            {"code": warning.code, "text": warning.text, "values": dict(warning.values)} for warning in warnings
        ],
        "validators": {"dejima_verify": "passed"},
    }


def _describe_avif(index: int, level: FinishedLevel) -> dict[str, Any]:
    name = avif_file(index)
    return {"avif": {"file": name, "bytes": len(level.files[name])}} if name in level.files else {}


def _rounded(value: float) -> float:
    return float(np.format_float_positional(value, precision=4, fractional=False))


def _normal_map_px(mesh: Mesh) -> int:
    maps = [material.normal_map for material in mesh.materials if material.normal_map is not None]
    return max((max(each.shape[:2]) for each in maps), default=0)
