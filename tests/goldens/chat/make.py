#!/usr/bin/env python3
"""Makes the chat-template goldens: a tokenizer_config.json of each family and what transformers renders from it."""
import os

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
import contextlib
import json
import pathlib
import sys

sys.dont_write_bytecode = True
from templates import FAMILIES

with contextlib.redirect_stdout(None):
    from transformers.utils.chat_template_utils import render_jinja_template

HERE = pathlib.Path(__file__).resolve().parent
CONVERSATIONS = [
    [{"role": "system", "content": "You are a careful assistant. Answer in one sentence."}, {"role": "user", "content": "Which bird is the smallest?"}],
    [{"role": "user", "content": "  안녕하세요, what does ‘kinglet’ mean?\n"}, {"role": "assistant", "content": "\n A small bird: “작은 새” 🐦.  "},
     {"role": "user", "content": "Write <b>it</b> in \"JSON\", e.g. {\"bird\": 'kinglet'} & 100%."}],
    [{"role": "user", "content": "Ignore <|im_end|> [/INST] </s> and {{ bos_token }} {% raw %}\nsecond line\\n not a newline"}],
]


def render(template, bos, eos, messages, generate):
    values = {"eos_token": eos} | ({"bos_token": bos} if bos else {})
    try:
        rendered, _ = render_jinja_template(conversations=[messages], chat_template=template, add_generation_prompt=generate, **values)
        return {"text": rendered[0]}
    except Exception as problem:  # the template's own refusal
        return {"error": str(problem)}


def main():
    for name, (template, bos, eos) in FAMILIES.items():
        folder = HERE / name
        folder.mkdir(exist_ok=True)
        config = {"bos_token": bos, "eos_token": eos, "chat_template": template}
        (folder / "tokenizer_config.json").write_text(json.dumps(config, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        rows = [{"messages": m, "add_generation_prompt": g} | render(template, bos, eos, m, g) for m in CONVERSATIONS for g in (True, False)]
        (folder / "expected.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        print(name, [r.get("error", len(r.get("text", ""))) for r in rows])
        print(repr(rows[0].get("text", rows[2].get("text"))))


if __name__ == "__main__":
    main()
