#!/usr/bin/env python3
"""Makes the tokenizer goldens: tiny tokenizers in the files of people's checkpoints, and the ids that their own libraries give.

  make.py [VARIANT ...]     default: all; writes one folder for each beside this script (see ../README.md)
"""
import os

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
import collections
import contextlib
import json
import pathlib
import shutil
import sys

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

sys.dont_write_bytecode = True
import spm
from texts import corpus, entries

HERE = pathlib.Path(__file__).resolve().parent
LLAMA3_SPLIT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
CLIP_SPLIT = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
QWEN2_SPLIT = LLAMA3_SPLIT.replace(r"\p{N}{1,3}", r"\p{N}")


def write_json(path, value, indent=2):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=indent) + "\n", encoding="utf-8")


def special(*names, **flags):
    return [AddedToken(n, special=True, normalized=False, **flags) for n in names]


def save(tokenizer, folder, config, merges_as_strings=False, edit=None):
    """tokenizer.json and tokenizer_config.json; before 2024-10 merges were written as "a b", since then as ["a", "b"]."""
    folder.mkdir()
    document = json.loads(tokenizer.to_str())
    if merges_as_strings:
        document["model"]["merges"] = [" ".join(pair) for pair in document["model"]["merges"]]
    if edit:
        edit(document)
    write_json(folder / "tokenizer.json", document, indent=1)
    write_json(folder / "tokenizer_config.json", config)
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def record(folder, encode, encode_special, decode, name="expected.json", decode_skip=None):
    rows = []
    for text, data in entries():
        row = {"text": text} if data is None else {"bytes": data, "text": text}
        row["ids"], row["ids_special"] = encode(text), encode_special(text)
        row["decoded"] = decode(row["ids"])
        if decode_skip and decode_skip(row["ids"]) != row["decoded"]:
            row["decoded_skip_special"] = decode_skip(row["ids"])
        rows.append(row)
    body = ",\n".join(json.dumps(r, ensure_ascii=False, separators=(",", ":")) for r in rows)
    (folder / name).write_text("[\n" + body + "\n]\n", encoding="utf-8")
    return rows


def record_tokenizer(tokenizer, folder):
    return record(folder, lambda t: tokenizer.encode(t, add_special_tokens=False).ids, lambda t: tokenizer.encode(t).ids,
                  lambda ids: tokenizer.decode(ids, skip_special_tokens=False), decode_skip=lambda ids: tokenizer.decode(ids))


def common_letters(count):
    """The corpus with its most frequent characters only (the trainers' own limit breaks ties in no fixed order)."""
    lines = corpus()
    counts = collections.Counter("".join(lines))
    keep = set(sorted(counts, key=lambda c: (-counts[c], c))[:count]) | {" "}
    return ["".join(c for c in line if c in keep) for line in lines]


def byte_level(size, split=None, normalizer=None, add_prefix_space=False, specials=(), extra=()):
    """A byte-level BPE. extra: whole words put into the vocabulary without merges that lead to them."""
    tokenizer = Tokenizer(models.BPE())
    if normalizer:
        tokenizer.normalizer = normalizer
    if split:
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(split), behavior="isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False,
                                  special_tokens=list(specials))
    tokenizer.train_from_iterator(corpus(), trainer)
    document = json.loads(tokenizer.to_str())
    vocab = document["model"]["vocab"]
    for word in extra:
        vocab.setdefault(word, len(vocab))
    merges = [tuple(m) for m in document["model"]["merges"]]
    tokenizer.model = models.BPE(vocab, merges, ignore_merges=bool(extra))
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer, vocab, merges


def make_gpt2(folder):
    tokenizer, vocab, merges = byte_level(600)
    tokenizer.add_special_tokens(special("<|endoftext|>"))
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    config = {"add_prefix_space": False, "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>",
              "model_max_length": 1024, "tokenizer_class": "GPT2Tokenizer"}
    rows = record_tokenizer(save(tokenizer, folder, config, merges_as_strings=True), folder)
    files = folder.parent / "gpt2-files"
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir()
    write_json(files / "vocab.json", vocab | {"<|endoftext|>": len(vocab)}, indent=None)
    (files / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges), encoding="utf-8")
    write_json(files / "tokenizer_config.json", config)
    shutil.copy(folder / "expected.json", files / "expected.json")
    return rows


def make_llama3(folder):
    names = ["<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    tokenizer, _, _ = byte_level(640, LLAMA3_SPLIT, extra=["Ġtransformers", "untokenizable", "kinglet", "ĠWorld", "Ġ한국어", "ĠíķľêµŃìĸ´"])
    tokenizer.add_special_tokens(special(*names))
    start = tokenizer.token_to_id(names[0])
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=True, add_prefix_space=True, use_regex=True),
        processors.TemplateProcessing(single=f"{names[0]} $A", pair=f"{names[0]} $A {names[0]}:1 $B:1", special_tokens=[(names[0], start)])])
    return record_tokenizer(save(tokenizer, folder, {
        "bos_token": names[0], "eos_token": names[1], "clean_up_tokenization_spaces": True, "tokenizer_class": "PreTrainedTokenizerFast"}), folder)


def make_qwen2(folder):
    tokenizer, _, _ = byte_level(620, QWEN2_SPLIT, normalizers.NFC())
    tokenizer.add_special_tokens(special("<|endoftext|>", "<|im_start|>", "<|im_end|>"))
    tokenizer.add_tokens([AddedToken(t, normalized=False, special=False) for t in ("<tool_call>", "</tool_call>")])
    tokenizer.post_processor = processors.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    return record_tokenizer(save(tokenizer, folder, {
        "add_prefix_space": False, "bos_token": None, "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "unk_token": None,
        "tokenizer_class": "Qwen2Tokenizer"}), folder)


def make_roberta(folder):
    tokenizer, _, _ = byte_level(520, specials=["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer.add_special_tokens(special("<s>", "<pad>", "</s>", "<unk>") + special("<mask>", lstrip=True))
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    return record_tokenizer(save(tokenizer, folder, {
        "add_prefix_space": False, "bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>", "unk_token": "<unk>",
        "pad_token": "<pad>", "mask_token": "<mask>", "tokenizer_class": "RobertaTokenizer"}, merges_as_strings=True), folder)


def make_clip(folder):
    """As openai/clip-vit-base-patch32: bytes, bytes that end a word, merges; white space is in no word."""
    mark, ends = "</w>", special("<|startoftext|>", "<|endoftext|>")
    made = Tokenizer(models.BPE(continuing_subword_prefix="", end_of_word_suffix=mark, fuse_unk=False))
    made.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    made.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(CLIP_SPLIT), behavior="removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    made.train_from_iterator(corpus(), trainers.BpeTrainer(vocab_size=900, end_of_word_suffix=mark, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False))
    merges = [tuple(m) for m in json.loads(made.to_str())["model"]["merges"]]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = list(dict.fromkeys([*letters, *(c + mark for c in letters), *(a + b for a, b in merges), *(t.content for t in ends)]))
    made.model = models.BPE({p: i for i, p in enumerate(pieces)}, merges, unk_token="<|endoftext|>", continuing_subword_prefix="", end_of_word_suffix=mark, fuse_unk=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(ends)
    start, end = (made.token_to_id(t.content) for t in ends)
    made.post_processor = processors.RobertaProcessing(("<|endoftext|>", end), ("<|startoftext|>", start), trim_offsets=False, add_prefix_space=False)
    made = save(made, folder, {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>",
                               "model_max_length": 77, "tokenizer_class": "CLIPTokenizer"}, merges_as_strings=True)
    return record(folder, lambda t: made.encode(t, add_special_tokens=False).ids, lambda t: made.encode(t).ids,
                  lambda ids: made.decode(ids, skip_special_tokens=False).replace(mark, " "))


def make_added_tokens(folder):
    """Every flag of added tokens, over a normalizer that changes the text."""
    tokenizer, _, _ = byte_level(500, normalizer=normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()]), add_prefix_space=True)
    tokenizer.add_special_tokens([
        AddedToken("<rs>", rstrip=True, normalized=False, special=True), AddedToken("<ls>", lstrip=True, normalized=False, special=True),
        AddedToken("<both>", lstrip=True, rstrip=True, normalized=False, special=True)])
    tokenizer.add_tokens([
        AddedToken("Kinglet", single_word=True, normalized=False), AddedToken("fin", single_word=True, normalized=True),
        AddedToken("UPPER", normalized=True), AddedToken("KEEP", normalized=False), AddedToken("[MASK]", lstrip=True, single_word=True, normalized=False),
        AddedToken("untoken", normalized=True), AddedToken("untokenizable", normalized=True)])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    return record_tokenizer(save(tokenizer, folder, {"tokenizer_class": "PreTrainedTokenizerFast"}), folder)


def sentencepiece_style_bpe(size, specials, normalizer, training_normalizer):
    """A BPE over SentencePiece's spaces with the 256 byte tokens; merges never cross a space."""
    trained = Tokenizer(models.BPE())
    trained.normalizer = training_normalizer
    trained.pre_tokenizer = pre_tokenizers.Split("▁", behavior="merged_with_next")
    trained.train_from_iterator(common_letters(180), trainers.BpeTrainer(vocab_size=size, show_progress=False))
    learned = json.loads(trained.to_str())["model"]
    vocab = {t: i for i, t in enumerate(specials + [f"<0x{b:02X}>" for b in range(256)])}
    letters = [t for t in learned["vocab"] if len(t) == 1]
    for token in [t for t in learned["vocab"] if len(t) > 1] + letters:  # as Llama: merges first, then characters
        vocab.setdefault(token, len(vocab))
    tokenizer = Tokenizer(models.BPE(vocab, [tuple(m) for m in learned["merges"]], unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizer
    return tokenizer


def make_llama2_bpe(folder):
    normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer = sentencepiece_style_bpe(500, ["<unk>", "<s>", "</s>"], normalizer, normalizer)
    tokenizer.add_special_tokens(special("<unk>", "<s>", "</s>"))
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    return record_tokenizer(save(tokenizer, folder, {
        "add_bos_token": True, "add_eos_token": False, "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": None,
        "legacy": False, "sp_model_kwargs": {}, "tokenizer_class": "LlamaTokenizer"}, merges_as_strings=True), folder)


def make_gemma_bpe(folder):
    normalizer = normalizers.Replace(" ", "▁")
    specials = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    tokenizer = sentencepiece_style_bpe(460, specials, normalizer, normalizer)
    tokenizer.add_special_tokens(special(*specials, "<start_of_turn>", "<end_of_turn>"))
    tokenizer.add_tokens([AddedToken(t, normalized=False) for t in ("\n", "\n\n", "\n\n\n", "▁▁", "▁▁▁", "▁▁▁▁", "<table>")])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", behavior="merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", pair="<bos> $A <bos>:1 $B:1", special_tokens=[("<bos>", 2)])
    return record_tokenizer(save(tokenizer, folder, {
        "add_bos_token": True, "add_eos_token": False, "bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>", "pad_token": "<pad>",
        "tokenizer_class": "GemmaTokenizer"}), folder)


def wordpiece(folder, lowercase):
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    # The library's trainer breaks ties in no fixed order; here: the characters, then the substrings that cover the most text
    counts = collections.Counter()
    for line in common_letters(260):
        for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(line)):
            for start in range(len(word)):
                for end in range(start + 1, min(len(word), start + 9) + 1):
                    counts["##" * (start > 0) + word[start:end]] += 1
    letters = sorted(t for t in counts if len(t.removeprefix("##")) == 1)
    longer = [t for t in counts if len(t.removeprefix("##")) > 1 and counts[t] > 1]
    longer = sorted(longer, key=lambda t: (-counts[t] * (len(t.removeprefix("##")) - 1), t))[:300]
    order = names + [t for t in letters if not t.startswith("##")] + [t for t in letters if t.startswith("##")] + longer
    vocab = {t: i for i, t in enumerate(order)}
    tokenizer.model = models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=100)
    tokenizer.add_special_tokens(special(*names))
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=True)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    loaded = save(tokenizer, folder, {
        "do_lower_case": lowercase, "strip_accents": None, "tokenize_chinese_chars": True, "cls_token": "[CLS]", "sep_token": "[SEP]",
        "unk_token": "[UNK]", "pad_token": "[PAD]", "mask_token": "[MASK]", "tokenizer_class": "BertTokenizer"})
    (folder / "vocab.txt").write_text("".join(t + "\n" for t in order), encoding="utf-8")
    return record_tokenizer(loaded, folder)


def make_spm_bpe(folder):
    model = spm.train(corpus(), model_type="bpe", vocab_size=900, byte_fallback=True, character_coverage=0.98, normalization_rule_name="identity",
                      add_dummy_prefix=True, remove_extra_whitespaces=False, allow_whitespace_only_pieces=True, split_digits=True,
                      user_defined_symbols=["<|im_start|>", "<|im_end|>"])
    folder.mkdir()
    (folder / "tokenizer.model").write_bytes(model)
    write_json(folder / "tokenizer_config.json", {"add_bos_token": True, "add_eos_token": False, "bos_token": "<s>", "eos_token": "</s>",
                                                  "unk_token": "<unk>", "tokenizer_class": "LlamaTokenizer"})
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    return record(folder, processor.encode, lambda t: [1] + processor.encode(t), processor.decode)


def unigram(**more):
    return spm.train(corpus(), model_type="unigram", vocab_size=700, hard_vocab_limit=False, character_coverage=0.98,
                     **({"normalization_rule_name": "nmt_nfkc"} | more))


def make_spm_unigram(folder):
    model = unigram(pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    folder.mkdir()
    (folder / "spiece.model").write_bytes(model)
    write_json(folder / "tokenizer_config.json", {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "extra_ids": 0,
                                                  "tokenizer_class": "T5Tokenizer"})
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    return record(folder, processor.encode, lambda t: processor.encode(t) + [1], processor.decode)


def make_t5(folder):
    """The tokenizer.json made from the spiece.model of spm-unigram, with T5's extra ids; newer form of its parts."""
    model = unigram(pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    vocab = [(p, s) for p, s, _ in spm.pieces(model)] + [(f"<extra_id_{i}>", 0.0) for i in range(9, -1, -1)]
    tokenizer = Tokenizer(models.Unigram(vocab, 2, False))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Precompiled(spm.charsmap(model)), normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), "▁")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    tokenizer.add_special_tokens(special("<pad>", "</s>", "<unk>", *(f"<extra_id_{i}>" for i in range(10))))
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)])
    return record_tokenizer(save(tokenizer, folder, {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "extra_ids": 10,
                                                     "tokenizer_class": "T5Tokenizer"}), folder)


def make_xlmr(folder):
    """As xlm-roberta-base: fairseq's order of special tokens, Precompiled alone, Metaspace in its older form."""
    model = unigram()
    vocab = [(t, 0.0) for t in ("<s>", "<pad>", "</s>", "<unk>")] + [(p, s) for p, s, _ in spm.pieces(model)[3:]] + [("<mask>", 0.0)]
    tokenizer = Tokenizer(models.Unigram(vocab, 3, False))
    tokenizer.normalizer = normalizers.Precompiled(spm.charsmap(model))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True)])
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    tokenizer.add_special_tokens(special("<s>", "<pad>", "</s>", "<unk>") + special("<mask>", lstrip=True))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])

    def older(document):
        for part in (document["pre_tokenizer"]["pretokenizers"][1], document["decoder"]):
            del part["prepend_scheme"], part["split"]
            part["add_prefix_space"] = True
            part["str_rep"] = "▁"
        del document["model"]["byte_fallback"]

    return record_tokenizer(save(tokenizer, folder, {
        "bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>",
        "mask_token": "<mask>", "tokenizer_class": "XLMRobertaTokenizer"}, edit=older), folder)


def make_marian(folder):
    """source.spm, target.spm and the vocab.json of both, as OPUS-MT; ids by transformers' MarianTokenizer."""
    with contextlib.redirect_stdout(None):
        from transformers import MarianTokenizer
    folder.mkdir()
    lines = corpus()
    half = len(lines) // 2
    source = unigram()
    target = spm.train(lines[half:] + lines[:10], model_type="unigram", vocab_size=420, hard_vocab_limit=False, character_coverage=0.98,
                       normalization_rule_name="identity")
    (folder / "source.spm").write_bytes(source)
    (folder / "target.spm").write_bytes(target)
    names = ["</s>", "<unk>", ">>fra<<", ">>kor<<"]
    shared = sorted({p for m in (source, target) for p, _, kind in spm.pieces(m) if kind == spm.NORMAL})
    write_json(folder / "vocab.json", {t: i for i, t in enumerate(names + shared[:-12] + ["<pad>"])})  # a few pieces lack an id, as there
    write_json(folder / "tokenizer_config.json", {"source_lang": "eng", "target_lang": "fra", "unk_token": "<unk>", "eos_token": "</s>", "pad_token": "<pad>",
                                                  "separate_vocabs": False, "model_max_length": 512, "tokenizer_class": "MarianTokenizer"})
    tokenizer = MarianTokenizer(str(folder / "source.spm"), str(folder / "target.spm"), str(folder / "vocab.json"), source_lang="eng", target_lang="fra")

    def decode(ids):
        return tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False, use_source_tokenizer=False)

    record(folder, lambda t: tokenizer(text_target=t, add_special_tokens=False)["input_ids"], lambda t: tokenizer(text_target=t)["input_ids"], decode,
           "expected-target.json")
    return record(folder, lambda t: tokenizer(t, add_special_tokens=False)["input_ids"], lambda t: tokenizer(t)["input_ids"], decode)


VARIANTS = {
    "gpt2": make_gpt2, "llama3": make_llama3, "qwen2": make_qwen2, "roberta": make_roberta, "clip": make_clip, "added-tokens": make_added_tokens,
    "llama2-bpe": make_llama2_bpe, "gemma-bpe": make_gemma_bpe, "wordpiece-uncased": lambda f: wordpiece(f, True),
    "wordpiece-cased": lambda f: wordpiece(f, False), "spm-bpe": make_spm_bpe, "spm-unigram": make_spm_unigram, "t5": make_t5, "xlmr": make_xlmr,
    "marian": make_marian,
}


def main(names):
    for name in names or VARIANTS:
        folder = HERE / name
        shutil.rmtree(folder, ignore_errors=True)
        rows = VARIANTS[name](folder)
        size = sum(p.stat().st_size for p in folder.iterdir())
        used = {i for r in rows for i in r["ids"]}
        exact = sum(r["decoded"] == r["text"] for r in rows)
        print(f"{name:20} {size / 1024:5.0f} KB  {len(rows)} texts, {len(used)} ids used, {exact} decode to the text", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
