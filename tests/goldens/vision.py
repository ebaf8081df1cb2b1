#!/usr/bin/env python3
"""Goldens of vision Transformers: what transformers computes for tiny random models, and for pictures through their processors.

    vision.py [VARIANT ...]     writes one folder for each beside this script, seconds

The pictures are prepared by the processors that use Pillow.
"""
import argparse
import contextlib
import json
import os
import pathlib

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
import torch

with contextlib.redirect_stdout(None):
    import transformers
transformers.utils.logging.disable_progress_bar()
from PIL import Image
from safetensors.torch import save_file
from torch import nn

import common

HERE = pathlib.Path(__file__).resolve().parent
KEY_BIAS = ("key.bias", "k_proj.bias")
LABELS = dict(id2label={0: "wren", 1: "kinglet", 2: "a bird, of any kind", 3: "작은 새"},
              label2id={"wren": 0, "kinglet": 1, "a bird, of any kind": 2, "작은 새": 3})
VIT = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, image_size=24, patch_size=8)


def vit_processor(height, width, **more):
    return transformers.ViTImageProcessorPil(size={"height": height, "width": width}, **more)


def grey(processor):
    """As of a model of one channel: a mean and a deviation."""
    processor.image_mean, processor.image_std = [0.3], [0.4]
    return processor


def deit_processor(side, crop):
    return transformers.DeiTImageProcessorPil(size={"height": side, "width": side}, crop_size={"height": crop, "width": crop})


CLIP_TOWER = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, projection_dim=20)
# name: class, how it is called, config, options of the model, processor
VARIANTS = {
    "vit": ("ViTForImageClassification", transformers.ViTConfig(**VIT, **LABELS), {}, vit_processor(24, 24)),
    "vit-vector": ("ViTModel", transformers.ViTConfig(**VIT | dict(image_size=[16, 24], patch_size=[4, 8], pooler_output_size=20), qkv_bias=False), {},
                   vit_processor(16, 24, resample=3)),
    "vit-unpooled": ("ViTModel", transformers.ViTConfig(**VIT, num_channels=1, hidden_act="gelu_new"), dict(add_pooling_layer=False),
                     grey(vit_processor(24, 24))),
    "deit": ("DeiTForImageClassification", transformers.DeiTConfig(**VIT, **LABELS), {}, deit_processor(28, 24)),
    "deit-teacher": ("DeiTForImageClassificationWithTeacher", transformers.DeiTConfig(**VIT, **LABELS), {}, deit_processor(26, 24)),
    "clip-vision": ("CLIPVisionModelWithProjection", transformers.CLIPVisionConfig(**CLIP_TOWER, image_size=24, patch_size=8), {},
                    transformers.CLIPImageProcessorPil(size={"shortest_edge": 24}, crop_size={"height": 24, "width": 24})),
    "clip-text": ("CLIPTextModelWithProjection", transformers.CLIPTextConfig(
        **CLIP_TOWER, vocab_size=90, max_position_embeddings=32, bos_token_id=88, eos_token_id=89, pad_token_id=0), {}, None),
}


def result(model, x):
    """Of a picture, or of the tokens of a text."""
    out = model(pixel_values=x[None]) if x.is_floating_point() else model(input_ids=x[None])
    for embeds in ("image_embeds", "text_embeds"):
        if hasattr(out, embeds):
            return getattr(out, embeds)
    if hasattr(out, "logits"):
        return out.logits
    return out.last_hidden_state[:, 0] if out.pooler_output is None else out.pooler_output


def pictures(gen, channels):
    """Two pictures whose sizes are not the model's: blobs, and noise."""
    smooth = nn.functional.interpolate(common.randn((1, channels, 4, 5), 60, gen), (31, 43), mode="bicubic")[0] + 128
    noise = torch.randint(0, 256, (channels, 19, 15), generator=gen)
    return [p.clamp(0, 255).byte().permute(1, 2, 0).contiguous() for p in (smooth, noise)]


def write_inputs(folder, gen, processor, channels):
    """The pictures as files, and what the processor makes of them; last noise of the model's own size."""
    grids = []
    for number, pixels in enumerate(pictures(gen, channels)):
        image = Image.fromarray((pixels[:, :, 0] if channels == 1 else pixels).numpy())
        image.save(folder / f"{number}.png", optimize=True)
        grids.append(torch.tensor(processor(image).pixel_values[0]))
    mean, std = (torch.tensor(values)[:, None, None] for values in (processor.image_mean, processor.image_std))
    grids.append((torch.randint(0, 256, grids[0].shape, generator=gen) / 255 - mean) / std)
    save_file({f"case{i}": x.permute(1, 2, 0).contiguous() for i, x in enumerate(grids)}, folder / "inputs.safetensors")
    return grids


@torch.no_grad()
def make(name):
    kind, config, options, processor = VARIANTS[name]
    folder = HERE / name
    common.new_folder(folder)
    gen = common.generator(name)
    model = getattr(transformers, kind)(config, **options).eval()
    common.reinitialize(model, gen)
    for part, value in model.named_parameters():
        if part.endswith(("_token", "position_embeddings", "class_embedding")):
            value.copy_(common.randn(value.shape, 0.5, gen))
    model.save_pretrained(folder)
    if processor:
        processor.save_pretrained(folder)
    for path in folder.glob("*.json"):
        common.write_json(path, json.loads(path.read_text()))
    model = getattr(transformers, kind).from_pretrained(folder, attn_implementation="eager", **options).eval()

    if processor:
        inputs = write_inputs(folder, gen, processor, config.num_channels)
        cases = [{"tokens": [], "grid": f"case{i}", "output": f"case{i}"} | ({"picture": f"{i}.png"} if i < 2 else {}) for i in range(len(inputs))]
    else:  # a text between its first and its last token
        inputs = [torch.cat([torch.tensor([88]), torch.randint(1, 88, (n,), generator=gen), torch.tensor([89])]) for n in (0, 7, 30)]
        cases = [{"tokens": x.tolist(), "output": f"case{i}"} for i, x in enumerate(inputs)]
    outputs = [result(model, x).contiguous() for x in inputs]
    common.check_sensitive(model, lambda: result(model, inputs[-1]), KEY_BIAS)
    common.write_json(folder / "cases.json", {"architecture": kind, "cases": cases}, compact=True)
    save_file({f"case{i}": y for i, y in enumerate(outputs)}, folder / "expected.safetensors")
    for path in folder.iterdir():
        path.chmod(0o644)
    print(f"{name} {sum(p.stat().st_size for p in folder.iterdir()) / 1024:.0f} KB", [round(y.std().item(), 2) for y in outputs])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("variants", nargs="*", metavar="VARIANT", choices=[*VARIANTS, []], help="all of them if none is named")
    for variant in parser.parse_args().variants or VARIANTS:
        make(variant)
