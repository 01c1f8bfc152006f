# SPDX-License-Identifier: MIT
"""Inline completion with a real Ollama: a model whose template knows a suffix, and one without."""
import json
import time

from lib.inline_case import INVOKED, InlineCase
from real_ollama import gguf, test_real

TEMPLATE = ('TEMPLATE """{{ if .Suffix }}<PRE>{{ .Prompt }}<SUF>{{ .Suffix }}<MID>'
            '{{ else }}{{ .Prompt }}{{ end }}"""\n')
TEXT = "a = |\nb = 2\nc = 3\nd = 4\n"


def setUpModule():
    test_real.setUpModule()
    RealInline.server = test_real.RealCase.server


def tearDownModule():
    test_real.tearDownModule()


class RealInline(InlineCase):
    server = None
    ready_once = False

    def setUp(self):
        super().setUp()
        self.host = self.server.url
        if not RealInline.ready_once:
            # Each of its own weights: copies of one model are one to the server.
            for seed, (name, rest) in enumerate((("fim", TEMPLATE), ("plain", ""))):
                gguf.build(size=gguf.SLOW, seed=20 + seed).write(self.workspace / "slow.gguf")
                done = self.server.create(name, "FROM ./slow.gguf\n" + rest, self.workspace)
                self.assertEqual(0, done.returncode, done.stdout)
            (self.workspace / "slow.gguf").unlink()
            (self.workspace / "Modelfile").unlink()
            RealInline.ready_once = True

    def session(self, model):
        """(client, buffer)."""
        _, client = self.inline(fake=self.server, inline={"model": model})
        return client, self.buffer(client, TEXT)

    def first(self, client, buffer):
        """The first completion: the model is loaded for it, and its capabilities are asked for."""
        return client.poll(lambda: buffer.shown(INVOKED), "a completion", limit=120)

    def row(self, client, model):
        return self.figures(client, model + ":latest") or self.figures(client, model)

    def test_the_capability_is_the_servers_own(self):
        for name, wanted in (("fim", True), ("plain", False)):
            status, text = self.server.call("POST", "/api/show", {"model": name})
            self.assertEqual(200, status)
            self.assertEqual(wanted, "insert" in json.loads(text)["capabilities"])

    def test_a_completion(self):
        client, buffer = self.session("fim")
        text = self.first(client, buffer)
        self.assertTrue(set(text.split()) & set(gguf.WORDS), text)
        self.assertNotIn("\n", text)
        # What is typed of it costs nothing.
        requests = self.row(client, "fim")["requests"]
        buffer.type(text[:4])
        self.assertEqual(text[4:], buffer.shown(INVOKED))
        row = self.row(client, "fim")
        self.assertEqual((requests, 0), (row["requests"], row["errors"]))
        self.assertGreaterEqual(row["cacheHits"], 1)
        self.end(client)

    def test_a_model_that_cannot_insert(self):
        client, buffer = self.session("plain")
        client.command("refresh")
        for _ in range(5):
            self.assertEqual([], buffer.complete(INVOKED))
            client.settle()
        self.assertEqual({}, self.row(client, "plain"))
        self.end(client)

    def test_it_is_loaded_once(self):
        """num_ctx is the same for every request."""
        client, buffer = self.session("fim")
        self.first(client, buffer)
        sizes = set()
        for place in ("b = 2", "c = 3", "d = 4"):
            buffer.move(place, 4)
            buffer.complete(INVOKED)
            client.command("refresh")
            sizes |= {m["context_length"] for m in json.loads(
                self.server.call("GET", "/api/ps")[1])["models"] if m["name"] == "fim:latest"}
        self.assertEqual(1, len(sizes), sizes)
        self.end(client)

    def test_superseded_requests_free_the_slot(self):
        """Ten that are superseded one after the other cost less than ten answers."""
        client, buffer = self.session("fim")
        self.first(client, buffer)
        buffer.type("x")
        begun = time.monotonic()
        buffer.complete(INVOKED)
        one = time.monotonic() - begun
        begun = time.monotonic()
        asked = []
        for number in range(10):
            buffer.move(("b = 2", "c = 3", "d = 4")[number % 3], number % 5)
            asked.append(buffer.ask(INVOKED))
            client.settle()
            time.sleep(0.02)  # so that each is at the server
        last = buffer.answer(asked[-1])
        took = time.monotonic() - begun
        empty = [buffer.answer(identity) for identity in asked[:-1]]
        self.assertGreaterEqual(empty.count([]), 8, empty)
        self.assertTrue(last)
        cancelled = client.poll(lambda: self.row(client, "fim")["cancelled"], "cancelled ones")
        self.assertGreaterEqual(cancelled, 5)
        self.assertLess(took, 1.0 + 4 * one)
        # With the context it runs with: another one would load the model anew.
        running = json.loads(self.server.call("GET", "/api/ps")[1])["models"]
        context = next(m["context_length"] for m in running if m["name"].startswith("fim"))
        status, text = self.server.call("POST", "/api/generate", {
            "model": "fim", "prompt": "a", "suffix": "b", "stream": False,
            "options": {"num_predict": 1, "num_ctx": context}}, limit=60)
        self.assertEqual(200, status, text)
        self.end(client)
