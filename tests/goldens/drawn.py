#!/usr/bin/env python3
"""Checkpoints of pictures and sounds with sizes, options, processors and files drawn at random, and what transformers and PyTorch compute for them.

    drawn.py FOLDER [--first N] [--count N] [KIND ...]     hundreds in a minute; compare_drawn.py FOLDER then asks Kinglet
"""
import argparse
import contextlib
import json
import os
import pathlib
import random
import shutil
import warnings

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
import numpy as np
import torch

with contextlib.redirect_stdout(None):
    import transformers
transformers.utils.logging.disable_progress_bar()
from PIL import Image, ImageOps
from safetensors.torch import save_file
from torch import nn
from transformers.image_transforms import center_crop, get_resize_output_image_size
from transformers.image_utils import load_image

import captioner
import common
import vision
import whisper

ACTIVATIONS = ["gelu", "relu", "gelu_new", "quick_gelu", "silu", "gelu_pytorch_tanh", "gelu_fast"]
FILTERS = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]


def flip(draw):
    return draw.random() < 0.5


def width(draw):
    heads = draw.choice([1, 2, 3, 5])
    return heads, heads * draw.choice([4, 6, 7, 8, 16])


@torch.no_grad()
def reinitialize(model, gen):
    common.reinitialize(model, gen, 0.6)
    for name, value in model.named_parameters():
        if name.endswith(("_token", "position_embeddings", "class_embedding")) or value.ndim == 3 and "embeddings" in name:
            value.copy_(common.randn(value.shape, 0.5, gen))
    return model.eval()


def picture(draw, gen, folder):
    """Noise or a smooth one, of any size and kind, as a PNG file."""
    some = lambda: draw.randint(2, 120)
    height, width = draw.choice([(1, 1), (1, some()), (some(), 1), (some(), some()), (some(), some()), (draw.randint(200, 400), draw.randint(20, 300))])
    pixels = torch.randint(0, 256, (height, width, 3), generator=gen).byte()
    if flip(draw) and min(height, width) > 3:
        smooth = nn.functional.interpolate(common.randn((1, 3, 4, 5), 60, gen), (height, width), mode="bicubic")[0] + 128
        pixels = smooth.clamp(0, 255).byte().permute(1, 2, 0).contiguous()
    path = folder / "picture.png"
    Image.fromarray(pixels.numpy()).convert(draw.choice(["RGB", "RGB", "L", "RGBA", "P", "LA", "1"])).save(path)
    return path


def processor(draw, height, width):
    options = draw.choice([{}, {}, {"rescale_factor": draw.choice([1 / 255, 1 / 127.5, 0.01])}, {"do_normalize": False},
                           {"image_mean": [draw.random() for _ in range(3)], "image_std": [0.1 + draw.random() for _ in range(3)]}])
    if flip(draw):
        options["resample"] = draw.randint(0, 5)
    size, near = {"height": height, "width": width}, lambda side: max(1, side + draw.randint(-3, 12))
    return draw.choice([
        lambda: transformers.ViTImageProcessorPil(size=size, **options),
        lambda: transformers.DeiTImageProcessorPil(size=size, do_center_crop=False, **options),
        lambda: transformers.DeiTImageProcessorPil(size={"height": near(height), "width": near(width)}, crop_size=size, **options),
        lambda: transformers.CLIPImageProcessorPil(size={"shortest_edge": near(min(height, width))}, crop_size=size, **options)])()


def prepared(draw, gen, folder, height, width):
    """A picture and its processor in files: [3, height, width]."""
    made = processor(draw, height, width)
    made.save_pretrained(folder)
    return torch.tensor(np.array(made(load_image(str(picture(draw, gen, folder)))).pixel_values[0])).float()


def patches(draw):
    """A vision Transformer's sizes: patches that do not divide the picture among them."""
    heads, hidden = width(draw)
    height, across = draw.randint(5, 48), draw.randint(5, 48)
    across = height if flip(draw) else across
    patch = [draw.randint(2, height), draw.randint(2, across)]
    if flip(draw):
        patch = min(patch)
    config = dict(hidden_size=hidden, num_hidden_layers=draw.randint(1, 3), num_attention_heads=heads, intermediate_size=draw.choice([hidden, 33]),
                  image_size=[height, across], patch_size=patch, hidden_act=draw.choice(ACTIVATIONS), layer_norm_eps=draw.choice([1e-12, 1e-6, 1e-3]),
                  qkv_bias=flip(draw))
    return config, height, across


def vit(draw, gen, folder):
    config, height, across = patches(draw)
    kind = draw.choice(["ViTModel", "ViTForImageClassification", "DeiTModel", "DeiTForImageClassification", "DeiTForImageClassificationWithTeacher"])
    labels = {i: str(i) for i in range(draw.choice([1, 2, 3, 17]))}
    made = (transformers.ViTConfig if kind.startswith("ViT") else transformers.DeiTConfig)(**config, id2label=labels, label2id={v: k for k, v in labels.items()})
    model = reinitialize(getattr(transformers, kind)(made), gen)
    model.save_pretrained(folder)
    return vision.result(model, prepared(draw, gen, folder, height, across)), []


def clip(draw, gen, folder):
    heads, hidden = width(draw)
    side = draw.randint(8, 40)
    tower = dict(hidden_size=hidden, intermediate_size=33, num_hidden_layers=draw.randint(1, 3), num_attention_heads=heads, projection_dim=draw.choice([5, 16]))
    seeing = tower | dict(image_size=side, patch_size=draw.randint(2, side), hidden_act=draw.choice(ACTIVATIONS))
    reading = tower | dict(vocab_size=60, max_position_embeddings=12, bos_token_id=58, eos_token_id=59, pad_token_id=0)
    whole = flip(draw)
    if whole:
        model = transformers.CLIPModel(transformers.CLIPConfig(vision_config=seeing, text_config=reading, projection_dim=tower["projection_dim"]))
    else:
        model = draw.choice([transformers.CLIPVisionModel, transformers.CLIPVisionModelWithProjection])(transformers.CLIPVisionConfig(**seeing))
    reinitialize(model, gen).save_pretrained(folder)
    x = prepared(draw, gen, folder, side, side)
    if not whole:
        return vision.result(model, x), []
    found = model.get_image_features(pixel_values=x[None])
    return found if isinstance(found, torch.Tensor) else found.pooler_output, ["--part", "vision"]


def tokens_of(draw, first, last):
    tokens = [draw.randint(first, last) for _ in range(draw.choice([1, 5, 15]))]
    return tokens, ["--decoder-tokens", ",".join(map(str, tokens))]


def writer(draw, gen, folder):
    """A vision-encoder-decoder."""
    config, height, across = patches(draw)
    encoder = draw.choice([transformers.ViTConfig, transformers.DeiTConfig])(**config)
    heads, hidden = draw.choice([width(draw), (config["num_attention_heads"], config["hidden_size"])])
    special = dict(bos_token_id=0, pad_token_id=1, eos_token_id=2, decoder_start_token_id=draw.choice([0, 2]), vocab_size=draw.choice([31, 50]))
    if flip(draw):
        decoder = transformers.GPT2Config(
            n_embd=hidden, n_layer=draw.randint(1, 2), n_head=heads, n_positions=draw.choice([20, 40]), n_inner=draw.choice([None, 33]), is_decoder=True,
            add_cross_attention=True, scale_attn_by_inverse_layer_idx=flip(draw), activation_function=draw.choice(["gelu_new", "relu", "gelu"]), **special)
    else:
        decoder = transformers.TrOCRConfig(
            d_model=hidden, decoder_layers=draw.randint(1, 2), decoder_attention_heads=heads, decoder_ffn_dim=draw.choice([20, 33]),
            max_position_embeddings=40, scale_embedding=flip(draw), layernorm_embedding=flip(draw), use_learned_position_embeddings=flip(draw),
            activation_function=draw.choice(["gelu", "relu"]), cross_attention_hidden_size=config["hidden_size"], **special)
    whole = transformers.VisionEncoderDecoderConfig(encoder=encoder.to_dict(), decoder=decoder.to_dict(), tie_word_embeddings=flip(draw))
    whole._attn_implementation = "eager"
    model = reinitialize(transformers.VisionEncoderDecoderModel(config=whole), gen)
    model.save_pretrained(folder)
    x = prepared(draw, gen, folder, height, across)
    tokens, arguments = tokens_of(draw, 3, 30)
    return model(pixel_values=x[None], decoder_input_ids=torch.tensor([tokens])).logits[0], arguments


def sound(draw, gen, folder, rate, least=0.01):
    samples = whisper.sound(gen, max(least, draw.choice([0.01, 0.1, 0.7, 1.3, 2.4])))
    path = folder / "sound.wav"
    whisper.write_wave(path, samples)
    if rate != whisper.RATE:  # the same samples, spoken more slowly
        path.write_bytes(path.read_bytes()[:24] + rate.to_bytes(4, "little") + (2 * rate).to_bytes(4, "little") + path.read_bytes()[32:])
    return whisper.read_wave(path)


def spectrogram(draw, gen, folder):
    heads, hidden = width(draw)
    bands, frames = draw.choice([16, 20, 33, 128]), draw.randint(10, 120)
    patch = draw.randint(2, min(bands, frames, 16))
    model = reinitialize(transformers.ASTForAudioClassification(transformers.ASTConfig(
        hidden_size=hidden, num_hidden_layers=draw.randint(1, 2), num_attention_heads=heads, intermediate_size=33, patch_size=patch, max_length=frames,
        frequency_stride=draw.randint(1, patch + 3), time_stride=draw.randint(1, patch + 3), num_mel_bins=bands, hidden_act=draw.choice(ACTIVATIONS),
        qkv_bias=flip(draw))), gen)
    model.save_pretrained(folder)
    extractor = transformers.ASTFeatureExtractor(num_mel_bins=bands, max_length=frames, **draw.choice([{}, {"do_normalize": False}, {"mean": -6.0, "std": 3.0}]))
    extractor.save_pretrained(folder)
    samples = sound(draw, gen, folder, whisper.RATE, 0.03)
    return model(input_values=torch.tensor(np.asarray(extractor(samples, sampling_rate=whisper.RATE).input_values[0]))[None]).logits, []


def listener(draw, gen, folder):
    """A Whisper."""
    heads, hidden = width(draw)
    bands, rate, hop, window = draw.choice([16, 40, 80]), draw.choice([8000, 16000]), draw.choice([160, 200, 400]), draw.choice([400, 512, 640])
    hop = 200 if rate % (2 * hop) else hop
    model = reinitialize(transformers.WhisperForConditionalGeneration(transformers.WhisperConfig(
        vocab_size=50, num_mel_bins=bands, d_model=hidden - hidden % 2, encoder_layers=draw.randint(1, 2), decoder_layers=draw.randint(1, 2),
        encoder_attention_heads=1, decoder_attention_heads=1 if (hidden - hidden % 2) % heads else heads, encoder_ffn_dim=33, decoder_ffn_dim=20,
        max_source_positions=rate // hop // 2, max_target_positions=30, pad_token_id=1, bos_token_id=1, eos_token_id=1, decoder_start_token_id=2,
        suppress_tokens=None, begin_suppress_tokens=None, activation_function=draw.choice(["gelu", "relu"]), scale_embedding=flip(draw))), gen)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    extractor = transformers.WhisperFeatureExtractor(feature_size=bands, sampling_rate=rate, hop_length=hop, chunk_length=1, n_fft=window)
    extractor.save_pretrained(folder)
    features = torch.from_numpy(extractor(sound(draw, gen, folder, rate), sampling_rate=rate, return_tensors="np").input_features)
    tokens, arguments = tokens_of(draw, 0, 49)
    return model(input_features=features, decoder_input_ids=torch.tensor([tokens])).logits[0], arguments


def trunk(draw, channels):
    """A maker of one, and what config.json says of it."""
    kind = draw.choice(["resnet", "vgg", "mobilenet", "mobilenet_v3"] if channels == 3 else ["resnet", "vgg"])
    if kind == "resnet":
        block = draw.choice([captioner.BASIC, captioner.DEEP])
        groups = draw.choice([1, 2, 4]) if block is captioner.DEEP else 1
        stem = draw.choice([3, 5, 7]), draw.choice([1, 2, 3]), flip(draw)
        layers = [draw.randint(1, 2) for _ in range(draw.randint(1, 4))]
        each = draw.choice([64, 128]) if groups > 1 else 64
        return (lambda: captioner.ResNet(block, layers, 8, channels, stem, groups, each)), {"stem_stride": stem[1], "stem_pool": stem[2], "groups": groups}
    if kind == "vgg":
        layers = [n for _ in range(draw.randint(1, 3)) for n in [*(draw.choice([5, 8, 12]) for _ in range(draw.randint(1, 2))), "M"]]
        norm, last_pool = flip(draw), flip(draw)

        def make():
            made = captioner.Vgg(layers, norm, last_pool)
            made.features[0] = nn.Conv2d(channels, layers[0], 3, padding=1)
            return made
        return make, {"type": "vgg", "last_pool": last_pool}
    if kind == "mobilenet_v3" and draw.randint(0, 3) == 0:  # with the strides and activations of the paper
        size = draw.choice(["small", "large"])
        return (lambda: captioner.MobileNetV3(0.2, size)), {"type": "mobilenet_v3"}
    if kind == "mobilenet_v3":
        blocks, before = [], 8  # of width 16 times a half
        for _ in range(draw.randint(1, 4)):
            inside = draw.choice([before * 2, before * draw.randint(2, 8)])  # as wide as before it, times a half, or wider
            blocks.append((draw.choice([3, 5, 7]), inside, draw.choice([before * 2, 16, 32]), flip(draw), draw.choice(["RE", "HS"]), draw.choice([1, 2])))
            before = blocks[-1][2] // 2
        epsilon = draw.choice([1e-3, 1e-5])
        return (lambda: captioner.MobileNetV3(0.5, blocks, epsilon)), {
            "type": "mobilenet_v3", "strides": [block[-1] for block in blocks], "batch_norm_eps": epsilon,
            "activations": ["relu" if block[4] == "RE" else "hardswish" for block in blocks]}
    blocks = [[1, 8, 1, 1]] + [[draw.choice([1, 2, 6]), draw.choice([8, 16, 24]), draw.randint(1, 2), draw.choice([1, 2])] for _ in range(draw.randint(1, 3))]
    return (lambda: captioner.MobileNet(0.25, blocks, 20)), {"type": "mobilenet_v2", "strides": [s for b in blocks for s in [b[3]] + [1] * (b[2] - 1)]}


def seen(path, image):
    """The picture as README.md says that a captioner's `image` is made: [height, width, channels]."""
    height, across, channels = image["height"], image["width"], len(image["mean"])
    whole = load_image(str(path)) if channels == 3 else ImageOps.exif_transpose(Image.open(path)).convert("L")
    size = height, across
    if image["resize"] == "shorter":
        pixels = np.asarray(whole).reshape(whole.height, whole.width, channels)
        size = get_resize_output_image_size(pixels, min(size), default_to_square=False, input_data_format="channels_last")
    made = np.asarray(whole.resize(size[::-1], getattr(Image.Resampling, image["filter"].upper()))).reshape(*size, channels)
    if image["resize"] == "shorter":
        made = center_crop(made, (height, across), data_format="channels_last", input_data_format="channels_last")
    return (torch.tensor(np.array(made)).float() / 255 - torch.tensor(image["mean"])) / torch.tensor(image["std"])


def caption(draw, gen, folder):
    image = draw.randint(17, 80), draw.randint(17, 80), draw.choice([1, 3, 3])
    make, settings = trunk(draw, image[2])
    if flip(draw):
        settings["grid"] = draw.choice([1, 2, 3, 5, 7, 14])
    if flip(draw):
        attention = draw.choice([None, {"score": "general", "linear": "general"}, captioner.ADDITIVE, {**captioner.ADDITIVE, "gate": "gate"}])
        general = attention is not None and attention["score"] == "general"
        config = captioner.recurrent(draw.choice(["lstm", "gru"]), image, settings, attention, ["embedding"] if general else ["embedding", "context"],
                                     ["output", "context"] if general else ["output"], draw.choice(["tanh", "none"]))
    else:
        places = draw.choice([{"positions": "sinusoidal"}, {"positions": "table", "positions_weight": "places.weight"}])
        config = captioner.transformer(image, settings, memory_linear="memory", activation=draw.choice(["gelu", "relu"]), norm_first=flip(draw),
                                       scale_embedding=flip(draw), **places)
    config["image"] |= {"resize": draw.choice(["exact", "shorter"]), "filter": draw.choice(FILTERS)}
    model = (captioner.Transformer if "transformer" in config else captioner.Captioner)(config, make()).eval()
    captioner.draw(model, gen)
    captioner.settle(model.encoder, config["image"], gen)
    common.write_json(folder / "config.json", config)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "model.safetensors")
    x = seen(picture(draw, gen, folder), config["image"])
    tokens, arguments = tokens_of(draw, 0, captioner.VOCABULARY - 1)
    return model(x.permute(2, 0, 1), tokens), arguments


KINDS = {made.__name__: made for made in (vit, clip, writer, spectrogram, listener, caption)}


@torch.no_grad()
def main():
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("kinds", nargs="*", metavar="KIND", choices=[*KINDS, []], help=", ".join(KINDS))
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=60)
    asked = parser.parse_args()
    kinds = asked.kinds or list(KINDS)
    for number in range(asked.first, asked.first + asked.count):
        kind = kinds[number % len(kinds)]
        folder = asked.folder / f"{kind}-{number}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        torch.manual_seed(number)
        output, arguments = KINDS[kind](random.Random(number), common.generator(f"drawn {number}"), folder)
        np.save(folder / "expected.npy", output.numpy())
        (folder / "arguments.json").write_text(json.dumps(arguments))


if __name__ == "__main__":
    main()
