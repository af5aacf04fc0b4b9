"""The catalogue of what is open here, for programs of other houses: DCAT-AP as JSON-LD. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xr_server.domain.open_figures import EPSILON, SMALLEST_OPEN, Universe
from xr_server.domain.open_files import LICENCE_URL, title_of
from xr_server.domain.open_tables import TITLES, Words

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
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
    """A site with its months, its name, and the middle of it in degrees."""

    site_id: str
    name: Words
    place: tuple[float, float]
    months: Sequence[OpenedMonth]


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
        "dcat:dataset": [_dataset(base, site, month) for site in sites for month in site.months],
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
    lat, lon = site.place
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
        "dct:spatial": {
            "@type": "dct:Location",
            "dcat:centroid": {
                "@value": f"POINT({lon} {lat})",
                "@type": "http://www.opengis.net/ont/geosparql#wktLiteral",
            },
        },
        "dcat:keyword": _in_both({"ja": "観光", "en": "tourism"}),
        "dcat:distribution": [_distribution(folder, file) for file in month.files],
    }


def _distribution(folder: str, file: OpenedFile) -> dict[str, Any]:
    address = f"{folder}/{file.name}"
    stem = file.name.rpartition(".")[0]
    titles = TITLES.get(stem, {"ja": "説明（CSVW）", "en": "Description (CSVW)"})
    return {
        "@id": address,
        "@type": "dcat:Distribution",
        "dct:title": _in_both(titles),
        "dcat:accessURL": {"@id": address},
        "dcat:downloadURL": {"@id": address},
        "dcat:mediaType": {
            "@id": f"http://www.iana.org/assignments/media-types/{file.media_type}",
            "@type": "dct:MediaType",
        },
        "dcat:byteSize": _typed("nonNegativeInteger", str(file.size_bytes)),
        "dct:license": _licence(),
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256", "@type": "spdx:ChecksumAlgorithm"},
            "spdx:checksumValue": _typed("hexBinary", file.digest),
        },
    }
