# SPDX-License-Identifier: MIT
"""Writes a GGUF file small enough to generate in a blink and complete enough for Ollama to run.

    python3 -m real_ollama.gguf OUT.gguf [--embedding] [--slow]

One transformer block of architecture `llama`, random weights from a fixed seed, a byte-level
vocabulary. The slow model has several wide blocks: it takes a while to load and to say a word, and
never stops by itself, so that what happens in the middle of an answer can be seen. The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""
import argparse
import random
import struct

WIDTH, FEED, HEADS, CONTEXT = 32, 64, 2, 2048
ALIGN = 32
CONTROL, NORMAL, UNKNOWN, BYTE = 3, 1, 2, 6
WORDS = ["the", "model", "answers", "with", "words", "that", "mean", "nothing", "at", "all"]


class Writer:
    """Collects metadata and tensors, then writes them in GGUF's order."""

    def __init__(self):
        self.metadata, self.tensors = [], []

    @staticmethod
    def text(value):
        raw = value.encode("utf-8")
        return struct.pack("<Q", len(raw)) + raw

    def _entry(self, key, code, payload):
        self.metadata.append(self.text(key) + struct.pack("<I", code) + payload)

    def put(self, key, value):
        """A scalar: bool, int, float or str."""
        if isinstance(value, bool):
            self._entry(key, 7, struct.pack("<?", value))
        elif isinstance(value, int):
            self._entry(key, 4, struct.pack("<I", value))
        elif isinstance(value, float):
            self._entry(key, 6, struct.pack("<f", value))
        else:
            self._entry(key, 8, self.text(value))

    def put_list(self, key, values):
        """A list of str, int or float, all of one type."""
        first = values[0]
        if isinstance(first, str):
            code, payload = 8, b"".join(map(self.text, values))
        elif isinstance(first, int):
            code, payload = 5, struct.pack("<%di" % len(values), *values)
        else:
            code, payload = 6, struct.pack("<%df" % len(values), *values)
        self._entry(key, 9, struct.pack("<IQ", code, len(values)) + payload)

    def tensor(self, name, shape, values):
        """A 32-bit float tensor; shape with the fastest dimension first."""
        self.tensors.append((name, shape, struct.pack("<%df" % len(values), *values)))

    def write(self, path):
        infos, offset = [], 0
        for name, shape, raw in self.tensors:
            infos.append(self.text(name) + struct.pack("<I", len(shape))
                         + struct.pack("<%dQ" % len(shape), *shape) + struct.pack("<IQ", 0, offset))
            offset += len(raw) + -len(raw) % ALIGN
        head = b"GGUF" + struct.pack("<IQQ", 3, len(self.tensors), len(self.metadata))
        head += b"".join(self.metadata) + b"".join(infos)
        with open(path, "wb") as file:
            file.write(head + b"\0" * (-len(head) % ALIGN))
            for _, _, raw in self.tensors:
                file.write(raw + b"\0" * (-len(raw) % ALIGN))


def vocabulary():
    """(token, kind) pairs: specials, all bytes, some words."""
    tokens = [("<unk>", UNKNOWN), ("<s>", CONTROL), ("</s>", CONTROL)]
    tokens += [("<0x%02X>" % byte, BYTE) for byte in range(256)]
    return tokens + [("\u2581" + word, NORMAL) for word in WORDS]


class Size:
    """What a model is made of."""

    def __init__(self, width=WIDTH, feed=FEED, heads=HEADS, blocks=1, context=CONTEXT, endless=False):
        self.width, self.feed, self.heads, self.blocks = width, feed, heads, blocks
        self.context, self.endless = context, endless


TINY = Size()
SLOW = Size(width=256, feed=512, heads=4, blocks=4, context=16384, endless=True)


def metadata(writer, size, tokens):
    for key, value in (
            ("general.architecture", "llama"), ("general.name", "tiny"), ("general.file_type", 0),
            ("llama.context_length", size.context), ("llama.embedding_length", size.width),
            ("llama.block_count", size.blocks), ("llama.feed_forward_length", size.feed),
            ("llama.attention.head_count", size.heads),
            ("llama.attention.head_count_kv", size.heads),
            ("llama.attention.layer_norm_rms_epsilon", 1e-5),
            ("llama.rope.dimension_count", size.width // size.heads),
            ("llama.vocab_size", len(tokens)), ("tokenizer.ggml.model", "llama"),
            ("tokenizer.ggml.bos_token_id", 1), ("tokenizer.ggml.eos_token_id", 2)):
        writer.put(key, value)


class Noise:
    """Random numbers; for large tensors a short piece of them again and again."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def __call__(self, count, spread=0.1):
        piece = [self.random.gauss(0.0, spread) for _ in range(min(count, 8191))]
        return (piece * (count // len(piece) + 1))[:count]


def build(embedding=False, seed=7, size=TINY):
    """A Writer holding the model; with embedding=True one that only embeds."""
    noise, writer, tokens = Noise(seed), Writer(), vocabulary()
    width = size.width
    metadata(writer, size, tokens)
    if embedding:
        writer.put("llama.pooling_type", 1)
    writer.put_list("tokenizer.ggml.tokens", [token for token, _ in tokens])
    writer.put_list("tokenizer.ggml.scores", [-float(i) for i in range(len(tokens))])
    writer.put_list("tokenizer.ggml.token_type", [kind for _, kind in tokens])

    inner = noise(width * len(tokens))
    # Only whole words may come out, so that what the model says is readable text.
    rows = [noise(width) if kind == NORMAL else [0.0] * width for _, kind in tokens]
    if size.endless:
        # Number 0 of every state is large, and speaks for words and against all else.
        inner[::width] = [8.0] * len(tokens)
        for row, (_, kind) in zip(rows, tokens):
            row[0] = 1.0 if kind == NORMAL else -1.0
    writer.tensor("token_embd.weight", (width, len(tokens)), inner)
    writer.tensor("output.weight", (width, len(tokens)), [x for row in rows for x in row])
    writer.tensor("output_norm.weight", (width,), [1.0] * width)
    spread = 0.1 if size is TINY else 0.02
    for block in range(size.blocks):
        prefix = "blk.%d." % block
        for name in ("attn_norm", "ffn_norm"):
            writer.tensor(prefix + name + ".weight", (width,), [1.0] * width)
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            writer.tensor(prefix + name + ".weight", (width, width), noise(width * width, spread))
        for name, shape in (("ffn_gate", (width, size.feed)), ("ffn_up", (width, size.feed)),
                            ("ffn_down", (size.feed, width))):
            writer.tensor(prefix + name + ".weight", shape, noise(width * size.feed, spread))
    return writer


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--embedding", action="store_true")
    parser.add_argument("--slow", action="store_true")
    arguments = parser.parse_args()
    build(arguments.embedding, size=SLOW if arguments.slow else TINY).write(arguments.out)


if __name__ == "__main__":
    main()
