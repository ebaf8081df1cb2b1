"""What is changed: one operator, constant, negation, early return, or choice of the smaller or larger, at a time."""

import re


def plain(text):
    """The text with comments, literals and preprocessor lines blanked, every character at its place."""
    blank = lambda match: re.sub(r"[^\n]", " ", match.group())
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<![\w])\'(?:\\.|[^\'\\\n])+\'|^[ \t]*#[^\n]*'
    return re.sub(pattern, blank, text, flags=re.S | re.M)


def mutations(text):
    """Yields (offset, old, new)."""
    code = plain(text)
    swaps = {" < ": [" <= "], " <= ": [" < "], " > ": [" >= "], " >= ": [" > "], " == ": [" != "], " != ": [" == "], " + ": [" - "],
             " - ": [" + "], " * ": [" + "], " && ": [" || "], " || ": [" && "], " += ": [" -= "], " -= ": [" += "]}
    for old, news in swaps.items():
        for match in re.finditer(re.escape(old), code):
            for new in news:
                yield match.start(), old, new
    for match in re.finditer(r"(?<![\w.])(\d+)([uU]?)(?![\w.'])", code):
        number = int(match.group(1))
        for changed in [number + 1] + ([number - 1] if number > 0 else []):
            yield match.start(), match.group(), f"{changed}{match.group(2)}"
    for match in re.finditer(r"(?<![\w.])(\d+)\.0([fF])", code):
        for changed in (int(match.group(1)) + 1, int(match.group(1)) - 1):
            yield match.start(), match.group(), f"{changed}.0{match.group(2)}"
    for match in re.finditer(r"(?<=[\s(])!(?=[\w(])", code):
        yield match.start(), "!", ""
    for match in re.finditer(r"\)\s+(return\b[^;]*;)", code):
        yield match.start(1), text[match.start(1):match.end(1)], ";"
    for old, new in (("max", "min"), ("min", "max")):
        for match in re.finditer(rf"(?<![\w.]){old}(?=\()", code):
            yield match.start(), old, new


def bodies(text):
    """The bodies of functions that lie in no other function and run at run time only, as (first, last + 1) without their braces."""
    code = plain(text)
    found, stack, begin = [], [], 0  # of each open brace: what it opens, and where
    for at, character in enumerate(code):
        if character == "{":
            head = code[begin:at].strip()
            if stack and stack[-1][0] in ("body", "inner"):
                kind = "inner"
            elif re.match(r"(inline\s+)?namespace\b|extern\b", head):
                kind = "scope"
            elif re.search(r"\bconcept\b", head):
                kind = "inner"
            elif re.search(r"\)(\s*(const|noexcept))*(\s*->\s*[^;{}=]+)?$", head) and not re.search(r"\bconst(expr|eval)\b", head):
                kind = "body"
            elif re.search(r"\b(class|struct|union)\b", head):
                kind = "scope"
            else:
                kind = "inner"
            stack.append((kind, at + 1))
            begin = at + 1
        elif character == "}":
            kind, first = stack.pop()
            if kind == "body":
                found.append((first, at))
            begin = at + 1
        elif character == ";":
            begin = at + 1
    return found


def changed(text, mutation, first=0, last=None):
    """text[first:last] with the mutation, which lies inside."""
    offset, old, new = mutation
    return text[first:offset] + new + text[offset + len(old):last]


def line_of(text, offset):
    number = text.count("\n", 0, offset) + 1
    return number, text.splitlines()[number - 1].strip()


def key_of(path, text, mutation):
    """Stands as long as the line does: survivors.txt names mutants by it."""
    offset, old, new = mutation
    begin = text.rfind("\n", 0, offset) + 1
    column = len(text[begin:offset].lstrip())
    return f"{path}: {line_of(text, offset)[1]} @{column}: {' '.join(old.split())} -> {' '.join(new.split())}"
