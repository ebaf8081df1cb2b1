"""A captioner as in "Show, Attend and Tell" (Xu et al., 2015): a small residual network turns the picture into a grid of regions,
and an LSTM writes the caption, asking before each token which regions to look at.

Tensors of the trunk are named as torchvision names those of its ResNets. Shapes: B rows, R regions, T positions.
"""
import json
import pathlib

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

WIDTHS = (24, 48, 96)  # of the trunk's layers, one block each; every layer after the first halves height and width
ATTENTION = 96  # units in which state and regions are compared

# Dark and light pictures are about equally common in the data.
IMAGE = {"height": 64, "width": 64, "mean": [0.47, 0.46, 0.46], "std": [0.2, 0.2, 0.2]}


def config(vocabulary, languages):
    """What the checkpoint's config.json says."""
    return {
        "model_type": "captioner", "cell": "lstm", "vocab_size": vocabulary, "image": IMAGE,
        "trunk": {"type": "resnet", "prefix": "encoder.", "stem_stride": 2, "stem_pool": False},
        "decoder": {
            "rnn": "decode_step", "hidden_size": 192, "embedding": "embedding.weight", "embedding_size": 64,
            "input": ["embedding", "context"]},
        "initial_state": {"from": "mean", "hidden": "init_h", "cell": "init_c", "activation": "none"},
        "attention": {
            "score": "additive", "query": "previous", "query_linear": "attention.decoder_att", "key_linear": "attention.encoder_att",
            "v": "attention.full_att", "gate": "f_beta"},
        "output": {"linear": "fc", "input": ["output"]}, "max_positions": 24, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
        "languages": languages}


def conv(inputs, outputs, size, stride=1):
    return torch.nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)


class BasicBlock(torch.nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(inputs, outputs, 3, stride), torch.nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = conv(outputs, outputs, 3), torch.nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = torch.nn.Sequential(conv(inputs, outputs, 1, stride), torch.nn.BatchNorm2d(outputs))

    def forward(self, x):
        shortcut = self.downsample(x) if self.downsample else x
        return torch.relu(shortcut + self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))))


class ResNet(torch.nn.Module):
    """Without the pooling and the classifier at its end."""

    def __init__(self, stem_stride):
        super().__init__()
        self.conv1, self.bn1 = conv(3, WIDTHS[0], 3, stem_stride), torch.nn.BatchNorm2d(WIDTHS[0])
        for number, width in enumerate(WIDTHS, 1):
            before = WIDTHS[max(number - 2, 0)]
            setattr(self, f"layer{number}", torch.nn.Sequential(BasicBlock(before, width, 1 if number == 1 else 2)))
        for module in self.modules():
            if isinstance(module, torch.nn.Conv2d):
                torch.nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        for number in range(1, len(WIDTHS) + 1):
            x = getattr(self, f"layer{number}")(x)
        return x


class Attention(torch.nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.encoder_att = torch.nn.Linear(width, ATTENTION)
        self.decoder_att = torch.nn.Linear(hidden, ATTENTION)
        self.full_att = torch.nn.Linear(ATTENTION, 1)

    def forward(self, keys, hidden):
        """Weights [B, R]; the keys are encoder_att of the regions, the same for all steps."""
        return self.full_att(torch.tanh(keys + self.decoder_att(hidden).unsqueeze(1))).squeeze(-1).softmax(-1)


class Captioner(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        assert not config["trunk"]["stem_pool"] and config["initial_state"]["activation"] == "none"
        width, hidden, embedding = WIDTHS[-1], config["decoder"]["hidden_size"], config["decoder"]["embedding_size"]
        self.encoder = ResNet(config["trunk"]["stem_stride"])
        self.attention = Attention(width, hidden)
        self.f_beta = torch.nn.Linear(hidden, width)
        self.init_h, self.init_c = torch.nn.Linear(width, hidden), torch.nn.Linear(width, hidden)
        self.embedding = torch.nn.Embedding(config["vocab_size"], embedding)
        self.decode_step = torch.nn.LSTM(embedding + width, hidden, batch_first=True)
        self.fc = torch.nn.Linear(hidden, config["vocab_size"])
        torch.nn.init.normal_(self.embedding.weight, std=0.5)
        for name in ("mean", "std"):
            self.register_buffer(name, torch.tensor(config["image"][name]), persistent=False)

    def encode(self, pixels):
        """uint8 [B, height, width, 3] gives the regions [B, R, width] in reading order."""
        x = (pixels.float() / 255 - self.mean) / self.std
        return self.encoder(x.permute(0, 3, 1, 2)).flatten(2).transpose(1, 2).contiguous()

    def start(self, regions):
        """What does not change from step to step, and the state before the first."""
        mean = regions.mean(1)
        return self.attention.encoder_att(regions), (self.init_h(mean), self.init_c(mean))

    def step(self, regions, keys, state, tokens):
        """Logits [B, vocabulary], the weights of the regions [B, R] and the new state."""
        weights = self.attention(keys, state[0])
        gate = torch.sigmoid(self.f_beta(state[0]))
        context = gate * (weights.unsqueeze(1) @ regions).squeeze(1)
        inputs = torch.cat([self.embedding(tokens), context], 1).unsqueeze(1)
        output, (hidden, cell) = self.decode_step(inputs, (state[0].unsqueeze(0), state[1].unsqueeze(0)))
        return self.fc(output.squeeze(1)), weights, (hidden.squeeze(0), cell.squeeze(0))

    def forward(self, regions, tokens):
        """Logits [B, T, vocabulary] and attention [B, T, R] of tokens [B, T]: position t is of the token after the t-th."""
        keys, state = self.start(regions)
        logits, weights = [], []
        for t in range(tokens.shape[1]):
            row, look, state = self.step(regions, keys, state, tokens[:, t])
            logits.append(row)
            weights.append(look)
        return torch.stack(logits, 1), torch.stack(weights, 1)

    @torch.no_grad()
    def greedy(self, pixels, language):
        """Token ids of each picture's caption up to, not including, </s>."""
        bos, eos, longest = (self.config[name] for name in ("bos_token_id", "eos_token_id", "max_positions"))
        regions = self.encode(pixels)
        keys, state = self.start(regions)
        _, _, state = self.step(regions, keys, state, torch.full((len(pixels),), bos))
        tokens = torch.full((len(pixels),), self.config["languages"][language][0])
        said = []
        for _ in range(longest - 2):
            logits, _, state = self.step(regions, keys, state, tokens)
            tokens = logits.argmax(-1)
            said.append(tokens)
        rows = torch.stack(said, 1).tolist()
        return [row[: row.index(eos)] if eos in row else row for row in rows]


def save(model, folder):
    """float16: half the bytes, and what is evaluated is what is saved. Batch norm's counters stay integers."""
    folder = pathlib.Path(folder)
    tensors = {name: (value.half() if value.is_floating_point() else value).contiguous() for name, value in model.state_dict().items()}
    save_file(tensors, folder / "model.safetensors")
    (folder / "model.safetensors").chmod(0o644)
    (folder / "config.json").write_text(json.dumps(model.config, indent=2) + "\n")


def load(folder):
    folder = pathlib.Path(folder)
    model = Captioner(json.loads((folder / "config.json").read_text()))
    model.load_state_dict({name: value.float() if value.is_floating_point() else value
                           for name, value in load_file(folder / "model.safetensors").items()})
    return model.eval(), Tokenizer.from_file(str(folder / "tokenizer.json"))
