"""Rights and credit as an XMP packet, the form in which a GLB carries them. Standard library only.

Sources: KHR_xmp_json_ld; XMP (ISO 16684-1) with the Dublin Core and rights management namespaces.
"""

import re
from typing import Any

from asset_pipeline.manifest import Credit

GENERATOR = "Dejima XR"
CONTEXT = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "dejima": "urn:dejima:package/1#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
}
ANY_LANGUAGE = "x-default"  # XMP's name for a text whose language is not stated
CREATIVE_COMMONS = "https://creativecommons.org/"
CC_LICENCE = re.compile(
    r"(?:CC|Creative Commons)[ -](BY(?:[- ](?:NC|ND|SA))*)[ -](\d\.\d)(?: (?:international|unported))?", re.I
)
CC_ZERO = re.compile(r"CC[ -]?0(?:[ -]1\.0)?(?: universal)?", re.I)
ADDRESS = re.compile(r"https?://[^\s<>\"]+")


def make_packet(credit: Credit) -> dict[str, Any]:
    """The XMP packet of a package's files, JSON-LD as KHR_xmp_json_ld wants it; what is not stated is left out."""
    url = licence_url(credit.licence)
    found = {
        "@context": CONTEXT,
        "dc:creator": {"@list": [credit.creator]} if credit.creator else None,
        "dc:rights": _any_language(credit.licence),
        "dc:source": "; ".join(credit.sources),
        "dc:title": _any_language(credit.title),
        "dejima:provenance": credit.provenance,
        "xmp:CreatorTool": GENERATOR,
        "xmpRights:Marked": is_protected(credit.licence),
        "xmpRights:UsageTerms": _any_language(credit.licence),
        "xmpRights:WebStatement": url,
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def copyright_line(credit: Credit) -> str:
    """Whom to name, and the licence, in one line; empty when neither is stated."""
    return ". ".join(part for part in (credit.creator, credit.licence) if part)


def licence_url(licence: str) -> str | None:
    """Where a licence can be read: one of Creative Commons by its usual name, or an address given in its place."""
    text = " ".join(licence.split())
    if ADDRESS.fullmatch(text):
        return text
    if CC_ZERO.fullmatch(text):
        return f"{CREATIVE_COMMONS}publicdomain/zero/1.0/"
    if match := CC_LICENCE.fullmatch(text):
        return f"{CREATIVE_COMMONS}licenses/{match[1].lower().replace(' ', '-')}/{match[2]}/"
    return None


def is_protected(licence: str) -> bool | None:
    """Whether rights are kept (XMP's "marked"): no for the public domain, unknown when no licence is stated."""
    if not licence:
        return None
    text = licence.casefold().replace(" ", "")
    return not (CC_ZERO.fullmatch(licence.strip()) or "publicdomain" in text)


def _any_language(text: str) -> dict[str, Any] | None:
    return {"@type": "rdf:Alt", "rdf:_1": {"@language": ANY_LANGUAGE, "@value": text}} if text else None
