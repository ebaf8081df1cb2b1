"""How Korean says numbers: the rules of this model's target side, one small function each.

Korean has two sets of numerals. Sino-Korean (일, 이, 삼) reads dates, minutes, money, units, labels and mathematics; native
Korean (하나, 둘, 셋) counts things, people, hours and turns. What is chosen where choices exist is written beside each rule.
"""

SINO = ["영", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구"]
NATIVE_ONES = ["", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉"]  # the forms that stand before a counter
NATIVE_TENS = ["", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔"]
WEEKDAYS = ["월요일", "화요일", "수요일", "목요일", "금요일", "토요일", "일요일"]


def four_digits(n):
    """1..9999 without spaces; 일 is never said before 십, 백 and 천."""
    text = ""
    for place, name in ((1000, "천"), (100, "백"), (10, "십")):
        digit = n // place % 10
        if digit:
            text += (SINO[digit] if digit > 1 else "") + name
    return text + (SINO[n % 10] if n % 10 else "")


def sino(n):
    """Groups of four digits with a space between: 이십삼억 사천만 오백. A number that starts with one 만 says 만, not 일만;
    after 억 it is 일만, and 일억 and 일조 keep their 일 (the usual reading)."""
    if n == 0:
        return SINO[0]
    groups = []
    for power, name in ((10**12, "조"), (10**8, "억"), (10**4, "만"), (1, "")):
        value = n // power % 10**4
        if value:
            groups.append("만" if name == "만" and value == 1 and not groups else four_digits(value) + name)
    return " ".join(groups)


def digits(text, zero):
    """Digit by digit: decimals say 영 for zero, telephone numbers and codes say 공."""
    return "".join(zero if c == "0" else SINO[int(c)] for c in text)


def number(text):
    """A plain decimal such as "-1234.05": 마이너스 천이백삼십사 점 영오."""
    sign = "마이너스 " if text.startswith("-") else ""
    whole, _, rest = text.lstrip("-").partition(".")
    return sign + sino(int(whole)) + (" 점 " + digits(rest, "영") if rest else "")


def native(n):
    """1..99 before a counter: 한, 두, 스무, 스물한."""
    return "스무" if n == 20 else NATIVE_TENS[n // 10] + NATIVE_ONES[n % 10]


def count(n):
    """Things are counted with native numerals up to 99, with Sino-Korean ones from 100 (and at zero)."""
    return native(n) if 1 <= n <= 99 else sino(n)


def ordinal(n):
    return "첫 번째" if n == 1 else count(n) + " 번째"


def ends_in_consonant(text):
    """Whether the last syllable is closed, which decides 과/와 and 은/는."""
    return (ord(text[-1]) - 0xAC00) % 28 != 0


def fraction(top, bottom, whole=0):
    text = sino(bottom) + "분의 " + sino(top)
    if not whole:
        return text
    return sino(whole) + ("과 " if ends_in_consonant(sino(whole)) else "와 ") + text


def month(m):
    return {6: "유월", 10: "시월"}.get(m, sino(m) + "월")


def year(y):
    return "기원전 " + sino(-y) + "년" if y < 0 else sino(y) + "년"


def date(y=None, m=None, d=None, weekday=None):
    """Largest first, as Korean does; month and day are one word each: 이천이십사년 유월 이십일일 금요일."""
    parts = [year(y)] if y is not None else []
    parts += [month(m)] if m is not None else []
    parts += [sino(d) + "일"] if d is not None else []
    parts += [WEEKDAYS[weekday]] if weekday is not None else []
    return " ".join(parts)


def clock(hour, minute=0, second=0, period="", half=False, before=0):
    """Hours 1..12 are native, 0 and 13..23 (the 24-hour clock) Sino-Korean; minutes and seconds Sino-Korean. Parts that are
    zero are not said. `half` says 반 (only where the English says "half past"); `before` says "열 시 십 분 전"."""
    parts = [period] if period else []
    parts.append((native(hour) if 1 <= hour <= 12 else sino(hour)) + " 시")
    if half:
        parts.append("반")
    if minute:
        parts.append(sino(minute) + " 분")
    if second:
        parts.append(sino(second) + " 초")
    if before:
        parts.append(sino(before) + " 분 전")
    return " ".join(parts)


def duration(unit, n):
    """Only 시간 (hours) counts with native numerals."""
    return (count(n) if unit == "시간" else sino(n)) + " " + unit


def temperature(value, scale=""):
    """Below zero is 영하; the scale, when the English names it, comes first: 섭씨 영하 오 도."""
    below = "영하 " if value.startswith("-") else ""
    return (scale + " " if scale else "") + below + number(value.lstrip("-")) + " 도"
