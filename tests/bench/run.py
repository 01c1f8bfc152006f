# SPDX-License-Identifier: MIT
"""Measures the gates of DESIGN.md A13 and prints one markdown table for docs/performance.md.

    PYTHONPATH=tests python3 -m bench.run [--only PART,...] [--gate] [--quick]

Parts: start, memory, requests, keystroke, soak, check, relay. With --gate the exit code is 1 when a gate is
missed. Needs `scripts/deps bench` for the figures beside ours (yaml-language-server, ripgrep).
"""
import argparse
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from bench import relay, tree
from bench.lean import Lean
from fake_ollama import FakeOllama
from lib.harness import environment, program

MIB = 1024  # of /proc's KiB
PARTS = ("start", "memory", "requests", "keystroke", "soak", "check", "relay")
PUSH = {"textDocument": {"publishDiagnostics": {"versionSupport": True}, "inlayHint": {},
                         "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {
                             "valueSet": ["quickfix"]}}}}}


class Table:
    """Rows of (what, ours, gate, ratio or figure beside, met)."""

    def __init__(self):
        self.rows, self.missed = [], 0

    def add(self, what, ours, gate=None, beside="", unit="ms", digits=1):
        met = ""
        if gate is not None:
            met = "yes" if ours <= gate else "**no**"
            self.missed += ours > gate
        shown = "%.*f %s" % (digits, ours, unit)
        self.rows.append((what, shown, "" if gate is None else "≤ %g %s" % (gate, unit), met, beside))
        print("  %-62s %12s  %s %s" % (what, shown, beside, "MISSED" if met == "**no**" else ""),
              flush=True)

    def markdown(self):
        lines = ["| what | ollama-ls | gate | met | beside |", "| --- | --- | --- | --- | --- |"]
        return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in self.rows])


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def yaml_server():
    """Command of yaml-language-server, or None."""
    base = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    path = base / "ollama-ls/peers/yaml-language-server/node_modules/.bin/yaml-language-server"
    return [str(path), "--stdio"] if path.exists() else None


def big_yaml(size=100_000, seed=0):
    """A YAML file of that many bytes with a model in its first, a middle and its last mapping."""
    block = "service_%d:\n  image: registry/app:%d\n  settings:\n    level: info\n    items: [1, 2, 3]\n"
    head = "first:\n  provider: ollama\n  model: zzz-first\n"
    middle = "middle:\n  provider: ollama\n  model: zzz-middle\n"
    last = "last:\n  provider: ollama\n  model: zzz-last\n"
    blocks = []
    while len(head) + len(middle) + len(last) + sum(map(len, blocks)) < size - 100:
        number = seed + len(blocks)
        blocks.append(block % (number, number))
    half = len(blocks) // 2
    return "".join([head] + blocks[:half] + [middle] + blocks[half:] + [last])


class Bench:
    def __init__(self, arguments):
        self.quick = arguments.quick
        self.table = Table()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ollama-ls-bench-"))
        self.home = self.folder / "home"
        (self.home / "tmp").mkdir(parents=True)
        self.fake = FakeOllama(["model-%04d:%db" % (i, i % 70 + 1) for i in range(1000)]).start()
        self.env = environment(self.home, OLLAMA_HOST=self.fake.url)
        self.yaml = yaml_server()

    def close(self):
        self.fake.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ours(self):
        return Lean([program(), "--stdio"], self.env, str(self.folder))

    def peer(self):
        return Lean(self.yaml, dict(os.environ), str(self.folder))

    def ready(self, capabilities=PUSH):
        """Our server, initialised, knowing the thousand models."""
        client = self.ours()
        client.initialize(capabilities, self.folder)
        uri = "file://%s/ready.env" % self.folder
        client.open(uri, "OLLAMA_MODEL=zzz-unknown\n", "dotenv")
        while not client.until_published(uri)["diagnostics"]:
            pass
        return client

    # -- parts -----------------------------------------------------------------------------

    def start(self):
        times, theirs = [], []
        for _ in range(5 if self.quick else 20):
            client = self.ours()
            times.append(client.initialize() * 1000)
            client.close()
            if self.yaml:
                client = self.peer()
                theirs.append(client.initialize() * 1000)
                client.close()
        ours = statistics.median(times)
        beside = "yaml-language-server %.0f ms, %.0f ×" % (
            statistics.median(theirs), statistics.median(theirs) / ours) if theirs else ""
        self.table.add("initialize answered after exec, median of %d" % len(times), ours, 15, beside)

    def memory(self):
        figures = {}
        for name, make in (("ours", self.ours), ("theirs", self.peer if self.yaml else None)):
            if not make:
                continue
            client = make()
            client.initialize(PUSH, self.folder)
            client.request("textDocument/hover", {"textDocument": {"uri": "file:///none"},
                                                  "position": {"line": 0, "character": 0}})
            first = client.resident() / MIB
            for number in range(50):
                client.open("file://%s/f%d.yaml" % (self.folder, number), big_yaml(seed=number * 1000))
            for number in range(50):
                client.request("textDocument/hover", {
                    "textDocument": {"uri": "file://%s/f%d.yaml" % (self.folder, number)},
                    "position": {"line": 2, "character": 12}})
            figures[name] = (first, client.resident() / MIB)
            client.close()
        beside = ["yaml-language-server %.0f MiB, %.0f ×" % (figures["theirs"][i],
                  figures["theirs"][i] / figures["ours"][i]) if "theirs" in figures else ""
                  for i in (0, 1)]
        self.table.add("memory after initialize", figures["ours"][0], 16, beside[0], "MiB")
        self.table.add("memory with 50 open 100 kB YAML files", figures["ours"][1], 64, beside[1],
                       "MiB")

    def requests(self):
        client = self.ready()
        uri = "file://%s/app.yaml" % self.folder
        text = "llm:\n  provider: ollama\n  model: model-0500:11b\nother:\n  provider: ollama\n" \
               "  model: zzz-unknown\n"
        client.open(uri, text)
        found = client.until_published(uri)["diagnostics"]
        place = {"textDocument": {"uri": uri}, "position": {"line": 2, "character": 11}}
        span = {"start": {"line": 0, "character": 0}, "end": {"line": 6, "character": 0}}
        calls = [
            ("completion", "textDocument/completion", place, "completionProvider"),
            ("hover", "textDocument/hover", place, "hoverProvider"),
            ("codeAction", "textDocument/codeAction",
             {"textDocument": {"uri": uri}, "range": found[0]["range"] if found else span,
              "context": {"diagnostics": found}}, "codeActionProvider"),
            ("inlay hints", "textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": span},
             "inlayHintProvider"),
        ]
        peer = None
        if self.yaml:
            peer = self.peer()
            peer.initialize({}, self.folder)
            peer.open(uri, text)
        for label, method, params, provider in calls:
            if not client.capabilities.get(provider):
                continue
            times = [client.request(method, params)[0] * 1000 for _ in range(200 if self.quick else 1000)]
            beside = ""
            if peer and peer.capabilities.get(provider):
                theirs = [peer.request(method, params)[0] * 1000 for _ in range(200)]
                beside = "yaml-language-server p99 %.1f ms" % percentile(theirs, 0.99)
            self.table.add("%s with 1,000 models, p50" % label, percentile(times, 0.5), None, "", digits=2)
            self.table.add("%s with 1,000 models, p99" % label, percentile(times, 0.99), 5, beside,
                           digits=2)
        if peer:
            peer.close()
        client.close()

    def keystroke(self):
        client = self.ready()
        text = big_yaml()
        uri = "file://%s/big.yaml" % self.folder
        client.open(uri, text)
        client.until_published(uri)
        lines = text.split("\n")
        version = 1
        places = (("first", 2, (15, 35)), ("middle", next(
            i for i, l in enumerate(lines) if "zzz-middle" in l), (None, None)),
            ("last", len(lines) - 2, (None, 5)))
        for label, line, (gate50, gate99) in places:
            times = []
            column = len(lines[line])
            for turn in range(60 if self.quick else 300):
                version += 1
                start = {"line": line, "character": column + turn % 2}
                end = dict(start)
                change = {"range": {"start": start, "end": end}, "text": "x"}
                if turn % 2:
                    change = {"range": {"start": {"line": line, "character": column}, "end": start},
                              "text": ""}
                begun = time.perf_counter()
                client.notify("textDocument/didChange", {
                    "textDocument": {"uri": uri, "version": version}, "contentChanges": [change]})
                client.until_published(uri, version)
                times.append((client.arrived - begun) * 1000)
            self.table.add("keystroke in 100 kB YAML → findings, %s line, p50" % label,
                           percentile(times, 0.5), gate50)
            self.table.add("keystroke in 100 kB YAML → findings, %s line, p99" % label,
                           percentile(times, 0.99), gate99)
        client.close()

    def soak(self):
        client = self.ready()
        uri = "file://%s/soak.yaml" % self.folder
        text = big_yaml(20_000)
        client.open(uri, text)
        client.until_published(uri)
        total, early = 10_000, 0
        for number in range(2, total + 2):
            line = 2 if number % 2 else text.count("\n") - 1
            client.notify("textDocument/didChange", {
                "textDocument": {"uri": uri, "version": number}, "contentChanges": [{
                    "range": {"start": {"line": line, "character": 11},
                              "end": {"line": line, "character": 12}}, "text": "abc"[number % 3]}]})
            client.until_published(uri, number)
            if number == 1001:
                early = client.resident()
        growth = (client.resident() - early) / MIB
        client.close()
        self.table.add("memory growth between edit 1,000 and 10,000", abs(growth), 1,
                       "%+.2f MiB" % growth, "MiB", 2)

    def check(self):
        full = tree.cached()
        tenth = tree.cached(tree.FILES // 10, tree.BYTES // 10)
        ripgrep = shutil.which("rg")
        ours = [program(), "check", "--offline", str(full)]
        times, theirs, small = [], [], []
        self.run(ours)  # the page cache is warm for both
        for _ in range(3 if self.quick else 7):
            if ripgrep:
                theirs.append(self.run([ripgrep, "-c", "ollama", str(full)]))
            times.append(self.run(ours))
            small.append(self.run([program(), "check", "--offline", str(tenth)]))
        mine = statistics.median(times)
        if theirs:
            other = statistics.median(theirs)
            self.table.add("check of 50,000 files (188 MB), times rg -c ollama", mine / other, 3,
                           "ollama-ls %.2f s, ripgrep %.2f s" % (mine, other), "×", 2)
        self.table.add("check of 50,000 files, median of %d" % len(times), mine, None, "", "s", 2)
        self.table.add("check of a 10 % tree", statistics.median(small), None,
                       "%.1f × less" % (mine / statistics.median(small)), "s", 2)

    def relay(self):
        relay.run(self.table, self.folder, self.env, self.quick)

    def run(self, command):
        begun = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              env=self.env, check=False, timeout=600)
        took = time.perf_counter() - begun
        if done.returncode not in (0, 1):
            raise SystemExit("%s: exit %d\n%s" % (command, done.returncode, done.stderr.decode()))
        return took


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--gate", action="store_true")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    bench = Bench(arguments)
    try:
        for part in arguments.only.split(","):
            print(part, flush=True)
            getattr(bench, part)()
    finally:
        bench.close()
    print("\n%s, %d cores, Python %s, %s\n" % (platform.platform(), os.cpu_count() or 1,
                                              platform.python_version(), time.strftime("%Y-%m-%d")))
    print(bench.table.markdown())
    return 1 if arguments.gate and bench.table.missed else 0


if __name__ == "__main__":
    sys.exit(main())
