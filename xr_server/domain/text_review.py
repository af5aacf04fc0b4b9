"""Which texts a person has read and approved, pure. A review holds for the words as they were: a changed text is unread.

Texts are named by their path with dots, such as `landmarks.suimon.name` or `visitor.skip`.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from xr_server.domain.catalog import RECORD_TYPES, Record, TextReview
from xr_server.domain.content import TEXT_FIELDS, text_slots

DIGEST_LENGTH = 12
_KINDS = {record_type: kind for kind, record_type in RECORD_TYPES.items()}


def digest_text(text: str) -> str:
    """The mark of exactly these words."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


def gather_texts(records: Iterable[Record]) -> dict[str, dict[str, str]]:
    """All texts of records: by language, then by path."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for record in records:
        plain: dict[str, Any] = msgspec.to_builtins(record)
        for path, owner, name in text_slots(_KINDS[type(record)], plain):
            for language, text in owner.get(name, {}).items():
                found[language][".".join(path)] = text
    return dict(found)


def each_text(record: Record) -> Iterator[Mapping[str, str]]:
    """Each text of a record by language, without its path: for looks at thousands of them."""
    for field, *inner in TEXT_FIELDS[_KINDS[type(record)]]:
        owners = getattr(record, field) if inner else (record,)
        for owner in owners:
            yield getattr(owner, inner[-1] if inner else field, {})


def find_unreviewed(texts: Mapping[str, str], reviews: Sequence[TextReview], language: str) -> list[str]:
    """The paths of those texts of a language that nobody has approved in their present words."""
    approved = {
        (path, mark) for review in reviews if review.language == language for path, mark in review.texts.items()
    }
    return [path for path, text in texts.items() if (path, digest_text(text)) not in approved]


def approve(texts: Mapping[str, str], language: str, by: str, on: str) -> TextReview:
    """The review that says a person has read these texts on a date. Raises msgspec.ValidationError for no language."""
    marks = {path: digest_text(text) for path, text in texts.items()}
    return msgspec.convert({"language": language, "by": by, "on": on, "texts": marks}, TextReview)
