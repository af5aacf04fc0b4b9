"""Rights and credit as an XMP packet, the form in which a GLB carries them. Standard library only.

Sources: KHR_xmp_json_ld; XMP (ISO 16684-1) with the Dublin Core and rights management namespaces.
"""

from typing import Any

from asset_pipeline.licences import is_protected, licence_url
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


def make_packet(credit: Credit) -> dict[str, Any]:
    """The XMP packet of a package's files, JSON-LD as KHR_xmp_json_ld wants it; what is not stated is left out."""
    url = licence_url(credit.licence)
    found = {
        "@context": CONTEXT,
        "dc:coverage": credit.period,
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


def _any_language(text: str) -> dict[str, Any] | None:
    return {"@type": "rdf:Alt", "rdf:_1": {"@language": ANY_LANGUAGE, "@value": text}} if text else None
