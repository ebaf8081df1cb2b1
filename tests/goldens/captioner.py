#!/usr/bin/env python3
"""Goldens of captioners: what PyTorch computes for README.md's description of `captioner`, for tiny random models.

    captioner.py [VARIANT ...]     writes captioner-<variant>/ beside this file, seconds

The trunk is torchvision's ResNet itself (its classes, other widths); the decoder is written down here from the description.
"""
import argparse
import json
import pathlib

import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

import common

HERE = pathlib.Path(__file__).resolve().parent
VOCABULARY = 60


class Trunk(torchvision.models.ResNet):
    """ResNet with any widths, of any number of channels."""

    def __init__(self, block, layers, width, channels, stem, groups, width_per_group):
        super().__init__(block, [*layers, 1, 1, 1, 1][:4], groups=groups, width_per_group=width_per_group)
        self.inplanes, self.stages = width, len(layers)
        self.conv1 = nn.Conv2d(channels, width, stem[0], stem[1], stem[0] // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.pools = stem[2]
        for number, count in enumerate(layers, 1):
            setattr(self, f"layer{number}", self._make_layer(block, width * 2 ** (number - 1), count, 1 if number == 1 else 2))
        for number in range(len(layers) + 1, 5):
            delattr(self, f"layer{number}")
        del self.fc, self.avgpool
        self.out_channels = width * 2 ** (len(layers) - 1) * block.expansion

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        if self.pools:
            x = self.maxpool(x)
        for number in range(1, self.stages + 1):
            x = getattr(self, f"layer{number}")(x)
        return x


class Captioner(nn.Module):
    def __init__(self, config, trunk):
        super().__init__()
        self.config, self.encoder = config, trunk
        decoder, attention = config["decoder"], config.get("attention")
        size, hidden, width = decoder["embedding_size"], decoder["hidden_size"], trunk.out_channels
        self.embedding = nn.Embedding(VOCABULARY, size)
        reads = size + (width if "context" in decoder["input"] else 0)
        self.cell = (nn.LSTM if config["cell"] == "lstm" else nn.GRU)(reads, hidden, batch_first=True)
        self.init_h = nn.Linear(width, hidden)
        if config["cell"] == "lstm":
            self.init_c = nn.Linear(width, hidden)
        if attention and attention["score"] == "additive":
            self.query, self.key, self.v = nn.Linear(hidden, 20), nn.Linear(width, 20), nn.Linear(20, 1)
        if attention and attention["score"] == "general":
            self.general = nn.Linear(width, hidden, bias=False)
        if attention and "gate" in attention:
            self.gate = nn.Linear(hidden, width)
        output = hidden + (width if "context" in config["output"]["input"] else 0)
        self.fc = nn.Linear(output, VOCABULARY)

    def regions(self, picture):
        x = self.encoder(picture[None])
        if "grid" in self.config["trunk"]:
            x = nn.functional.adaptive_avg_pool2d(x, self.config["trunk"]["grid"])
        return x[0].flatten(1).T  # [regions, width]

    def look(self, regions, hidden):
        attention = self.config.get("attention")
        if attention is None:
            return regions.mean(0)
        if attention["score"] == "additive":
            scores = self.v(torch.tanh(self.query(hidden) + self.key(regions)))[:, 0]
        else:
            scores = self.general(regions) @ hidden
        context = torch.softmax(scores, 0) @ regions
        return torch.sigmoid(self.gate(hidden)) * context if "gate" in attention else context

    def forward(self, picture, tokens):
        regions, config = self.regions(picture), self.config
        activation = torch.tanh if config["initial_state"]["activation"] == "tanh" else lambda x: x
        h = activation(self.init_h(regions.mean(0)))
        c = activation(self.init_c(regions.mean(0))) if config["cell"] == "lstm" else None
        logits = []
        before = (config.get("attention") or {}).get("query") == "previous" or "attention" not in config
        for token in tokens:
            parts = {"embedding": self.embedding.weight[token]}
            if before:
                parts["context"] = self.look(regions, h)
            x = torch.cat([parts[name] for name in config["decoder"]["input"]])[None, None]
            state = (h[None, None], c[None, None]) if c is not None else h[None, None]
            _, state = self.cell(x, state)
            h, c = (state[0][0, 0], state[1][0, 0]) if c is not None else (state[0, 0], None)
            parts["output"] = h
            if not before:
                parts["context"] = self.look(regions, h)
            logits.append(self.fc(torch.cat([parts[name] for name in config["output"]["input"]])))
        return torch.stack(logits)


def config(cell, image, trunk, attention, decoder_input, output_input, activation):
    mean, std = ([0.5], [0.25]) if image[2] == 1 else ([0.48, 0.45, 0.4], [0.22, 0.25, 0.3])
    result = {
        "model_type": "captioner", "cell": cell, "vocab_size": VOCABULARY, "max_positions": 40,
        "image": {"height": image[0], "width": image[1], "mean": mean, "std": std},
        "trunk": {"type": "resnet", "prefix": "encoder.", **trunk},
        "decoder": {"rnn": "cell", "hidden_size": 24, "embedding": "embedding.weight", "embedding_size": 16, "input": decoder_input},
        "initial_state": {"from": "mean", "hidden": "init_h", "activation": activation},
        "output": {"linear": "fc", "input": output_input}, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
        "languages": {"de": [4], "en": [3]}, "language": "en"}
    if cell == "lstm":
        result["initial_state"]["cell"] = "init_c"
    if attention:
        result["attention"] = attention
    return result


ADDITIVE = {"score": "additive", "query": "previous", "query_linear": "query", "key_linear": "key", "v": "v"}
BASIC, DEEP = torchvision.models.resnet.BasicBlock, torchvision.models.resnet.Bottleneck
# name: block, layers, width, stem (size, stride, pooling), groups, width per group, config
VARIANTS = {
    "attend": (BASIC, [1, 2], 12, (3, 2, False), 1, 64, config(
        "lstm", (33, 29, 3), {"stem_stride": 2, "stem_pool": False}, {**ADDITIVE, "gate": "gate"}, ["embedding", "context"],
        ["output"], "none")),
    "bottleneck": (DEEP, [2, 1], 8, (7, 2, True), 4, 64, config(
        "gru", (64, 48, 1), {"groups": 4, "grid": 5}, {"score": "general", "linear": "general"}, ["embedding"],
        ["output", "context"], "tanh")),
    "wide-groups": (DEEP, [1], 8, (5, 1, True), 2, 256, config(
        "lstm", (20, 31, 3), {"groups": 2, "stem_stride": 1}, {**ADDITIVE, "gate": "gate"}, ["embedding", "context"], ["output"], "tanh")),
    "tell": (BASIC, [1, 1, 1], 8, (7, 2, True), 1, 64, config(
        "gru", (70, 70, 3), {}, None, ["embedding", "context"], ["output"], "tanh")),
}


@torch.no_grad()
def draw(model, gen):
    """Weights that keep the size of what passes them, and batch norms whose statistics matter."""
    for name, module in model.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.copy_(1 + common.randn(module.weight.shape, 0.2, gen))
            module.bias.copy_(common.randn(module.bias.shape, 0.2, gen))
            module.running_mean.copy_(common.randn(module.running_mean.shape, 0.2, gen))
            module.running_var.copy_(1 + 0.5 * torch.rand(module.running_var.shape, generator=gen))
            continue
        for part, value in module.named_parameters(recurse=False):
            fan_in = value[0].numel() if value.ndim > 1 else 1
            std = 0.2 if value.ndim == 1 else 1.0 if isinstance(module, nn.Embedding) else (2 if value.ndim == 4 else 1) ** 0.5 / fan_in ** 0.5
            value.copy_(common.randn(value.shape, std, gen))


@torch.no_grad()
def make(name):
    block, layers, width, stem, groups, per_group, settings = VARIANTS[name]
    gen = common.generator("captioner-" + name)
    channels = len(settings["image"]["mean"])
    model = Captioner(settings, Trunk(block, layers, width, channels, stem, groups, per_group)).eval()
    draw(model, gen)
    folder = HERE / ("captioner-" + name)
    folder.mkdir(exist_ok=True)
    common.write_json(folder / "config.json", settings)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "model.safetensors")
    image, cases, inputs, outputs = settings["image"], [], {}, {}
    for number, length in enumerate((1, 7, 23)):
        size = (image["height"], image["width"], channels)
        picture = torch.randint(0, 256, size, generator=gen, dtype=torch.uint8)
        if number == 2:  # smooth, as most pictures are
            picture = (nn.functional.interpolate(common.randn((1, channels, 4, 5), 60, gen), size[:2], mode="bicubic")[0] + 128).clamp(0, 255).byte().permute(1, 2, 0)
        x = (picture.float() / 255 - torch.tensor(image["mean"])) / torch.tensor(image["std"])
        tokens = [1, 3] + torch.randint(5, VOCABULARY, (length,), generator=gen).tolist()
        inputs[f"case{number}"] = x.contiguous()
        outputs[f"case{number}"] = model(x.permute(2, 0, 1), tokens)
        other = model(torch.zeros_like(x).permute(2, 0, 1), tokens)
        assert (other - outputs[f"case{number}"]).abs().max() > 0.05, "the picture must matter"
        cases.append({"tokens": [], "grid": f"case{number}", "decoder_tokens": tokens, "output": f"case{number}"})
    common.write_json(folder / "cases.json", {"architecture": "captioner", "cases": cases}, compact=True)
    save_file(inputs, folder / "inputs.safetensors")
    save_file(outputs, folder / "expected.safetensors")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("variants", nargs="*", metavar="VARIANT", choices=[*VARIANTS, []], help="all of them if none is named")
    for variant in parser.parse_args().variants or VARIANTS:
        make(variant)
