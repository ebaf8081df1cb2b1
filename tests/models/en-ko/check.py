"""The numeral rules against answers written by hand, and the promise that no English text has two Korean readings."""
import random

import english as en
import korean as ko

RULES = [
    # Sino-Korean integers: 일 dropped before 십, 백, 천 and a leading 만; spaces between groups of four digits.
    (ko.sino(0), "영"), (ko.sino(1), "일"), (ko.sino(6), "육"), (ko.sino(10), "십"), (ko.sino(11), "십일"), (ko.sino(16), "십육"),
    (ko.sino(20), "이십"), (ko.sino(99), "구십구"), (ko.sino(100), "백"), (ko.sino(101), "백일"), (ko.sino(110), "백십"),
    (ko.sino(111), "백십일"), (ko.sino(365), "삼백육십오"), (ko.sino(1000), "천"), (ko.sino(1001), "천일"),
    (ko.sino(1111), "천백십일"), (ko.sino(1234), "천이백삼십사"), (ko.sino(2024), "이천이십사"), (ko.sino(9999), "구천구백구십구"),
    (ko.sino(10000), "만"), (ko.sino(15000), "만 오천"), (ko.sino(10001), "만 일"), (ko.sino(20000), "이만"),
    (ko.sino(100000), "십만"), (ko.sino(110000), "십일만"), (ko.sino(123456), "십이만 삼천사백오십육"), (ko.sino(1000000), "백만"),
    (ko.sino(10000000), "천만"), (ko.sino(12345678), "천이백삼십사만 오천육백칠십팔"), (ko.sino(100000000), "일억"),
    (ko.sino(100010000), "일억 일만"), (ko.sino(110000000), "일억 천만"), (ko.sino(2300000500), "이십삼억 오백"),
    (ko.sino(10**12), "일조"),
    # Native numerals before a counter.
    (ko.native(1), "한"), (ko.native(2), "두"), (ko.native(3), "세"), (ko.native(4), "네"), (ko.native(5), "다섯"),
    (ko.native(10), "열"), (ko.native(11), "열한"), (ko.native(14), "열네"), (ko.native(20), "스무"), (ko.native(21), "스물한"),
    (ko.native(33), "서른세"), (ko.native(48), "마흔여덟"), (ko.native(57), "쉰일곱"), (ko.native(66), "예순여섯"),
    (ko.native(79), "일흔아홉"), (ko.native(82), "여든두"), (ko.native(99), "아흔아홉"), (ko.count(100), "백"),
    (ko.count(120), "백이십"),
    # Ordinals.
    (ko.ordinal(1), "첫 번째"), (ko.ordinal(2), "두 번째"), (ko.ordinal(11), "열한 번째"), (ko.ordinal(20), "스무 번째"),
    (ko.ordinal(31), "서른한 번째"), (ko.ordinal(100), "백 번째"),
    # Decimals, signs, digit strings, fractions.
    (ko.number("3.14"), "삼 점 일사"), (ko.number("0.5"), "영 점 오"), (ko.number("10.05"), "십 점 영오"),
    (ko.number("-7"), "마이너스 칠"), (ko.number("12000.3"), "만 이천 점 삼"), (ko.digits("0106", "공"), "공일공육"),
    (ko.fraction(1, 2), "이분의 일"), (ko.fraction(3, 4), "사분의 삼"), (ko.fraction(1, 2, 2), "이와 이분의 일"),
    (ko.fraction(2, 3, 1), "일과 삼분의 이"), (ko.fraction(1, 4, 10), "십과 사분의 일"),
    # Dates.
    (ko.date(m=6, d=6), "유월 육일"), (ko.date(m=10, d=10), "시월 십일"), (ko.date(m=5, d=3), "오월 삼일"),
    (ko.date(m=11, d=1), "십일월 일일"), (ko.date(m=12, d=25), "십이월 이십오일"), (ko.date(2024, 6, 21), "이천이십사년 유월 이십일일"),
    (ko.date(1999, 10), "천구백구십구년 시월"), (ko.date(2026, 1, 16, 4), "이천이십육년 일월 십육일 금요일"), (ko.year(-44), "기원전 사십사년"),
    # Times.
    (ko.clock(1), "한 시"), (ko.clock(12), "열두 시"), (ko.clock(9, 20), "아홉 시 이십 분"), (ko.clock(9, half=True), "아홉 시 반"),
    (ko.clock(3, 45, period="오후"), "오후 세 시 사십오 분"), (ko.clock(10, before=15), "열 시 십오 분 전"), (ko.clock(15, 45), "십오 시 사십오 분"),
    (ko.clock(0, 5), "영 시 오 분"), (ko.clock(6, 0, 30), "여섯 시 삼십 초"), (ko.clock(11, 6, period="오전"), "오전 열한 시 육 분"),
    # Spans and temperatures.
    (ko.duration("시간", 2), "두 시간"), (ko.duration("시간", 24), "스물네 시간"), (ko.duration("분", 2), "이 분"), (ko.duration("개월", 3), "삼 개월"),
    (ko.temperature("-5"), "영하 오 도"), (ko.temperature("36.5", "섭씨"), "섭씨 삼십육 점 오 도"), (ko.temperature("-4", "화씨"), "화씨 영하 사 도"),
    # English spelling.
    (en.words(0), "zero"), (en.words(21), "twenty-one"), (en.words(105, conjunction=" and "), "one hundred and five"),
    (en.words(1234567), "one million two hundred thirty-four thousand five hundred sixty-seven"),
    (en.ordinal_words(12), "twelfth"), (en.ordinal_words(20), "twentieth"), (en.ordinal_words(21), "twenty-first"),
    (en.ordinal_words(100), "one hundredth"), (en.ordinal_digits(11), "11th"), (en.ordinal_digits(22), "22nd"),
    (en.ordinal_digits(113), "113th"), (en.year_words(1905), "nineteen oh five"), (en.year_words(1900), "nineteen hundred"),
    (en.year_words(2004), "two thousand four"), (en.year_words(2024), "twenty twenty-four")]


def rules():
    for got, expected in RULES:
        assert got == expected, (got, expected)
    print(f"{len(RULES)} rules hold")


def one_reading(sample, key, pairs):
    rng, readings = random.Random(99), {}
    for _ in range(pairs):
        english, korean, category = sample(rng)
        known = readings.setdefault(key(english), (korean, category))
        assert known[0] == korean, (english, known, korean, category)
    print(f"{pairs} pairs, {len(readings)} different English texts, one Korean reading each")
