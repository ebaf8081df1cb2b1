#!/usr/bin/env python3
"""Goldens of captioners: what PyTorch computes for README.md's description of `captioner`, for tiny random models.

    captioner.py [VARIANT ...]     writes captioner-<variant>/ beside this file, seconds

The trunks are torchvision's own classes with other widths; the decoders are written down here from the description.
"""
import argparse
import functools
import math
import pathlib

import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

import common

HERE = pathlib.Path(__file__).resolve().parent
VOCABULARY = 60


class ResNet(torchvision.models.ResNet):
    """With any widths, of any number of channels."""

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


class Vgg(nn.Module):
    def __init__(self, layers, norm, last_pool):
        super().__init__()
        self.features = torchvision.models.vgg.make_layers(layers, norm)
        self.last_pool, self.out_channels = last_pool, [n for n in layers if n != "M"][-1]

    def forward(self, x):
        return (self.features if self.last_pool else self.features[:-1])(x)


class MobileNet(nn.Module):
    def __init__(self, width, blocks, last):
        super().__init__()
        net = torchvision.models.MobileNetV2(width_mult=width, inverted_residual_setting=blocks, round_nearest=4)
        narrow = net.features[-1][0].in_channels
        net.features[-1] = torchvision.ops.Conv2dNormActivation(narrow, last, kernel_size=1, activation_layer=nn.ReLU6)
        self.features, self.out_channels = net.features, last

    def forward(self, x):
        return self.features(x)


class MobileNetV3(nn.Module):
    """Blocks: kernel, width inside, width behind, squeeze and excitation, "RE" or "HS", stride; or the paper's "small" or "large" ones."""

    def __init__(self, width, blocks, epsilon=1e-3):
        super().__init__()
        models = torchvision.models.mobilenetv3
        of = functools.partial(models.InvertedResidualConfig, dilation=1, width_mult=width)
        settings, last = models._mobilenet_v3_conf(f"mobilenet_v3_{blocks if isinstance(blocks, str) else 'small'}", width_mult=width)
        if not isinstance(blocks, str):
            inputs = [16] + [block[2] for block in blocks]
            settings = [of(inputs[i], *block) for i, block in enumerate(blocks)]
        norm = functools.partial(nn.BatchNorm2d, eps=epsilon, momentum=0.01)
        self.features = models.MobileNetV3(settings, last, norm_layer=norm).features
        self.out_channels = self.features[-1].out_channels

    def forward(self, x):
        return self.features(x)


def regions(trunk, grid, picture):
    x = trunk(picture[None])
    if grid:
        x = nn.functional.adaptive_avg_pool2d(x, grid)
    return x[0].flatten(1).T  # [regions, width]


class Transformer(nn.Module):
    """torch.nn.TransformerDecoder over the regions, without dropout."""

    def __init__(self, config, trunk):
        super().__init__()
        t, self.grid, self.encoder = config["transformer"], config["trunk"].get("grid"), trunk
        width = t["d_model"]
        layer = nn.TransformerDecoderLayer(width, t["nhead"], t["dim_feedforward"], 0, t["activation"], norm_first=t["norm_first"], batch_first=True)
        self.text = nn.Module()
        self.text.decoder = nn.TransformerDecoder(layer, t["num_decoder_layers"], nn.LayerNorm(width) if t["norm_first"] else None)
        self.embedding, self.fc = nn.Embedding(VOCABULARY, width), nn.Linear(width, VOCABULARY, bias="output_bias" in t)
        self.memory = nn.Linear(trunk.out_channels, width) if "memory_linear" in t else nn.Identity()
        self.learned, self.scale = t["positions"] == "table", width ** 0.5 if t["scale_embedding"] else 1
        if self.learned:
            self.places = nn.Embedding(config["max_positions"], width)

    def positions(self, count, width):
        if self.learned:
            return self.places.weight[:count]
        angles = torch.arange(count)[:, None] * torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
        return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)

    def forward(self, picture, tokens):
        x = self.embedding.weight[tokens] * self.scale
        x = x + self.positions(*x.shape)
        mask = nn.Transformer.generate_square_subsequent_mask(len(tokens))
        memory = self.memory(regions(self.encoder, self.grid, picture))
        return self.fc(self.text.decoder(x[None], memory[None], tgt_mask=mask)[0])


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
        config = self.config
        rows = regions(self.encoder, config["trunk"].get("grid"), picture)
        activation = torch.tanh if config["initial_state"]["activation"] == "tanh" else lambda x: x
        h = activation(self.init_h(rows.mean(0)))
        c = activation(self.init_c(rows.mean(0))) if config["cell"] == "lstm" else None
        logits = []
        before = (config.get("attention") or {}).get("query") == "previous" or "attention" not in config
        for token in tokens:
            parts = {"embedding": self.embedding.weight[token]}
            if before:
                parts["context"] = self.look(rows, h)
            x = torch.cat([parts[name] for name in config["decoder"]["input"]])[None, None]
            state = (h[None, None], c[None, None]) if c is not None else h[None, None]
            _, state = self.cell(x, state)
            h, c = (state[0][0, 0], state[1][0, 0]) if c is not None else (state[0, 0], None)
            parts["output"] = h
            if not before:
                parts["context"] = self.look(rows, h)
            logits.append(self.fc(torch.cat([parts[name] for name in config["output"]["input"]])))
        return torch.stack(logits)


def whole(image, trunk, **decoder):
    mean, std = ([0.5], [0.25]) if image[2] == 1 else ([0.48, 0.45, 0.4], [0.22, 0.25, 0.3])
    return {
        "model_type": "captioner", "vocab_size": VOCABULARY, "max_positions": 40,
        "image": {"height": image[0], "width": image[1], "mean": mean, "std": std},
        "trunk": {"type": "resnet", "prefix": "encoder.", **trunk}, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
        "languages": {"de": [4], "en": [3]}, "language": "en"} | decoder


def recurrent(cell, image, trunk, attention, decoder_input, output_input, activation):
    result = whole(image, trunk, cell=cell,
        decoder={"rnn": "cell", "hidden_size": 24, "embedding": "embedding.weight", "embedding_size": 16, "input": decoder_input},
        initial_state={"from": "mean", "hidden": "init_h", "activation": activation}, output={"linear": "fc", "input": output_input})
    if cell == "lstm":
        result["initial_state"]["cell"] = "init_c"
    if attention:
        result["attention"] = attention
    return result


def transformer(image, trunk, **more):
    return whole(image, trunk, transformer={
        "prefix": "text.", "d_model": 24, "nhead": 3, "num_decoder_layers": 2, "dim_feedforward": 40, "activation": "gelu", "norm_first": True,
        "positions": "sinusoidal", "scale_embedding": False, "embedding": "embedding.weight", "output_weight": "fc.weight", "output_bias": "fc.bias"} | more)


ADDITIVE = {"score": "additive", "query": "previous", "query_linear": "query", "key_linear": "key", "v": "v"}
BASIC, DEEP = torchvision.models.resnet.BasicBlock, torchvision.models.resnet.Bottleneck
# name: trunk, config
VARIANTS = {
    "attend": (lambda: ResNet(BASIC, [1, 2], 12, 3, (3, 2, False), 1, 64), recurrent(
        "lstm", (33, 29, 3), {"stem_stride": 2, "stem_pool": False}, {**ADDITIVE, "gate": "gate"}, ["embedding", "context"],
        ["output"], "none")),
    "bottleneck": (lambda: ResNet(DEEP, [2, 1], 8, 1, (7, 2, True), 4, 64), recurrent(
        "gru", (64, 48, 1), {"groups": 4, "grid": 5}, {"score": "general", "linear": "general"}, ["embedding"],
        ["output", "context"], "tanh")),
    "wide-groups": (lambda: ResNet(DEEP, [1], 8, 3, (5, 1, True), 2, 256), recurrent(
        "lstm", (20, 31, 3), {"groups": 2, "stem_stride": 1}, {**ADDITIVE, "gate": "gate"}, ["embedding", "context"], ["output"], "tanh")),
    "tell": (lambda: ResNet(BASIC, [1, 1, 1], 8, 3, (7, 2, True), 1, 64), recurrent(
        "gru", (70, 70, 3), {}, None, ["embedding", "context"], ["output"], "tanh")),
    "vgg": (lambda: Vgg([8, "M", 12, 16, "M"], False, False), recurrent(
        "lstm", (26, 31, 3), {"type": "vgg", "last_pool": False}, {**ADDITIVE, "gate": "gate"}, ["embedding", "context"], ["output"], "none")),
    "vgg-norms": (lambda: Vgg([8, "M", 12, 16, "M", 20, "M"], True, True), transformer(
        (40, 33, 3), {"type": "vgg"}, memory_linear="memory", activation="relu", norm_first=False, scale_embedding=True)),
    "mobilenet": (lambda: MobileNet(0.25, [[1, 16, 1, 1], [6, 24, 2, 2], [4, 48, 2, 2]], 40), transformer(
        (37, 44, 3), {"type": "mobilenet_v2", "strides": [1, 2, 1, 2, 1]}, memory_linear="memory", positions="table", positions_weight="places.weight")),
    "mobilenet-v3": (lambda: MobileNetV3(0.5, [(3, 16, 16, True, "RE", 2), (5, 40, 24, False, "HS", 1), (3, 48, 24, True, "HS", 1), (5, 64, 32, True, "HS", 2)], 1e-5),
        recurrent("lstm", (41, 38, 3), {"type": "mobilenet_v3", "strides": [2, 1, 1, 2], "activations": ["relu", "hardswish", "hardswish", "hardswish"],
                  "batch_norm_eps": 1e-5}, {**ADDITIVE, "gate": "gate"}, ["embedding", "context"], ["output"], "none")),
    "mobilenet-v3-paper": (lambda: MobileNetV3(0.25, "small"), transformer((70, 64, 3), {"type": "mobilenet_v3"}, memory_linear="memory")),
    "mobilenet-v3-large": (lambda: MobileNetV3(0.2, "large"), recurrent(
        "gru", (67, 70, 3), {"type": "mobilenet_v3"}, {"score": "general", "linear": "general"}, ["embedding"], ["output", "context"], "tanh")),
    "mobilenet-paper": (lambda: MobileNet(0.1, None, 24), transformer((70, 64, 3), {"type": "mobilenet_v2"})),
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
def pass_caps(model):
    """The first three ReLU6 (behind a convolution, a depthwise one and one of single places) cut off what is above 6."""
    convolutions = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    for unit in [m for m in model.modules() if isinstance(m, nn.Sequential) and len(m) == 3 and isinstance(m[2], nn.ReLU6)][:3]:
        unit[1].weight.mul_(4)
        convolutions[convolutions.index(unit[0]) + 1].weight.div_(2)


@torch.no_grad()
def settle(trunk, image, gen):
    """A MobileNetV3 gets statistics of pictures, as training leaves them: behind so many hard swishes and weighings little would be left of one otherwise."""
    if not isinstance(trunk, MobileNetV3):
        return
    norms = [m for m in trunk.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None  # the mean of all that it sees
        norm.reset_running_stats()
    trunk.train()(common.randn((8, len(image["mean"]), image["height"], image["width"]), 2, gen))
    trunk.eval()


@torch.no_grad()
def make(name):
    trunk, settings = VARIANTS[name]
    gen = common.generator("captioner-" + name)
    channels = len(settings["image"]["mean"])
    model = (Transformer if "transformer" in settings else Captioner)(settings, trunk()).eval()
    draw(model, gen)
    pass_caps(model)
    settle(model.encoder, settings["image"], gen)
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
