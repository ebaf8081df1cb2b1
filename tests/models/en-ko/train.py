#!/usr/bin/env python3
"""Trains an English-Korean number translator: tokenizer, test set, model. The data is the same for every model.

    train.py                           the Transformer, its checkpoint in this folder
    train.py --model gru               another model, its checkpoint in the folder of its name
    train.py --steps 300 --out quick   a quick look
"""
import argparse
import math
import pathlib
import random
import time
import warnings

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

import data
import model as translator

HERE = pathlib.Path(__file__).resolve().parent
PEAK_RATE = {"transformer": 2.5e-3, "gru": 4e-3, "lstm-additive": 4e-3, "lstm-general": 4e-3}

# The splitting rule of Qwen2, so that a runtime that reads Qwen2 tokenizers reads this one. Digits stay single.
QWEN2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def train_tokenizer(vocabulary, seed, pairs=60000):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN2), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    rng = random.Random(seed)
    text = [side for _ in range(pairs) for side in data.training_sample(rng)[:2]]
    tokenizer.train_from_iterator(text, trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=["<pad>", "<s>", "</s>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False))
    return tokenizer


class Stream:
    """Endless batches of fresh pairs. Pairs of similar length share a batch, so little is spent on padding; every batch has
    about the same number of tokens, and short pairs therefore come in larger batches."""

    def __init__(self, tokenizer, seed, tokens, forbidden):
        self.tokenizer, self.rng, self.tokens, self.forbidden = tokenizer, random.Random(seed), tokens, forbidden
        self.pairs = 0

    def ids(self, text):
        return self.tokenizer.encode(text).ids

    def pool(self, size=6000):
        rows = []
        for _ in range(size):
            english, korean, _ = data.training_sample(self.rng)
            assert data.key(english) not in self.forbidden, english
            rows.append((self.ids(english) + [2], [1] + self.ids(korean) + [2]))
        self.pairs += size
        return rows

    def __iter__(self):
        while True:
            rows = self.pool()
            # A little noise in the order keeps the company of a pair from being always the same.
            rows.sort(key=lambda row: len(row[0]) + len(row[1]) + 4 * self.rng.random())
            batches, current, longest = [], [], 0
            for row in rows:
                length = len(row[0]) + len(row[1])
                if current and max(longest, length) * (len(current) + 1) > self.tokens:
                    batches.append(current)
                    current, longest = [], 0
                current.append(row)
                longest = max(longest, length)
            batches.append(current)
            self.rng.shuffle(batches)
            for rows in batches:
                yield translator.batch([r[0] for r in rows]), translator.batch([r[1] for r in rows])


def learning_rate(progress, peak, warmup=0.04):
    """Linear warmup, then half a cosine down to a hundredth."""
    if progress < warmup:
        return peak * max(progress, 1e-4) / warmup
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - warmup) / (1 - warmup)))))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=translator.CONFIGS, default="transformer")
    parser.add_argument("--out", type=pathlib.Path, help="folder for tokenizer, config and checkpoint")
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--init", help="folder of a checkpoint to go on from, with its tokenizer; choose another --seed")
    parser.add_argument("--minutes", type=float, default=0, help="let the clock, not --steps, end the schedule")
    parser.add_argument("--tokens", type=int, default=4800, help="source and target tokens of one batch")
    parser.add_argument("--rate", type=float, help="highest learning rate (default: what suits the model)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", message="enable_nested_tensor")
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    rate = arguments.rate or PEAK_RATE[arguments.model]
    out = arguments.out or translator.folder_of(arguments.model)
    out.mkdir(exist_ok=True)

    tests = data.test_set()
    (HERE / "test.tsv").write_text("".join(f"{english}\t{korean}\n" for english, korean, _ in tests))
    forbidden = {data.key(english) for english, _, _ in tests}
    if arguments.init:
        net, tokenizer = translator.load(arguments.init)
        net.train()
    else:
        config = translator.CONFIGS[arguments.model]
        tokenizer = train_tokenizer(config["vocab_size"], arguments.seed)
        net = translator.create(config)
    tokenizer.save(str(out / "tokenizer.json"))
    print("parameters", sum(p.numel() for p in net.parameters()), flush=True)

    stream = Stream(tokenizer, arguments.seed + 1, arguments.tokens, forbidden)
    # The embedding is rarely touched row by row; decay would only pull unused rows to zero.
    optimizer = torch.optim.AdamW(net.parameters(), rate, betas=(0.9, 0.98), weight_decay=0.01)
    start, total, count = time.time(), 0.0, 0
    for step, (source, target) in enumerate(stream):
        elapsed = (time.time() - start) / 60
        progress = elapsed / arguments.minutes if arguments.minutes else step / arguments.steps
        if progress >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(progress, rate)
        logits = net(source, target[:, :-1])
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=0)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        total, count = total + loss.item(), count + 1
        if (step + 1) % 100 == 0:
            print(f"step {step + 1}  loss {total / count:.4f}  pairs {stream.pairs}  minutes {elapsed:.1f}", flush=True)
            total, count = 0.0, 0
        if (step + 1) % 500 == 0:
            translator.save(net, out)
    translator.save(net, out)
    print(f"trained on {stream.pairs} pairs, none of them in test.tsv, in {(time.time() - start) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
