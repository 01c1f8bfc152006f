# SPDX-License-Identifier: MIT
"""AI actions with a real Ollama: tokens come while the model still speaks, cancel frees its slot."""
import json
import time

from lib.ai_case import PREFIX, AiCase
from real_ollama import gguf, test_real

# Short prompts: a token of the generated model is a byte, and what is measured is not the reading.
PROMPTS = {name: "{{code}}" for name in ("explain", "refactor", "simplify")}
PROMPTS["system"] = "s"
TEXT = "x = 1\n\ny = 2\n"
NAMES = ("slow", "cold", "queue", "kept")


def setUpModule():
    test_real.setUpModule()
    RealAi.server = test_real.RealCase.server


def tearDownModule():
    test_real.tearDownModule()


class RealAi(AiCase):
    server = None
    ready_once = False

    def setUp(self):
        super().setUp()
        self.host = self.server.url
        if not RealAi.ready_once:
            # Each of its own weights: copies of one model are one to the server.
            for seed, name in enumerate(NAMES):
                gguf.build(size=gguf.SLOW, seed=seed).write(self.workspace / "slow.gguf")
                done = self.server.create(name, "FROM ./slow.gguf\n", self.workspace)
                self.assertEqual(0, done.returncode, done.stdout)
            (self.workspace / "slow.gguf").unlink()
            (self.workspace / "Modelfile").unlink()
            RealAi.ready_once = True

    def session(self, model, predict=4000, profile="vscode-11", **options):
        """(client, document): actions run with that model."""
        settings = {"stream": True, "status": True, "ai": dict({
            "model": {"chat": model}, "numPredict": predict, "prompts": PROMPTS}, **options)}
        client = self.client(profile, options=settings)
        self.ready(client)
        return client, self.document(client, TEXT)

    def tokens_are_there(self, client, identity, count):
        """Wait for that many words in the stream; when each delta came."""
        def deltas():
            return [(at, m["params"]["text"]) for at, arrow, m in client.transcript
                    if arrow == "<--" and m.get("method") == "$/ollama-ls/stream"
                    and m["params"]["id"] == identity and m["params"]["kind"] == "delta"]
        client.wait(lambda: len("".join(t for _, t in deltas()).split()) >= count,
                    "%d words" % count, limit=120)
        return deltas()

    def context(self, name):
        for model in json.loads(self.server.call("GET", "/api/ps")[1])["models"]:
            if model["name"] == name:
                return model["context_length"]
        return None

    def close(self, client):
        client.settle()
        client.drop("$/ollama-ls/status")
        client.drop("window/showMessage")
        client.finish()

    def test_tokens_arrive_while_the_model_still_speaks(self):
        client, document = self.session("slow")
        identity = client.ai("explain", document.uri, document.range("x = 1"))
        deltas = self.tokens_are_there(client, identity, 12)
        self.assertGreaterEqual(len(deltas), 6, "whole paragraphs instead of tokens")
        self.assertGreater(deltas[-1][0], deltas[0][0])
        self.assertNotEqual("end", client.stream(identity)[-1]["kind"])
        status = client.command("status")
        self.assertEqual("busy", status["state"])
        active, = status["active"]
        self.assertEqual((identity, "explain"), (active["id"], active["kind"]))
        self.assertIn("slow", active["model"])
        client.poll(lambda: client.command("status")["active"][0]["tokens"] >= 12, "12 tokens")
        client.command("cancel", {"id": identity})
        self.assertEqual("cancelled", client.outcome(identity)["outcome"])
        self.close(client)

    def test_an_edit_is_applied(self):
        client, document = self.session("slow", predict=2000)
        text = self.server.call("POST", "/api/chat", {
            "model": "slow", "stream": False, "options": {"num_predict": 3, "num_ctx": 2048},
            "messages": [{"role": "user", "content": "x"}]})[1]
        self.assertEqual("length", json.loads(text)["done_reason"])
        client2, document = self.session("slow", predict=8)
        identity = client2.ai("refactor", document.uri, document.range("y = 2"))
        end = client2.outcome(identity)
        # This model never stops by itself: its answer is cut off, and waits to be accepted.
        self.assertEqual("failed", end["outcome"])
        self.assertIn("ai.numPredict", end["error"]["remedy"])
        self.assertTrue(end["text"].strip())
        client2.command("accept", {"id": identity})
        client2.wait(lambda: document.steps, "the edit")
        self.assertEqual(TEXT.replace("y = 2", end["text"].rstrip("\n")), document.text)
        self.close(client2)
        self.close(client)

    def test_cancel_frees_the_slot(self):
        """The next request is answered although the first had thousands of tokens to go."""
        client, document = self.session("queue", predict=4000)
        identity = client.ai("explain", document.uri, document.range("x = 1"))
        self.tokens_are_there(client, identity, 3)
        client.notify("window/workDoneProgress/cancel", {"token": PREFIX + identity})
        self.assertEqual("cancelled", client.outcome(identity)["outcome"])
        begun = time.monotonic()
        status, text = self.server.call("POST", "/api/generate", {
            "model": "queue", "prompt": "a", "stream": False, "options": {
                "num_predict": 1, "num_ctx": self.context("queue:latest")}}, limit=60)
        self.assertEqual(200, status, text)
        self.assertEqual(1, json.loads(text)["eval_count"])
        self.assertLess(time.monotonic() - begun, 30)
        expires = [m["name"] for m in json.loads(self.server.call("GET", "/api/ps")[1])["models"]]
        self.assertIn("queue:latest", expires)
        self.close(client)

    def test_without_cancel_the_next_one_waits(self):
        """The witness of the test above: the slot is really one."""
        client, document = self.session("queue", predict=4000)
        first = client.ai("explain", document.uri, document.range("x = 1"))
        self.tokens_are_there(client, first, 3)
        second = client.ai("simplify", document.uri, document.range("y = 2"))
        client.progress_like(lambda text: "queued" in text.lower(), second)
        self.assertEqual(["begin"], [m["kind"] for m in client.stream(second)])
        client.command("cancel", {"id": first})
        self.tokens_are_there(client, second, 1)  # the slot was handed on
        client.command("cancel", {"id": second})
        client.outcome(second)
        self.close(client)

    def test_a_cold_load_shows_loading(self):
        self.server.call("POST", "/api/generate", {"model": "cold", "keep_alive": 0})
        client, document = self.session("cold", predict=1000)
        identity = client.ai("explain", document.uri, document.range("x = 1"))
        client.progress_like(lambda text: "loading" in text.lower(), identity)
        client.take("$/ollama-ls/status", lambda p: p["state"] == "loading")
        self.tokens_are_there(client, identity, 1)
        client.poll(lambda: client.command("status")["state"] == "busy", "busy")
        client.command("cancel", {})
        client.outcome(identity)
        client.poll(lambda: client.command("status")["state"] == "ok", "ok")
        self.close(client)

    def test_the_context_of_a_running_model_is_kept(self):
        """Another num_ctx would load it anew (seconds to minutes with a real model)."""
        self.server.call("POST", "/api/generate", {
            "model": "kept", "prompt": "", "options": {"num_ctx": 6144}})
        self.assertEqual(6144, self.context("kept:latest"))
        client, document = self.session("kept", predict=500)
        identity = client.ai("explain", document.uri, document.range("x = 1"))
        self.tokens_are_there(client, identity, 1)
        self.assertEqual(6144, self.context("kept:latest"))
        client.command("cancel", {})
        client.outcome(identity)
        self.close(client)

    def test_a_copy_of_a_running_model_is_that_model(self):
        """The server lists what runs under the name it was loaded by; the digest is the same."""
        self.server.copy("kept", "alias")
        self.server.call("POST", "/api/generate", {
            "model": "kept", "prompt": "", "options": {"num_ctx": 5120}})
        client, document = self.session("alias", predict=500)
        identity = client.ai("explain", document.uri, document.range("x = 1"))
        self.tokens_are_there(client, identity, 1)
        self.assertIn(5120, (self.context("kept:latest"), self.context("alias:latest")))
        client.command("cancel", {})
        client.outcome(identity)
        self.close(client)

    def test_a_model_that_was_deleted_meanwhile(self):
        self.server.copy("slow", "gone:1b")
        client, document = self.session("gone:1b")
        self.server.call("DELETE", "/api/delete", {"model": "gone:1b"})
        identity = client.ai("explain", document.uri, document.range("x = 1"))
        end = client.outcome(identity)
        self.assertEqual("failed", end["outcome"])
        self.assertIn("ollama pull gone:1b", json.dumps(end["error"]))
        self.close(client)

    def test_a_missing_model(self):
        client, document = self.session("slow")
        text = self.refused(client, -32803, "explain", document.uri, document.range("x = 1"),
                            model="no-such-model:1b")
        self.assertIn("ollama pull no-such-model:1b", text)
        self.close(client)

    def test_metrics_are_the_servers_own(self):
        client, document = self.session("slow", predict=5)
        identity = client.ai("explain", document.uri, document.range("x = 1"))
        self.assertEqual("shown", client.outcome(identity)["outcome"])
        row, = [m for s in client.command("metrics")["servers"] for m in s["models"]]
        self.assertEqual((1, 0, 5), (row["requests"], row["errors"], row["tokensOut"]))
        self.assertGreater(row["tokensPerSecond"], 0)
        self.assertGreater(row["timeToFirstTokenMs"], 0)
        self.close(client)
