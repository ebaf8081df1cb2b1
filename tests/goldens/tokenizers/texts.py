"""The test texts of the tokenizer goldens: hand-written edge cases, whole corpus lines, seeded random strings, invalid UTF-8."""
import pathlib
import random

HERE = pathlib.Path(__file__).resolve().parent

EDGE = [
    "", " ", "  ", "   ", "a", " a", "a ", " a ", "  a", "a  ", "\n", "\n\n", " \n", "\n ", "\r\n", "a\r\nb\r\n\r\nc", "\t", "\t\ta\t b",
    "a\n\n\nb", "a \n \n b", "line one\nline two\n", "  two  spaces  everywhere  ", "ten          spaces", "tail   \n   head",
    "Hello, world!", "hello world", "HELLO WORLD", "I'M can't WE'LL they'd he's I've you're it'S 'tis 'sun 't", "don\u2019t can\u2019t I\u2019m",
    "1234567", "1 12 123 1234 12345 123456", "3.14159e-10", "a1b2c3", "1,234,567.89", "٣٫١٤ १२३ １２３", "²³½Ⅷ", "$5.00", "100%",
    "for (int i = 0; i < 10; ++i) {\n    sum += a[i];\n}\n", "def f(x):\n\treturn x  # comment\n", "!!!", "...", "?!?!", "--", " --", "-- ", "#!@$%^&*()",
    "a.b,c;d:e", "(a)[b]{c}", "\"quoted\" 'single' `code`", "http://example.org/?a=b&c=%20d", "user@example.org", "snake_case camelCase kebab-case",
    "nbsp\u00a0here", "\u00a0", "thin\u2009space\u202fnarrow", "ideo\u3000graphic", "\u2028line\u2029paragraph", "zero\u200bwidth\u200cnon\u200djoiner", "\ufeffbom at the start",
    "soft\u00adhyphen", "ctrl\u0001\u0002\u001f\u007fchars", "nul\u0000inside", "\u0085next line\u000bvertical\u000cform", "\u001cfile\u001dgroup",
    "cafe\u0301 café", "A\u030a Å \u212b", "n\u0303o\u0302\u0323 ộ o\u0323\u0302", "\u0301lonely accent", "Zalgo a\u0300\u0301\u0302\u0303\u0304", "ÄÖÜ äöü ß ẞ ŞşĞğİıI i", "İSTANBUL ısı",
    "ﬁrst ﬂoor oﬃce", "Ｆｕｌｌ－ｗｉｄｔｈ", "ｶﾞ ｶﾀｶﾅ ガ カ\u3099", "№ ™ ℃ ㎏ ① ㍿", "ΑΒΓ αβγ ς Σ ΟΔΟΣ", "Żółw łódź", "ǅ ǆ Ǆ", "ŉ ﬀ ﬆ ſ",
    "한국어 문장입니다.", "\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165", "한국어와English를섞어서123쓰기", "小鸟在森林里唱歌。", "我爱Transformer模型,version 2。", "𠀀𠀁 𪚥 rare ideographs", "東京タワー、ひらがな・カタカナ", "㐂䶵 extension A",
    "مرحبا بالعالم", "السَّلَامُ عَلَيْكُمْ", "ﷺ ﻻ لا", "שלום עולם", "שָׁלוֹם", "नमस्ते दुनिया।", "क्षत्रिय ज्ञान श्री", "สวัสดีชาวโลก น้ำ ที่นี่", "Привет, мир! Ёлка йод", "й й", "Γειά σου Κόσμε",
    "\U0001f642", "\U0001f44d\U0001f3fd ok", "\U0001f469\u200d\U0001f4bb \U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", "\U0001f3f3\ufe0f\u200d\U0001f308", "\U0001f1f0\U0001f1f7\U0001f1e9\U0001f1ea\U0001f1eb", "❤️ ❤ ☕", "a\U0001f642b \U0001f642\U0001f642", "\U0001d4d7\U0001d4ee\U0001d4f5 math letters", "\U0010ffff \ue000 private", "\uffff\ufffe nonchars", "\ufffd replacement",
    "<|im_start|>user\nhi<|im_end|>\n", "<|begin_of_text|>x<|end_of_text|>", "<|endoftext|>", "a<|endoftext|>b", "[MASK]", "a [MASK] b", "a[MASK]b", "[CLS] a [SEP]", "<s>a</s>", "<s> a </s> b", "</s>", "<pad><unk>", "a <mask> b", "  <mask>  b", "a<mask>", "<unk>x", "<bos>a<eos>", "<start_of_turn>user\n<end_of_turn>", "<extra_id_0> gap <extra_id_1>", "<0x41>", "<0xE3>", "▁already▁marked", "▁", " ▁ a", "Ġbyte Ċ level", ">>fra<< Hello", ">>xyz<< hello", "en_XX text",
    "##ing ##", "un##able", "Kinglet kinglets Kinglet.", "aKinglet Kingletb Kinglet", "x <rs>  y", "x  <ls> y", "x  <both>  y", "UPPER Upper upper", "KEEP keep Keep", "ﬁn fin FIN",
    "tokenization of transformers: untokenizable", "kinglet" * 6, "a" * 40, "ab" * 60, "x" * 101 + " y", "=" * 20, " " * 33 + "x", "\n" * 9, "-" * 7 + ">" + "<" * 3,
]

SCRIPTS = [
    (0x20, 0x7E), (0x20, 0x7E), (0xA0, 0xFF), (0x100, 0x17F), (0x370, 0x3FF), (0x400, 0x45F), (0x5D0, 0x5EA), (0x591, 0x5BD), (0x620, 0x64A), (0x64B, 0x652),
    (0x905, 0x94D), (0xE01, 0xE3A), (0xE40, 0xE4E), (0x1100, 0x1112), (0x1161, 0x1175), (0x2000, 0x206F), (0x20A0, 0x20BF), (0x2150, 0x218B), (0x2460, 0x2473), (0x3000, 0x303F),
    (0x3041, 0x3096), (0x30A1, 0x30FA), (0x4E00, 0x4E80), (0xAC00, 0xAD00), (0xFB00, 0xFB06), (0xFB1D, 0xFB36), (0xFE70, 0xFEFC), (0xFF01, 0xFF9F), (0x1F600, 0x1F64F), (0x1F1E6, 0x1F1FF), (0x300, 0x36F), (0x1D400, 0x1D433),
]
GLUE = [" ", " ", "  ", "\n", "\t", ".", ",", "'s", "1", "\u200d", "\ufe0f", "\u3000", "\r\n"]

INVALID = [  # each decodes with one U+FFFD for every maximal part that cannot begin a character
    [0xFF], [0x61, 0x80, 0x62], [0xC3], [0xC3, 0x28], [0xE2, 0x82], [0xE2, 0x82, 0x41], [0xF0, 0x9F, 0x98], [0xF0, 0x9F, 0x98, 0x20, 0x78], [0xED, 0xA0, 0x80], [0xC0, 0xAF],
    [0xF4, 0x90, 0x80, 0x80], [0xE0, 0x80, 0x80], [0x68, 0x69, 0x20, 0xE4, 0xBD, 0xA0, 0xE4, 0xBD], [0xFE, 0xFE, 0xFF, 0xFF], [0x20, 0x80, 0xBF, 0x20], [0xF8, 0x88, 0x80, 0x80, 0x80],
]


def corpus():
    return (HERE / "corpus.txt").read_text(encoding="utf-8").split("\n")[:-1]


def random_strings(count=50):
    draw = random.Random(20260101)
    out = []
    for _ in range(count):
        scripts = draw.sample(SCRIPTS, draw.randint(1, 4))
        text = ""
        for _ in range(draw.randint(2, 7)):
            low, high = draw.choice(scripts)
            text += "".join(chr(draw.randint(low, high)) for _ in range(draw.randint(1, 4))) + (draw.choice(GLUE) if draw.random() < 0.6 else "")
        out.append(text)
    return out


def entries():
    """(text, bytes or None): bytes are given where the input is not valid UTF-8 and the text is its decoding."""
    texts = list(dict.fromkeys(EDGE + corpus()[::7] + random_strings()))
    return [(t, None) for t in texts] + [(bytes(b).decode("utf-8", errors="replace"), b) for b in INVALID]
