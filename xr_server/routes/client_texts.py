"""The sentences that a page's script says, sent along in the page: those of its own kind of page and no others."""

from functools import cache

from xr_server.routes.pages import load_texts

UI = ".ui."  # in the key of a sentence that scripts say, whatever its area
# what the script of the other kind of page alone says: beginnings of keys
READING_ONLY = (
    "aloud_", "arrival_", "arrived", "can_", "consent_now_", "guide_", "sheet_", "state_", "take_", "there_",
    "when_", "wind_",
)  # fmt: skip
IMMERSIVE_ONLY = ("ar_", "sign_")


@cache
def client_texts(language: str, immersive: bool) -> dict[str, str]:
    """The sentences for the script of the immersive page, or of pages to read, by key without its area."""
    unheard = READING_ONLY if immersive else IMMERSIVE_ONLY
    said = {key.partition(UI)[2]: text for key, text in load_texts(language).items() if UI in key}
    return {key: text for key, text in said.items() if not key.startswith(unheard)}


@cache
def follow_texts(language: str) -> dict[str, str]:
    """The sentences for the script of pages that are looked at with a group, by key without its area."""
    own = "group.page_"
    return {key.removeprefix(own): text for key, text in load_texts(language).items() if key.startswith(own)}
