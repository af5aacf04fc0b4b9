"""Codes that people read and type: a serial that tells which one, and a seal that only this server can make. Pure.

No row has to hold a code: whoever steals the database has serials, and without the server's secret no seals.
"""

import hashlib
import hmac
import re
from collections.abc import Callable

from xr_server.errors import Invalid, NotFound

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O or U: nobody has to tell them from 1, 0 and V
LOOKALIKES = str.maketrans("OIL", "011")
SERIAL_LENGTH = 5
SEAL_LENGTH = 5
SECRET_NAME = "codes"  # noqa: S105 - the name of its file, not the secret


def clean_letters(typed: str) -> str:
    """Letters and digits however they were typed: in small letters, with blanks or hyphens, O for 0."""
    return re.sub(r"[^0-9A-Z]", "", typed.upper()).translate(LOOKALIKES)


def make_seal(secret: bytes, length: int, *words: str) -> str:
    """That many letters (at most 51) which only the server can make of these words; 5 bits a letter."""
    digest = hmac.new(secret, "\n".join(words).encode(), hashlib.sha256).digest()
    bits = int.from_bytes(digest)
    return "".join(LETTERS[(bits >> (251 - 5 * place)) & 31] for place in range(length))


def make_serial(random_bytes: Callable[[int], bytes]) -> str:
    """A serial at random; whoever stores it sees to it that there is no second one."""
    return "".join(LETTERS[byte % 32] for byte in random_bytes(SERIAL_LENGTH))


def make_code(purpose: str, serial: str, secret: bytes) -> str:
    """The code of a serial, for one purpose: a prize's code opens no counter."""
    return serial + make_seal(secret, SEAL_LENGTH, purpose, serial)


def read_code(purpose: str, typed: str, secret: bytes) -> str:
    """The serial of a code as somebody typed it. Raises Invalid for what is no code at all, NotFound for a wrong one."""
    letters = clean_letters(typed)
    if len(letters) != SERIAL_LENGTH + SEAL_LENGTH:
        raise Invalid("code_length", "A code has ten letters and digits, such as ABCDE-FGHJK. Look at it again.")
    serial = letters[:SERIAL_LENGTH]
    if not hmac.compare_digest(letters, make_code(purpose, serial, secret)):
        raise NotFound("code_not_ours", "This is no code of ours, or one letter was typed otherwise. Compare it again.")
    return serial


def show_code(code: str) -> str:
    """A code of ten letters in two halves, easier to read and to type."""
    return f"{code[:SERIAL_LENGTH]}-{code[SERIAL_LENGTH:]}"


def check_letter(letters: str) -> str:
    """The letter that is put behind others, so that a phone without a connection notices a slip of one letter.

    Each place counts an odd number of times, so no single other letter gives the same.
    """
    return LETTERS[sum((2 * place + 1) * LETTERS.index(letter) for place, letter in enumerate(letters)) % 32]
