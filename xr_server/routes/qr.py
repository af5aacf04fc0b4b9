"""QR codes drawn into pages."""

import segno

QUIET_MODULES = 4
INK, PAPER = "#16213f", "#ffffff"


def draw_qr(text: str) -> str:
    """A text as a QR code: an SVG element without a size of its own."""
    return segno.make(text, error="m").svg_inline(border=QUIET_MODULES, dark=INK, light=PAPER, omitsize=True)


def find_modules(text: str) -> list[list[bool]]:
    """The squares of a text's QR code, dark or not, without the white round it."""
    return [[bool(module) for module in row] for row in segno.make(text, error="m", micro=False).matrix]
