#!/usr/bin/env python3
"""Trains the captioner: tokenizer, then model.

    train.py                           the checkpoint of this folder
    train.py --steps 100 --out quick   a quick look
"""
import argparse
import math
import pathlib
import random
import time

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

import data
import model as captioner
from shapes import draw

HERE = pathlib.Path(__file__).resolve().parent

# The splitting rule of Qwen2, so that a runtime that reads Qwen2 tokenizers reads this one.
QWEN2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def train_tokenizer(seed, most=800, pictures=20000):
    """So few words that merging ends by itself when each is one token."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN2), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    rng = random.Random(seed)
    text = [caption for _ in range(pictures) for caption in data.training_sample(rng).captions]
    tokenizer.train_from_iterator(text, trainers.BpeTrainer(
        vocab_size=most, special_tokens=["<pad>", "<s>", "</s>", "<en>", "<ko>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False))
    return tokenizer


def batches(tokenizer, config, seed, size):
    """Endless pixels [B, 64, 64, 3] and tokens [2 B, T]: the English captions, then the Korean ones."""
    rng = random.Random(seed)
    while True:
        pictures = [data.training_sample(rng) for _ in range(size)]
        assert not any(data.held_out(picture) for picture in pictures)
        pixels = torch.from_numpy(np.stack([draw(picture.scene)[0] for picture in pictures]))
        rows = [[config["bos_token_id"], *start, *tokenizer.encode(picture.captions[side]).ids, config["eos_token_id"]]
                for side, start in enumerate(config["languages"].values()) for picture in pictures]
        width = max(map(len, rows))
        yield pixels, torch.tensor([row + [config["pad_token_id"]] * (width - len(row)) for row in rows])


def learning_rate(progress, peak, warmup=0.05):
    """Linear warmup, then half a cosine down to a hundredth."""
    if progress < warmup:
        return peak * max(progress, 1e-4) / warmup
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - warmup) / (1 - warmup)))))


def losses(net, pixels, tokens):
    """Cross entropy of the captions after the language token, and the doubly stochastic term of Xu et al.: over a whole caption every
    region should get about the same attention."""
    regions = net.encode(pixels).repeat(2, 1, 1)  # one trunk for both languages
    logits, weights = net(regions, tokens[:, :-1])
    wanted = tokens[:, 1:].clone()
    wanted[:, 0] = 0  # the caller chooses the language
    entropy = torch.nn.functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=0)
    looked = (weights * (tokens[:, 1:] != 0).unsqueeze(-1)).sum(1)
    return entropy, ((1 - looked) ** 2).mean()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=HERE, help="folder for tokenizer, config and checkpoint")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=64, help="pictures of one step, each with both captions")
    parser.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    parser.add_argument("--evenly", type=float, default=0.1, help="weight of the doubly stochastic term")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    arguments.out.mkdir(exist_ok=True)

    tokenizer = train_tokenizer(arguments.seed)
    tokenizer.save(str(arguments.out / "tokenizer.json"))
    languages = {name: [tokenizer.token_to_id(f"<{name}>")] for name in ("en", "ko")}
    net = captioner.Captioner(captioner.config(tokenizer.get_vocab_size(), languages))
    captioner.save(net, arguments.out)
    print("tokens", tokenizer.get_vocab_size(), "parameters", sum(p.numel() for p in net.parameters()), flush=True)

    optimizer = torch.optim.AdamW(net.parameters(), arguments.rate, betas=(0.9, 0.98), weight_decay=0.01)
    start, sums, count = time.time(), [0.0, 0.0], 0
    stream = batches(tokenizer, net.config, arguments.seed + 1, arguments.batch)
    for step in range(arguments.steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step / arguments.steps, arguments.rate)
        entropy, uneven = losses(net, *next(stream))
        optimizer.zero_grad()
        (entropy + arguments.evenly * uneven).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        sums, count = [sums[0] + entropy.item(), sums[1] + uneven.item()], count + 1
        if (step + 1) % 100 == 0:
            print(f"step {step + 1}  loss {sums[0] / count:.4f}  unevenness {sums[1] / count:.4f}  "
                  f"minutes {(time.time() - start) / 60:.1f}", flush=True)
            sums, count = [0.0, 0.0], 0
        if (step + 1) % 500 == 0:
            captioner.save(net, arguments.out)
    captioner.save(net, arguments.out)
    print(f"trained on {arguments.steps * arguments.batch} pictures in {(time.time() - start) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
