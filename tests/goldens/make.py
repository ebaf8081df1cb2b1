#!/usr/bin/env python3
"""Makes the model goldens: tiny seeded models as people's checkpoints store them, and what transformers computes.

  make.py [VARIANT ...]     default: all variants; writes one folder for each beside this script (see README.md)
"""
import os

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
import contextlib
import json
import pathlib
import sys

import torch

with contextlib.redirect_stdout(None):  # transformers prints documentation errors of unrelated models
    import transformers
transformers.utils.logging.disable_progress_bar()
from safetensors.torch import load_file, save_file

from common import check_sensitive, generator, new_folder, older_config, randn, reinitialize, write_json
from torch_transformer import TorchTransformer

HERE = pathlib.Path(__file__).resolve().parent
LENGTHS = (1, 7, 23, 70)
DECODER_LENGTHS = (7, 1, 70, 23)
# Adding a constant to every key changes no softmax: the key bias is without effect where there is no rotary embedding.
KEY_BIAS = ("key.bias", "k_proj.bias", "k_lin.bias")

LLAMA = dict(vocab_size=112, hidden_size=32, intermediate_size=72, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=128, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2)
PLAIN = {k: LLAMA[k] for k in LLAMA if k not in ("rms_norm_eps", "num_key_value_heads")} | dict(layer_norm_eps=1e-5)
GEMMA = LLAMA | dict(num_key_value_heads=1, head_dim=16, intermediate_size=64, pad_token_id=0, bos_token_id=2, eos_token_id=1,
                     rms_norm_eps=1e-6)
BERT = dict(vocab_size=120, hidden_size=32, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
            max_position_embeddings=128, layer_norm_eps=1e-12, pad_token_id=0)
ROBERTA = BERT | dict(max_position_embeddings=130, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1, bos_token_id=0,
                      eos_token_id=2)
DISTIL = dict(vocab_size=120, dim=32, hidden_dim=96, n_layers=2, n_heads=4, max_position_embeddings=128, pad_token_id=0)
SEQ2SEQ = dict(vocab_size=104, d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
               decoder_attention_heads=2, encoder_ffn_dim=48, decoder_ffn_dim=64, max_position_embeddings=128)
T5 = dict(vocab_size=104, d_model=32, d_kv=12, d_ff=56, num_layers=2, num_decoder_layers=2, num_heads=4,
          relative_attention_num_buckets=16, relative_attention_max_distance=48, pad_token_id=0, eos_token_id=1,
          decoder_start_token_id=0, is_encoder_decoder=True)
LABELS3 = dict(num_labels=3, id2label={0: "negative", 1: "neutral", 2: "positive"},
               label2id={"negative": 0, "neutral": 1, "positive": 2})
LABELS5 = dict(num_labels=5, id2label={0: "O", 1: "B-PER", 2: "I-PER", 3: "B-LOC", 4: "I-LOC"},
               label2id={"O": 0, "B-PER": 1, "I-PER": 2, "B-LOC": 3, "I-LOC": 4})


def rope(theta=10000.0, kind="default", **more):
    return dict(rope_parameters=dict(rope_type=kind, rope_theta=theta, **more))


def hub_gpt2(state):
    """As openai-community/gpt2: no `transformer.` prefix, with the causal mask buffers."""
    new = {name.removeprefix("transformer."): value for name, value in state.items()}
    for layer in range(2):
        new[f"h.{layer}.attn.bias"] = torch.tril(torch.ones(128, 128)).view(1, 1, 128, 128)[:, :, :32, :32].contiguous()
    return new


def hub_bert(state):
    """As bert-base-uncased: gamma and beta in the norms, a pre-training head, no encoder-only names."""
    new = {n.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): v for n, v in state.items()}
    new["cls.seq_relationship.weight"], new["cls.seq_relationship.bias"] = torch.zeros(2, 32), torch.zeros(2)
    new["bert.embeddings.position_ids"] = torch.arange(128)[None]
    new["cls.predictions.decoder.weight"] = new["bert.embeddings.word_embeddings.weight"].clone()
    return new


def position_ids(state):
    """As older sentence-transformers checkpoints: an int64 buffer among the weights."""
    return state | {"embeddings.position_ids": torch.arange(128)[None]}


def old_llama(state):
    """As the first Llama conversions: the rotary frequencies are stored in every layer."""
    inv = 1.0 / 10000.0 ** (torch.arange(0, 8, 2).float() / 8)
    return state | {f"model.layers.{i}.self_attn.rotary_emb.inv_freq": inv.clone() for i in range(2)}


def old_neox(state):
    """As Pythia: mask and rotary buffers in every layer."""
    new = dict(state)
    for i in range(2):
        new[f"gpt_neox.layers.{i}.attention.bias"] = torch.tril(torch.ones(1, 1, 16, 16)).bool()
        new[f"gpt_neox.layers.{i}.attention.masked_bias"] = torch.tensor(-1e9)
        new[f"gpt_neox.layers.{i}.attention.rotary_emb.inv_freq"] = torch.ones(1)
    return new


def old_marian(state):
    """As OPUS-MT conversions: the sinusoidal tables and every tied copy are stored."""
    new = dict(state)
    shared = new["model.shared.weight"]
    for name in ("model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight", "lm_head.weight"):
        new[name] = shared.clone()
    from transformers.models.marian.modeling_marian import MarianSinusoidalPositionalEmbedding as Table
    table = Table(128, 32)
    for side in ("encoder", "decoder"):
        new[f"model.{side}.embed_positions.weight"] = table.create_weight().clone()
    return new


# name: (config class, model class, output kind, config values, options)
# options: form = which config.json form ("old" 4.x or "new" 5.x; the other is written to config.other.json where they differ),
# dtype, shard, tensors = rewriting of the saved state, types = token types are given, embedding = their deviation,
# exempt = tensors without effect, padded = also compare with one padded batch, greedy, pooling, config = last config.json edits
VARIANTS = {
    "llama": ("Llama", "ForCausalLM", "logits", LLAMA | rope(), dict(padded=True, greedy=True)),
    "gpt2": ("GPT2", "LMHeadModel", "logits", dict(vocab_size=112, n_positions=128, n_embd=32, n_layer=2, n_head=4, bos_token_id=111, eos_token_id=111), {}),
    "bert": ("Bert", "Model", "hidden", BERT, dict(types=True, padded=True, exempt=("pooler",))),
    "marian": ("Marian", "MTModel", "logits", SEQ2SEQ | dict(decoder_vocab_size=104, scale_embedding=True, activation_function="swish", pad_token_id=103, eos_token_id=0, decoder_start_token_id=103, forced_eos_token_id=0), dict(embedding=0.25, padded=True, greedy=True)),
    "t5": ("T5", "ForConditionalGeneration", "logits", T5, dict(form="old", greedy=True)),
    "llama-tied-rope-linear": ("Llama", "ForCausalLM", "logits", LLAMA | rope(kind="linear", factor=2.5) | dict(tie_word_embeddings=True), dict(form="old", matters=[dict(rope_scaling=None)])),
    "llama3": ("Llama", "ForCausalLM", "logits", LLAMA | rope(500.0, "llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64), dict(matters=[dict(rope_scaling=None), dict(rope_theta=10000.0)], form="old")),
    "llama-ntk": ("Llama", "ForCausalLM", "logits", LLAMA | rope(kind="dynamic", factor=2.0), {}),
    "llama-bias": ("Llama", "ForCausalLM", "logits", LLAMA | rope() | dict(attention_bias=True, mlp_bias=True), dict(form="old", tensors=old_llama)),
    "smollm": ("Llama", "ForCausalLM", "logits", LLAMA | rope(100000.0) | dict(hidden_size=36, num_attention_heads=3, num_key_value_heads=1, tie_word_embeddings=True), {}),
    "mistral": ("Mistral", "ForCausalLM", "logits", LLAMA | rope(1000000.0) | dict(sliding_window=16, head_dim=16), dict(form="old", matters=[dict(sliding_window=100)])),
    "qwen2": ("Qwen2", "ForCausalLM", "logits", LLAMA | rope(1000000.0) | dict(tie_word_embeddings=True, use_sliding_window=False, rms_norm_eps=1e-6), dict(form="old", config=dict(sliding_window=16, max_window_layers=1))),
    "qwen3": ("Qwen3", "ForCausalLM", "logits", LLAMA | rope(1000000.0) | dict(head_dim=20, tie_word_embeddings=True, rms_norm_eps=1e-6), {}),
    "gemma": ("Gemma", "ForCausalLM", "logits", GEMMA | rope(), dict(form="old", embedding=0.2)),
    "gemma2": ("Gemma2", "ForCausalLM", "logits", GEMMA | rope() | dict(num_hidden_layers=3, num_key_value_heads=2, sliding_window=16, query_pre_attn_scalar=24, attn_logit_softcapping=3.0, final_logit_softcapping=5.0), dict(matters=[dict(sliding_window=100), dict(attn_logit_softcapping=None), dict(final_logit_softcapping=None), dict(query_pre_attn_scalar=16)], form="old", embedding=0.2)),
    "gemma3_text": ("Gemma3Text", "Gemma3ForCausalLM", "logits", GEMMA | dict(num_hidden_layers=4, sliding_window=16, sliding_window_pattern=3, query_pre_attn_scalar=24, intermediate_size=48, rope_parameters=dict(sliding_attention=dict(rope_type="default", rope_theta=10000.0), full_attention=dict(rope_type="linear", factor=8.0, rope_theta=1000000.0))), dict(matters=[dict(sliding_window=100), dict(sliding_window_pattern=4), dict(rope_local_base_freq=1000.0), dict(rope_theta=10000.0), dict(rope_scaling=None)], form="old", embedding=0.2)),
    "gpt2-hub": ("GPT2", "LMHeadModel", "logits", dict(vocab_size=112, n_positions=128, n_embd=32, n_layer=2, n_head=4, bos_token_id=111, eos_token_id=111), dict(form="old", tensors=hub_gpt2)),
    "gpt_neox": ("GPTNeoX", "ForCausalLM", "logits", PLAIN | dict(num_attention_heads=2, hidden_act="gelu", use_parallel_residual=True) | rope(partial_rotary_factor=0.25), dict(form="old", tensors=old_neox)),
    "gpt_neox-serial": ("GPTNeoX", "ForCausalLM", "logits", PLAIN | dict(num_attention_heads=2, hidden_act="gelu", use_parallel_residual=False) | rope(25000.0, partial_rotary_factor=0.5), {}),
    "phi": ("Phi", "ForCausalLM", "logits", PLAIN | dict(num_attention_heads=2, partial_rotary_factor=0.5, hidden_act="gelu_new") | rope(partial_rotary_factor=0.5), dict(form="old")),
    "phi3": ("Phi3", "ForCausalLM", "logits", LLAMA | rope() | dict(sliding_window=16, pad_token_id=0), dict(matters=[dict(sliding_window=100)])),
    "bert-mlm": ("Bert", "ForMaskedLM", "logits", BERT, dict(types=True)),
    "bert-hub": ("Bert", "ForMaskedLM", "logits", BERT, dict(types=True, form="old", tensors=hub_bert)),
    "bert-seqcls": ("Bert", "ForSequenceClassification", "logits", BERT | LABELS3, dict(types=True, form="old")),
    "bert-tokcls": ("Bert", "ForTokenClassification", "logits", BERT | LABELS5, dict(types=True)),
    "distilbert": ("DistilBert", "Model", "hidden", DISTIL, {}),
    "distilbert-seqcls": ("DistilBert", "ForSequenceClassification", "logits", DISTIL | LABELS3, dict(form="old")),
    "roberta": ("Roberta", "Model", "hidden", ROBERTA, dict(exempt=("pooler",))),
    "roberta-seqcls": ("Roberta", "ForSequenceClassification", "logits", ROBERTA | LABELS3, dict(form="old")),
    "xlm-roberta": ("XLMRoberta", "Model", "hidden", ROBERTA, dict(exempt=("pooler",))),
    "sentence-transformers-mean": ("Bert", "Model", "pooled", BERT, dict(pooling="mean", form="old", tensors=position_ids, exempt=("pooler",))),
    "sentence-transformers-cls": ("XLMRoberta", "Model", "pooled", ROBERTA, dict(pooling="cls", exempt=("pooler",))),
    "marian-hub": ("Marian", "MTModel", "logits", SEQ2SEQ | dict(decoder_vocab_size=104, scale_embedding=True, activation_function="relu", pad_token_id=103, eos_token_id=0, decoder_start_token_id=103, forced_eos_token_id=0), dict(form="old", embedding=0.25, tensors=old_marian)),
    "bart": ("Bart", "ForConditionalGeneration", "logits", SEQ2SEQ | dict(pad_token_id=1, bos_token_id=0, eos_token_id=2, decoder_start_token_id=2), dict(embedding=0.5)),
    "mbart": ("MBart", "ForConditionalGeneration", "logits", SEQ2SEQ | dict(scale_embedding=True, pad_token_id=1, bos_token_id=0, eos_token_id=2), dict(form="old", embedding=0.2)),
    "t5-gated": ("T5", "ForConditionalGeneration", "logits", T5 | dict(feed_forward_proj="gated-gelu", tie_word_embeddings=False), dict(form="old")),
    "m2m_100": ("M2M100", "ForConditionalGeneration", "logits", SEQ2SEQ | dict(scale_embedding=True, pad_token_id=1, bos_token_id=0, eos_token_id=2, decoder_start_token_id=2), dict(embedding=0.25)),
    "llama-f16": ("Llama", "ForCausalLM", "logits", LLAMA | rope(), dict(dtype=torch.float16)),
    "llama-bf16-sharded": ("Llama", "ForCausalLM", "logits", LLAMA | rope() | dict(tie_word_embeddings=True), dict(dtype=torch.bfloat16, shard="24KB", form="old")),
}


def make_cases(config, gen, types, encoder_decoder):
    """Random tokens over the whole vocabulary except padding, which no tokenizer puts inside a text."""
    allowed = torch.tensor([t for t in range(config.vocab_size) if t != getattr(config, "pad_token_id", None)])

    def draw(n):
        return allowed[torch.randint(len(allowed), (n,), generator=gen)].tolist()

    cases = []
    for i, n in enumerate(LENGTHS):
        case = {"tokens": draw(n)}
        if encoder_decoder:
            case["decoder_tokens"] = [config.decoder_start_token_id] if config.decoder_start_token_id is not None else [2]
            case["decoder_tokens"] += draw(DECODER_LENGTHS[i] - 1)
        if types:
            half = n // 2 if i != 1 else n
            case["types"] = [0] * half + [1] * (n - half)
        cases.append(case | {"output": f"case{i}"})
    return cases


@torch.no_grad()
def run(model, case, kind, pooling=None):
    inputs = dict(input_ids=torch.tensor([case["tokens"]]))
    if "decoder_tokens" in case:
        inputs["decoder_input_ids"] = torch.tensor([case["decoder_tokens"]])
    if "types" in case:
        inputs["token_type_ids"] = torch.tensor([case["types"]])
    out = model(**inputs)
    if kind == "logits":
        return out.logits if out.logits.ndim == 2 else out.logits[0]
    hidden = out.last_hidden_state[0]
    if kind == "pooled":
        pooled = hidden.mean(0, keepdim=True) if pooling == "mean" else hidden[:1]
        return torch.nn.functional.normalize(pooled, dim=-1)
    return hidden


@torch.no_grad()
def check_padded(model, cases, results, kind, pad):
    """All cases as one right-padded batch with an attention mask agree with the single runs."""
    def batch(key, fill):
        rows = [c[key] for c in cases]
        n = max(map(len, rows))
        return torch.tensor([r + [fill] * (n - len(r)) for r in rows]), torch.tensor([[1] * len(r) + [0] * (n - len(r)) for r in rows])

    ids, mask = batch("tokens", pad)
    inputs = dict(input_ids=ids, attention_mask=mask)
    if "types" in cases[0]:
        inputs["token_type_ids"] = batch("types", 0)[0]
    if "decoder_tokens" in cases[0]:
        inputs["decoder_input_ids"] = batch("decoder_tokens", pad)[0]
    out = model(**inputs)
    out = out.logits if kind == "logits" else out.last_hidden_state
    for row, expected in zip(out, results):
        torch.testing.assert_close(row[: len(expected)], expected, atol=2e-4, rtol=1e-4)


def greedy(model, config, gen, encoder_decoder, steps=20):
    """Greedy continuation without stopping. Of 100 prompts, one with many different tokens chosen by wide margins."""
    best, best_score = None, -1.0
    key = "decoder_tokens" if encoder_decoder else "tokens"
    for _ in range(100):
        case = {"tokens": torch.randint(3, config.vocab_size - 1, (9,), generator=gen).tolist()}
        if encoder_decoder:
            case["decoder_tokens"] = [config.decoder_start_token_id]
        grow, margin = dict(case), float("inf")
        for _ in range(steps):
            top = run(model, grow, "logits")[-1].topk(2)
            margin = min(margin, (top.values[0] - top.values[1]).item())
            grow[key] = grow[key] + [top.indices[0].item()]
        expected = grow[key][-steps:]
        score = min(margin, 0.2) * min(len(set(expected)), 8)
        if score > best_score:
            best, best_score = case | {"expected": expected, "margin": round(margin, 4)}, score
    ids = dict(input_ids=torch.tensor([best["tokens"]]))
    if encoder_decoder:
        ids["decoder_input_ids"] = torch.tensor([best["decoder_tokens"]])
    model.generation_config = transformers.GenerationConfig(max_new_tokens=steps, do_sample=False, use_cache=True, pad_token_id=config.pad_token_id or 0,
                                                             decoder_start_token_id=getattr(config, "decoder_start_token_id", None))
    out = model.generate(**ids)
    assert out[0, -steps:].tolist() == best["expected"], "generate with a key-value cache disagrees"
    return best


def read_weights(folder):
    state = {}
    for path in sorted(folder.glob("model*.safetensors")):
        state |= load_file(path)
    return state


def write_sentence_transformer(folder, config, pooling):
    write_json(folder / "modules.json", [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}])
    (folder / "1_Pooling").mkdir()
    write_json(folder / "1_Pooling" / "config.json", {
        "word_embedding_dimension": config.hidden_size, "pooling_mode_cls_token": pooling == "cls", "pooling_mode_mean_tokens": pooling == "mean",
        "pooling_mode_max_tokens": False, "pooling_mode_mean_sqrt_len_tokens": False})
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 128, "do_lower_case": False})


def make(name):
    family, head, kind, values, options = VARIANTS[name]
    folder = HERE / name
    new_folder(folder)
    config_class = getattr(transformers, family + "Config")
    model_class = getattr(transformers, head if head.startswith("Gemma") else family + head)
    gen = generator(name)
    torch.manual_seed(0)
    config = config_class(**values)
    config._attn_implementation = "eager"
    model = model_class(config).eval()
    if name == "t5-gated":  # transformers 5 ties the output until the two differ in the checkpoint
        model.lm_head.weight = torch.nn.Parameter(torch.empty_like(model.lm_head.weight))
        config.tie_word_embeddings = False
    reinitialize(model, gen, options.get("embedding", 0.7), options.get("greedy") and config.is_encoder_decoder)
    model.to(options.get("dtype", torch.float32)).save_pretrained(folder, max_shard_size=options.get("shard", "1GB"))
    if "tensors" in options:
        save_file(options["tensors"](load_file(folder / "model.safetensors")), folder / "model.safetensors", metadata={"format": "pt"})

    new = json.loads((folder / "config.json").read_text())
    old = older_config(new) | options.get("config", {})
    if family == "T5":  # what transformers 5 writes after loading: always "tied", and whether the output is scaled
        new["tie_word_embeddings"] = True
    both = "rope_parameters" in new or family == "T5"
    old_form = options.get("form") == "old"
    reloaded = []
    for form in ((new, old) if old_form else (old, new)):  # the chosen form last: it stays
        write_json(folder / "config.json", form)
        reloaded.append(model_class.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval())
    if both:
        write_json(folder / "config.other.json", new if old_form else old)
    model = reloaded[-1]

    cases = make_cases(config, gen, options.get("types"), config.is_encoder_decoder)
    pooling = options.get("pooling")
    results = [run(model, c, kind, pooling) for c in cases]
    for c, r in zip(cases, results):
        torch.testing.assert_close(run(reloaded[0], c, kind, pooling), r, atol=0, rtol=0)
    exempt = options.get("exempt", ()) + (() if "rope_parameters" in new else KEY_BIAS)
    check_sensitive(model, lambda: run(model, cases[2], kind, pooling), exempt)
    for edit in options.get("matters", ()):  # settings whose effect must show at these lengths
        edited = config_class.from_dict(json.loads((folder / "config.json").read_text()) | edit)
        other = model_class.from_pretrained(folder, config=edited, dtype=torch.float32, attn_implementation="eager").eval()
        change = ((run(other, cases[3], kind, pooling) - results[3]).norm() / results[3].norm()).item()
        assert change > 1e-2, f"{edit} changes the output by only {change:.2e}"
    if options.get("padded"):
        check_padded(model, cases, results, kind, config.pad_token_id if config.pad_token_id is not None else 0)
    if "pooling" in options:
        write_sentence_transformer(folder, config, options["pooling"])
    document = {"architecture": model_class.__name__, "cases": cases}
    if options.get("greedy"):
        document["greedy"] = greedy(model, config, gen, config.is_encoder_decoder)
    write_json(folder / "cases.json", document, compact=True)
    save_file({c["output"]: r.float().contiguous() for c, r in zip(cases, results)}, folder / "expected.safetensors")
    report(name, folder, results)


def make_torch_transformer(name, pre):
    """torch.nn.Transformer under PyTorch's own tensor names."""
    folder = HERE / name
    new_folder(folder)
    gen = generator(name)
    config = {
        "model_type": "torch_transformer", "d_model": 32, "nhead": 4, "num_encoder_layers": 2, "num_decoder_layers": 2, "dim_feedforward": 64,
        "activation": "relu" if pre else "gelu", "norm_first": pre, "layer_norm_eps": 1e-5, "source_vocab_size": 96,
        "target_vocab_size": 104, "positions": "sinusoidal", "max_positions": 128, "scale_embedding": True, "prefix": "transformer.",
        "source_embedding": "source_embedding.weight", "target_embedding": "target_embedding.weight",
        "output_weight": "target_embedding.weight" if pre else "output.weight", "output_bias": None if pre else "output.bias",
        "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}
    model = TorchTransformer(config).eval()
    reinitialize(model, gen, 0.25)
    write_json(folder / "config.json", config)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "model.safetensors")
    model = TorchTransformer(config).eval()
    model.load_state_dict(load_file(folder / "model.safetensors"))
    cases = []
    for i, n in enumerate(LENGTHS):
        cases.append({"tokens": torch.randint(3, 96, (n,), generator=gen).tolist(),
                      "decoder_tokens": [1] + torch.randint(3, 104, (DECODER_LENGTHS[i] - 1,), generator=gen).tolist(), "output": f"case{i}"})
    with torch.no_grad():
        results = [model(torch.tensor([c["tokens"]]), torch.tensor([c["decoder_tokens"]]))[0] for c in cases]
        check_sensitive(model, lambda: model(torch.tensor([cases[2]["tokens"]]), torch.tensor([cases[2]["decoder_tokens"]]))[0], ())
    write_json(folder / "cases.json", {"architecture": "TorchTransformer", "cases": cases}, compact=True)
    save_file({c["output"]: r.contiguous() for c, r in zip(cases, results)}, folder / "expected.safetensors")
    report(name, folder, results)


def report(name, folder, results):
    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    assert all(torch.isfinite(r).all() for r in results)
    for path in folder.rglob("*.safetensors"):
        path.chmod(0o644)
    print(f"{name:28} {size / 1024:6.0f} KB  output std {results[-1].std():.2f}  tensors {len(read_weights(folder))}", flush=True)


def main(names):
    torch.set_num_threads(2)
    for name in names or [*VARIANTS, "torch_transformer-post", "torch_transformer-pre"]:
        make_torch_transformer(name, name.endswith("pre")) if name.startswith("torch_") else make(name)


if __name__ == "__main__":
    main(sys.argv[1:])
