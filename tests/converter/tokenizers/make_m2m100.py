#!/usr/bin/env python3
"""Makes m2m100/ beside this script: ids that transformers' M2M100Tokenizer gives for the texts of tests/goldens/tokenizers.

  <the reference>/run python3 tests/converter/tokenizers/make_m2m100.py        from the project's root

The SentencePiece model is that of the goldens' marian; the vocabulary leaves some of its pieces without an id, as M2M-100's does.
"""
import json
import pathlib
import shutil
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
GOLDENS = HERE.parents[1] / "goldens" / "tokenizers"
sys.path.insert(0, str(GOLDENS))
import spm
from texts import entries
from transformers import M2M100Tokenizer


def main():
    folder = HERE / "m2m100"
    folder.mkdir(exist_ok=True)
    model = folder / "sentencepiece.bpe.model"
    shutil.copy(GOLDENS / "marian" / "source.spm", model)
    pieces = [piece for piece, _, kind in spm.pieces(model.read_bytes()) if kind == spm.NORMAL]
    vocabulary = {piece: i for i, piece in enumerate(["<s>", "<pad>", "</s>", "<unk>"] + pieces[:-9])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"src_lang": "fr", "tokenizer_class": "M2M100Tokenizer"}) + "\n")
    tokenizer = M2M100Tokenizer(str(folder / "vocab.json"), str(model), src_lang="fr")
    rows = [{"text": text, "ids": tokenizer(text, add_special_tokens=False)["input_ids"], "ids_special": tokenizer(text)["input_ids"]}
            for text, data in entries() if data is None]
    body = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    (folder / "expected.json").write_text("[\n" + body + "\n]\n", encoding="utf-8")
    languages = {code: tokenizer.get_lang_id(code) for code in ("af", "en", "ko", "zu")}
    (folder / "languages.json").write_text(json.dumps(languages) + "\n")
    model.unlink()   # the test takes the goldens' own


main()
