"""Sounds made of numbers: waves at a sea wall, glasses at a feast. Imagined, as the records beside them say."""

import io
import wave

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float64]
WAVES_HZ, WAVES_S = 16_000, 8.0
GLASS_HZ, GLASS_S = 22_050, 3.0
# partials of a wine glass: frequency over the lowest one, loudness, seconds until it is gone to a third
PARTIALS = ((1.0, 1.0, 0.60), (2.32, 0.55, 0.32), (4.25, 0.32, 0.17), (6.63, 0.18, 0.09), (9.38, 0.10, 0.05))
# when two glasses meet, how high they are, how hard they are struck
CLINKS = ((0.05, 2093.0, 1.0), (0.09, 2349.0, 0.8), (0.95, 1976.0, 0.6), (1.60, 2489.0, 0.75), (1.64, 2217.0, 0.5))


def waves() -> bytes:
    """Eight seconds of waves at a wall as WAV, which can be repeated without a seam."""
    random = np.random.default_rng(1699)
    count = int(WAVES_HZ * WAVES_S)
    time = np.arange(count) / WAVES_S / WAVES_HZ  # 0..1 round the loop
    wash = _noise(random, count, 120.0, 900.0)
    hiss = _noise(random, count, 900.0, 5200.0)
    lap = _noise(random, count, 60.0, 220.0)
    # two waves in a loop of different strength: each swells, breaks and runs out
    swell = _swell(time, 0.18, 1.0) + _swell(time, 0.66, 0.7)
    sound = 0.10 * lap + wash * (0.12 + 0.55 * swell) + hiss * (0.03 + 0.42 * np.roll(swell, count // 60) ** 2)
    return _write(sound * (0.62 / np.abs(sound).max()), WAVES_HZ, 1)


def _swell(time: Signal, at: float, strength: float) -> Signal:
    since = (time - at) % 1.0
    before = 1.0 - since
    return np.asarray(strength * (np.exp(-since / 0.14) * (1 - np.exp(-since / 0.012)) + np.exp(-before / 0.05)))


def _noise(random: np.random.Generator, count: int, low_hz: float, high_hz: float) -> Signal:
    """Noise between two frequencies that meets its own beginning, with a mean square of 1."""
    rate = np.fft.rfftfreq(count, 1 / WAVES_HZ)
    shape = 1 / (1 + (low_hz / np.maximum(rate, 1.0)) ** 4) / (1 + (rate / high_hz) ** 4)
    spectrum = shape * np.exp(2j * np.pi * random.random(len(rate)))
    spectrum[0] = 0
    sound = np.fft.irfft(spectrum, count)
    return np.asarray(sound / sound.std())


def glasses() -> bytes:
    """Three seconds in which glasses meet, as WAV."""
    time = np.arange(int(GLASS_HZ * GLASS_S)) / GLASS_HZ
    sound = np.zeros_like(time)
    for at_s, pitch_hz, loud in CLINKS:
        since = np.maximum(time - at_s, 0)
        for ratio, share, fade_s in PARTIALS:
            if pitch_hz * ratio < GLASS_HZ / 2:
                turn = 2 * np.pi * pitch_hz * ratio * since
                ring = np.sin(turn) + 0.6 * np.sin(1.003 * turn)  # no glass is quite round: it beats
                sound += loud * share * ring * np.exp(-since / fade_s) * (time >= at_s)
    sound *= np.minimum(1, (GLASS_S - time) / 0.2)  # so that its end is silent
    return _write(sound * (0.55 / np.abs(sound).max()), GLASS_HZ, 2)


def _write(sound: Signal, rate_hz: int, sample_bytes: int) -> bytes:
    """Mono PCM, which every browser plays; 8 bits are enough for what is noise itself."""
    sink = io.BytesIO()
    with wave.open(sink, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(sample_bytes)
        file.setframerate(rate_hz)
        if sample_bytes == 1:
            file.writeframes(np.clip(np.round(sound * 127 + 128), 0, 255).astype(np.uint8).tobytes())
        else:
            file.writeframes(np.round(sound * 32767).astype("<i2").tobytes())
    return sink.getvalue()
