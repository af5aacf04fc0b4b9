"""WAV: the chunks of a RIFF file, of which only format and samples are kept. Pure.

Source: Multimedia Programming Interface and Data Specifications 1.0 (RIFF), and WAVEFORMATEXTENSIBLE.
"""

import struct

from xr_server.domain.sound_faults import broken
from xr_server.errors import Invalid

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
MOST_CHUNKS = 1000
MOST_CHANNELS = 2
RATES = range(8000, 96_001)
BITS = {PCM: (8, 16, 24, 32), FLOAT: (32,)}


def read_wav(data: bytes) -> tuple[bytes, float]:
    """(the file with format and samples alone, seconds). Raises Invalid."""
    chunks = _find_chunks(data)
    form, samples = chunks.get(b"fmt "), chunks.get(b"data")
    if form is None or samples is None or form[1] - form[0] < 16:
        raise broken()
    kind, channels, rate, _, align, bits = struct.unpack_from("<HHIIHH", data, form[0])
    if kind == EXTENSIBLE and form[1] - form[0] >= 26:
        (kind,) = struct.unpack_from("<H", data, form[0] + 24)
    if kind not in BITS or bits not in BITS[kind] or not 1 <= channels <= MOST_CHANNELS or rate not in RATES:
        raise Invalid(
            "sound_wav_form",
            "This WAV holds a form of sound that phones do not play. Export it as WAV with 16 bits, mono or stereo, or as "
            "MP3.",
        )
    width = channels * bits // 8
    if align != width:
        raise broken()
    count = (samples[1] - samples[0]) // width
    body = data[samples[0] : samples[0] + count * width]
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, kind, channels, rate, rate * width, width, bits)
    pad = b"\0" * (len(body) % 2)
    inner = b"WAVE" + head + struct.pack("<4sI", b"data", len(body)) + body + pad
    return struct.pack("<4sI", b"RIFF", len(inner)) + inner, count / rate


def _find_chunks(data: bytes) -> dict[bytes, tuple[int, int]]:
    """Where the body of each chunk begins and ends, the first one of each name."""
    found: dict[bytes, tuple[int, int]] = {}
    at = 12
    for _ in range(MOST_CHUNKS):
        if at + 8 > len(data):
            return found
        name, size = struct.unpack_from("<4sI", data, at)
        end = at + 8 + size
        if end > len(data):
            if name in {b"fmt ", b"data"}:
                raise broken()
            return found
        found.setdefault(name, (at + 8, end))
        at = end + size % 2
    raise broken()
