"""Encoder-decoders of before the Transformer, out of nn.LSTM and nn.GRU: with one context vector for the whole source (Cho et al.,
2014), with additive attention (Bahdanau et al., 2015) and with general attention (Luong et al., 2015).

One embedding serves source and target, as in model.py. The decoder reads the right answers while it trains and attention asks
with its state of after the cell, so a batch is one call over all positions. Shapes: B rows, S source and T target positions.
"""
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

TOKENS = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}


def config(cell, decoder_input, initial_state, attention, attentional, output):
    """What a checkpoint's config.json says. 128 units in each direction of the encoder, so its rows are 256 wide."""
    embedding = {"embedding": "embedding.weight", "embedding_size": 128}
    return {
        "model_type": "rnn_seq2seq", "cell": cell, "vocab_size": 800,
        "encoder": {"rnn": "encoder.rnn", "hidden_size": 128, "num_layers": 1, "bidirectional": True, "bias": True, **embedding},
        "decoder": {"rnn": "decoder.rnn", "hidden_size": 256, "num_layers": 1, "bias": True, **embedding, "input": decoder_input},
        "initial_state": initial_state, "attention": attention, "attentional": attentional, "output": output,
        "max_positions": 128, **TOKENS}


# Luong's attentional vector, as wide as the embedding that turns it into logits.
COMBINE = {"linear": "combine", "input": ["output", "context"], "activation": "tanh"}
TIED = {"linear": "embedding.weight", "input": ["attentional"]}
BRIDGE = {"from": "last", "hidden": "bridge_hidden", "activation": "tanh"}
CELL_BRIDGE = {"from": "last", "hidden": "bridge_hidden", "cell": "bridge_cell", "activation": "tanh"}

CONFIGS = {
    "gru": config("gru", ["embedding", "context"], BRIDGE, None, None, {"linear": "output", "input": ["output"]}),
    "lstm-additive": config("lstm", ["embedding"], CELL_BRIDGE, {
        "score": "additive", "query": "current", "query_linear": "attention.query", "key_linear": "attention.key",
        "v": "attention.v"}, COMBINE, TIED),
    "lstm-general": config("lstm", ["embedding"], CELL_BRIDGE, {
        "score": "general", "query": "current", "linear": "attention.W", "applied_to": "keys"}, COMBINE, TIED)}


class Side(torch.nn.Module):
    """The recurrent layers of one side; a module only so that their tensors are named encoder.rnn and decoder.rnn."""

    def __init__(self, cell, side, inputs):
        super().__init__()
        self.rnn = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell](
            inputs, side["hidden_size"], side["num_layers"], bias=side["bias"], batch_first=True,
            bidirectional=side.get("bidirectional", False))
        gates = 4 if cell == "lstm" else 3
        for name, value in self.rnn.named_parameters():
            if "weight_hh" in name:
                for gate in value.data.chunk(gates):
                    torch.nn.init.orthogonal_(gate)
            elif "weight_ih" in name:
                torch.nn.init.xavier_uniform_(value)
            else:
                torch.nn.init.zeros_(value)
                if cell == "lstm" and "bias_ih" in name:
                    value.data.chunk(gates)[1].fill_(1)  # remember at first


class Attention(torch.nn.Module):
    """Scores of every source position for every target position."""

    def __init__(self, kind, query, key, units=128):
        super().__init__()
        self.kind = kind
        if kind == "additive":
            self.query = torch.nn.Linear(query, units, bias=False)
            self.key = torch.nn.Linear(key, units)
            self.v = torch.nn.Linear(units, 1, bias=False)
        else:
            self.W = torch.nn.Linear(key, query, bias=False)

    def forward(self, queries, keys):
        """[B, T, query] and [B, S, key] give [B, T, S]."""
        if self.kind == "additive":  # v . tanh(Wq q + Wk k)
            return self.v(torch.tanh(self.query(queries).unsqueeze(2) + self.key(keys).unsqueeze(1))).squeeze(-1)
        return queries @ self.W(keys).transpose(1, 2)  # q . W k


class Translator(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        encoder, decoder, self.kind = config["encoder"], config["decoder"], config["cell"]
        width, memory, hidden = decoder["embedding_size"], 2 * encoder["hidden_size"], decoder["hidden_size"]
        self.embedding = torch.nn.Embedding(config["vocab_size"], width)
        torch.nn.init.normal_(self.embedding.weight, std=0.2)
        self.encoder = Side(self.kind, encoder, width)
        self.decoder = Side(self.kind, decoder, width + ("context" in decoder["input"]) * memory)
        self.bridge_hidden = torch.nn.Linear(memory, hidden)
        if self.kind == "lstm":
            self.bridge_cell = torch.nn.Linear(memory, hidden)
        if config["attention"]:
            self.attention = Attention(config["attention"]["score"], hidden, memory)
            self.combine = torch.nn.Linear(hidden + memory, width)
        else:
            self.output = torch.nn.Linear(hidden, config["vocab_size"])

    def encode(self, source):
        """The encoder's rows [B, S, memory], and the decoder's state before its first step. Every row ends where its tokens do, for
        both directions: what a translation gets does not depend on the padding."""
        lengths = (source != self.config["pad_token_id"]).sum(1)
        packed = pack_padded_sequence(self.embedding(source), lengths, batch_first=True, enforce_sorted=False)
        rows, state = self.encoder.rnn(packed)
        memory, _ = pad_packed_sequence(rows, batch_first=True, total_length=source.shape[1])
        hidden, *cell = [torch.cat([s[-2], s[-1]], 1) for s in (state if self.kind == "lstm" else (state,))]
        first = torch.tanh(self.bridge_hidden(hidden)).unsqueeze(0)
        if cell:
            first = first, torch.tanh(self.bridge_cell(cell[0])).unsqueeze(0)
        return memory, hidden, first

    def decode(self, encoded, source, target):
        """Logits [B, T, vocabulary], and the state after the last position. `encoded` is what encode() gave, or that with a later
        state."""
        memory, last, state = encoded
        inputs = self.embedding(target)
        if not self.config["attention"]:
            inputs = torch.cat([inputs, last.unsqueeze(1).expand(-1, target.shape[1], -1)], 2)
            output, state = self.decoder.rnn(inputs, state)
            return self.output(output), state
        output, state = self.decoder.rnn(inputs, state)
        scores = self.attention(output, memory)
        padding = (source == self.config["pad_token_id"]).unsqueeze(1)
        context = scores.masked_fill(padding, float("-inf")).softmax(-1) @ memory
        attentional = torch.tanh(self.combine(torch.cat([output, context], 2)))
        return attentional @ self.embedding.weight.T, state

    def forward(self, source, target):
        return self.decode(self.encode(source), source, target)[0]

    @torch.no_grad()
    def greedy(self, source, longest=96):
        """Token ids of each row up to, not including, </s>."""
        memory, last, state = self.encode(source)
        target = torch.full((source.shape[0], 1), self.config["decoder_start_token_id"])
        done = torch.zeros(source.shape[0], dtype=torch.bool)
        eos = self.config["eos_token_id"]
        while target.shape[1] < longest and not done.all():
            logits, state = self.decode((memory, last, state), source, target[:, -1:])
            best = logits[:, -1].argmax(-1)
            best[done] = self.config["pad_token_id"]
            done |= best == eos
            target = torch.cat([target, best.unsqueeze(1)], 1)
        return [row[: row.index(eos)] if eos in row else row for row in target[:, 1:].tolist()]
