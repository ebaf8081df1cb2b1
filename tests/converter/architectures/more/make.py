#!/usr/bin/env python3
"""Makes small goldens of options that the models of tests/goldens do not use. Needs what tests/goldens/make.py needs.

  make.py [VARIANT ...]     default: all; writes one folder for each beside this script, in the form of tests/goldens
"""
import os

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
import json
import math
import pathlib
import shutil
import sys

import torch
import transformers as hf
from safetensors.torch import load_file, save_file
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "goldens"))
from common import generator, reinitialize, write_json  # noqa: E402

hf.utils.logging.disable_progress_bar()
LLAMA = dict(vocab_size=48, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1,
             max_position_embeddings=128, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2)
PLAIN = {k: v for k, v in LLAMA.items() if k not in ("rms_norm_eps", "num_key_value_heads")}
GEMMA = LLAMA | dict(num_hidden_layers=3, head_dim=8, query_pre_attn_scalar=12)
BERT = dict(vocab_size=48, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=66,
            layer_norm_eps=1e-5, pad_token_id=1)
DISTIL = dict(vocab_size=48, dim=16, hidden_dim=24, n_layers=1, n_heads=2, max_position_embeddings=64, pad_token_id=0)
SEQ2SEQ = dict(vocab_size=48, d_model=16, encoder_layers=1, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=2,
               encoder_ffn_dim=24, decoder_ffn_dim=20, max_position_embeddings=64)
T5 = dict(vocab_size=48, d_model=16, d_kv=6, d_ff=24, num_layers=1, num_decoder_layers=2, num_heads=2, pad_token_id=0, eos_token_id=1,
          decoder_start_token_id=0)
VISION = dict(hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2, image_size=28, patch_size=14)


def rope(kind="default", theta=10000.0, **more):
    return dict(rope_parameters=dict(rope_type=kind, rope_theta=theta, **more))


def build(config, head):
    config._attn_implementation = "eager"
    return head(config).eval()


class Tanh(nn.Sequential):
    def __init__(self, rows, columns):
        super().__init__(nn.Linear(rows, columns), nn.Tanh())


class TorchVariant(nn.Module):
    """torch.nn.Transformer without biases and with learned positions."""

    def __init__(self):
        super().__init__()
        self.net = nn.Transformer(16, 2, 1, 2, 24, 0.0, "relu", batch_first=True, bias=False)
        self.tokens, self.places = nn.Embedding(48, 16), nn.Embedding(64, 16)

    def forward(self, input_ids, decoder_input_ids):
        def embed(ids):
            return self.tokens(ids) + self.places(torch.arange(ids.shape[1]))

        n = decoder_input_ids.shape[1]
        hidden = self.net(embed(input_ids), embed(decoder_input_ids), tgt_mask=torch.triu(torch.full((n, n), -math.inf), 1))
        return hf.modeling_outputs.CausalLMOutput(logits=hidden @ self.tokens.weight.T)

    def save_pretrained(self, folder):
        save_file(self.state_dict(), folder / "model.safetensors")
        write_json(folder / "config.json", dict(
            model_type="torch_transformer", d_model=16, nhead=2, num_encoder_layers=1, num_decoder_layers=2, dim_feedforward=24, bias=False,
            vocab_size=48, max_positions=64, positions="table", positions_weight="places.weight", prefix="net.", decoder_start_token_id=1,
            source_embedding="tokens.weight", target_embedding="tokens.weight", output_weight="tokens.weight"))


def bart_base(state):
    """As facebook/bart-base: a bare model, whose names have no prefix."""
    return {name.removeprefix("model."): value for name, value in state.items() if name != "final_logits_bias"}


# name: (model, options). Options: lengths, decoder = first decoder token, pooling = sentence-transformers modules, vocabulary, target =
# vocabulary of the decoder, edit = changes of config.json, tensors = rewriting of the saved state, embedding = its deviation
VARIANTS = {
    "llama-yarn": lambda: (build(hf.LlamaConfig(**LLAMA, **rope("yarn", factor=4.0, original_max_position_embeddings=32)), hf.LlamaForCausalLM), {}),
    "phi3-longrope": lambda: (build(hf.Phi3Config(**(LLAMA | dict(max_position_embeddings=256)), head_dim=8, pad_token_id=0, original_max_position_embeddings=64, **rope("longrope", partial_rotary_factor=0.75, short_factor=[1.0, 1.3, 2.0], long_factor=[2.0, 2.0, 2.0], original_max_position_embeddings=64)), hf.Phi3ForCausalLM), {}),
    "phi-qk-norm": lambda: (build(hf.PhiConfig(**PLAIN, num_key_value_heads=1, qk_layernorm=True, **rope(partial_rotary_factor=0.5)), hf.PhiForCausalLM), {}),
    "qwen2-windows": lambda: (build(hf.Qwen2Config(**LLAMA, use_sliding_window=True, sliding_window=10, max_window_layers=1, **rope()), hf.Qwen2ForCausalLM), {}),
    "qwen2-windows-old": lambda: (build(hf.Qwen2Config(**LLAMA, use_sliding_window=True, sliding_window=10, max_window_layers=1, **rope()), hf.Qwen2ForCausalLM), dict(edit=lambda c: c.pop("layer_types"))),
    "gpt2-scaled": lambda: (build(hf.GPT2Config(vocab_size=48, n_positions=64, n_embd=16, n_layer=2, n_head=2, n_inner=20, scale_attn_by_inverse_layer_idx=True, activation_function="relu", bos_token_id=1, eos_token_id=2), hf.GPT2LMHeadModel), {}),
    "gpt_neox-tied": lambda: (build(hf.GPTNeoXConfig(**PLAIN, attention_bias=False, tie_word_embeddings=True, **rope(partial_rotary_factor=1.0)), hf.GPTNeoXForCausalLM), {}),
    "roberta-mlm": lambda: (build(hf.RobertaConfig(**BERT, type_vocab_size=1), hf.RobertaForMaskedLM), {}),
    "xlm-roberta-mlm-untied": lambda: (build(hf.XLMRobertaConfig(**BERT, tie_word_embeddings=False), hf.XLMRobertaForMaskedLM), {}),
    "xlm-roberta-tokcls": lambda: (build(hf.XLMRobertaConfig(**BERT, num_labels=4), hf.XLMRobertaForTokenClassification), {}),
    "distilbert-mlm": lambda: (build(hf.DistilBertConfig(**DISTIL), hf.DistilBertForMaskedLM), {}),
    "distilbert-tokcls": lambda: (build(hf.DistilBertConfig(**DISTIL, num_labels=3), hf.DistilBertForTokenClassification), {}),
    "t5-far": lambda: (build(hf.T5Config(**T5), hf.T5ForConditionalGeneration), dict(decoder=0, lengths=(160, 5, 150))),
    "t5-silu": lambda: (build(hf.T5Config(**T5, feed_forward_proj="gated-silu"), hf.T5ForConditionalGeneration), dict(decoder=0)),
    "mt5": lambda: (build(hf.MT5Config(**T5), hf.MT5ForConditionalGeneration), dict(decoder=0)),
    "t5-encoder": lambda: (build(hf.T5Config(**T5), hf.T5EncoderModel), {}),
    "t5-sentence": lambda: (build(hf.T5Config(**T5), hf.T5EncoderModel), dict(pooling=("mean_tokens", nn.Linear(16, 12, bias=False)))),
    "marian-two-vocabularies": lambda: (build(hf.MarianConfig(**SEQ2SEQ, decoder_vocab_size=40, share_encoder_decoder_embeddings=False, scale_embedding=True, pad_token_id=0, eos_token_id=1, decoder_start_token_id=0), hf.MarianMTModel), dict(decoder=0, target=40)),
    "bart-bare": lambda: (build(hf.BartConfig(**SEQ2SEQ, pad_token_id=1, bos_token_id=0, eos_token_id=2, decoder_start_token_id=2), hf.BartForConditionalGeneration), dict(decoder=2, tensors=bart_base, edit=lambda c: c.update(architectures=["BartModel"]))),
    "bert-dense": lambda: (build(hf.BertConfig(**BERT), hf.BertModel), dict(pooling=("max_tokens", Tanh(16, 20)))),
    "qwen3-sentence": lambda: (build(hf.Qwen3Config(**LLAMA, head_dim=12, **rope()), hf.Qwen3Model), dict(pooling=("lasttoken",))),
    "gemma3-images": lambda: (build(hf.Gemma3Config(text_config=hf.Gemma3TextConfig(**GEMMA, sliding_window=16), vision_config=VISION, image_token_index=47, boi_token_index=46, eoi_token_index=45, mm_tokens_per_image=4), hf.Gemma3ForConditionalGeneration), dict(vocabulary=40, embedding=0.2)),
    # The file holds the window of both sides; the loaded config holds that of one, and would save it.
    "gemma3-sentence": lambda: (build(hf.Gemma3TextConfig(**GEMMA, sliding_window=78, sliding_window_pattern=2, use_bidirectional_attention=True), hf.Gemma3TextModel), dict(pooling=("mean_tokens", nn.Linear(16, 24, bias=False), nn.Linear(24, 16, bias=False)), edit=lambda c: c.update(sliding_window=78), embedding=0.2)),
    "torch_transformer-table": lambda: (TorchVariant().eval(), dict(decoder=1)),
}


def pool(hidden, modules):
    x = {"mean_tokens": hidden.mean(0), "max_tokens": hidden.max(0).values, "lasttoken": hidden[-1], "cls_token": hidden[0]}[modules[0]]
    for dense in modules[1:]:
        x = dense(x)
    return nn.functional.normalize(x, dim=-1)[None]


def write_modules(folder, modules):
    kinds, listed = "sentence_transformers.models.", [("", "Transformer"), ("1_Pooling", "Pooling")]
    (folder / "1_Pooling").mkdir()
    write_json(folder / "1_Pooling" / "config.json", {f"pooling_mode_{m}": m == modules[0] for m in ("cls_token", "mean_tokens", "max_tokens", "lasttoken")})
    for i, dense in enumerate(modules[1:]):
        path, layer = f"{i + 2}_Dense", dense[0] if isinstance(dense, Tanh) else dense
        (folder / path).mkdir()
        save_file({f"linear.{name}": value.detach() for name, value in layer.named_parameters()}, folder / path / "model.safetensors")
        write_json(folder / path / "config.json", dict(
            in_features=layer.in_features, out_features=layer.out_features, bias=layer.bias is not None,
            activation_function="torch.nn.modules.activation.Tanh" if isinstance(dense, Tanh) else "torch.nn.modules.linear.Identity"))
        listed.append((path, "Dense"))
    listed.append((f"{len(modules) + 1}_Normalize", "Normalize"))
    write_json(folder / "modules.json", [dict(idx=i, name=str(i), path=path, type=kinds + kind) for i, (path, kind) in enumerate(listed)])


@torch.no_grad()
def make(name):
    folder, gen = HERE / name, generator(name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    torch.manual_seed(0)
    model, options = VARIANTS[name]()
    reinitialize(model, gen, options.get("embedding", 0.5))
    if name == "bart-bare":
        model.final_logits_bias.zero_()
    model.save_pretrained(folder)
    if "tensors" in options:
        save_file(options["tensors"](load_file(folder / "model.safetensors")), folder / "model.safetensors", metadata={"format": "pt"})
    if "edit" in options:
        config = json.loads((folder / "config.json").read_text())
        options["edit"](config)
        write_json(folder / "config.json", config)

    cases, results, lengths = [], {}, options.get("lengths", (1, 9, 40))
    vocabulary = options.get("vocabulary", 48)
    for i, n in enumerate(lengths):
        case = {"tokens": torch.randint(3, vocabulary, (n,), generator=gen).tolist()}
        inputs = dict(input_ids=torch.tensor([case["tokens"]]))
        if "decoder" in options:
            tail = torch.randint(3, options.get("target", vocabulary), (lengths[-1 - i] - 1,), generator=gen).tolist()
            case["decoder_tokens"] = [options["decoder"]] + tail
            inputs["decoder_input_ids"] = torch.tensor([case["decoder_tokens"]])
        out = model(**inputs)
        result = out.logits[0] if hasattr(out, "logits") else out.last_hidden_state[0]
        results[f"case{i}"] = (pool(result, options["pooling"]) if "pooling" in options else result).contiguous()
        cases.append(case | {"output": f"case{i}"})
    if "pooling" in options:
        write_modules(folder, options["pooling"])
    write_json(folder / "cases.json", {"cases": cases}, compact=True)
    save_file(results, folder / "expected.safetensors")
    assert all(torch.isfinite(r).all() for r in results.values())
    print(f"{name:28} output std {results[f'case{len(cases) - 1}'].std():.2f}", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.backends.mha.set_fastpath_enabled(False)
    for variant in sys.argv[1:] or VARIANTS:
        make(variant)
