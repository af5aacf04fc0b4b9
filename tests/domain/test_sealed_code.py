"""Codes that people type: only the server can make them, slips are noticed, one purpose's code does nothing for another."""

import pytest

from xr_server.domain.sealed_code import (
    LETTERS,
    check_letter,
    make_code,
    make_seal,
    make_serial,
    read_code,
    show_code,
)
from xr_server.errors import Invalid, NotFound

SECRET, OTHER = b"s" * 32, b"t" * 32


def test_a_code_is_read_however_it_was_typed():
    code = make_code("voucher", "0A1B2", SECRET)
    shown = show_code(code)
    assert len(code) == 10 and shown[5] == "-"
    for typed in (code, shown, shown.lower(), f"  {shown} ", code.replace("0", "O").replace("1", "l")):
        assert read_code("voucher", typed, SECRET) == "0A1B2"


def test_any_other_letter_purpose_serial_or_secret_is_refused():
    code = make_code("voucher", "0A1B2", SECRET)
    for place in range(10):
        for letter in LETTERS:
            if letter != code[place]:
                with pytest.raises(NotFound):
                    read_code("voucher", code[:place] + letter + code[place + 1 :], SECRET)
    for purpose, secret in (("shop", SECRET), ("voucher", OTHER)):
        with pytest.raises(NotFound):
            read_code(purpose, code, secret)


@pytest.mark.parametrize("typed", ["", "ABCDE", "ABCDE-FGHJK-L", "日本", "-" * 300])
def test_what_is_no_code_is_told_so(typed):
    with pytest.raises(Invalid) as refused:
        read_code("voucher", typed, SECRET)
    assert refused.value.code == "code_length"


def test_seals_differ_by_every_word_and_words_cannot_slide_into_one_another():
    seals = {make_seal(SECRET, 12, *words) for words in (("a", "bc"), ("ab", "c"), ("abc",), ("a", "b", "c"))}
    assert len(seals) == 4 and all(len(seal) == 12 for seal in seals)


def test_a_serial_has_letters_of_ours_alone():
    serials = {make_serial(lambda count, first=first: bytes(range(first, first + count))) for first in range(0, 250, 5)}
    assert all(len(serial) == 5 and set(serial) <= set(LETTERS) for serial in serials)
    assert len(serials) > 20


def test_the_check_letter_notices_every_slip_of_one_letter():
    letters = "K7M29QX"
    check = check_letter(letters)
    for place in range(len(letters)):
        others = [letters[:place] + letter + letters[place + 1 :] for letter in LETTERS if letter != letters[place]]
        assert all(check_letter(other) != check for other in others)
