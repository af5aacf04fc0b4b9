"""The archive of model.usdz and the head of its layer, which says whose it is. Standard library only.

A USDZ is a ZIP whose members are stored as they are and begin at multiples of 64 bytes, so that a phone can map them
into memory. Written by hand: fixed dates, nothing that depends on the machine. The layer's first lines, up to a `)` on
a line of its own, are its metadata; stamping replaces them and nothing else.
Sources: OpenUSD, "Usdz File Format Specification" and the text file format; PKWARE APPNOTE 6.3.
"""

import re
import struct
import zlib
from dataclasses import dataclass

from asset_pipeline.errors import PackageBroken
from asset_pipeline.licences import licence_url
from asset_pipeline.manifest import USDZ_FILE, Credit
from asset_pipeline.output.xmp import GENERATOR, copyright_line

LAYER_FILE = "model.usda"
ROOT = "Model"
USDZ_MAX_TRIANGLES, USDZ_MAX_BYTES = 50_000, 8_000_000  # what a phone takes well
HEAD, HEAD_END = "#usda 1.0\n(\n", "\n)\n"
ALIGNMENT = 64
PADDING_ID = 0x1986  # of the extra field that OpenUSD's own writer pads with
DOS_DATE, DOS_TIME = (1 << 5) | 1, 0  # 1980-01-01, the zero of ZIP
COUNTS = re.compile(rb"\n *int\[\] faceVertexCounts = \[((?:3,)*3)\]\n")
NUMBER = rb"(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)"
CORNER = rb"\(" + rb",".join([NUMBER] * 3) + rb"\)"
EXTENT = re.compile(rb"\n *float3\[\] extent = \[" + CORNER + rb"," + CORNER + rb"\]\n")
ASSET = re.compile(rb"\n *asset inputs:file = @([^@\n]+)@\n")
ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True)
class Member:
    """One file of the archive; offset: where its bytes begin."""

    data: bytes
    offset: int


@dataclass(frozen=True)
class UsdzFacts:
    """What a USDZ of ours shows: low and high corner in metres, y up; pictures by name."""

    triangles: int
    low: tuple[float, ...]
    high: tuple[float, ...]
    pictures: dict[str, bytes]


def dump_head(credit: Credit) -> bytes:
    """The head of the layer: metres, y up, and what is said about the model."""
    words = {
        "copyright": copyright_line(credit),
        "creator": credit.creator,
        "generator": GENERATOR,
        "licence": credit.licence,
        "licence_url": licence_url(credit.licence) or "",
        "period": credit.period,
        "provenance": credit.provenance,
        "title": credit.title,
    }
    facts = [f"        string {name} = {quote(text)}" for name, text in words.items() if text]
    if credit.sources:
        facts.append(f"        string[] sources = [{', '.join(map(quote, credit.sources))}]")
    doc = [f"    doc = {quote(credit.title)}"] if credit.title else []
    settings = [f'    defaultPrim = "{ROOT}"', *doc, "    metersPerUnit = 1", '    upAxis = "Y"']
    return (HEAD + "\n".join(["    customLayerData = {", *facts, "    }", *settings]) + HEAD_END).encode()


def quote(text: str) -> str:
    """The text as a USD string on one line; control characters are escaped."""
    signs = (ESCAPES.get(sign) or (f"\\x{ord(sign):02x}" if sign < " " or sign == "\x7f" else sign) for sign in text)
    return f'"{"".join(signs)}"'


def replace_head(data: bytes, credit: Credit) -> bytes:
    """The USDZ with another credit; mesh and pictures stay as they are. Raises PackageBroken for a USDZ not of ours."""
    members = read_members(data)
    head, end, body = members[LAYER_FILE].data.partition(HEAD_END.encode())
    if not head.startswith(HEAD.encode()) or not end:
        raise PackageBroken("usdz_head", f"The layer in {USDZ_FILE} does not begin as this program writes it.")
    files = {name: member.data for name, member in members.items()}
    return pack_usdz({**files, LAYER_FILE: dump_head(credit) + body})


def read_usdz_facts(data: bytes) -> UsdzFacts:
    """What a USDZ that this program wrote holds. Raises PackageBroken when it is damaged or does not fit together."""
    members = read_members(data)
    layer = members[LAYER_FILE].data
    counts, extent = COUNTS.search(layer), EXTENT.search(layer)
    named = {match[1].decode() for match in ASSET.finditer(layer)}
    if (
        not layer.startswith(HEAD.encode())
        or counts is None
        or extent is None
        or named != members.keys() - {LAYER_FILE}
    ):
        raise PackageBroken("usdz_layer", f"The layer in {USDZ_FILE} is not as this program writes it.")
    numbers = [float(number) for number in extent.groups()]
    pictures = {name: member.data for name, member in members.items() if name != LAYER_FILE}
    return UsdzFacts(counts[1].count(b"3"), tuple(numbers[:3]), tuple(numbers[3:]), pictures)


def pack_usdz(files: dict[str, bytes]) -> bytes:
    """The files as an archive, in their order: stored, each beginning at a multiple of 64 bytes."""
    archive, directory = bytearray(), bytearray()
    for name, data in files.items():
        label, start = name.encode("ascii"), len(archive)
        padding = _padding(start + 30 + len(label))
        facts = struct.pack("<HHHHIII", 0, 0, DOS_TIME, DOS_DATE, zlib.crc32(data), len(data), len(data))
        archive += struct.pack("<4sH", b"PK\3\4", 10) + facts + struct.pack("<HH", len(label), len(padding))
        archive += label + padding + data
        directory += struct.pack("<4sHH", b"PK\1\2", 10, 10) + facts
        directory += struct.pack("<HHHHHII", len(label), 0, 0, 0, 0, 0, start) + label
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, len(files), len(files), len(directory), len(archive), 0)
    return bytes(archive + directory + end)


def read_members(data: bytes) -> dict[str, Member]:
    """The files of an archive that `pack_usdz` wrote, in their order. Raises PackageBroken."""
    members: dict[str, Member] = {}
    at = 0
    try:
        while data[at : at + 4] == b"PK\3\4":
            flags, method, _, _, crc, packed, size, names, extra = struct.unpack("<HHHHIIIHH", data[at + 6 : at + 30])
            start = at + 30 + names + extra
            name, content = data[at + 30 : at + 30 + names].decode("ascii"), data[start : start + size]
            if flags or method or packed != size or len(content) != size or zlib.crc32(content) != crc:
                raise PackageBroken("usdz_member", f"{name} in {USDZ_FILE} is damaged, or not stored as it is.")
            if start % ALIGNMENT:
                raise PackageBroken(
                    "usdz_alignment", f"{name} in {USDZ_FILE} does not begin at a multiple of 64 bytes."
                )
            members[name] = Member(content, start)
            at = start + size
    except (struct.error, UnicodeDecodeError) as error:
        raise PackageBroken("usdz_unreadable", f"{USDZ_FILE} is no sound archive: {error}.") from error
    if next(iter(members), None) != LAYER_FILE:
        raise PackageBroken("usdz_layer", f"{USDZ_FILE} does not begin with {LAYER_FILE}.")
    return members


def _padding(start: int) -> bytes:
    """An extra field after which the next byte lies at a multiple of 64; empty when it does so anyway."""
    missing = -start % ALIGNMENT
    if missing == 0:
        return b""
    missing += 0 if missing >= 4 else ALIGNMENT  # the field's own head takes four
    return struct.pack("<HH", PADDING_ID, missing - 4) + bytes(missing - 4)
