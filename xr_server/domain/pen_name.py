"""Names for pupils, made of two plain words and a number: nobody has to give the real one."""

import unicodedata

JA_FIRST = (
    "あおい あかい しろい きいろい まるい はやい ちいさい おおきい あかるい やさしい しずかな げんきな ほそながい かるい "
    "まぶしい あたたかい すずしい ひろい とおい ゆかいな のどかな きれいな つよい ふしぎな"
)
JA_SECOND = (
    "つばめ かもめ くじら いるか さくら もみじ すみれ あさがお ほたる とんぼ かえる うさぎ りす きつね しか つる ふくろう "
    "めじろ あゆ すずめ ほし つき にじ くも なみ ふね とうだい すず たいこ かざぐるま"
)
EN_FIRST = (
    "Blue Red White Yellow Round Quick Small Tall Bright Gentle Quiet Merry Light Sunny Warm Cool Wide Far Happy Calm Neat "
    "Strong Brave Golden"
)
EN_SECOND = (
    "Swallow Gull Whale Dolphin Cherry Maple Violet Lily Firefly Dragonfly Frog Rabbit Squirrel Fox Deer Crane Owl Robin "
    "Trout Sparrow Star Moon Rainbow Cloud Wave Ship Lantern Bell Drum Windmill"
)
NUMBERS = range(10, 100)
SEED_BYTES = 12


def make_pen_name(language: str, seed: bytes) -> str:
    """The pen name of a seed of 12 bytes: `あおいつばめ27`, or `Blue Swallow 27` for any language but Japanese."""
    in_japanese = language == "ja"
    first, second = (JA_FIRST.split(), JA_SECOND.split()) if in_japanese else (EN_FIRST.split(), EN_SECOND.split())
    picks = [int.from_bytes(seed[at : at + 4]) for at in (0, 4, 8)]
    number = NUMBERS[picks[2] % len(NUMBERS)]
    words = first[picks[0] % len(first)], second[picks[1] % len(second)]
    return f"{''.join(words)}{number}" if in_japanese else f"{' '.join(words)} {number}"


def fold_pen_name(name: str) -> str:
    """What a pen name is known by when a child types it: capitals, blanks, hyphens and the width of digits do not count."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in folded if character.isalnum() or character == "ー")
