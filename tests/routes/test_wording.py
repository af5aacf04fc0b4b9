"""Dates, sizes and reasons as each language writes them."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from xr_server.domain.scan import Reason
from xr_server.routes.pages import fill
from xr_server.routes.wording import say_date, say_moment, say_problem_of_scan, say_size

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


def test_dates_read_as_a_museum_would_write_them() -> None:
    day = date(2026, 10, 7)
    assert say_date(day, "en") == "7 October 2026 (Wed)"
    assert say_date(day, "ja", with_year=False) == "10月7日（水）"
    tokyo = ZoneInfo("Asia/Tokyo")
    assert say_moment(datetime(2026, 10, 7, 9, 5, tzinfo=UTC), tokyo, "ja") == "2026年10月7日（水）18:05"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "7 October (Wed) 18:05"),
        ("ja", "10月7日（水）18:05"),
        ("zh-Hans", "10月7日（周三）18:05"),
        ("zh-Hant", "10月7日（週三）18:05"),
        ("ko", "10월 7일(수) 18:05"),
        ("nl", "wo 7 oktober 18:05"),
        ("ja-x-easy", "10{月|がつ}{7日|なのか}（{水|すい}）18:05"),
    ],
)
def test_a_moment_is_said_as_the_phone_says_it(language: str, said: str) -> None:  # test/ui/when.test.ts
    assert (
        say_moment(datetime(2026, 10, 7, 9, 5, tzinfo=UTC), ZoneInfo("Asia/Tokyo"), language, with_year=False) == said
    )


def test_numbers_and_sizes_are_written_as_the_language_does() -> None:
    assert [say_size(420_000, language) for language in ("en", "nl")] == ["0.4 MB", "0,4 MB"]
    assert fill("{metres} m, {count}", "nl", metres=0.5, count=12345678901) == "0,5 m, 12345678901"
    assert fill("±{metres} m", "en", metres=15.0) == "±15 m"


def test_a_sentence_keeps_its_readings_and_refuses_a_gap() -> None:
    assert fill("{地図|ちず}で{metres}メートル", "ja-x-easy", metres=5) == "{地図|ちず}で5メートル"
    with pytest.raises(KeyError):
        fill("{metres} m", "en", name="x")
