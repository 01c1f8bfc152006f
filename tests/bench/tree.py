# SPDX-License-Identifier: MIT
"""Generates the tree that `check` is measured on: 50,000 files, 188 MB, 1 % with references.

Looks like several big repositories put together: source in many languages, configuration, prose, a
few binaries. The same every time (fixed seed); kept in the cache folder.
"""
import json
import os
import pathlib
import random
import shutil

FILES, BYTES, SHARE = 50000, 188_000_000, 0.01
KINDS = ((".c", 18), (".py", 20), (".ts", 18), (".go", 12), (".md", 8), (".json", 8), (".yaml", 7),
         (".sh", 3), (".toml", 2), (".txt", 2), (".env", 1), (".png", 1))
WORDS = ("value index result config handler request response buffer length offset state session "
         "token stream parser error status return static const import from class function def if "
         "else while for match select update model provider server client host port name key").split()
MODELS = ("llama3.2:3b", "lama3.2:3b", "qwen2.5-coder:7b", "zzz-unknown", "nomic-embed-text",
          "meta-llama/Llama-3.1-8B-Instruct", "mistral:7b")


def reference(rng, suffix):
    """Content that names a model, in the format of the suffix."""
    model = rng.choice(MODELS)
    if suffix == ".json":
        return json.dumps({"provider": "ollama", "model": model, "temperature": 0.2}, indent=2)
    if suffix == ".toml":
        return '[llm]\nprovider = "ollama"\nmodel = "%s"\n' % model
    if suffix == ".env":
        return "OLLAMA_MODEL=%s\nPORT=8080\n" % model
    if suffix == ".sh":
        return "#!/bin/sh\nollama run %s < prompt.txt\n" % model
    return "llm:\n  provider: ollama\n  model: %s\n" % model


def filler(rng, suffix, size):
    """`size` bytes that look like the format and name no model."""
    if suffix == ".png":
        return b"\x89PNG\r\n\x1a\n\0" + rng.randbytes(max(0, size - 9))
    lines, length, number = [], 0, 0
    if suffix == ".json":
        while length < size:
            lines.append('  "%s%d": "%s"' % (rng.choice(WORDS), number, " ".join(rng.choices(WORDS, k=8))))
            length += len(lines[-1]) + 2
            number += 1
        return ("{\n" + ",\n".join(lines) + "\n}\n").encode()
    while length < size:
        words = rng.choices(WORDS, k=rng.randrange(3, 11))
        if suffix == ".yaml":
            line = "%s_%d: %s" % (words[0], number, " ".join(words[1:]))
        elif suffix == ".toml":
            line = '%s_%d = "%s"' % (words[0], number, " ".join(words[1:]))
        elif suffix == ".env":
            line = "%s_%d=%s" % (words[0].upper(), number, words[1])
        elif suffix in (".c", ".ts", ".go"):
            line = "    %s = %s(%s);" % (words[0], words[1], ", ".join(words[2:]))
        else:
            line = "    " + " ".join(words)
        lines.append(line)
        length += len(line) + 1
        number += 1
    return ("\n".join(lines) + "\n").encode()


def generate(folder, files=FILES, size=BYTES):
    """Write the tree into folder (replaced when it exists)."""
    folder = pathlib.Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    rng = random.Random(20261121)
    suffixes = [suffix for suffix, weight in KINDS for _ in range(weight)]
    mean = size / files
    referring = (".json", ".toml", ".env", ".sh", ".yaml")
    for number in range(files):
        place = folder / ("project%02d" % (number % 37)) / ("part%02d" % (number // 37 % 31))
        if number % 3 == 0:
            place = place / "deep" / ("level%d" % (number % 7))
        if number < 37 * 31 * 3 or not place.exists():
            place.mkdir(parents=True, exist_ok=True)
        if number % int(1 / SHARE) == 0:
            suffix = rng.choice(referring)
            data = reference(rng, suffix).encode()
        else:
            suffix = rng.choice(suffixes)
            data = filler(rng, suffix, max(40, int(rng.expovariate(1 / mean))))
        (place / ("file%05d%s" % (number, suffix))).write_bytes(data)
    (folder / ".complete").write_text("%d\n" % files)


def cached(files=FILES, size=BYTES):
    """Path of the generated tree; made when it is not in the cache."""
    base = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    folder = base / "ollama-ls" / "bench" / ("tree-1-%d" % files)
    if not (folder / ".complete").exists():
        generate(folder, files, size)
    return folder
