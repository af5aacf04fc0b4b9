"""What a creator says about a scan, as forms and uploads carry it: flat words in, details out, and what is wrong. Pure."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

OWN_WORDS = "own"
LICENCES = (
    "CC BY 4.0", "CC BY-SA 4.0", "CC BY-NC 4.0", "CC BY-NC-SA 4.0", "CC BY-ND 4.0", "CC0 1.0", "PDL1.0",
    "政府標準利用規約 2.0",
)  # fmt: skip
"""The licences that are offered; any other is said in words of one's own."""

Fault = Literal["missing", "too_long", "too_many", "no_date"]
LONGEST = {"title": 200, "creator": 200, "licence": 200, "period": 100, "credit_line": 300, "permission": 100}
NEEDED = ("title", "creator", "licence")
MOST_SOURCES, LONGEST_SOURCE = 20, 200
NAME = "name_"
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
YES = frozenset(("yes", "on", "true", "1"))


def gather(values: Mapping[str, Any]) -> dict[str, Any]:
    """Flat words as the details have them: names by language, sources in lines, a licence in one's own words, a tick.

    What is there in its final shape already stays.
    """
    found = {name: value for name, value in values.items() if not name.startswith(NAME) and name != "licence_own"}
    names = {name[len(NAME) :]: str(value).strip() for name, value in values.items() if name.startswith(NAME)}
    if names:
        found["names"] = {language: name for language, name in names.items() if name}
    if isinstance(found.get("sources"), str):
        found["sources"] = [line.strip() for line in found["sources"].splitlines() if line.strip()]
    if found.get("licence") == OWN_WORDS:
        found["licence"] = str(values.get("licence_own", "")).strip()
    if found.get("surveyed_on") == "":
        found["surveyed_on"] = None
    if isinstance(found.get("no_persons"), str):
        found["no_persons"] = found["no_persons"].lower() in YES
    return found


def find_faults(said: Mapping[str, Any]) -> dict[str, Fault]:
    """What is wrong with gathered words, by the field that holds it, in the order of the form."""
    faults: dict[str, Fault] = {}
    for name, longest in LONGEST.items():
        text = str(said.get(name) or "")
        if name in NEEDED and not text:
            faults[name] = "missing"
        elif len(text) > longest:
            faults[name] = "too_long"
    faults |= {NAME + language: "too_long" for language, name in said.get("names", {}).items() if len(name) > 200}
    sources = said.get("sources", [])
    if len(sources) > MOST_SOURCES:
        faults["sources"] = "too_many"
    elif any(len(source) > LONGEST_SOURCE for source in sources):
        faults["sources"] = "too_long"
    if said.get("surveyed_on") and not _is_day(str(said["surveyed_on"])):
        faults["surveyed_on"] = "no_date"
    return faults


def _is_day(text: str) -> bool:
    try:
        return DAY.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def choose_licence(licence: str) -> tuple[str, str]:
    """(what the list shows, the own words beside it) for a licence."""
    return (licence, "") if licence in LICENCES or not licence else (OWN_WORDS, licence)


def flatten(details: Mapping[str, Any]) -> dict[str, str]:
    """What a JSON file says of a scan, as an upload carries it: names by language, sources in lines, a tick as yes."""
    flat: dict[str, str] = {}
    for name, value in details.items():
        if name == "names" and isinstance(value, Mapping):
            flat |= {NAME + language: str(text) for language, text in value.items()}
        elif name == "based_on" and isinstance(value, list | tuple):
            flat[name] = str(value[0]["package"]) if value else ""  # the server finds the rest of the chain
        elif isinstance(value, list):
            flat[name] = "\n".join(map(str, value))
        elif isinstance(value, bool):
            flat[name] = "yes" if value else "no"
        elif value is not None:
            flat[name] = str(value)
    return flat
