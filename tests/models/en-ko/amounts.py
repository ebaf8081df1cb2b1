"""Random numbers, money, measures and counted things: each function makes one (english, korean) pair."""
import english as en
import korean as ko


def integer(rng, highest=10**9):
    """Log-uniform length, and round numbers far more often than chance."""
    length = rng.randint(1, len(str(highest - 1)))
    value = rng.randrange(10 ** (length - 1) if length > 1 else 0, min(10**length, highest))
    zeros = rng.randint(0, length - 1) if rng.random() < 0.5 else 0
    return value // 10**zeros * 10**zeros


def decimal(rng, highest, places=3):
    return f"{rng.randrange(highest)}." + "".join(rng.choice("0123456789") for _ in range(rng.randint(1, places)))


def value(rng, highest, decimals=0.25):
    """A positive amount as plain text, at least 1 when whole."""
    if rng.random() < decimals:
        return decimal(rng, min(highest, 1000), 2)
    return str(max(1, integer(rng, highest)))


def cardinal(rng):
    if rng.random() < 0.15:
        return scaled(rng)
    n = integer(rng)
    negative = rng.random() < 0.12 and n
    text = en.spell(rng, str(n), 0.45)
    if negative:
        sign = rng.choice(("minus ", "negative ")) if text[0].isalpha() else rng.choice(("-", "minus ", "negative "))
        return sign + text, ko.number(f"-{n}")
    return text, ko.number(str(n))


def scaled(rng, prefix="", unit=""):
    """1.5 million: the value is computed, as Korean has no word for a million."""
    name, power = rng.choice((("thousand", 3), ("million", 6), ("million", 6), ("billion", 9)))
    tenths = rng.choice((rng.randint(1, 99), rng.randint(1, 999), 10 * rng.randint(1, 99), 10 * rng.randint(1, 999)))
    text = f"{tenths // 10}" + (f".{tenths % 10}" if tenths % 10 else "")
    return f"{prefix}{text} {name}{unit}", ko.sino(tenths * 10 ** (power - 1))


def decimals(rng):
    text = decimal(rng, rng.choice((1, 10, 100, 1000)), 4)
    sign = "-" if rng.random() < 0.15 else ""
    spelled = en.spell(rng, text)
    return (rng.choice(("minus ", "negative ")) if sign else "") + spelled, ko.number(sign + text)


def fraction(rng):
    bottom = rng.choice((2, 3, 4, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 100, rng.randint(2, 99)))
    top = rng.randint(1, bottom - 1)
    whole = rng.randint(1, 99) if rng.random() < 0.35 else 0
    answer = ko.fraction(top, bottom, whole)
    if rng.random() < 0.45:
        return (f"{whole} " if whole else "") + f"{top}/{bottom}", answer
    style = en.style(rng)
    if bottom in (2, 4) and rng.random() < 0.8:
        part = "half" if bottom == 2 else "quarter"
    elif bottom == 2:
        return (f"{whole} and " if whole else "") + "1/2", answer
    else:
        part = en.ordinal_words(bottom).removeprefix("one ")  # twenty-one hundredths
    one = rng.choice(("a", "one"))
    if bottom == 100:  # "one hundredth" is the ordinal
        one = "a"
    text = (one if top == 1 else en.words(top, **style)) + " " + part + ("s" if top > 1 else "")
    if whole:
        spelled = en.words(whole, **style) if rng.random() < 0.7 else str(whole)
        text = f"{spelled} and {text}"
    return text, answer


def percent(rng):
    text = decimal(rng, 100, 2) if rng.random() < 0.35 else str(rng.choice((rng.randint(0, 100), integer(rng, 10**4))))
    sign = "-" if rng.random() < 0.1 and float(text) else ""
    spelled = en.spell(rng, text, 0.45)
    unit = " percent" if spelled[0].isalpha() else rng.choice(("%", "%", " percent", " %"))
    minus = ("minus " if spelled[0].isalpha() else rng.choice(("-", "minus "))) if sign else ""
    return minus + spelled + unit, ko.number(sign + text) + " 퍼센트"


def ordinal(rng):
    n = rng.choice((rng.randint(1, 20), rng.randint(1, 99), rng.randint(1, 99), rng.randint(100, 999)))
    text = en.ordinal_words(n, **en.style(rng)) if rng.random() < 0.5 else en.ordinal_digits(n)
    noun, korean = rng.choice((("", ""), ("", ""), (" time", ""), (" question", " 문제"), (" message", " 메시지"),
                               (" song", " 노래"), (" item", " 항목"), (" person", " 사람"), (" result", " 결과")))
    return rng.choice(("", "the ")) + text + noun, ko.ordinal(n) + korean


CURRENCIES = [("$", "dollar", "달러", ("cent", "센트")), ("€", "euro", "유로", ("cent", "센트")),
              ("£", "pound", "파운드", ("penny", "펜스")), ("¥", "yen", "엔", None), ("₩", "won", "원", None)]


def money(rng):
    sign, name, korean, small = rng.choice(CURRENCIES + CURRENCIES[:1] * 2 + CURRENCIES[4:] * 2)
    many = name if small is None else name + "s"
    kind = rng.random()
    if kind < 0.14:
        text, answer = scaled(rng, sign) if rng.random() < 0.5 else scaled(rng, "", " " + many)
        return text, f"{answer} {korean}"
    if kind < 0.45 and small:
        cents = rng.choice((5 * rng.randint(1, 19), rng.randint(1, 99)))
        coin = ("penny" if cents == 1 else "pence") if small[0] == "penny" else en.plural("cent", cents)
        if rng.random() < 0.15:
            return f"{en.spell(rng, str(cents))} {coin}", f"{ko.sino(cents)} {small[1]}"
        whole = max(1, integer(rng, 10 ** rng.randint(1, 4)))
        if rng.random() < 0.7:
            grouped = f"{whole:,}" if rng.random() < 0.7 else str(whole)
            text = f"{sign}{grouped}.{cents:02}"
        else:
            text = f"{en.spell(rng, str(whole))} {en.plural(name, whole)}" + rng.choice((" and ", " "))
            text += f"{en.spell(rng, str(cents))} {coin}"
        return text, f"{ko.sino(whole)} {korean} {ko.sino(cents)} {small[1]}"
    whole = max(1, integer(rng, 10**8 if small is None else 10**6))
    answer = f"{ko.sino(whole)} {korean}"
    spelled = en.spell(rng, str(whole))
    if spelled[0].isdigit() and rng.random() < 0.6:
        return f"{sign}{spelled}" + (".00" if small and rng.random() < 0.1 else ""), answer
    if whole == 1 and rng.random() < 0.5:
        return f"a {name}", answer
    return f"{spelled} {many if whole != 1 else name}", answer


# English singular, plural, symbol, Korean; a Korean "시속" goes before the number.
UNITS = [("kilometer", "kilometers", "km", "킬로미터"), ("meter", "meters", "m", "미터"), ("centimeter", "centimeters", "cm", "센티미터"),
         ("millimeter", "millimeters", "mm", "밀리미터"), ("mile", "miles", "mi", "마일"), ("foot", "feet", "ft", "피트"),
         ("inch", "inches", "in", "인치"), ("yard", "yards", "yd", "야드"), ("kilogram", "kilograms", "kg", "킬로그램"),
         ("gram", "grams", "g", "그램"), ("milligram", "milligrams", "mg", "밀리그램"), ("ton", "tons", "t", "톤"),
         ("pound", "pounds", "lb", "파운드"), ("ounce", "ounces", "oz", "온스"), ("liter", "liters", "L", "리터"),
         ("milliliter", "milliliters", "ml", "밀리리터"), ("kilometer per hour", "kilometers per hour", "km/h", "시속 킬로미터"),
         ("mile per hour", "miles per hour", "mph", "시속 마일"), ("square meter", "square meters", "m²", "제곱미터"),
         ("gigabyte", "gigabytes", "GB", "기가바이트"), ("megabyte", "megabytes", "MB", "메가바이트"), ("watt", "watts", "W", "와트"),
         ("kilowatt", "kilowatts", "kW", "킬로와트"), ("volt", "volts", "V", "볼트"), ("hertz", "hertz", "Hz", "헤르츠"),
         ("calorie", "calories", "cal", "칼로리"), ("decibel", "decibels", "dB", "데시벨")]


def unit(rng):
    one, many, symbol, korean = rng.choice(UNITS)
    text = value(rng, 10 ** rng.choice((2, 3, 4, 6)))
    spelled = en.spell(rng, text, 0.35)
    if spelled[0].isdigit() and rng.random() < 0.6:
        english = spelled + ("" if rng.random() < 0.3 and symbol != "in" else " ") + symbol
    else:
        english = f"{spelled} {one if text == '1' else many}"
    *before, name = korean.split()
    return english, " ".join(before + [ko.number(text), name])


def temperature(rng):
    text = str(rng.randint(0, 45)) if rng.random() < 0.7 else rng.choice((str(rng.randint(0, 120)), decimal(rng, 45, 1)))
    below = rng.random() < 0.35 and float(text) > 0
    kind = rng.random()
    spelled = en.spell(rng, text, 0.4)
    scale, english = rng.choice((("", ""), ("섭씨", "Celsius"), ("화씨", "Fahrenheit")))
    answer = ko.temperature("-" + text if below else text, scale)
    if spelled[0].isdigit() and kind < 0.5:
        symbol = {"": "°", "섭씨": "°C", "화씨": "°F"}[scale]
        return ("-" if below else "") + spelled + rng.choice(("", "", " ")) + symbol, answer
    degrees = spelled + (" degree" if text == "1" else " degrees") + (" " + english if english else "")
    if not below:
        return degrees, answer
    if rng.random() < 0.3:
        return degrees + " below zero", answer
    return ("-" if spelled[0].isdigit() and rng.random() < 0.5 else rng.choice(("minus ", "negative "))) + degrees, answer


COUNTED = [
    ("apple", "apples", "사과", "개"), ("egg", "eggs", "달걀", "개"), ("orange", "oranges", "오렌지", "개"),
    ("box", "boxes", "상자", "개"), ("chair", "chairs", "의자", "개"), ("alarm", "alarms", "알람", "개"),
    ("person", "people", "", "명"), ("student", "students", "학생", "명"), ("child", "children", "아이", "명"),
    ("friend", "friends", "친구", "명"), ("cat", "cats", "고양이", "마리"), ("dog", "dogs", "개", "마리"),
    ("bird", "birds", "새", "마리"), ("fish", "fish", "물고기", "마리"), ("year old", "years old", "", "살"),
    ("book", "books", "책", "권"), ("cup of coffee", "cups of coffee", "커피", "잔"), ("cup of tea", "cups of tea", "차", "잔"),
    ("glass of water", "glasses of water", "물", "잔"), ("bottle of beer", "bottles of beer", "맥주", "병"),
    ("bottle of wine", "bottles of wine", "와인", "병"), ("car", "cars", "자동차", "대"), ("computer", "computers", "컴퓨터", "대"),
    ("ticket", "tickets", "표", "장"), ("sheet of paper", "sheets of paper", "종이", "장"), ("photo", "photos", "사진", "장"),
    ("pair of shoes", "pairs of shoes", "신발", "켤레"), ("flower", "flowers", "꽃", "송이"), ("tree", "trees", "나무", "그루"),
    ("house", "houses", "집", "채"), ("letter", "letters", "편지", "통"), ("slice of pizza", "slices of pizza", "피자", "조각"),
    ("time", "times", "", "번")]


def counter(rng):
    one, many, noun, korean = rng.choice(COUNTED)
    n = rng.choice((rng.randint(1, 12), rng.randint(1, 99), rng.randint(1, 99), max(1, integer(rng, 10**5))))
    if rng.random() < 0.08 and many in ("apples", "eggs", "oranges", "books", "flowers", "tickets"):
        dozens = rng.randint(1, 12)
        dozen = "a" if dozens == 1 else en.words(dozens) if rng.random() < 0.7 else str(dozens)
        n, text = dozens * 12, f"{dozen} dozen {many}"
        if dozens == 6 and rng.random() < 0.5:
            n, text = 6, f"half a dozen {many}"
    elif n == 1:
        text = rng.choice(("1", "one", "an" if one[0] in "aeo" else "a", "one")) + " " + one
        if one in ("time", "year old"):  # "a time" and "a year old" are not counts
            text = rng.choice(("1 ", "one ")) + one
    else:
        text = f"{en.spell(rng, str(n), 0.5)} {many}"
    return text, (noun + " " if noun else "") + f"{ko.count(n)} {korean}"
