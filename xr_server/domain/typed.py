"""What forms of staff have in common: fields that are not right, texts by language, numbers as people type them. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from xr_server.domain.fields import Text
from xr_server.errors import Invalid

Typed = Mapping[str, str]
Faults = dict[str, Invalid]
"""What is amiss, by the name of the field."""
YES = "yes"
NUMBER = re.compile(r"[+-]?[0-9]{1,7}(\.[0-9]{1,12})?")


class Unfit(Invalid):
    """A form with gaps: for each field that is not right, what is wrong with it."""

    def __init__(self, faults: Mapping[str, Invalid]) -> None:
        super().__init__(
            "fields_unfit", "Some fields are not right yet; each says what is missing. What you typed is still here."
        )
        self.faults = dict(faults)


def check_faults(faults: Faults) -> None:
    """Refuse a form with faults. Raises Unfit."""
    if faults:
        raise Unfit(faults)


def read_words(typed: Typed, about: tuple[str, Text, int], languages: Sequence[str], faults: Faults) -> Text:
    """A text from its fields `name-language`; about: its name, as it stood, and how long it may be.

    Words in languages that the form does not show are kept.
    """
    name, before, longest = about
    found = {language: words for language, words in before.items() if language not in languages}
    for language in languages:
        words = typed.get(f"{name}-{language}", "")
        if len(words) > longest:
            faults[f"{name}-{language}"] = too_long(longest)
        if words:
            found[language] = words
    return found


def type_words(name: str, text: Text) -> dict[str, str]:
    """A text's languages as fields."""
    return {f"{name}-{language}": words for language, words in text.items()}


def too_long(most: int) -> Invalid:
    """The refusal of words that do not fit."""
    return Invalid("too_long", f"At most {most} characters fit here.", most=most)


def read_line(typed: Typed, name: str, longest: int, faults: Faults) -> str:
    """One line of words."""
    words = typed.get(name, "")
    if len(words) > longest:
        faults[name] = too_long(longest)
    return words


def parse_number(text: str) -> float | None:
    """A number as people type it, full-width digits and decimal commas included; None for anything else."""
    plain = unicodedata.normalize("NFKC", text).strip().replace(",", ".").replace("−", "-")
    return float(plain) if NUMBER.fullmatch(plain) else None


def read_number(typed: Typed, name: str, bounds: tuple[float, float], faults: Faults) -> float | None:
    """A number within bounds (both in); None for an empty field or a fault."""
    text = typed.get(name, "")
    if not text:
        return None
    number = parse_number(text)
    least, most = bounds
    if number is None or not least <= number <= most:
        faults[name] = Invalid(
            "number_unfit", f"A number from {least:g} to {most:g} is wanted.", least=f"{least:g}", most=f"{most:g}"
        )
        return None
    return number


def say_number(value: float | None) -> str:
    """A number as a field shows it; read again it is the same number. Empty for None."""
    if value is None:
        return ""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def read_lines(typed: Typed, name: str, limits: tuple[int, int], faults: Faults) -> list[str]:
    """Words one a line; limits: how many lines, and how long each."""
    most, longest = limits
    lines = [line.strip() for line in typed.get(name, "").splitlines() if line.strip()]
    if len(lines) > most or any(len(line) > longest for line in lines):
        faults[name] = Invalid(
            "lines_unfit", f"At most {most} lines of {longest} characters fit here.", most=most, longest=longest
        )
    return lines
