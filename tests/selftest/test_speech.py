# SPDX-License-Identifier: MIT
"""The fake model speaks as told, token by token; the client's check of streams can fail."""
import http.client
import json
import socket
import threading
import time
import unittest

from fake_ollama import FakeOllama
from lib.ai_client import Streams
from lib.capabilities import Conformance, ai_listing

CHAT = {"model": "llama3.2:3b", "messages": [{"role": "user", "content": "x"}]}


class Speech(unittest.TestCase):
    def setUp(self):
        self.fake = FakeOllama(["llama3.2:3b", "qwen3:8b"]).start()
        self.addCleanup(self.fake.stop)

    def start(self, body=None, path="/api/chat"):
        connection = http.client.HTTPConnection("127.0.0.1", self.fake.port, timeout=10)
        self.addCleanup(connection.close)
        connection.request("POST", path, json.dumps(body or CHAT))
        return connection

    def frames(self, body=None, path="/api/chat"):
        raw = self.start(body, path).getresponse().read()
        return [json.loads(line) for line in raw.splitlines()]

    def test_a_whole_answer(self):
        self.fake.say("a<b", "&c", thinking=["hm"], reason="length", eval_count=77)
        frames = self.frames()
        self.assertEqual(["", "a<b", "&c", ""], [f["message"]["content"] for f in frames])
        self.assertEqual("hm", frames[0]["message"]["thinking"])
        self.assertEqual((True, "length", 77), tuple(
            frames[-1][k] for k in ("done", "done_reason", "eval_count")))
        self.assertEqual("Hello", self.frames()[0]["message"]["content"])  # back to the model's own

    def test_generate_and_no_stream(self):
        self.fake.say("one", "two")
        body = {"model": "llama3.2:3b", "prompt": "x"}
        self.assertEqual("one", self.frames(body, "/api/generate")[0]["response"])
        self.fake.say("one", "two")
        self.assertEqual("onetwo", self.frames(dict(body, stream=False), "/api/generate")[0]["response"])

    def test_token_by_token(self):
        reply = self.fake.reply()
        response = []
        connection = self.start()
        reader = threading.Thread(target=lambda: response.append(connection.getresponse()))
        reader.start()
        self.fake.wait(lambda: reply.request, "the request")
        self.assertEqual([], response)  # not even the head before the first token
        reply.send("tok")
        reader.join(5)
        self.assertEqual("tok", json.loads(response[0].readline())["message"]["content"])
        reply.finish()
        self.assertTrue(json.loads(response[0].readline())["done"])

    def test_every_way_to_break_off(self):
        def outcome(end):
            end(self.fake.reply().send("a"))
            try:
                return self.start().getresponse().read()
            except (OSError, http.client.HTTPException) as error:
                return type(error).__name__
        good = outcome(lambda r: r.finish())
        seen = [outcome(end) for end in (
            lambda r: r.cut(), lambda r: r.fail("boom"), lambda r: r.close(), lambda r: r.reset(),
            lambda r: r.raw(b"{]\n").finish(), lambda r: r.flood(4 << 20).cut())]
        self.assertEqual(6, len({str(s) for s in seen} - {str(good)}))
        self.assertIn(b'{"error":"boom"}', seen[1])
        self.assertNotIn(b'"done":true', seen[0])

    def test_a_character_cut_between_chunks(self):
        self.fake.reply().send("caf\u00e9", cuts=(5, 90)).finish()
        self.assertEqual("caf\u00e9", self.frames()[0]["message"]["content"])

    def test_one_request_at_a_time_per_model(self):
        first, second = self.fake.reply(), self.fake.reply()
        one = self.start()
        self.fake.wait(lambda: first.request, "the first")
        two = self.start()
        self.fake.wait_for("/api/chat", 2)
        self.assertIsNone(second.request)
        self.fake.say("other")
        first.finish()
        one.getresponse().read()
        second.finish()
        two.getresponse().read()
        self.assertIsNotNone(second.request)

    def test_a_slot_is_free_when_its_client_leaves(self):
        self.fake.reply().send("a")
        with socket.create_connection(("127.0.0.1", self.fake.port)) as client:
            body = json.dumps(CHAT).encode()
            client.sendall(b"POST /api/chat HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            client.recv(100)
            begun = time.monotonic()
        closed = self.fake.wait_closed("/api/chat")
        self.assertLess(closed.closed_at - begun, 0.5)
        self.assertEqual("Hello", self.frames()[0]["message"]["content"])

    def test_another_context_loads_anew(self):
        for context, expected in ((None, 4096), (4096, 4096), (8192, 8192), (None, 8192),
                                  (10 ** 9, 131072)):
            self.frames(dict(CHAT, options={"num_ctx": context} if context else {}))
            running = json.loads(self.get("/api/ps"))["models"]
            self.assertEqual(expected, running[0]["context_length"])
        self.assertEqual([4096, 8192, 131072], [c for _, c in self.fake.loads])

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.fake.port, timeout=10)
        self.addCleanup(connection.close)
        connection.request("GET", path)
        return connection.getresponse().read()

    def test_loading_is_held_back(self):
        gate = self.fake.hold_loading()
        connection = self.start()
        self.fake.wait_for("/api/chat")
        self.assertEqual([], json.loads(self.get("/api/ps"))["models"])
        gate.set()
        self.assertEqual(200, connection.getresponse().status)


class StreamCheck(unittest.TestCase):
    BEGIN = {"id": "a", "seq": 0, "kind": "begin", "uri": "file:///a", "range": {}, "action": "x",
             "output": "replace", "model": "m"}

    def wrong(self, *rest):
        streams = Streams()
        found = streams.note(dict(self.BEGIN))
        for seq, message in enumerate(rest, 1):
            found += streams.note(dict({"id": "a", "seq": seq}, **message))
        return " ".join(found + streams.unfinished())

    def test_a_good_one(self):
        self.assertEqual("", self.wrong(
            {"kind": "thinking", "text": "hm"}, {"kind": "delta", "text": "a"},
            {"kind": "delta", "text": "b"}, {"kind": "end", "text": "ab", "outcome": "applied"}))

    def test_bad_ones(self):
        end = {"kind": "end", "text": "", "outcome": "applied"}
        rows = [
            ("do not add up", {"kind": "delta", "text": "a"}, end),
            ("seq 7", {"kind": "delta", "text": "a", "seq": 7}),
            ("out of order", dict(self.BEGIN, seq=1), end), ("never ended",),
            ("goes on after its end", end, {"kind": "delta", "text": "x"}),
            ("an empty delta", {"kind": "delta", "text": ""}, end),
            ("end without text", {"kind": "end", "outcome": "cancelled"}),
            ("failed without an error", dict(end, outcome="failed")),
            ("delta with outcome", {"kind": "delta", "text": "a", "outcome": "applied"}, end),
        ]
        for text, *messages in rows:
            with self.subTest(text=text):
                self.assertIn(text, self.wrong(*messages))


class ListingCheck(unittest.TestCase):
    def action(self, name, **members):
        return dict({"title": name, "kind": "refactor.rewrite.ollama-ls." + name, "command": {
            "title": name, "command": "ollama-ls.ai", "arguments": [{"action": name}]}}, **members)

    def test_gates(self):
        span = {"start": 1, "end": 2}
        asked = {"range": span, "context": {"diagnostics": [], "triggerKind": 1}}
        by_itself = {"range": span, "context": {"diagnostics": [], "triggerKind": 2}}
        self.assertEqual([], ai_listing([self.action("tests")], asked))
        self.assertTrue(ai_listing([self.action("tests")], by_itself))
        self.assertTrue(ai_listing([self.action("tests")], {
            "range": {"start": 1, "end": 1}, "context": {"diagnostics": []}}))
        self.assertTrue(ai_listing([self.action("fix")], asked))

    def test_each_action(self):
        literal = {"codeActionLiteralSupport": {}, "disabledSupport": True}
        check = Conformance({"textDocument": {"codeAction": dict(
            literal, tagSupport={"valueSet": [1]})}})
        self.assertEqual([], check._ai_action(self.action("tests", tags=[1])))
        for members in ({}, {"tags": [1], "edit": {}}, {"tags": [1], "kind": "quickfix"},
                        {"tags": [1], "isPreferred": True}):
            self.assertTrue(check._ai_action(self.action("tests", **members)), members)
