"""How English writes numbers: spelled-out cardinals, ordinals and years, and digits in the usual variety of styles."""

ONES = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen").split()
TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
            "twelve": "twelfth"}
MONTHS = "January February March April May June July August September October November December".split()
SHORT_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec".split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
SHORT_WEEKDAYS = "Mon Tue Wed Thu Fri Sat Sun".split()


def two_digits(n, hyphen="-"):
    if n < 20:
        return ONES[n]
    return TENS[n // 10] + (hyphen + ONES[n % 10] if n % 10 else "")


def words(n, hyphen="-", conjunction=" "):
    """Cardinal in words; conjunction " and " gives the British "one hundred and five"."""
    if n == 0:
        return ONES[0]
    parts = []
    for power, name in ((10**9, "billion"), (10**6, "million"), (10**3, "thousand"), (1, "")):
        value = n // power % 1000
        if not value:
            continue
        hundreds, rest = divmod(value, 100)
        text = ONES[hundreds] + " hundred" if hundreds else ""
        if rest:
            text += (conjunction if hundreds else "") + two_digits(rest, hyphen)
        parts.append(text + (" " + name if name else ""))
    return " ".join(parts)


def ordinal_words(n, hyphen="-", conjunction=" "):
    text = words(n, hyphen, conjunction)
    cut = max(text.rfind(" "), text.rfind("-")) + 1
    last = text[cut:]
    return text[:cut] + ORDINALS.get(last, last[:-1] + "ieth" if last.endswith("y") else last + "th")


def ordinal_digits(n):
    suffix = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{suffix}"


def year_words(y, hyphen="-"):
    """nineteen oh five, nineteen hundred, two thousand four, twenty twenty-four."""
    century, rest = divmod(y, 100)
    if y % 1000 < 10:
        return words(y)
    if rest == 0:
        return two_digits(century) + " hundred"
    return two_digits(century) + " " + ("oh " + ONES[rest] if rest < 10 else two_digits(rest, hyphen))


def plural(text, n):
    return text if n == 1 else text + "s"


def style(rng):
    """The spelling habits of one writer, kept throughout one expression."""
    return {"hyphen": rng.choice("--- "), "conjunction": rng.choice((" ", " and "))}


def spell(rng, value, words_share=0.4):
    """A plain decimal such as "1234.5" in words or in digits. Seven digits and more always have their commas."""
    whole, _, rest = value.partition(".")
    if rng.random() < words_share:
        text = words(int(whole), **style(rng))
        if text.startswith(("one hundred", "one thousand", "one million")) and rng.random() < 0.25:
            text = "a" + text[3:]
        return text + (" point " + " ".join(ONES[int(c)] for c in rest) if rest else "")
    commas = len(whole) >= 7 or rng.random() < 0.7
    return (f"{int(whole):,}" if commas else str(int(whole))) + ("." + rest if rest else "")
