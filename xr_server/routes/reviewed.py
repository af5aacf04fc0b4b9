"""Which of the interface texts that visitors read a person has approved: texts/reviews.json beside the catalogues."""

from collections.abc import Mapping
from functools import cache

import msgspec

from xr_server.domain.catalog import TextReview
from xr_server.domain.text_review import find_unreviewed
from xr_server.routes.pages import TEXTS_DIR, load_texts

REVIEWS_FILE = TEXTS_DIR / "reviews.json"
VISITOR_AREAS = ("visitor.", "errors.")


def visitor_texts(language: str) -> Mapping[str, str]:
    """The interface texts of a language that visitors read, by key."""
    return {key: text for key, text in load_texts(language).items() if key.startswith(VISITOR_AREAS)}


def load_reviews() -> list[TextReview]:
    """What people have approved so far."""
    return msgspec.json.decode(REVIEWS_FILE.read_bytes(), type=list[TextReview])


@cache
def is_interface_reviewed(language: str) -> bool:
    """Whether a person has read every interface text of a language."""
    return not find_unreviewed(visitor_texts(language), load_reviews(), language)
