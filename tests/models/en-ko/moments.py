"""Random dates, times and spans of time: each function makes one (english, korean) pair."""
import english as en
import korean as ko


def any_year(rng):
    return rng.choice((rng.randint(1990, 2030), rng.randint(1900, 2099), rng.randint(1300, 2099)))


def spell_year(rng, y):
    return en.year_words(y) if rng.random() < 0.25 else str(y)


def date(rng):
    m = rng.randint(1, 12)
    d = rng.randint(1, 29 if m == 2 else 30 if m in (4, 6, 9, 11) else 31)
    y = any_year(rng) if rng.random() < 0.45 else None
    w = rng.randrange(7) if rng.random() < 0.25 else None
    if rng.random() < 0.1:
        text = rng.choice((f"{y or 2024}-{m:02}-{d:02}", f"{m}/{d}/{y or 2024}", f"{m:02}/{d:02}/{y or 2024}"))
        return text, ko.date(y or 2024, m, d)
    name = rng.choice((en.MONTHS, en.MONTHS, en.MONTHS, en.SHORT_MONTHS))[m - 1]
    if rng.random() < 0.1:
        y = y or any_year(rng)
        return rng.choice((f"{name} {spell_year(rng, y)}", f"{name} of {y}")), ko.date(y, m)
    word, short = en.ordinal_words(d, rng.choice("-- ")), en.ordinal_digits(d)
    text = rng.choice((f"{name} {d}", f"{name} {short}", f"{name} {word}", f"{name} the {short}", f"the {short} of {name}",
                       f"the {word} of {name}", f"{d} {name}", f"{short} of {name}", f"{short} {name}"))
    if y:
        # A comma is needed between two numbers; elsewhere English writers differ.
        text += (", " if text[-1].isdigit() else rng.choice((", ", " "))) + spell_year(rng, y)
    if w is not None:
        day = rng.choice((en.WEEKDAYS, en.WEEKDAYS, en.SHORT_WEEKDAYS))[w]
        text = f"{day}, {text}" if rng.random() < 0.6 else f"{day} {text}"
    return text, ko.date(y, m, d, w)


def year(rng):
    kind = rng.random()
    if kind < 0.15:
        y = rng.randint(1, 3000)
        return f"{y} {rng.choice(('BC', 'B.C.', 'BCE'))}", ko.year(-y)
    if kind < 0.3:
        y = 10 * rng.randint(110, 209)
        return rng.choice(("the ", "")) + f"{y}s", ko.year(y) + "대"
    y = any_year(rng)
    if rng.random() < 0.5 and y % 1000 >= 10:
        return rng.choice(("the year ", "in ", "in the year ", "year ", "")) + en.year_words(y, rng.choice("- ")), ko.year(y)
    return rng.choice(("the year ", "in ", "in the year ", "year ")) + spell_year(rng, y), ko.year(y)


PERIODS = [("am", "오전", range(1, 13)), ("pm", "오후", range(1, 13)), ("in the morning", "아침", range(6, 12)),
           ("in the afternoon", "오후", range(1, 6)), ("in the evening", "저녁", range(5, 10)), ("at night", "밤", range(9, 12))]


def period(rng, hour):
    """How the half of the day is said, in both languages; often not at all."""
    if rng.random() < 0.35:
        return "", ""
    text, korean, hours = rng.choice(PERIODS[:2] if rng.random() < 0.75 else PERIODS)
    if hour not in hours:
        return "", ""
    if text in ("am", "pm"):
        text = rng.choice((text, text.upper(), f"{text[0]}.m."))
    return " " + text, korean


def glue(rng, clock, suffix):
    """3 pm or 3pm; only digits and only the short forms are glued."""
    short = suffix.lower() in (" am", " pm", " a.m.", " p.m.")
    return clock + (suffix.lstrip() if short and clock[-1].isdigit() and rng.random() < 0.4 else suffix)


def time(rng):
    if rng.random() < 0.03:
        return rng.choice((("noon", "정오"), ("midnight", "자정"), ("12 noon", "정오"), ("12 midnight", "자정"),
                           ("twelve noon", "정오"), ("twelve midnight", "자정")))
    hour = rng.randint(1, 12)
    minute = rng.choice((0, 15, 30, 45, 5 * rng.randint(1, 11), rng.randint(1, 59), rng.randint(1, 59)))
    suffix, part = period(rng, hour)
    kind = rng.random()
    spelled = en.ONES[hour] if rng.random() < 0.6 else str(hour)
    if kind < 0.12:  # the 24-hour clock
        hour = rng.choice((0, *range(13, 24)))
        second = rng.randint(1, 59) if rng.random() < 0.15 else 0
        text = f"{hour:02}:{minute:02}" + (f":{second:02}" if second else "")
        return text, ko.clock(hour, minute, second)
    if kind < 0.4 and minute:  # past and to
        if minute == 30:
            return f"half past {spelled}{suffix}", ko.clock(hour, period=part, half=True)
        past = minute < 30
        gap = minute if past else 60 - minute
        if gap == 15 and rng.random() < 0.8:
            much = rng.choice(("quarter", "a quarter"))
        else:
            much = en.two_digits(gap) if spelled.isalpha() else str(gap)
            much += rng.choice(("", " minute" + "s" * (gap > 1)))
        word = rng.choice(("past", "past", "after" if gap != 15 else "past")) if past else "to"
        answer = ko.clock(hour, gap, period=part) if past else ko.clock(hour, period=part, before=gap)
        return f"{much} {word} {spelled}{suffix}", answer
    if kind < 0.65 and (minute or rng.random() < 0.5):  # words
        text = en.ONES[hour]
        if minute:
            text += " " + ("oh " + en.ONES[minute] if minute < 10 else en.two_digits(minute, rng.choice("-- ")))
        elif not suffix or rng.random() < 0.5:
            text += " o'clock"
        return text + suffix, ko.clock(hour, minute, period=part)
    if not minute and rng.random() < 0.6:
        text = str(hour) + (" o'clock" if not suffix or rng.random() < 0.2 else "")
        return glue(rng, text, suffix), ko.clock(hour, period=part)
    second = rng.randint(1, 59) if rng.random() < 0.06 else 0
    text = (f"{hour:02}" if not suffix and rng.random() < 0.1 else str(hour)) + f":{minute:02}"
    return glue(rng, text + (f":{second:02}" if second else ""), suffix), ko.clock(hour, minute, second, part)


DAYS = [("today", "오늘"), ("tomorrow", "내일"), ("yesterday", "어제"), ("the day after tomorrow", "모레"),
        ("the day before yesterday", "그저께")]


def day(rng):
    kind = rng.random()
    if kind < 0.3:
        return rng.choice(DAYS)
    w = rng.randrange(7)
    text, korean = en.WEEKDAYS[w], ko.WEEKDAYS[w]
    if kind < 0.6:
        word, before = rng.choice((("next ", "다음 주 "), ("this ", "이번 주 "), ("last ", "지난주 ")))
        return word + text, before + korean
    return text, korean


def datetime(rng):
    when, korean_day = day(rng) if rng.random() < 0.45 else date(rng)
    while korean_day.endswith("월"):  # a month alone has no time of day
        when, korean_day = date(rng)
    clock, korean_clock = time(rng)
    if rng.random() < 0.06:
        return when, korean_day
    if rng.random() < 0.6:
        # Two numbers in a row need a word or a comma between them.
        link = rng.choice((" at ", " at ", ", ") if when[-1].isdigit() else (" at ", " at ", ", ", " "))
        return f"{when}{link}{clock}", f"{korean_day} {korean_clock}"
    on = " " if when.startswith(("today", "tomorrow", "yesterday", "next", "this", "last", "the day")) else " on "
    return rng.choice(("", "at ")) + clock + on + when, f"{korean_day} {korean_clock}"


SPANS = [("second", "초", 120), ("minute", "분", 120), ("hour", "시간", 120), ("day", "일", 400), ("week", "주", 60),
         ("month", "개월", 60), ("year", "년", 1000)]


def span(rng, index=None, most=None):
    unit, korean, highest = SPANS[rng.randrange(len(SPANS)) if index is None else index]
    most = most or highest
    n = rng.choice((rng.randint(1, min(12, most)), rng.randint(1, most)))
    text = en.spell(rng, str(n), 0.5)
    if n == 1 and rng.random() < 0.5:
        text = "an" if unit == "hour" else "a"
        if unit == "second":  # "a second" is a moment, not a measure
            text = "one"
    return f"{text} {en.plural(unit, n)}", ko.duration(korean, n)


def duration(rng):
    kind = rng.random()
    if kind < 0.12:
        n = rng.randint(1, 24)
        unit, korean = rng.choice((("hour", "시간"), ("hour", "시간"), ("year", "년")))
        number = en.words(n) if rng.random() < 0.6 else str(n)
        if n == 1:
            text = f"{'an' if unit == 'hour' else 'a'} {unit} and a half"
        else:
            text = f"{number} and a half {unit}s"
        return text, ko.duration(korean, n) + " 반"
    if kind < 0.14:
        return rng.choice((("half an hour", "삼십 분"), ("a quarter of an hour", "십오 분"), ("half a year", "육 개월"),
                           ("three quarters of an hour", "사십오 분"), ("half a minute", "삼십 초")))
    if kind < 0.45:
        first = rng.choice((1, 2, 2, 3, 5, 6))
        second, most = {1: (0, 59), 2: (1, 59), 3: (2, 23), 5: (3, 30), 6: (5, 11)}[first]
        a, b = span(rng, first), span(rng, second, most)
        text, answer = a[0] + rng.choice((" ", " and ", ", ")) + b[0], f"{a[1]} {b[1]}"
    else:
        text, answer = span(rng)
    return rng.choice(((text, answer), (text, answer), (f"in {text}", f"{answer} 후"), (f"{text} ago", f"{answer} 전"),
                       (f"for {text}", f"{answer} 동안")))
