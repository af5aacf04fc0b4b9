"""What surveyors hand in, CSV or GeoJSON, as survey points. Pure: text in, points out, every slip named with its place."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from xr_server.domain.fields import LANGUAGES
from xr_server.domain.survey import SurveyPoint
from xr_server.errors import Invalid

NUMBERS = ("lat", "lon", "h", "accuracy_m")
PLAIN = ("id", "surveyed_on", "author", "landmark")
NEEDED = ("id", *NUMBERS, "surveyed_on", "author")
YES, NO = ("true", "yes", "1"), ("", "false", "no", "0")
MAX_SHOWN = 20
Row = tuple[str, Mapping[str, Any]]  # what to call it in a sentence, and its fields


@dataclass(frozen=True)
class SurveyFile:
    """The points of a file, and the names of columns that say nothing we keep."""

    points: list[SurveyPoint]
    ignored: list[str]


def parse_survey(text: str, language: str) -> SurveyFile:
    """The points in CSV or GeoJSON; a column `name` holds names in `language`. Raises Invalid with a line for each slip."""
    rows = list(_features(text) if text.lstrip().startswith("{") else _lines(text))
    if not rows:
        raise Invalid("survey_empty", "There is no point in this file.")
    problems: list[str] = []
    points = []
    for where, fields in rows:
        try:
            points.append(_point(fields, language))
        except (ValueError, OverflowError) as error:  # msgspec's refusals are ValueErrors too
            problems.append(f"  {where}: {error}")
    if problems:
        more = [f"  and {len(problems) - MAX_SHOWN} more"] if len(problems) > MAX_SHOWN else []
        raise Invalid("survey_invalid", "\n".join(["Nothing was taken over:", *problems[:MAX_SHOWN], *more]))
    known = {*NEEDED, "landmark", "demonstration", "name", *(f"name_{language}" for language in LANGUAGES)}
    return SurveyFile(points, sorted({str(name) for _, fields in rows for name in fields} - known))


def _lines(text: str) -> Iterator[Row]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.DictReader(text.splitlines(keepends=True), delimiter=delimiter)
    missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
    if missing:
        raise Invalid("survey_columns", f"The first line must name the columns; {', '.join(missing)} is missing.")
    for fields in _read_rows(reader):
        if None in fields:
            raise Invalid("survey_columns", f"Line {reader.line_num} has more columns than the first line names.")
        if any(fields.values()):
            yield f"line {reader.line_num}", {name.strip(): (value or "").strip() for name, value in fields.items()}


def _read_rows(reader: "csv.DictReader[str]") -> Iterator[dict[str, Any]]:
    try:
        yield from reader
    except csv.Error as error:
        raise Invalid("survey_columns", f"Line {reader.line_num + 1} cannot be read as CSV: {error}.") from error


def _features(text: str) -> Iterator[Row]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid("survey_json", f"This is not JSON: {error}.") from error
    features = document.get("features")
    if document.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise Invalid("survey_json", "A GeoJSON survey is a FeatureCollection of points.")
    for number, feature in enumerate(features, 1):
        properties = feature.get("properties") if isinstance(feature, dict) else None
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        place = geometry.get("coordinates") if isinstance(geometry, dict) and geometry.get("type") == "Point" else None
        if not isinstance(properties, dict) or not isinstance(place, list) or not 2 <= len(place) <= 3:
            raise Invalid("survey_json", f"Feature {number} must be a point with properties.")
        named = {"id": feature["id"]} if "id" in feature else {}
        yield f"feature {number}", {**named, **properties, **dict(zip(("lon", "lat", "h"), place, strict=False))}


def _point(fields: Mapping[str, Any], language: str) -> SurveyPoint:
    """The point of one row. Raises ValueError, ValidationError."""
    plain: dict[str, Any] = {name: _number(fields, name) for name in NUMBERS}
    plain |= {name: str(fields[name]) for name in PLAIN if fields.get(name)}
    names = {code: fields.get(f"name_{code}") for code in LANGUAGES}
    names[language] = names.get(language) or fields.get("name")
    plain["name"] = {code: str(name) for code, name in names.items() if name}
    if not plain["name"]:
        raise ValueError("the point has no name, so that nobody could find it")
    said = str(fields.get("demonstration", "")).lower()
    if said not in (*YES, *NO):
        raise ValueError(f"demonstration must be true or false, not {said}")
    return msgspec.convert({**plain, "demonstration": said in YES}, SurveyPoint)


def _number(fields: Mapping[str, Any], name: str) -> float:
    value = fields.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        number = float(str(value or ""))
    except ValueError:
        raise ValueError(f"{name} must be a number with a decimal point, not {value!s}") from None
    if number - number != 0:  # infinite, or no number at all
        raise ValueError(f"{name} must be an ordinary number")
    return number
