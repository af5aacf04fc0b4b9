"""A month's tables as the files that are published: CSV, JSON, and CSVW metadata that say how they were made. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xr_server.domain.open_figures import EPSILON, MEASURES, MOST_LANDMARKS, SMALLEST_OPEN, Universe
from xr_server.domain.open_tables import DEFINITIONS, TABLES, TITLES, Table, Words, expect_error
from xr_server.domain.sheet import BYTE_ORDER_MARK, dump_row

LICENCE = "CC BY 4.0"
LICENCE_URL = "https://creativecommons.org/licenses/by/4.0/"
METADATA_FILE = "csv-metadata.json"
"""The name under which programs that know CSVW look beside a CSV file."""
METADATA_TYPE = "application/csvm+json"
CSV_TYPE = "text/csv; charset=utf-8; header=present"
JSON_TYPE = "application/json"
SCHEMA = "dejima.open-engagement/1"
UNIT = {
    "ja": "一回の訪問（一人の一日）。続けて来た人は、来た日の数だけ数えます。",
    "en": "One visit: one visitor on one day. Whoever comes on several days is several visits, and each has epsilon.",
}
HIDDEN = {
    "ja": f"1 から {SMALLEST_OPEN - 1} までの数は伏せます。引き算で出てくるときは、もう一つ伏せます。",
    "en": f"Numbers from 1 to {SMALLEST_OPEN - 1} are hidden, and one more where they would follow by subtraction.",
}
CONSISTENT = {
    "ja": "同じ訪問を分けた表は、合計が合うように整えてあります。そのほかの表どうしは、雑音の分だけ食い違うことがあります。",
    "en": "Tables that divide the same visits were brought to one sum; other tables may differ by their noise.",
}


@dataclass(frozen=True)
class About:
    """What the files say of themselves; mechanism: how noise was drawn, released_at: the moment as ISO 8601 in UTC."""

    site_id: str
    site_name: Words
    attribution: str
    time_zone: str
    mechanism: str
    released_at: str


@dataclass(frozen=True)
class OpenFile:
    """One file as it is published for good."""

    name: str
    media_type: str
    body: bytes


def write_files(tables: Sequence[Table], universe: Universe, about: About) -> list[OpenFile]:
    """Every table as CSV and JSON, and what describes them all."""
    files = []
    for table in tables:
        files.append(OpenFile(f"{table.name}.csv", CSV_TYPE, _write_csv(table)))
        files.append(OpenFile(f"{table.name}.json", JSON_TYPE, _dump(_describe_table(table, universe, about))))
    files.append(OpenFile(METADATA_FILE, METADATA_TYPE, _dump(describe_month(tables, universe, about))))
    return files


def _write_csv(table: Table) -> bytes:
    lines = [dump_row(column.name for column in table.columns), *(dump_row(row) for row in table.rows)]
    return (BYTE_ORDER_MARK + "".join(lines)).encode()


def _dump(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def describe_privacy(name: str, universe: Universe, mechanism: str) -> dict[str, Any]:
    """How one table was made safe to publish: unit, share of epsilon, cap, noise, what is hidden, how far it may be off."""
    half, most = expect_error(name, universe)
    measure = TABLES[name]
    told: dict[str, Any] = {"unit": UNIT, "mechanism": mechanism, "release_epsilon": float(EPSILON)}
    if measure is None:
        told["follows_from"] = _sources(name)
    else:
        used = MEASURES[measure]
        told |= {"epsilon": float(used.epsilon), "scale_visits": used.scale, "most_cells_of_a_visit": used.most_cells}
    told |= {"most_landmarks_of_a_visit": MOST_LANDMARKS, "smallest_shown": SMALLEST_OPEN, "hidden": HIDDEN}
    return told | {
        "consistent": CONSISTENT,
        "expected_error_visits": {"half_of_the_numbers_within": half, "95_in_100_within": most},
    }


def _sources(name: str) -> list[str]:
    at_landmarks = name == "landmarks"
    return [one for one, used in TABLES.items() if used and used.startswith("landmark_") == at_landmarks]


def _describe_table(table: Table, universe: Universe, about: About) -> dict[str, Any]:
    names = [column.name for column in table.columns]
    return {
        "schema": SCHEMA,
        "site": about.site_id,
        "month": universe.month,
        "table": table.name,
        "title": TITLES[table.name],
        "definition": DEFINITIONS[table.name],
        "time_zone": about.time_zone,
        "released_at": about.released_at,
        "licence": LICENCE,
        "licence_url": LICENCE_URL,
        "attribution": about.attribution,
        "privacy": describe_privacy(table.name, universe, about.mechanism),
        "columns": {column.name: column.about for column in table.columns},
        "rows": [dict(zip(names, row, strict=True)) for row in table.rows],
    }


def _in_both(words: Words) -> list[dict[str, str]]:
    """The same text in two languages, as JSON-LD has it."""
    return [{"@value": text, "@language": language} for language, text in words.items()]


def describe_month(tables: Sequence[Table], universe: Universe, about: About) -> dict[str, Any]:
    """The description of all tables of a month: a CSVW table group."""
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "dc:title": _in_both(title_of(universe.month, about.site_name)),
        "dc:publisher": about.attribution,
        "dc:license": {"@id": LICENCE_URL},
        "dc:issued": about.released_at,
        "dc:temporal": f"{universe.days[0]}/{universe.days[-1]}",
        "dialect": {"encoding": "utf-8", "lineTerminators": ["\r\n"], "header": True},
        "notes": [{"schema": SCHEMA, "site": about.site_id, "month": universe.month, "time_zone": about.time_zone}],
        "tables": [_describe_csv(table, universe, about) for table in tables],
    }


def title_of(month: str, site_name: Words) -> dict[str, str]:
    """What a month's release is called."""
    year, number = month.split("-")
    return {
        "ja": f"{site_name.get('ja', '')} 訪問の統計 {year}年{int(number)}月",
        "en": f"{site_name.get('en', '')}: figures of visits, {month}",
    }


def _describe_csv(table: Table, universe: Universe, about: About) -> dict[str, Any]:
    columns = [
        {
            "name": column.name,
            "titles": column.name,
            "datatype": column.datatype,
            "dc:description": _in_both(column.about),
            "required": column.is_key,
        }
        for column in table.columns
    ]
    return {
        "url": f"{table.name}.csv",
        "dc:title": _in_both(TITLES[table.name]),
        "dc:description": _in_both(DEFINITIONS[table.name]),
        "notes": [describe_privacy(table.name, universe, about.mechanism)],
        "tableSchema": {
            "columns": columns,
            "primaryKey": [column.name for column in table.columns if column.is_key],
        },
    }
