#!/usr/bin/env python3
"""Pairs of an English expression and the Korean a voice assistant says for it, made by rules.

    data.py --check          the rules against answers written by hand, and that no English has two Korean readings
    data.py --show 40        some pairs to look at

Every category below is a function from a random generator to (english, korean). English prepositions before a whole expression
("at", "on", "in") add no particle in Korean. An English text belongs to the held-out part by a hash of its lower-cased,
whitespace-normalized form, so training can reject it without a list.
"""
import argparse
import hashlib
import random

import english as en
import korean as ko
from amounts import cardinal, counter, decimals, fraction, integer, money, ordinal, percent, temperature, unit
from moments import date, datetime, duration, time, year


# ---- labels, ranges, arithmetic

def label(rng):
    kind = rng.random()
    if kind < 0.35:
        groups = [rng.choice(("010", "02", "031", "051", "070", "1588")), str(rng.randint(100, 9999)), f"{rng.randrange(10000):04}"]
        prefix, korean = rng.choice((("", ""), ("call ", "전화 "), ("phone number ", "전화번호 ")))
        answer = korean + " ".join(ko.digits(g, "공") for g in groups)
        if rng.random() < 0.25:
            return prefix + ", ".join(" ".join(en.ONES[int(c)] for c in g) for g in groups), answer
        return prefix + rng.choice("-- ").join(groups), answer
    if kind < 0.55:
        text = f"{rng.randrange(10 ** rng.randint(3, 6)):04}"
        word, korean = rng.choice((("code", "코드"), ("PIN", "비밀번호"), ("extension", "내선")))
        spelled = " ".join(en.ONES[int(c)] for c in text) if rng.random() < 0.3 else text
        return f"{word} {spelled}", f"{korean} {ko.digits(text, '공')}"
    if kind < 0.6:
        n = rng.randint(1, 70)
        floor = en.ordinal_digits(n) if rng.random() < 0.5 else en.ordinal_words(n, rng.choice("- "))
        return f"the {floor} floor", f"{ko.sino(n)} 층"
    word, before, after, most = rng.choice((
        ("room", "", "호", 1999), ("page", "", "페이지", 999), ("chapter", "", "장", 60), ("gate", "", "번 게이트", 99),
        ("exit", "", "번 출구", 20), ("bus", "", "번 버스", 999), ("line", "", "호선", 12), ("channel", "", "번 채널", 200),
        ("platform", "", "번 승강장", 30), ("number", "", "번", 9999), ("version", "버전", "", 50)))
    n = rng.randint(1, most)
    text = f"{word} {n}" if rng.random() < 0.7 else f"{word} {en.words(n, **en.style(rng))}"
    return text, " ".join(part for part in (before, ko.sino(n), after) if part)


def between(rng):
    kind = rng.random()
    if kind < 0.5:
        (a, first), (b, last) = time(rng), time(rng)
    elif kind < 0.7:
        v, w = rng.randrange(7), rng.randrange(7)
        (a, first), (b, last) = (en.WEEKDAYS[v], ko.WEEKDAYS[v]), (en.WEEKDAYS[w], ko.WEEKDAYS[w])
        if rng.random() < 0.4:
            return f"{a} through {b}", f"{first}부터 {last}까지"
    else:
        (a, first), (b, last) = date(rng), date(rng)
    # Without "from", "twenty to nine" would be a time of day; digits with a colon or a weekday cannot be mistaken.
    start = "" if (":" in a or a in en.WEEKDAYS) and rng.random() < 0.4 else "from "
    return f"{start}{a} {rng.choice(('to', 'until'))} {b}", f"{first}부터 {last}까지"


def arithmetic(rng):
    if rng.random() < 0.12:
        goals = rng.randint(0, 9), rng.randint(0, 9)
        return "a score of {} to {}".format(*goals), f"{ko.sino(goals[0])} 대 {ko.sino(goals[1])}"
    a, b = integer(rng, 1000), integer(rng, 1000)
    symbol, word, korean = rng.choice((("+", "plus", "더하기"), ("-", "minus", "빼기"), ("×", "times", "곱하기"), ("÷", "divided by", "나누기")))
    if symbol == "÷":  # so that the result is a whole number
        b = max(b, 1)
        a *= b
    result = {"+": a + b, "-": a - b, "×": a * b, "÷": a // max(b, 1)}[symbol]
    answer = f"{ko.sino(a)} {korean} {ko.sino(b)}"
    if rng.random() < 0.5:
        say, text, equals = str, f"{a} {symbol} {b}", " = "
    else:
        style = en.style(rng)
        say = (lambda n: en.words(n, **style)) if rng.random() < 0.6 else str
        text, equals = f"{say(a)} {word} {say(b)}", rng.choice((" equals ", " is "))
    if result >= 0 and rng.random() < 0.4:
        answer += ("은 " if ko.ends_in_consonant(answer) else "는 ") + ko.sino(result)
        text += equals + say(result)
    return text, answer


# ---- what is said around an expression; endings that never depend on the last consonant

FRAMES = [
    (time, "it is {}", "{}입니다"), (time, "it's {}", "{}입니다"), (time, "set an alarm for {}", "{}에 알람을 맞췄습니다"),
    (time, "wake me up at {}", "{}에 깨워 드리겠습니다"), (time, "the train leaves at {}", "기차는 {}에 출발합니다"),
    (datetime, "set a reminder for {}", "{}에 알려 드리겠습니다"), (datetime, "the meeting is {}", "회의는 {}입니다"),
    (date, "today is {}", "오늘은 {}입니다"), (date, "my birthday is {}", "생일은 {}입니다"),
    (duration, "set a timer for {}", "{} 타이머를 맞췄습니다"), (money, "it costs {}", "가격은 {}입니다"),
    (money, "the total is {}", "합계는 {}입니다"), (unit, "it is {} away", "거리는 {}입니다"),
    (temperature, "the temperature is {}", "기온은 {}입니다"), (temperature, "it is {} outside", "바깥은 {}입니다"),
    (percent, "the battery is at {}", "배터리는 {}입니다"), (percent, "the chance of rain is {}", "비 올 확률은 {}입니다"),
    (counter, "I have {}", "{} 있습니다"), (counter, "you have {}", "{} 있습니다")]


def fits(make, text, answer):
    """What of a category makes sense in a frame: distances, plain spans of time, shares of a whole, things one has."""
    if make is unit:
        return answer.endswith(("미터", "마일", "피트", "야드")) and "시속" not in answer and "제곱" not in answer
    if make is duration:
        return not text.endswith("ago") and not text.startswith(("for ", "in "))
    if make is datetime:
        return not text.startswith("at ")
    if make is percent:
        return "천" not in answer and "마이너스" not in answer
    if make is counter:
        return not answer.endswith(("살", "번", "명"))
    return True


def sentence(rng):
    make, english, korean = rng.choice(FRAMES)
    while True:
        text, answer = make(rng)
        if fits(make, text, answer):
            return english.format(text), korean.format(answer)


def with_preposition(make, word, share):
    def prefixed(rng):
        text, answer = make(rng)
        return (f"{word} {text}" if rng.random() < share else text), answer
    return prefixed


# name: (share of the data, generator)
CATEGORIES = {
    "number": (12, cardinal), "decimal": (4, decimals), "fraction": (4, fraction), "percent": (4, percent),
    "ordinal": (4, ordinal), "date": (11, with_preposition(date, "on", 0.15)), "year": (4, year),
    "time": (11, with_preposition(time, "at", 0.15)), "datetime": (9, datetime), "duration": (7, duration),
    "money": (10, money), "unit": (8, unit), "temperature": (4, temperature), "counter": (9, counter), "label": (6, label),
    "range": (5, between), "arithmetic": (4, arithmetic), "sentence": (8, sentence)}
NAMES = list(CATEGORIES)
SHARES = [share for share, _ in CATEGORIES.values()]


def surface(rng, text):
    """As written, in lower case, or with a capital at the start; the answer never depends on it."""
    kind = rng.random()
    return text if kind < 0.45 else text.lower() if kind < 0.75 else text[0].upper() + text[1:]


def key(text):
    return " ".join(text.lower().split())


def held_out(text):
    """One English text in twenty is never trained on."""
    return hashlib.sha1(key(text).encode()).digest()[0] < 13


def sample(rng, category=None):
    """One (english, korean, category) of everything there is, held out or not."""
    name = category or rng.choices(NAMES, SHARES)[0]
    text, answer = CATEGORIES[name][1](rng)
    return surface(rng, text), answer, name


def training_sample(rng, category=None):
    while True:
        pair = sample(rng, category)
        if not held_out(pair[0]):
            return pair


def test_set(size=2000, seed=20240621):
    """Held-out pairs, distinct, every category with its share and at least 60."""
    rng = random.Random(seed)
    quota = {name: max(60, round(size * share / sum(SHARES))) for name, share in zip(NAMES, SHARES)}
    quota["number"] += size - sum(quota.values())
    pairs, seen = [], set()
    for name in NAMES:
        while quota[name]:
            pair = sample(rng, name)
            if held_out(pair[0]) and key(pair[0]) not in seen:
                seen.add(key(pair[0]))
                pairs.append(pair)
                quota[name] -= 1
    return pairs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--pairs", type=int, default=400000, help="how many pairs --check compares")
    arguments = parser.parse_args()
    rng = random.Random(1)
    for _ in range(arguments.show):
        print("\t".join(sample(rng)))
    if arguments.check:
        import check
        check.rules()
        check.one_reading(sample, key, arguments.pairs)


if __name__ == "__main__":
    main()
