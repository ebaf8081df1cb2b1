"""Recurrent encoder-decoders as their config.json describes them (README.md, rnn_seq2seq), written plainly: row after row."""
import torch
from torch import nn


class OriginalGru(nn.GRU):
    """Cho et al. 2014: the reset gate before the product. nn.GRU's tensors, one sequence at a time."""

    def forward(self, x, start=None):
        layers, ways = self.num_layers, 2 if self.bidirectional else 1
        start = torch.zeros(layers * ways, 1, self.hidden_size) if start is None else start
        final = []
        for layer in range(layers):
            sides = []
            for way in range(ways):
                name = f"_l{layer}" + ("_reverse" if way else "")
                w_x, w_h = getattr(self, "weight_ih" + name), getattr(self, "weight_hh" + name)
                b_x = getattr(self, "bias_ih" + name, torch.zeros(len(w_x)))
                b_h = getattr(self, "bias_hh" + name, torch.zeros(len(w_h)))
                h, rows = start[layer * ways + way, 0], []
                n = self.hidden_size
                for row in reversed(x[0]) if way else x[0]:
                    gates = w_x @ row + b_x
                    r, z = torch.sigmoid(gates[: 2 * n] + w_h[: 2 * n] @ h + b_h[: 2 * n]).chunk(2)
                    new = torch.tanh(gates[2 * n :] + w_h[2 * n :] @ (r * h) + b_h[2 * n :])
                    h = (1 - z) * new + z * h
                    rows.append(h)
                sides.append(torch.stack(rows[::-1] if way else rows))
                final.append(h[None])
            x = torch.cat(sides, -1)[None]
        return x, torch.stack(final)


CELLS = {"lstm": nn.LSTM, "gru": nn.GRU, "gru_original": OriginalGru}


class RnnSeq2Seq(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        encoder, decoder = config["encoder"], config["decoder"]
        sources = config.get("source_vocab_size", config.get("vocab_size"))
        targets = config.get("target_vocab_size", config.get("vocab_size"))
        self.ways = 2 if encoder.get("bidirectional") else 1
        self.memory, self.hidden = encoder["hidden_size"] * self.ways, decoder["hidden_size"]
        self.add(encoder["embedding"].removesuffix(".weight"), nn.Embedding(sources, encoder["embedding_size"]))
        if decoder["embedding"] != encoder["embedding"]:
            self.add(decoder["embedding"].removesuffix(".weight"), nn.Embedding(targets, decoder["embedding_size"]))
        cell = CELLS[config["cell"]]

        def rnn(side, width):
            return cell(width, side["hidden_size"], side.get("num_layers", 1), bias=side.get("bias", True), batch_first=True,
                        bidirectional=side.get("bidirectional", False))
        self.add(encoder["rnn"], rnn(encoder, encoder["embedding_size"]))
        attentional = config.get("attentional")
        widths = {"embedding": decoder["embedding_size"], "context": self.memory, "output": self.hidden}
        if attentional:
            widths["attentional"] = config["_attentional_size"]
            self.add(attentional["linear"], nn.Linear(sum(widths[n] for n in attentional.get("input", ["output", "context"])),
                                                      widths["attentional"]))
        self.widths = widths
        self.add(decoder["rnn"], rnn(decoder, sum(widths[n] for n in decoder.get("input", ["embedding"]))))
        self.add_bridge(config.get("initial_state", "final"), decoder.get("num_layers", 1))
        self.add_attention(config.get("attention"))
        output = config["output"]
        if not output["linear"].endswith(".weight"):
            self.add(output["linear"], nn.Linear(sum(widths[n] for n in self.output_names()), targets))

    def output_names(self):
        return self.config["output"].get("input", ["attentional" if self.config.get("attentional") else "output"])

    def add(self, name, module):
        """Under a dotted name, as in a state dict."""
        parent, *rest = name.split(".", 1)
        if not rest:
            self.add_module(name, module)
            return
        if not hasattr(self, parent):
            self.add_module(parent, nn.Module())
        RnnSeq2Seq.add(getattr(self, parent), rest[0], module)

    def at(self, name):
        return self.get_submodule(name)

    def add_bridge(self, bridge, layers):
        if isinstance(bridge, str):
            return
        width = self.memory // self.ways if bridge["from"] == "backward" else self.memory
        for key in ("hidden", "cell"):
            for name in {bridge[key].replace("{layer}", str(l)) for l in range(layers)} if key in bridge else ():
                self.add(name, nn.Linear(width, self.hidden))

    def add_attention(self, attention):
        if not attention:
            return
        units = self.config["_units"]
        if attention["score"] == "general":
            wide = attention.get("applied_to", "keys") == "keys"
            self.add(attention["linear"], nn.Linear(*((self.memory, self.hidden) if wide else (self.hidden, self.memory)), bias=False))
        if attention["score"] == "additive":
            self.add(attention["query_linear"], nn.Linear(self.hidden, units))
            self.add(attention["key_linear"], nn.Linear(self.memory, units))
        if attention["score"] == "concat":
            self.add(attention["linear"], nn.Linear(self.hidden + self.memory, units))
        if "v" in attention:
            self.add(attention["v"], nn.Linear(units, 1, bias=attention["v"].endswith("Va")))  # a bias changes nothing
        if attention.get("place") == "predicted":
            self.add(attention["position_linear"], nn.Linear(self.hidden, units))
            self.add(attention["position_v"], nn.Linear(units, 1))

    # ---- one sequence

    def forward(self, source, target):
        """[1, source length], [1, target length] → logits [1, target length, vocabulary]"""
        encoder, decoder = self.config["encoder"], self.config["decoder"]
        memory, final = self.at(encoder["rnn"])(self.at(encoder["embedding"].removesuffix(".weight"))(source))
        parts = final if isinstance(final, tuple) else (final,)  # h and c, each [layers * ways, 1, hidden]
        memory = memory[0]
        state = self.initial(memory, parts)
        fixed = self.ended(parts[0], -1)
        attention = self.config.get("attention")
        before = {"context": torch.zeros(self.memory), "attentional": torch.zeros(self.widths.get("attentional", 0))}
        rows = []
        for t, token in enumerate(target[0]):
            now = {"embedding": self.at(decoder["embedding"].removesuffix(".weight"))(token)}
            if not attention:
                now["context"] = fixed
            elif attention.get("query", "current") == "previous":
                now["context"] = self.look(state[0][-1, 0], memory, t)
            x = torch.cat([now.get(n, before.get(n)) for n in decoder.get("input", ["embedding"])])
            y, after = self.at(decoder["rnn"])(x[None, None], state if len(state) == 2 else state[0])
            state = after if isinstance(after, tuple) else (after,)
            now["output"] = y[0, 0]
            if "context" not in now:
                now["context"] = self.look(now["output"], memory, t)
            attentional = self.config.get("attentional")
            if attentional:
                x = torch.cat([now[n] for n in attentional.get("input", ["output", "context"])])
                now["attentional"] = torch.tanh(self.at(attentional["linear"])(x))
            x = torch.cat([now[n] for n in self.output_names()])
            name = self.config["output"]["linear"]
            rows.append(self.get_parameter(name) @ x if name.endswith(".weight") else self.at(name)(x))
            before = now
        return torch.stack(rows)[None]

    def ended(self, part, layer):
        """The final state of a layer, its directions side by side."""
        return part.unflatten(0, (-1, self.ways))[layer, :, 0].flatten()

    def initial(self, memory, parts):
        layers = self.config["decoder"].get("num_layers", 1)
        start = self.config.get("initial_state", "final")
        zeros = torch.zeros(layers, 1, self.hidden)
        if start == "zeros":
            return tuple(zeros for _ in parts)
        if isinstance(start, str):
            return tuple(torch.stack([self.ended(p, l if start == "final" else -1)[None] for l in range(layers)]) for p in parts)
        made = []
        for key, part in zip(("hidden", "cell"), parts):
            if key not in start:
                made.append(zeros)
                continue
            rows = []
            for l in range(layers):
                ended = self.ended(part, l if start["from"] == "final" else -1)
                if start["from"] == "backward":
                    ended = ended[self.memory // 2 :]
                if start["from"] == "mean":
                    ended = memory.mean(0)
                row = self.at(start[key].replace("{layer}", str(l)))(ended)
                rows.append((torch.tanh(row) if start.get("activation", "tanh") == "tanh" else row)[None])
            made.append(torch.stack(rows))
        return tuple(made)

    def look(self, query, memory, t):
        a = self.config["attention"]
        if a["score"] == "dot":
            scores = memory @ query
        elif a["score"] == "general":
            scores = self.at(a["linear"])(memory) @ query if a.get("applied_to", "keys") == "keys" else memory @ self.at(a["linear"])(query)
        elif a["score"] == "additive":
            scores = self.at(a["v"])(torch.tanh(self.at(a["query_linear"])(query) + self.at(a["key_linear"])(memory)))[:, 0]
        else:
            both = [query.expand(len(memory), -1), memory]
            both = both if a.get("order", "query_key") == "query_key" else both[::-1]
            scores = self.at(a["v"])(torch.tanh(self.at(a["linear"])(torch.cat(both, -1))))[:, 0]
        scores = scores * a.get("scale", 1)
        slots = torch.arange(len(memory))
        place = a.get("place", "everywhere")
        if place != "everywhere":
            centre = torch.tensor(min(t, len(memory) - 1.0))
            if place == "predicted":
                p = self.at(a["position_v"])(torch.tanh(self.at(a["position_linear"])(query)))
                centre = len(memory) * torch.sigmoid(p)[0]
            scores = scores.masked_fill((slots - centre).abs() > a["window"], float("-inf"))
        weights = torch.softmax(scores, 0)
        if a.get("hard"):
            weights = torch.nn.functional.one_hot(scores.argmax(), len(memory)).float()
        elif place == "predicted":
            weights = weights * torch.exp(-((slots - centre) ** 2) / (2 * (a["window"] / 2) ** 2))
        return weights @ memory
