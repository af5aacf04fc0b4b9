"""Posters as files: SVG, PDF and PNG of one drawing. Letters are outlines, so that every press and screen shows the same."""

import io
import zlib
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from xr_server.domain.languages import html_tag
from xr_server.domain.poster import HEIGHT_MM, INKS, WIDTH_MM, Drawing, Ink, Run
from xr_server.domain.ruby import plain
from xr_server.storage.typefaces import BOLD, REGULAR, choose_font, font_path, glyph, outline

POINTS_A_MM = 72 / 25.4
DOTS_PER_INCH = 300
DOTS_A_MM = DOTS_PER_INCH / 25.4


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _letters(drawing: Drawing, run: Run) -> Iterable[tuple[str, list[float]]]:
    """The outlines of a run's letters on the sheet: a step and its coordinates in mm, y downwards."""
    for start, commands in outline(run.text, drawing.language, run.bold):
        for step, values in commands:
            points = zip(values[::2], values[1::2], strict=True)
            on_sheet = ((run.x_mm + (start + x) * run.size_mm, run.y_mm - y * run.size_mm) for x, y in points)
            yield step, [value for point in on_sheet for value in point]


def _paths(drawing: Drawing) -> dict[Ink, list[tuple[str, list[float]]]]:
    """Everything on a sheet by its ink, as steps of outlines."""
    found: dict[Ink, list[tuple[str, list[float]]]] = {}
    for shape in drawing.shapes:
        steps = found.setdefault(shape.ink, [])
        steps += [("L" if number else "M", list(point)) for number, point in enumerate(shape.points)]
        steps.append(("Z", []))
    for run in drawing.runs:
        found.setdefault(run.ink, []).extend(_letters(drawing, run))
    return found


def write_svg(drawing: Drawing, said: str) -> bytes:
    """A poster as SVG, in millimetres; said: what it is in words, for whoever cannot see it."""
    paths = "".join(
        f'<path fill="{INKS[ink][0]}" d="{"".join(step + " ".join(map(_number, values)) for step, values in steps)}"/>'
        for ink, steps in _paths(drawing).items()
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_MM:g}mm" height="{HEIGHT_MM:g}mm"'
        f' viewBox="0 0 {WIDTH_MM:g} {HEIGHT_MM:g}" role="img" lang="{html_tag(drawing.language)}">'
    )
    words = f"<title>{_words(drawing.title)}</title><desc>{_words(said)}</desc>"
    paper = f'<path fill="#ffffff" d="M0 0H{WIDTH_MM:g}V{HEIGHT_MM:g}H0Z"/>'
    return f"{head}{words}{paper}{paths}</svg>\n".encode()


def _words(text: str) -> str:
    """Words within a file of SVG: no reading, and nothing that such a file may not hold."""
    return escape("".join(letter for letter in plain(text) if letter.isprintable()))


PDF_STEPS = {"M": "m", "L": "l", "C": "c", "Z": "h"}
Letter = tuple[str, str, bool]
"""A letter of a PDF: which, in which language, bold or not. Each is drawn once and named wherever it stands."""


def _step(step: str, values: Iterable[float]) -> str:
    return f"{' '.join(map(_number, values))} {PDF_STEPS[step]}".strip()


def _page(drawing: Drawing, letters: dict[Letter, str]) -> bytes:
    """What draws a sheet, in the inks of a printing press; letters are named, and kept under their names."""
    scale = _number(POINTS_A_MM)
    lines = [f"{scale} 0 0 -{scale} 0 {_number(HEIGHT_MM * POINTS_A_MM)} cm"]
    for ink, (_, parts) in INKS.items():
        lines.append(" ".join(map(_number, parts)) + " k")
        for shape in drawing.shapes:
            if shape.ink == ink:
                lines += [_step("L" if number else "M", point) for number, point in enumerate(shape.points)]
                lines.append("h f")
        for run in drawing.runs:
            if run.ink == ink:
                lines += _name_letters(drawing.language, run, letters)
    return _pack("\n".join(lines))


def _name_letters(language: str, run: Run, letters: dict[Letter, str]) -> Iterable[str]:
    x_mm, size = run.x_mm, _number(run.size_mm)
    for letter in run.text:
        name = letters.setdefault((letter, language, run.bold), f"L{len(letters)}")
        yield f"q {size} 0 0 -{size} {_number(x_mm)} {_number(run.y_mm)} cm /{name} Do Q"
        x_mm += glyph(letter, language, run.bold).advance * run.size_mm


def _pack(text: str, more: str = "") -> bytes:
    """A stream of a PDF."""
    content = zlib.compress(text.encode(), 6)
    return f"<< {more}/Length {len(content)} /Filter /FlateDecode >>\nstream\n".encode() + content + b"\nendstream"


def _draw_letter(letter: Letter) -> bytes:
    steps = glyph(*letter).outline
    drawn = "\n".join([*(_step(step, values) for step, values in steps), "f"]) if steps else ""
    return _pack(drawn, "/Type /XObject /Subtype /Form /BBox [-1 -1 3 2] ")


def write_pdf(drawings: Sequence[Drawing], title: str) -> bytes:
    """Posters as one PDF, a page of A4 each."""
    size = f"[0 0 {_number(WIDTH_MM * POINTS_A_MM)} {_number(HEIGHT_MM * POINTS_A_MM)}]"
    name = "FEFF" + plain(title).encode("utf-16-be").hex().upper()
    letters: dict[Letter, str] = {}
    contents = [_page(drawing, letters) for drawing in drawings]
    pages = [5 + 2 * number for number in range(len(drawings))]
    first_letter = 5 + 2 * len(drawings)
    named = " ".join(f"/{one} {first_letter + number} 0 R" for number, one in enumerate(letters.values()))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{' '.join(f'{number} 0 R' for number in pages)}] /Count {len(pages)} >>".encode(),
        f"<< /Title <{name}> /Producer (Dejima XR) >>".encode(),
        f"<< /XObject << {named} >> >>".encode(),
    ]
    for number, content in zip(pages, contents, strict=True):
        boxes = f"/MediaBox {size} /TrimBox {size} /Resources 4 0 R"
        objects += [f"<< /Type /Page /Parent 2 0 R {boxes} /Contents {number + 1} 0 R >>".encode(), content]
    return _bind([*objects, *map(_draw_letter, letters)])


def _bind(objects: Sequence[bytes]) -> bytes:
    """Objects as a file, with the table that says where each begins."""
    out, starts = io.BytesIO(), []
    out.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    for number, body in enumerate(objects, 1):
        starts.append(out.tell())
        out.write(f"{number} 0 obj\n".encode() + body + b"\nendobj\n")
    table = out.tell()
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    out.write(b"".join(f"{start:010} 00000 n \n".encode() for start in starts))
    out.write(f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 3 0 R >>\nstartxref\n{table}\n%%EOF\n".encode())
    return out.getvalue()


def write_png(drawing: Drawing) -> bytes:
    """A poster as PNG for screens and office printers, 300 dots an inch."""
    from PIL import Image, ImageDraw  # with the first picture: most servers draw none for weeks

    sheet = Image.new("RGB", (round(WIDTH_MM * DOTS_A_MM), round(HEIGHT_MM * DOTS_A_MM)), "#ffffff")
    pen = ImageDraw.Draw(sheet)
    for shape in drawing.shapes:
        pen.polygon([(x * DOTS_A_MM, y * DOTS_A_MM) for x, y in shape.points], fill=INKS[shape.ink][0])
    for run in drawing.runs:
        _write_run(pen, drawing.language, run)
    out = io.BytesIO()
    sheet.quantize(64, method=Image.Quantize.FASTOCTREE).save(out, "PNG", dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
    return out.getvalue()


def _write_run(pen: Any, language: str, run: Run) -> None:
    """Letters one by one, where the outlines of the other files have them."""
    from PIL import ImageFont

    fonts: dict[str, Any] = {}
    x_mm = run.x_mm
    for letter in run.text:
        name, shown = choose_font(letter, language)
        if name not in fonts:
            fonts[name] = ImageFont.truetype(str(font_path(name)), run.size_mm * DOTS_A_MM)
            fonts[name].set_variation_by_axes([BOLD if run.bold else REGULAR])
        place = (x_mm * DOTS_A_MM, run.y_mm * DOTS_A_MM)
        pen.text(place, shown, fill=INKS[run.ink][0], font=fonts[name], anchor="ls")
        x_mm += glyph(letter, language, run.bold).advance * run.size_mm
