"""Licences by their names and addresses, and what each asks."""

import pytest

from asset_pipeline.licences import find_licence, is_protected, licence_url

ASKS = {  # credit, share alike, commercial use, derivatives
    "CC0 1.0": (False, False, True, True),
    "CC BY 4.0": (True, False, True, True),
    "CC BY-SA 4.0": (True, True, True, True),
    "CC BY-NC 3.0": (True, False, False, True),
    "CC BY-NC-SA 4.0": (True, True, False, True),
    "CC BY-ND 4.0": (True, False, True, False),
    "CC BY-NC-ND 4.0": (True, False, False, False),
    "PDL 1.0": (True, False, True, True),
    "ODbL 1.0": (True, True, True, True),
}


@pytest.mark.parametrize(("name", "asks"), ASKS.items())
def test_what_a_licence_asks(name, asks):
    known = find_licence(name)
    assert known is not None and known.name == name
    assert (known.credit, known.share_alike, known.commercial, known.derivatives) == asks


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("cc-by-sa-4.0", "CC BY-SA 4.0"),
        ("CC BY SA 4.0", "CC BY-SA 4.0"),
        ("ＣＣ　ＢＹ　４．０", "CC BY 4.0"),
        ("Creative Commons BY-NC 4.0 International", "CC BY-NC 4.0"),
        ("CC BY 2.1 JP", "CC BY 2.1 JP"),
        ("CC-BY-2.1-JP", "CC BY 2.1 JP"),
        ("https://creativecommons.org/licenses/by-sa/4.0/deed.ja", "CC BY-SA 4.0"),
        ("http://creativecommons.org/licenses/by/2.1/jp/", "CC BY 2.1 JP"),
        ("https://creativecommons.org/publicdomain/zero/1.0/legalcode.ja", "CC0 1.0"),
        ("CC0-1.0", "CC0 1.0"),
        ("Public Domain", "Public Domain Mark 1.0"),
        ("公共データ利用規約（第1.0版）", "PDL 1.0"),
        ("PDL1.0", "PDL 1.0"),
        ("政府標準利用規約（第２．０版）", "政府標準利用規約（第2.0版）"),
        ("国土地理院コンテンツ利用規約", "国土地理院コンテンツ利用規約"),
        ("ODbL-1.0", "ODbL 1.0"),
    ],
)
def test_it_is_found_however_it_was_typed(typed, name):
    known = find_licence(typed)
    assert known is not None and known.name == name
    assert licence_url(typed) == known.url and known.url.startswith("https://")


@pytest.mark.parametrize(
    "typed", ["", "mine", "All rights reserved", "CC BY", "CC BY-ND-SA 4.0", "CC BY-NC-NC 4.0", "CC BY 4.0 and more",
              "https://creativecommons.org/licenses/by/4.0/ or not", "https://example.org/licences/by/4.0/"],
)  # fmt: skip
def test_what_is_not_known_is_not_guessed(typed):
    assert find_licence(typed) is None


def test_an_address_of_a_licence_that_is_not_known_stands_for_itself():
    assert licence_url("https://example.org/terms") == "https://example.org/terms"
    assert is_protected("https://example.org/terms") is True and is_protected("PDDL 1.0") is False
