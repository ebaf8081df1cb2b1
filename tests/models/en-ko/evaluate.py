#!/usr/bin/env python3
"""Scores the saved checkpoint on test.tsv, and writes what a runtime is compared with.

    evaluate.py                exact match of the greedy translation, per category
    evaluate.py --golden       golden.json and golden.safetensors
"""
import argparse
import collections
import json
import pathlib
import sys
import warnings

import torch
from safetensors.torch import save_file

import data
import model as translator

HERE = pathlib.Path(__file__).resolve().parent


def read_tests(folder):
    return [tuple(line.split("\t")) for line in (folder / "test.tsv").read_text().splitlines()]


def translate(net, tokenizer, texts, rows=100):
    """Batches of similar length; padding is masked, so a batch changes nothing but the speed."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    answers = [""] * len(texts)
    for start in range(0, len(order), rows):
        part = order[start : start + rows]
        source = translator.batch([tokenizer.encode(texts[i]).ids + [net.config["eos_token_id"]] for i in part])
        for i, ids in zip(part, net.greedy(source)):
            answers[i] = tokenizer.decode(ids)
    return answers


def score(folder, show):
    net, tokenizer = translator.load(folder)
    tests = read_tests(folder)
    category = {data.key(english): name for english, _, name in data.test_set()}
    assert all(data.held_out(english) for english, _ in tests)
    right, total = collections.Counter(), collections.Counter()
    for (english, korean), answer in zip(tests, translate(net, tokenizer, [english for english, _ in tests])):
        name = category[data.key(english)]
        total[name] += 1
        right[name] += answer == korean
        if answer != korean and show > 0:
            print(f"{name}: {english}\n    wanted {korean}\n    said   {answer}")
            show -= 1
    for name in data.NAMES:
        print(f"{name:12} {right[name]:4} / {total[name]:4}  {100 * right[name] / total[name]:6.2f} %")
    accuracy = 100 * sum(right.values()) / sum(total.values())
    print(f"{'all':12} {sum(right.values()):4} / {sum(total.values()):4}  {accuracy:6.2f} %")
    return accuracy


def golden(folder, lines=50, cases=6):
    """Teacher-forced logits of a few unpadded pairs, and the tokens of a sample of lines of both languages."""
    net, tokenizer = translator.load(folder)
    tests = read_tests(folder)
    spread = [tests[i * len(tests) // lines] for i in range(lines)]
    eos, start = net.config["eos_token_id"], net.config["decoder_start_token_id"]
    tensors, written = {}, []
    for index in range(cases):
        english, korean = spread[index * lines // cases]
        tokens = tokenizer.encode(english).ids + [eos]
        decoder_tokens = [start] + tokenizer.encode(korean).ids
        with torch.no_grad():
            tensors[f"case{index}"] = net(torch.tensor([tokens]), torch.tensor([decoder_tokens]))[0].contiguous()
        written.append({"tokens": tokens, "decoder_tokens": decoder_tokens, "output": f"case{index}"})
    texts = [{"text": text, "ids": tokenizer.encode(text).ids} for pair in spread for text in pair]
    save_file(tensors, folder / "golden.safetensors")
    (folder / "golden.safetensors").chmod(0o644)
    (folder / "golden.json").write_text(json.dumps({"cases": written, "tokenizer": texts}, ensure_ascii=False, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path, default=HERE)
    parser.add_argument("--golden", action="store_true")
    parser.add_argument("--show", type=int, default=20, help="how many wrong answers to print")
    parser.add_argument("--least", type=float, default=98.0, help="fail below this percentage")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", message="enable_nested_tensor")
    torch.set_num_threads(1)
    if arguments.golden:
        golden(arguments.folder)
    elif score(arguments.folder, arguments.show) < arguments.least:
        sys.exit(f"below {arguments.least} %")


if __name__ == "__main__":
    main()
