"""Which of the interface texts that visitors read a person has approved: texts/reviews.json beside the catalogues."""

from collections.abc import Mapping
from functools import cache

import msgspec

from xr_server.domain.catalog import TextReview
from xr_server.domain.content import format_json
from xr_server.domain.text_review import find_unreviewed
from xr_server.routes.pages import TEXTS_DIR, load_own_texts

REVIEWS_FILE = TEXTS_DIR / "reviews.json"
# pages of creators and staff, in Japanese and English only
STAFF_AREAS = (
    "approvals.",
    "audit.",
    "auth.",
    "campaigns.",
    "changes.",
    "counter.",
    "desk.",
    "entrance.",
    "exchange.",
    "figures.",
    "kept.",
    "library.",
    "memories.",
    "news.",
    "now.",
    "permits.",
    "places.",
    "quality.",
    "questionnaires.",
    "planning.",
    "rallies.",
    "releases.",
    "pupil.",
    "report.",
    "school.",
    "seasons.",
    "studio.",
    "targets.",
    "texts.",
)


def visitor_texts(language: str) -> Mapping[str, str]:
    """The interface texts of a language that visitors read, by key."""
    return {key: text for key, text in load_own_texts(language).items() if not key.startswith(STAFF_AREAS)}


def load_reviews() -> list[TextReview]:
    """What people have approved so far."""
    return msgspec.json.decode(REVIEWS_FILE.read_bytes(), type=list[TextReview])


def add_review(review: TextReview) -> None:
    """Keep what somebody has approved."""
    reviews = msgspec.to_builtins([*load_reviews(), review])
    REVIEWS_FILE.write_text(format_json(reviews) + "\n", encoding="utf-8")


@cache
def is_interface_reviewed(language: str) -> bool:
    """Whether a person has read every interface text of a language."""
    return not find_unreviewed(visitor_texts(language), load_reviews(), language)
