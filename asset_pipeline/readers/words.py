"""Numbers and lines of text scans read in compiled code: OBJ lines, the words of a text PLY, the vertices of a text STL.

Text is bytes as uint8. A word is what stands between bytes up to 32; a line ends at a newline or a carriage return.
"""

import numpy as np

from asset_pipeline.jit import njit

POINT, TEXTURE, FACE, IGNORED, OTHER = 1, 2, 3, 4, 0
WHOLE = 2**31 - 2  # the largest index that can be meant
SOUND, BAD_POINT, BAD_TEXTURE, BAD_CORNER, ZERO_INDEX = 0, 1, 2, 3, 4
POWERS = 10.0 ** np.arange(23)  # up to here exact, so that numbers of ordinary length come out as written


@njit(cache=True)
def parse_number(text, at, end):
    """(value, whether the word is a number); the words nan and inf in all their spellings are NaN."""
    negative = text[at] == 45
    if negative or text[at] == 43:
        at += 1
    mantissa, digits, exponent, seen = np.int64(0), 0, 0, False
    while at < end and 48 <= text[at] <= 57:
        seen = True
        if digits < 18:
            mantissa = mantissa * 10 + (text[at] - 48)
            digits += mantissa > 0
        else:
            exponent += 1
        at += 1
    if at < end and text[at] == 46:
        at += 1
        while at < end and 48 <= text[at] <= 57:
            seen = True
            if digits < 18:
                mantissa = mantissa * 10 + (text[at] - 48)
                digits += mantissa > 0
                exponent -= 1
            at += 1
        if seen and at < end and text[at] == 35:  # 1.#IND and 1.#INF of old Windows
            return np.nan, True
    if not seen:
        odd = at < end and (text[at] | 32 == 110 or text[at] | 32 == 105)  # nan, inf
        return np.nan, odd
    if at < end and text[at] | 32 == 101:
        at += 1
        down = at < end and text[at] == 45
        if at < end and (text[at] == 45 or text[at] == 43):
            at += 1
        if at >= end:
            return 0.0, False
        power = 0
        while at < end and 48 <= text[at] <= 57:
            power = min(power * 10 + (text[at] - 48), 9999)
            at += 1
        exponent += -power if down else power
    if at != end:
        return 0.0, False
    value = np.float64(mantissa)
    if mantissa == 0:
        pass
    elif 0 <= exponent <= 22:
        value *= POWERS[exponent]
    elif -22 <= exponent < 0:
        value /= POWERS[-exponent]
    elif exponent < -290:  # in two steps, since the power itself may be no number
        value = value / 10.0**290 / 10.0 ** min(-exponent - 290, 300)
    else:
        value *= 10.0 ** min(exponent, 400)
    return (-value if negative else value), True


@njit(cache=True)
def parse_numbers(text, values):
    """Fill values with the words of the text: (words read, 0), or (words before, 1) at one that is no number."""
    at, n, count = 0, len(text), 0
    while at < n and count < len(values):
        while at < n and text[at] <= 32:
            at += 1
        if at == n:
            break
        end = at
        while end < n and text[end] > 32:
            end += 1
        values[count], sound = parse_number(text, at, end)
        if not sound:
            return count, 1
        count += 1
        at = end
    return count, 0


@njit(cache=True)
def parse_facets(text, corners):
    """The three numbers of every line `vertex x y z`: (vertices, 0), or (vertices before, 1) at a broken one."""
    at, n, count = 0, len(text), 0
    while at < n:
        while at < n and text[at] <= 32:
            at += 1
        end = at
        while end < n and text[end] > 32:
            end += 1
        wanted = end - at == 6 and text[at] | 32 == 118 and text[at + 1] | 32 == 101 and text[at + 5] | 32 == 120
        at = end
        if not wanted:
            while at < n and text[at] != 10 and text[at] != 13:
                at += 1
            continue
        if count == len(corners):
            return count, 1
        for axis in range(3):
            while at < n and (text[at] == 32 or text[at] == 9):
                at += 1
            end = at
            while end < n and text[end] > 32:
                end += 1
            if end == at:
                return count, 1
            corners[count, axis], sound = parse_number(text, at, end)
            if not sound:
                return count, 1
            at = end
        count += 1
    return count, 0


@njit(cache=True)
def _kind(text, at, end):
    """What a line with that keyword is."""
    first, length = text[at], end - at
    if first == 35 or (length == 1 and first in (103, 111, 115)):  # comment, g, o, s
        return IGNORED
    if length == 1:
        return POINT if first == 118 else FACE if first == 102 else OTHER
    if length == 2 and first == 118:
        return TEXTURE if text[at + 1] == 116 else IGNORED if text[at + 1] == 110 or text[at + 1] == 112 else OTHER
    return OTHER


@njit(cache=True)
def _next_word(text, at, n):
    """(start, end) of the next word of the line, start == end at the line's end or at a comment."""
    while at < n and text[at] <= 32 and text[at] != 10 and text[at] != 13:
        at += 1
    end = at
    if at < n and text[at] != 35:
        while end < n and text[end] > 32:
            end += 1
    return at, end


@njit(cache=True)
def count_lines(text, totals):
    """Add to totals (7,): points, points with a colour, textures, faces, their corners, other lines, faces too short."""
    at, n = 0, len(text)
    while at < n:
        while at < n and text[at] <= 32:
            at += 1
        if at == n:
            break
        end = at
        while end < n and text[end] > 32:
            end += 1
        kind = _kind(text, at, end)
        at = end
        if kind in (POINT, FACE):
            words = 0
            at, end = _next_word(text, at, n)
            while end > at:
                words += 1
                at, end = _next_word(text, end, n)
            if kind == POINT:
                totals[0] += 1
                totals[1] += words >= 6
            elif words < 3:
                totals[6] += 1
            else:
                totals[3] += 1
                totals[4] += words
        elif kind == TEXTURE:
            totals[2] += 1
        elif kind == OTHER:
            totals[5] += 1
        while at < n and text[at] != 10 and text[at] != 13:
            at += 1


@njit(cache=True)
def _index(text, at, end):
    """(number, where it ends, whether there is one) of a whole number in a face corner."""
    negative = at < end and text[at] == 45
    if negative:
        at += 1
    value, start = np.int64(0), at
    while at < end and 48 <= text[at] <= 57:
        value = min(value * 10 + (text[at] - 48), np.int64(WHOLE))
        at += 1
    return (-value if negative else value), at, at > start


@njit(cache=True)
def _corner(text, at, end):
    """(point, texture, status) of a corner as written; texture 0 when there is none."""
    point, at, found = _index(text, at, end)
    if not found:
        return 0, 0, BAD_CORNER
    texture, has_texture, slashes = np.int64(0), False, 0
    while at < end and text[at] == 47:
        slashes += 1
        number, at, found = _index(text, at + 1, end)
        if slashes == 1 and found:
            texture, has_texture = number, True
        elif not found and slashes == 2:
            return 0, 0, BAD_CORNER
    if at != end or slashes > 2:
        return 0, 0, BAD_CORNER
    if point == 0 or (has_texture and texture == 0):
        return 0, 0, ZERO_INDEX
    return point, texture, SOUND


@njit(cache=True)
def read_lines(text, state, points, colours, textures, corners, corner_textures, sizes, others):
    """Fill the arrays from where state (5,) says: points, textures, faces, corners, other lines of this text so far.

    Indices come out from 0, -1 where a corner has no texture coordinate. others (k, 3): where in the text a line of another
    kind begins, how many faces stood before it, and where it ends. Gives (status, where the line begins).
    """
    at, n = 0, len(text)
    while at < n:
        while at < n and text[at] <= 32:
            at += 1
        if at == n:
            break
        begin, end = at, at
        while end < n and text[end] > 32:
            end += 1
        kind = _kind(text, at, end)
        at = end
        if kind == POINT:
            row, words = state[0], 0
            at, end = _next_word(text, at, n)
            while end > at:
                value, sound = parse_number(text, at, end)
                if not sound:
                    return BAD_POINT, begin
                if words < 3:
                    points[row, words] = value
                elif words < 6 and len(colours):
                    colours[row, words - 3] = value
                words += 1
                at, end = _next_word(text, end, n)
            if words < 3 or words > 8:
                return BAD_POINT, begin
            if words < 6 and len(colours):
                colours[row] = 1.0
            state[0] += 1
        elif kind == TEXTURE:
            row, words = state[1], 0
            textures[row] = 0.0
            at, end = _next_word(text, at, n)
            while end > at:
                value, sound = parse_number(text, at, end)
                if not sound or words > 2:
                    return BAD_TEXTURE, begin
                if words < 2:
                    textures[row, words] = value
                words += 1
                at, end = _next_word(text, end, n)
            if words == 0:
                return BAD_TEXTURE, begin
            state[1] += 1
        elif kind == FACE:
            start, words = state[3], 0
            at, end = _next_word(text, at, n)
            while end > at:
                point, texture, status = _corner(text, at, end)
                if status != SOUND:
                    return status, begin
                if start + words < len(corners):
                    corners[start + words] = point - 1 if point > 0 else max(state[0] + point, -1)
                    if len(corner_textures):
                        # a negative index counts back from the lines above it; -2 then is one above the first
                        before = state[1] + texture
                        corner_textures[start + words] = texture - 1 if texture >= 0 else before if before >= 0 else -2
                words += 1
                at, end = _next_word(text, end, n)
            if words >= 3:
                if len(sizes):
                    sizes[state[2]] = words
                state[2] += 1
                state[3] += words
        elif kind == OTHER:
            others[state[4], 0] = begin
            others[state[4], 1] = state[2]
            while at < n and text[at] != 10 and text[at] != 13:
                at += 1
            others[state[4], 2] = at
            state[4] += 1
        while at < n and text[at] != 10 and text[at] != 13:
            at += 1
    return SOUND, 0
