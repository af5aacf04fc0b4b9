import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from xr_server.domain.scan import Reason
from xr_server.routes.wording import say_problem_of_scan

PIPELINE = Path(__file__).parents[2] / "asset_pipeline"


def refusal_codes() -> Iterator[str]:
    """Every code with which the pipeline can refuse a scan or fail, as written in its source."""
    for path in sorted(PIPELINE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = ast.unparse(node.func).rpartition(".")[2].lstrip("_")
            first = node.args[0]
            if (
                name in {"ScanRefused", "BuildFailed", "refuse"}
                and isinstance(first, ast.Constant)
                and re.fullmatch(r"[a-z0-9_]+", str(first.value))
            ):
                yield str(first.value)


def test_the_codes_are_found() -> None:
    assert {"no_triangles", "zip_bomb", "ply_header", "las_records"} <= set(refusal_codes())


@pytest.mark.parametrize("code", sorted(set(refusal_codes())))
def test_every_refusal_of_the_pipeline_is_said_in_japanese(code: str) -> None:
    said = say_problem_of_scan(Reason(code, "in English"), "ja")
    assert said != "in English" and said.endswith("。")
