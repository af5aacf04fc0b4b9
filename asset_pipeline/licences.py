"""Licences that are known by name: where each can be read, and what it asks of whoever uses the work.

Standard library only. Sources: the deeds of Creative Commons, Open Data Commons, the Digital Agency of Japan.
"""

import re
import unicodedata
from dataclasses import dataclass, replace

CREATIVE_COMMONS = "https://creativecommons.org/"
OPEN_DATA_COMMONS = "https://opendatacommons.org/licenses/"
ADDRESS = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True)
class Licence:
    """A licence by its usual name; family and version tell which others go with it.

    credit: the maker must be named; share_alike: what is made from it goes under the same; commercial: it may be sold;
    derivatives: something else may be made from it.
    """

    name: str
    family: str
    version: str
    url: str
    credit: bool = True
    share_alike: bool = False
    commercial: bool = True
    derivatives: bool = True

    @property
    def is_free_of_rights(self) -> bool:
        """Whether nothing is asked at all, as of the public domain."""
        return not self.credit


ZERO = Licence("CC0 1.0", "zero", "1.0", f"{CREATIVE_COMMONS}publicdomain/zero/1.0/", credit=False)
MARK = Licence("Public Domain Mark 1.0", "mark", "1.0", f"{CREATIVE_COMMONS}publicdomain/mark/1.0/", credit=False)
# by what is left of a name without case, blanks and signs
NAMED = {
    **dict.fromkeys(("cc0", "cc010", "cc0universal", "cc010universal"), ZERO),
    **dict.fromkeys(("publicdomain", "pdm", "pdm10", "ccpdm10", "publicdomainmark", "publicdomainmark10"), MARK),
    **dict.fromkeys(
        (
            "pdl10",
            "publicdatalicense10",
            "publicdatalicenseversion10",
            "公共データ利用規約第10版",
            "公共データ利用規約第10版pdl10",
        ),
        Licence("PDL 1.0", "pdl", "1.0", "https://www.digital.go.jp/resources/open_data/public_data_license_v1.0"),
    ),
    **dict.fromkeys(
        (
            "政府標準利用規約第20版",
            "政府標準利用規約20",
            "governmentofjapanstandardtermsofuse20",
            "governmentofjapanstandardtermsofuseversion20",
        ),
        Licence(
            "政府標準利用規約（第2.0版）",
            "gjstou",
            "2.0",
            "https://www.kantei.go.jp/jp/singi/it2/densi/kettei/gl2_betten_1.pdf",
        ),
    ),
    "国土地理院コンテンツ利用規約": Licence(
        "国土地理院コンテンツ利用規約", "gsi", "", "https://www.gsi.go.jp/kikakuchousei/kikakuchousei40182.html"
    ),
    **dict.fromkeys(
        ("odbl10", "odbl", "opendatabaselicense10"),
        Licence("ODbL 1.0", "odbl", "1.0", f"{OPEN_DATA_COMMONS}odbl/1-0/", share_alike=True),
    ),
    **dict.fromkeys(("odcby10", "odcby"), Licence("ODC-By 1.0", "odc-by", "1.0", f"{OPEN_DATA_COMMONS}by/1-0/")),
    **dict.fromkeys(
        ("pddl10", "pddl", "odcpddl10"),
        Licence("PDDL 1.0", "pddl", "1.0", f"{OPEN_DATA_COMMONS}pddl/1-0/", credit=False),
    ),
}
CC_NAME = re.compile(
    r"(?:CC|Creative Commons)[ -](BY(?:[- ](?:NC|ND|SA))*)[ -](\d\.\d)(?:[ -](JP)|(?: (?:international|unported)))?",
    re.I,
)
CC_ADDRESS = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/(?:licenses/(by(?:-(?:nc|nd|sa))*)/(\d\.\d)(?:/(jp))?|publicdomain/(zero|mark)/1\.0)"
    r"(?:/(?:deed|legalcode)?[\w.-]*)*/?",
    re.I,
)


def find_licence(text: str) -> Licence | None:
    """The licence of a name or an address, however it was typed; None for one that is not known here."""
    text = " ".join(unicodedata.normalize("NFKC", text).split())
    if match := CC_ADDRESS.fullmatch(text):
        if match[4]:
            return ZERO if match[4].lower() == "zero" else MARK
        return _make_cc(match[1], match[2], match[3])
    if match := CC_NAME.fullmatch(text):
        return _make_cc(match[1], match[2], match[3])
    return NAMED.get(re.sub(r"[\W_]", "", text).lower())


def _make_cc(terms: str, version: str, port: str | None) -> Licence | None:
    """One of Creative Commons by its terms, such as BY-NC; None for terms that exclude one another."""
    parts = terms.upper().replace(" ", "-").split("-")
    if len(set(parts)) != len(parts) or {"ND", "SA"} <= set(parts):
        return None
    family = "-".join(part for part in ("BY", "NC", "ND", "SA") if part in parts)
    made = Licence(
        name=f"CC {family} {version}",
        family=family.lower(),
        version=version,
        url=f"{CREATIVE_COMMONS}licenses/{family.lower()}/{version}/",
        share_alike="SA" in parts,
        commercial="NC" not in parts,
        derivatives="ND" not in parts,
    )
    return made if port is None else replace(made, name=f"{made.name} JP", url=f"{made.url}jp/")


def licence_url(licence: str) -> str | None:
    """Where a licence can be read: one that is known, or an address given in its place."""
    known, text = find_licence(licence), " ".join(licence.split())
    if known is not None:
        return known.url
    return text if ADDRESS.fullmatch(text) else None


def is_protected(licence: str) -> bool | None:
    """Whether rights are kept (XMP's "marked"): no for the public domain, unknown when no licence is stated."""
    if not licence:
        return None
    known = find_licence(licence)
    if known is not None:
        return not known.is_free_of_rights
    return "publicdomain" not in licence.casefold().replace(" ", "")
