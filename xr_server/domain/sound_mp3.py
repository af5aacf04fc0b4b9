"""MP3: its frames one after another, tags left out. Pure.

Source: ISO/IEC 11172-3 and 13818-3, layer III headers; ID3v2.4 structure; APEv2; the Xing and VBRI headers.
"""

import struct
from dataclasses import dataclass

from xr_server.domain.sound_faults import broken

# kbit/s of layer III by the index in the header: MPEG 1, and MPEG 2 and 2.5
KBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
KBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
HEAD_BYTES = 4
MOST_FRAMES = 400_000  # an hour and more: whatever is longer than may be is told so, whatever its length
LEAST_FRAMES = 2
MOST_TAGS = 50
LONGEST_FRAME_BYTES = 2881
MISSING_FRAMES = 2  # so many fewer than the header counts may be an encoder's way of counting


@dataclass(frozen=True)
class Frame:
    """What the four bytes before a frame say: its length, samples and rate, and whether it is of one channel."""

    size_bytes: int
    samples: int
    rate: int
    mono: bool


def read_mp3(data: bytes) -> tuple[bytes, float]:
    """(the frames alone, seconds). Raises Invalid."""
    parts: list[bytes] = []
    at, first, counted = 0, None, None
    seconds_samples = 0
    for _ in range(MOST_FRAMES):
        at = _skip_tags(data, at)
        frame = parse_frame(data, at)
        if frame is None or at + frame.size_bytes > len(data):
            break
        if first is None:
            first = frame
            counted = _find_count(data[at : at + frame.size_bytes], frame)
        elif frame.rate != first.rate:
            raise broken()
        if counted is None or parts:
            seconds_samples += frame.samples
        parts.append(data[at : at + frame.size_bytes])
        at += frame.size_bytes
    if first is None or len(parts) < LEAST_FRAMES or not _is_end(data, at):
        raise broken()
    if counted is not None and len(parts) - 1 + MISSING_FRAMES < counted:
        raise broken()
    return b"".join(parts), seconds_samples / first.rate


def parse_frame(data: bytes, at: int) -> Frame | None:
    """The frame of layer III that begins there; None when none does."""
    if at + HEAD_BYTES > len(data) or data[at] != 0xFF or data[at + 1] & 0xE6 != 0xE2:
        return None
    version = data[at + 1] >> 3 & 3
    index, step = data[at + 2] >> 4, data[at + 2] >> 2 & 3
    if version not in RATES or step == 3:
        return None
    kbits = (KBITS_1 if version == 3 else KBITS_2)[index]
    if not kbits:  # of no stated rate, or of none there is
        return None
    rate = RATES[version][step]
    samples = 1152 if version == 3 else 576
    size = samples // 8 * kbits * 1000 // rate + (data[at + 2] >> 1 & 1)
    return Frame(size, samples, rate, data[at + 3] >> 6 == 3)


def _skip_tags(data: bytes, at: int) -> int:
    """Where the tags that begin there have ended."""
    for _ in range(MOST_TAGS):
        if data[at : at + 3] == b"ID3" and at + 10 <= len(data):
            a, b, c, d = (byte & 0x7F for byte in data[at + 6 : at + 10])
            at += 10 + (a << 21 | b << 14 | c << 7 | d) + (10 if data[at + 5] & 0x10 else 0)
        elif data[at : at + 8] == b"APETAGEX" and at + 32 <= len(data):
            size, _, flags = struct.unpack_from("<III", data, at + 12)
            at += 32 + (size if flags & 1 << 29 else 0)  # its head counts what follows; its foot stands alone
        elif data[at : at + 3] == b"TAG" and at + 128 <= len(data):
            at += 128
        else:
            break
    return at


def _find_count(frame: bytes, head: Frame) -> int | None:
    """How many frames follow, when the first one is a header of the encoder's that holds no sound; 0: it does not say."""
    side = (17 if head.mono else 32) if head.samples == 1152 else (9 if head.mono else 17)
    at = HEAD_BYTES + side
    if frame[at : at + 4] in {b"Xing", b"Info"}:
        if len(frame) < at + 12 or not frame[at + 7] & 1:
            return 0
        return int(struct.unpack_from(">I", frame, at + 8)[0])
    if frame[36:40] == b"VBRI" and len(frame) >= 54:
        return int(struct.unpack_from(">I", frame, 50)[0])
    return None


def _is_end(data: bytes, at: int) -> bool:
    """Whether nothing but filling, tags in other forms or one unfinished frame follows."""
    rest = data[at:]
    rest = rest[:-128] if rest[-128:-125] == b"TAG" else rest
    if not rest.strip(b"\0 ") or rest[:11] in {b"LYRICSBEGIN", b"LYRICS200"}:
        return True
    if b"APETAGEX" in rest and rest.endswith(b"\0" * 8):  # only its foot: the items came before it
        return True
    return len(rest) < LONGEST_FRAME_BYTES and parse_frame(data, at) is not None
