"""The sequence-to-sequence model of PyTorch's tutorial around torch.nn.Transformer."""
import math

import torch
from torch import nn


class TorchTransformer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config_values = config
        d = config["d_model"]
        self.source_embedding = nn.Embedding(config["source_vocab_size"], d)
        self.target_embedding = nn.Embedding(config["target_vocab_size"], d)
        self.transformer = nn.Transformer(d, config["nhead"], config["num_encoder_layers"], config["num_decoder_layers"],
                                          config["dim_feedforward"], 0.0, config["activation"],
                                          layer_norm_eps=config["layer_norm_eps"], batch_first=True,
                                          norm_first=config["norm_first"])
        if config["output_weight"] == "output.weight":
            self.output = nn.Linear(d, config["target_vocab_size"], bias=config["output_bias"] is not None)
        torch.backends.mha.set_fastpath_enabled(False)

    def embed(self, table, tokens):
        """Embeddings times sqrt(d_model) plus interleaved sines and cosines."""
        d = table.weight.shape[1]
        position = torch.arange(tokens.shape[1])[:, None]
        rate = torch.exp(torch.arange(0, d, 2) * (-math.log(10000.0) / d))
        angles = position * rate
        waves = torch.stack([torch.sin(angles), torch.cos(angles)], -1).reshape(tokens.shape[1], d)
        return table(tokens) * math.sqrt(d) + waves

    def forward(self, source, target):
        n = target.shape[1]
        causal = torch.triu(torch.full((n, n), float("-inf")), 1)
        hidden = self.transformer(self.embed(self.source_embedding, source), self.embed(self.target_embedding, target), tgt_mask=causal)
        return self.output(hidden) if hasattr(self, "output") else hidden @ self.target_embedding.weight.T
