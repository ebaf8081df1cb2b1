"""The Transformer of the paper, as PyTorch ships it, with one embedding for source, target and output; and what a checkpoint of it
or of a recurrent model is: config.json, model.safetensors, tokenizer.json."""
import json
import math
import pathlib

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

import recurrent

CONFIG = {
    "model_type": "torch_transformer", "d_model": 128, "nhead": 4, "num_encoder_layers": 3, "num_decoder_layers": 2,
    "dim_feedforward": 320, "activation": "relu", "norm_first": True, "layer_norm_eps": 1e-5, "vocab_size": 800,
    "positions": "sinusoidal", "max_positions": 128, "scale_embedding": True, "prefix": "transformer.",
    "source_embedding": "embedding.weight", "target_embedding": "embedding.weight", "output_weight": "embedding.weight",
    "output_bias": None, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}
CONFIGS = {"transformer": CONFIG, **recurrent.CONFIGS}


def sinusoids(length, width):
    """[length, width], sine and cosine interleaved, as in PyTorch's tutorial."""
    position = torch.arange(length).unsqueeze(1)
    frequency = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    table = torch.zeros(length, width)
    table[:, 0::2] = torch.sin(position * frequency)
    table[:, 1::2] = torch.cos(position * frequency)
    return table


class Translator(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        width = config["d_model"]
        self.transformer = torch.nn.Transformer(
            width, config["nhead"], config["num_encoder_layers"], config["num_decoder_layers"], config["dim_feedforward"],
            dropout=0.0, activation=config["activation"], layer_norm_eps=config["layer_norm_eps"], batch_first=True,
            norm_first=config["norm_first"])
        self.embedding = torch.nn.Embedding(config["vocab_size"], width)
        # Unit variance after the multiplication by sqrt(d_model), and logits of unit variance out of the last norm.
        torch.nn.init.normal_(self.embedding.weight, std=width**-0.5)
        self.register_buffer("positions", sinusoids(config["max_positions"], width), persistent=False)

    def embed(self, tokens):
        return self.embedding(tokens) * math.sqrt(self.config["d_model"]) + self.positions[: tokens.shape[1]]

    def encode(self, source):
        return self.transformer.encoder(self.embed(source), src_key_padding_mask=source == self.config["pad_token_id"])

    def decode(self, memory, source, target):
        """Logits [batch, target length, vocabulary]."""
        length = target.shape[1]
        future = torch.ones(length, length, dtype=torch.bool).triu(1)
        hidden = self.transformer.decoder(self.embed(target), memory, tgt_mask=future, tgt_is_causal=True,
                                          memory_key_padding_mask=source == self.config["pad_token_id"])
        return hidden @ self.embedding.weight.T

    def forward(self, source, target):
        return self.decode(self.encode(source), source, target)

    @torch.no_grad()
    def greedy(self, source, longest=96):
        """Token ids of each row up to, not including, </s>."""
        memory = self.encode(source)
        target = torch.full((source.shape[0], 1), self.config["decoder_start_token_id"])
        done = torch.zeros(source.shape[0], dtype=torch.bool)
        eos = self.config["eos_token_id"]
        while target.shape[1] < longest and not done.all():
            best = self.decode(memory, source, target)[:, -1].argmax(-1)
            best[done] = self.config["pad_token_id"]
            done |= best == eos
            target = torch.cat([target, best.unsqueeze(1)], 1)
        return [row[: row.index(eos)] if eos in row else row for row in target[:, 1:].tolist()]


def batch(rows, pad=0):
    """Rows of ids, padded to the longest."""
    width = max(map(len, rows))
    return torch.tensor([row + [pad] * (width - len(row)) for row in rows])


def create(config):
    """A new network, with random weights."""
    return {"torch_transformer": Translator, "rnn_seq2seq": recurrent.Translator}[config["model_type"]](config)


def folder_of(name):
    """The Transformer's checkpoint is beside this file, every other one in a folder of its name."""
    here = pathlib.Path(__file__).resolve().parent
    return here if name == "transformer" else here / name


def save(model, folder):
    """float16: half the bytes, and what is evaluated is what is saved."""
    folder = pathlib.Path(folder)
    save_file({name: value.half().contiguous() for name, value in model.state_dict().items()}, folder / "model.safetensors")
    (folder / "model.safetensors").chmod(0o644)
    (folder / "config.json").write_text(json.dumps(model.config, indent=2) + "\n")


def load(folder):
    folder = pathlib.Path(folder)
    model = create(json.loads((folder / "config.json").read_text()))
    model.load_state_dict({name: value.float() for name, value in load_file(folder / "model.safetensors").items()})
    return model.eval(), Tokenizer.from_file(str(folder / "tokenizer.json"))
