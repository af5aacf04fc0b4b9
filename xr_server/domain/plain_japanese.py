"""Advice for whoever writes Japanese for visitors: what makes a sentence hard, as far as it can be told for sure. Pure.

Advice never stops anybody. Plain Japanese (ja-x-easy) is held to shorter sentences and to readings over kanji.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from xr_server.domain.ruby import find_bare_kanji, plain

Code = Literal[
    "long", "double_negation", "no_reading", "era_year", "era_differs", "passives", "loanword", "many_points"
]
EASY = "ja-x-easy"
CHECKED = ("ja", EASY)
LONGEST = {"ja": 70, EASY: 45}
"""Most characters of a sentence, marks and readings not counted."""
MOST_PASSIVES = {"ja": 2, EASY: 1}
MOST_POINTS = {"ja": 4, EASY: 3}
"""Most commas of a sentence."""
MOST_SAID = 12

ERAS = {
    "大永": 1521, "享禄": 1528, "天文": 1532, "弘治": 1555, "永禄": 1558, "元亀": 1570, "天正": 1573, "文禄": 1592,
    "慶長": 1596, "元和": 1615, "寛永": 1624, "正保": 1644, "慶安": 1648, "承応": 1652, "明暦": 1655, "万治": 1658,
    "寛文": 1661, "延宝": 1673, "天和": 1681, "貞享": 1684, "元禄": 1688, "宝永": 1704, "正徳": 1711, "享保": 1716,
    "元文": 1736, "寛保": 1741, "延享": 1744, "寛延": 1748, "宝暦": 1751, "明和": 1764, "安永": 1772, "天明": 1781,
    "寛政": 1789, "享和": 1801, "文化": 1804, "文政": 1818, "天保": 1830, "弘化": 1844, "嘉永": 1848, "安政": 1854,
    "万延": 1860, "文久": 1861, "元治": 1864, "慶応": 1865, "明治": 1868, "大正": 1912, "昭和": 1926, "平成": 1989,
    "令和": 2019,
}  # fmt: skip
"""The Western year of each era's first year."""
LOANWORDS = {
    "アクセス": "行き方", "イベント": "催し", "インフォメーション": "案内", "エリア": "場所", "エントランス": "入口",
    "オープン": "開く", "オリジナル": "元の", "カスタマイズ": "変える", "ガイダンス": "案内", "キャリブレーション": "位置合わせ",
    "クローズ": "閉まる", "コンテンツ": "見るもの", "シェア": "見せる", "スケジュール": "予定", "スタート": "始まり",
    "スポット": "場所", "タップ": "押す", "ダウンロード": "取り込む", "ディスプレイ": "画面", "ヒストリー": "歴史",
    "フロア": "階", "マテリアル": "材料", "メンテナンス": "手入れ", "ランドマーク": "名所", "リニューアル": "新しくする",
    "ルート": "道", "レプリカ": "写し", "ロケーション": "場所",
}  # fmt: skip
"""Words that few children and learners know, with a plainer one."""

_DIGITS = {digit: number for number, digit in enumerate("〇一二三四五六七八九")}
_DIGITS |= {digit: number % 10 for number, digit in enumerate("0123456789０１２３４５６７８９")}
_NUMBER = "元|[0-9０-９]{1,2}|[一二三四五六七八九]?十[一二三四五六七八九]?|[〇一二三四五六七八九]{1,2}"
_ERA_YEAR = re.compile(rf"({'|'.join(ERAS)})({_NUMBER})年")
_WESTERN_AFTER = re.compile(r"^[（(]\s*(?:西暦)?([0-9０-９]{3,4})年?\s*[）)]")
_WESTERN_BEFORE = re.compile(r"([0-9０-９]{3,4})年?\s*[（(]$")
_SENTENCE = re.compile(r"[^。！？!?\n]+")
_NOT_COUNTED = re.compile(r"[\s、。，．・「」『』（）()！？!?…ー〜]")
_DOUBLE_NEGATION = re.compile(
    r"な(?:い|く)(?:わけ|こと|の)?(?:では|じゃ|は|も)(?:ない|ありません|なく)"
    r"|ないと(?:は|も)(?:限ら|言え|いえ|言い切れ)(?:ない|ません)"
    r"|ずに(?:は|も)(?:いられ|おけ|済ま)(?:ない|ません)"
    r"|ないでは(?:いられ|おけ)(?:ない|ません)"
    r"|ないはず(?:が|は)(?:ない|ありません)"
    r"|ないわけに(?:は|も)(?:いかない|いきません)"
)
# a verb in the passive: of five-step verbs by the kana before れ, of others られ; kanji before れ is another verb
_PASSIVE = re.compile(r"(?<!そ)(?<!こ)[かがさたなばまらわ]れ(?=[たてまなるば、。])")
_NO_PASSIVE = re.compile(
    r"(?:生|産|う)まれ|は?なれ(?=る|た|て)|わかれ|ながれ|あらわれ|こわれ|たわれ|たくわれ|恵まれ|かれ(?=ら)"
)


@dataclass(frozen=True)
class Advice:
    """One piece of advice: what it is about, the words it is about, and what else its sentence says."""

    code: Code
    piece: str
    values: tuple[tuple[str, str | int], ...] = ()


def advise(text: str, language: str) -> list[Advice]:
    """What could be said more plainly in a text; nothing for languages other than Japanese."""
    if language not in CHECKED:
        return []
    bare = plain(text)
    found = [piece for sentence in _SENTENCE.findall(bare) for piece in _advise_sentence(sentence.strip(), language)]
    found += _era_years(bare)
    found += _loanwords(bare)
    if language == EASY:
        found += [Advice("no_reading", kanji) for kanji in dict.fromkeys(find_bare_kanji(text))]
    return found[:MOST_SAID]


def _advise_sentence(sentence: str, language: str) -> Iterator[Advice]:
    length, longest = len(_NOT_COUNTED.sub("", sentence)), LONGEST[language]
    if length > longest:
        yield Advice("long", _beginning(sentence), (("length", length), ("longest", longest)))
    if sentence.count("、") > MOST_POINTS[language]:
        yield Advice("many_points", _beginning(sentence), (("count", sentence.count("、")),))
    for match in _DOUBLE_NEGATION.finditer(sentence):
        yield Advice("double_negation", match[0])
    passives = _count_passives(sentence)
    if passives > MOST_PASSIVES[language]:
        yield Advice("passives", _beginning(sentence), (("count", passives),))


def _beginning(sentence: str) -> str:
    return sentence if len(sentence) <= 16 else sentence[:15] + "…"


def _count_passives(sentence: str) -> int:
    return len(_PASSIVE.findall(_NO_PASSIVE.sub("", sentence)))


def _era_years(text: str) -> Iterator[Advice]:
    """Era years without the Western year beside them, and those beside which another year stands than theirs."""
    for match in _ERA_YEAR.finditer(text):
        year = ERAS[match[1]] + _parse_number(match[2]) - 1
        beside = _WESTERN_AFTER.match(text[match.end() :]) or _WESTERN_BEFORE.search(text[: match.start()])
        if beside is None:
            yield Advice("era_year", match[0], (("year", str(year)),))
        elif int(beside[1]) != year:
            yield Advice("era_differs", match[0], (("year", str(year)), ("stands", str(int(beside[1])))))


def _parse_number(text: str) -> int:
    """A year of an era: 元 is the first; in figures, or in kanji with or without 十."""
    if text == "元":
        return 1
    tens, ten, ones = text.rpartition("十")
    if ten:
        return 10 * (_DIGITS[tens] if tens else 1) + (_DIGITS[ones] if ones else 0)
    return int("".join(str(_DIGITS[digit]) for digit in text))


def _loanwords(text: str) -> Iterator[Advice]:
    for word in dict.fromkeys(re.findall(r"[ァ-ヺー]{3,}", text)):
        if word in LOANWORDS:
            yield Advice("loanword", word, (("plainer", LOANWORDS[word]),))
