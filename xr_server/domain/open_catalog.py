"""The catalogue of what is open here, for programs of other houses: DCAT-AP as JSON-LD. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xr_server.domain.open_figures import EPSILON, SMALLEST_OPEN, Universe
from xr_server.domain.open_files import LICENCE_URL, title_of
from xr_server.domain.open_memories import CSV_FILE, GEOJSON_FILE, GEOJSON_TYPE
from xr_server.domain.open_tables import TITLES, Words

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
LANGUAGES = [
    {"@id": f"http://publications.europa.eu/resource/authority/language/{code}", "@type": "dct:LinguisticSystem"}
    for code in ("JPN", "ENG")
]
DESCRIPTION: Words = {
    "ja": (
        "統計に同意した訪問の数です。数には雑音を足し（差分プライバシー、ε="
        f"{float(EPSILON):g}）、{SMALLEST_OPEN} より小さい数は伏せてあります。"
    ),
    "en": (
        "Numbers of visits that agreed to statistics, with noise (differential privacy, epsilon "
        f"{float(EPSILON):g}) and without numbers below {SMALLEST_OPEN}."
    ),
}
OF_MEMORIES: Words = {
    "ja": (
        "場所について寄せられた思い出と昔の写真のうち、寄せた人が公開データにすることに同意したものです。"
        "取り下げられたものはすぐになくなります。"
    ),
    "en": (
        "What residents tell of landmarks, and old photographs, as far as whoever gave them agreed to open data. "
        "What is withdrawn is gone from here at once."
    ),
}
RIGHTS: Words = {
    "ja": "それぞれに条件を記しています（CC BY 4.0 または CC0 1.0）。CC BY 4.0 のものは credit の名を書いてください。",
    "en": "Each memory names its licence, CC BY 4.0 or CC0 1.0. With CC BY 4.0, name who stands as its credit.",
}
MEMORY_FILES = (
    (GEOJSON_FILE, GEOJSON_TYPE, "https://www.rfc-editor.org/rfc/rfc7946"),
    (CSV_FILE, "text/csv", "https://www.rfc-editor.org/rfc/rfc4180"),
)
"""Name, media type, and what the file conforms to."""


@dataclass(frozen=True)
class OpenedFile:
    """A file of a month: name, media type without parameters, SHA-256, size."""

    name: str
    media_type: str
    digest: str
    size_bytes: int


@dataclass(frozen=True)
class OpenedMonth:
    """A month that was released: which, when (ISO 8601 in UTC), its files."""

    month: str
    released_at: str
    files: Sequence[OpenedFile]


@dataclass(frozen=True)
class OpenedSite:
    """A site with its months, its name, and the middle of it in degrees; memories: whether any are handed out."""

    site_id: str
    name: Words
    place: tuple[float, float]
    months: Sequence[OpenedMonth]
    memories: bool = False


def describe_catalog(base: str, sites: Sequence[OpenedSite]) -> dict[str, Any]:
    """The catalogue at an address; it is complete and says nothing of what is not released."""
    names = {language: " / ".join(site.name.get(language, "") for site in sites) for language in ("ja", "en")}
    titles = {"ja": f"{names['ja']} の公開データ", "en": f"Open data of {names['en']}"}
    return {
        "@context": CONTEXT,
        "@id": f"{base}/catalog.jsonld",
        "@type": "dcat:Catalog",
        "dct:title": _in_both(titles),
        "dct:description": _in_both(titles),
        "dct:publisher": _agent(names),
        "dct:license": _licence(),
        "dct:language": LANGUAGES,
        "foaf:homepage": {"@id": f"{base}/open-data/", "@type": "foaf:Document"},
        "dcat:dataset": [
            *(_dataset(base, site, month) for site in sites for month in site.months),
            *(_memories(base, site) for site in sites if site.memories),
        ],
    }


def _in_both(words: Words) -> list[dict[str, str]]:
    return [{"@value": text, "@language": language} for language, text in words.items()]


def _agent(names: Words) -> dict[str, Any]:
    return {"@type": "foaf:Agent", "foaf:name": _in_both(names)}


def _licence() -> dict[str, str]:
    return {"@id": LICENCE_URL, "@type": "dct:LicenseDocument"}


def _typed(kind: str, value: str) -> dict[str, str]:
    return {"@value": value, "@type": f"xsd:{kind}"}


def _dataset(base: str, site: OpenedSite, month: OpenedMonth) -> dict[str, Any]:
    folder = f"{base}/open-data/{site.site_id}/engagement/{month.month}"
    days = Universe(month.month, (), ()).days
    return {
        "@id": f"{folder}/",
        "@type": "dcat:Dataset",
        "dct:identifier": f"{site.site_id}/engagement/{month.month}",
        "dct:title": _in_both(title_of(month.month, site.name)),
        "dct:description": _in_both(DESCRIPTION),
        "dct:publisher": _agent(site.name),
        "dct:issued": _typed("dateTime", month.released_at),
        "dct:language": LANGUAGES,
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": _typed("date", days[0]),
            "dcat:endDate": _typed("date", days[-1]),
        },
        "dct:spatial": _place(site),
        "dcat:keyword": _in_both({"ja": "観光", "en": "tourism"}),
        "dcat:distribution": [_distribution(folder, file) for file in month.files],
    }


def _place(site: OpenedSite) -> dict[str, Any]:
    lat, lon = site.place
    point = {"@value": f"POINT({lon} {lat})", "@type": "http://www.opengis.net/ont/geosparql#wktLiteral"}
    return {"@type": "dct:Location", "dcat:centroid": point}


def _memories(base: str, site: OpenedSite) -> dict[str, Any]:
    """The memories of a site. They change at any moment, so their files have neither size nor checksum here."""
    folder = f"{base}/open-data/{site.site_id}"
    title = {"ja": f"{site.name.get('ja', '')} 住民の思い出", "en": f"{site.name.get('en', '')}: memories of residents"}
    often = "http://publications.europa.eu/resource/authority/frequency/CONT"
    return {
        "@id": f"{folder}/memories/",
        "@type": "dcat:Dataset",
        "dct:identifier": f"{site.site_id}/memories",
        "dct:title": _in_both(title),
        "dct:description": _in_both(OF_MEMORIES),
        "dct:publisher": _agent(site.name),
        "dct:accrualPeriodicity": {"@id": often, "@type": "dct:Frequency"},
        "dct:spatial": _place(site),
        "dcat:keyword": _in_both({"ja": "思い出", "en": "memories"}),
        "dcat:distribution": [
            {
                **_file(f"{folder}/{name}", media_type, title),
                "dct:rights": {"@type": "dct:RightsStatement", "rdfs:label": _in_both(RIGHTS)},
                "dct:conformsTo": {"@id": standard, "@type": "dct:Standard"},
            }
            for name, media_type, standard in MEMORY_FILES
        ],
    }


def _file(address: str, media_type: str, title: Words) -> dict[str, Any]:
    """What is said of any file."""
    return {
        "@id": address,
        "@type": "dcat:Distribution",
        "dct:title": _in_both(title),
        "dcat:accessURL": {"@id": address},
        "dcat:downloadURL": {"@id": address},
        "dcat:mediaType": {
            "@id": f"http://www.iana.org/assignments/media-types/{media_type}",
            "@type": "dct:MediaType",
        },
        "dct:license": _licence(),
    }


def _distribution(folder: str, file: OpenedFile) -> dict[str, Any]:
    stem = file.name.rpartition(".")[0]
    title = TITLES.get(stem, {"ja": "説明（CSVW）", "en": "Description (CSVW)"})
    return {
        **_file(f"{folder}/{file.name}", file.media_type, title),
        "dcat:byteSize": _typed("nonNegativeInteger", str(file.size_bytes)),
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256", "@type": "spdx:ChecksumAlgorithm"},
            "spdx:checksumValue": _typed("hexBinary", file.digest),
        },
    }
