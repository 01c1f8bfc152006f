# SPDX-License-Identifier: MIT
"""The fake Ollama answers like the real one, misbehaves as told, and sees clients leave."""
import http.client
import json
import socket
import unittest

from fake_ollama import FakeOllama
from fake_ollama.server import FAULT_NAMES


class Fake(unittest.TestCase):
    def setUp(self):
        self.fake = FakeOllama(["llama3.2:3b", "nomic-embed-text"], library=["gemma3:4b"]).start()
        self.addCleanup(self.fake.stop)

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.fake.port, timeout=10)
        self.addCleanup(connection.close)
        connection.request(method, path, json.dumps(body) if body is not None else None)
        response = connection.getresponse()
        return response.status, response.read().decode("utf-8", "replace")

    def test_error_shapes(self):
        rows = [
            ("GET", "/api/nothing", None, 404, "404 page not found"),
            ("GET", "/api/show", None, 405, "405 method not allowed"),
            ("POST", "/api/show", {"model": "nope"}, 404,
             '{"error": "model \'nope:latest\' not found"}'),
            ("POST", "/api/generate", {"model": "nope"}, 404, '{"error": "model \'nope\' not found"}'),
            ("POST", "/api/chat", {"model": ""}, 400, '{"error": "model is required"}'),
            ("POST", "/api/chat", {"model": "a b"}, 400, '{"error": "invalid model name"}'),
            ("DELETE", "/api/delete", {"model": "nope"}, 404,
             '{"error": "model \'nope\' not found"}'),
            ("POST", "/api/generate", {"model": "nomic-embed-text", "prompt": "x"}, 400,
             '{"error": "\\"nomic-embed-text\\" does not support generate"}'),
        ]
        for method, path, body, status, text in rows:
            self.assertEqual((status, text), self.call(method, path, body))

    def test_load_and_unload(self):
        status, text = self.call("POST", "/api/generate", {"model": "llama3.2:3b"})
        self.assertEqual("load", json.loads(text)["done_reason"])
        running = json.loads(self.call("GET", "/api/ps")[1])["models"]
        self.assertEqual(["llama3.2:3b"], [m["name"] for m in running])
        self.call("POST", "/api/generate", {"model": "llama3.2:3b", "keep_alive": 0})
        self.assertEqual([], json.loads(self.call("GET", "/api/ps")[1])["models"])

    def test_pull_adds_the_model(self):
        lines = [json.loads(line) for line in
                 self.call("POST", "/api/pull", {"model": "gemma3:4b"})[1].splitlines()]
        self.assertEqual("pulling manifest", lines[0]["status"])
        self.assertEqual("success", lines[-1]["status"])
        self.assertEqual(3, len({line["digest"] for line in lines if "digest" in line}))
        self.assertIsNotNone(self.fake.find("GEMMA3:4b"))
        last = json.loads(self.call("POST", "/api/pull", {"model": "nope"})[1].splitlines()[-1])
        self.assertEqual({"error": "pull model manifest: file does not exist"}, last)

    def test_it_notices_a_client_that_leaves(self):
        self.fake.fault("/api/tags", "stall")
        with socket.create_connection(("127.0.0.1", self.fake.port)) as client:
            client.sendall(b"GET /api/tags HTTP/1.1\r\nHost: x\r\n\r\n")
            self.fake.wait_for("/api/tags")
        self.assertTrue(self.fake.wait_closed("/api/tags").closed_at)

    def test_connections_are_counted(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.fake.port, timeout=10)
        for _ in range(3):
            connection.request("GET", "/api/version")
            connection.getresponse().read()
        connection.close()
        self.assertEqual(1, len({r.connection for r in self.fake.requests("/api/version")}))

    def test_every_fault_does_something(self):
        usual = self.call("POST", "/api/generate", {"model": "llama3.2:3b", "prompt": "x"})
        for kind in FAULT_NAMES:
            if kind in ("stall", "slow", "trickle", "type"):
                continue  # the same bytes, later or under another name
            with self.subTest(kind=kind):
                self.fake.fault("/api/generate", kind, count=1, size=1 << 20, after=100)
                try:
                    answer = self.call("POST", "/api/generate",
                                       {"model": "llama3.2:3b", "prompt": "x"})
                except (OSError, http.client.HTTPException):
                    answer = None
                self.assertNotEqual(usual, answer)
