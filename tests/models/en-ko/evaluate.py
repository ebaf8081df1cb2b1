#!/usr/bin/env python3
"""Scores a saved checkpoint on test.tsv, and writes what a runtime is compared with.

    evaluate.py                  exact match of the greedy translation, per category, of the Transformer
    evaluate.py --model gru      of another model; so for everything below
    evaluate.py --golden         golden.json and golden.safetensors
    evaluate.py --mistakes       mistakes.tsv: what it says wrong in test.tsv and lengths.tsv
    evaluate.py --check          padding changes no logits and no translation
    evaluate.py --lengths        lengths.tsv; the tokenizer of every model gives the same
"""
import argparse
import collections
import json
import pathlib
import random
import sys
import warnings

import torch
from safetensors.torch import save_file

import data
import model as translator

HERE = pathlib.Path(__file__).resolve().parent


LENGTHS = [(first, first + 4) for first in range(1, 36, 5)]  # source tokens, </s> among them


def read_pairs(name="test.tsv"):
    return [tuple(line.split("\t")) for line in (HERE / name).read_text().splitlines()]


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
    tests = read_pairs()
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
    tests = read_pairs()
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


def mistakes(folder):
    """Set, line and answer of every wrong translation; side_by_side.py compares a runtime's answers with these."""
    net, tokenizer = translator.load(folder)
    with open(folder / "mistakes.tsv", "w") as file:
        for name in ("test.tsv", "lengths.tsv"):
            pairs = read_pairs(name)
            answers = translate(net, tokenizer, [english for english, _ in pairs])
            wrong = [(line, answer) for line, (answer, (_, korean)) in enumerate(zip(answers, pairs), 1) if answer != korean]
            file.writelines(f"{name}\t{line}\t{answer}\n" for line, answer in wrong)
            print(f"{name}: {len(pairs) - len(wrong)} of {len(pairs)} right, {100 - 100 * len(wrong) / len(pairs):.2f} %")


def check(folder, texts=60, close=1e-4):
    """A pair of its own, and in a batch with longer ones."""
    net, tokenizer = translator.load(folder)
    pairs = read_pairs()
    pairs = [pairs[i * len(pairs) // texts] for i in range(texts)]
    sources = [tokenizer.encode(english).ids + [net.config["eos_token_id"]] for english, _ in pairs]
    targets = [[net.config["decoder_start_token_id"]] + tokenizer.encode(korean).ids for _, korean in pairs]
    worst = 0.0
    with torch.no_grad():
        together = net(translator.batch(sources), translator.batch(targets))
        for logits, source, target in zip(together, sources, targets):
            alone = net(torch.tensor([source]), torch.tensor([target]))[0]
            worst = max(worst, (logits[: len(target)] - alone).abs().max().item())
    said = net.greedy(translator.batch(sources))
    different = sum(ids != net.greedy(torch.tensor([source]))[0] for ids, source in zip(said, sources))
    print(f"{texts} pairs: padding moves logits by at most {worst:.1e}, and changes {different} translations")
    return worst < close and not different


def lengths(folder, each=200, seed=20240622):
    """As many held-out pairs of every length, distinct and none of them in test.tsv. Within a length they are as the training data is:
    short ones are mostly numbers and times, long ones ranges and sentences around a date with a time."""
    _, tokenizer = translator.load(folder)
    rng = random.Random(seed)
    seen = {data.key(english) for english, _ in read_pairs()}
    made = {bounds: [] for bounds in LENGTHS}
    while any(len(pairs) < each for pairs in made.values()):
        english, korean, _ = data.sample(rng)
        if not data.held_out(english) or data.key(english) in seen:
            continue
        tokens = len(tokenizer.encode(english).ids) + 1
        for (least, most), pairs in made.items():
            if least <= tokens <= most and len(pairs) < each:
                seen.add(data.key(english))
                pairs.append(f"{english}\t{korean}\n")
    (HERE / "lengths.tsv").write_text("".join(pair for pairs in made.values() for pair in pairs))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=translator.CONFIGS, default="transformer")
    parser.add_argument("--folder", type=pathlib.Path, help="where its checkpoint is, if not where train.py puts it")
    parser.add_argument("--golden", action="store_true")
    parser.add_argument("--mistakes", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--lengths", action="store_true")
    parser.add_argument("--show", type=int, default=20, help="how many wrong answers to print")
    parser.add_argument("--least", type=float, default=98.0, help="fail below this percentage")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", message="enable_nested_tensor")
    torch.set_num_threads(1)
    folder = arguments.folder or translator.folder_of(arguments.model)
    if arguments.lengths:
        lengths(folder)
    elif arguments.golden:
        golden(folder)
    elif arguments.mistakes:
        mistakes(folder)
    elif arguments.check:
        if not check(folder):
            sys.exit("padding matters")
    elif score(folder, arguments.show) < arguments.least:
        sys.exit(f"below {arguments.least} %")


if __name__ == "__main__":
    main()
