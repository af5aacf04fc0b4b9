"""The languages of visitors, pure: what each is called, what a browser asks for, and how each is named to software."""

from collections.abc import Mapping, Sequence

# every language in its own words, as the chooser shows it; {base|reading} is ruby, see domain/ruby.py
NAMES: Mapping[str, str] = {
    "ja": "日本語",
    "en": "English",
    "zh-Hans": "简体中文",
    "zh-Hant": "繁體中文",
    "ko": "한국어",
    "nl": "Nederlands",
    "ja-x-easy": "やさしい{日本語|にほんご}",
}
# Chinese without a script is told by the place it is written at
TRADITIONAL = frozenset(("tw", "hk", "mo", "hant", "yue"))
DECIMAL_COMMA = frozenset(("nl",))


def html_tag(language: str) -> str:
    """The tag that voices, fonts and hyphenation know: plain Japanese is Japanese to them, a private subtag is noise.

    `ja-Hira` would be wrong: the words are written in kanji as well, with their readings above.
    """
    return "ja" if language == "ja-x-easy" else language


def negotiate(accepted: str, offered: Sequence[str]) -> str | None:
    """The offered language an Accept-Language header likes best; None when it names none of them.

    The other script of Chinese comes after all that was asked for, and before what was not.
    """
    wanted = _by_weight(accepted)
    for nearness in ((_same_tag, _same_writing), (_same_tongue,)):
        for tag in wanted:
            for match in nearness:
                found = next((language for language in offered if match(tag, language)), None)
                if found is not None:
                    return found
    return None


def _by_weight(accepted: str) -> list[str]:
    """The tags of a header in lower case, the most wanted first; what is weighed 0 is left out."""
    weighed = []
    for part in accepted.split(","):
        tag, _, rest = part.strip().lower().partition(";")
        weight = rest.partition("q=")[2].strip() or "1"
        try:
            weighed.append((float(weight), tag.strip()))
        except ValueError:
            continue
    weighed.sort(key=lambda pair: -pair[0])
    return [tag for weight, tag in weighed if weight > 0 and tag]


def _same_tag(tag: str, language: str) -> bool:
    return tag == language.lower()


def _same_writing(tag: str, language: str) -> bool:
    subtags = tag.split("-")
    if subtags[0] in ("zh", "cmn", "yue"):
        script = "zh-Hant" if TRADITIONAL.intersection(subtags) and "hans" not in subtags else "zh-Hans"
        return language == script
    return subtags[0] == language.lower()


def _same_tongue(tag: str, language: str) -> bool:
    own = tag.partition("-")[0]
    return {"cmn": "zh", "yue": "zh"}.get(own, own) == language.partition("-")[0]


def say_number(value: float, language: str) -> str:
    """A number as the language writes it, without grouping: 0.5, in Dutch 0,5; 15.0 is 15."""
    text = str(value) if isinstance(value, int) else f"{value:.10g}"
    return text.replace(".", ",") if language in DECIMAL_COMMA else text
