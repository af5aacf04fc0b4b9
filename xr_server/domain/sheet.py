"""Tables as CSV that a spreadsheet shows as it stands: no cell is taken for a formula, whoever typed it. Pure."""

from collections.abc import Iterable

BYTE_ORDER_MARK = "\ufeff"  # without it, Excel reads UTF-8 as the local code page
STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def dump_row(cells: Iterable[object]) -> str:
    """One line of CSV (RFC 4180), its end included; None is an empty cell."""
    return ",".join(_quote("" if cell is None else cell) for cell in cells) + "\r\n"


def _quote(cell: object) -> str:
    if isinstance(cell, int | float):
        return str(cell)  # a number, be it negative, is no formula
    return '"' + neutral(str(cell)).replace('"', '""') + '"'


def neutral(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet would take for a formula, or for such an apostrophe."""
    return f"'{text}" if text.lstrip(" ").startswith((*STARTS_FORMULA, "'")) else text


def plain_cell(text: str) -> str:
    """The text of `neutral`, as it was."""
    return text[1:] if text.startswith("'") and neutral(text[1:]) == text else text
