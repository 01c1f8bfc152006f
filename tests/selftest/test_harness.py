# SPDX-License-Identifier: MIT
"""The client, the meta-model check and the conformance check notice what they are for."""
import contextlib
import os
import pathlib
import sys
import unittest

from lib import capabilities, positions
from lib.lsp_client import PACINGS, Client, validator

SERVER = pathlib.Path(__file__).with_name("example_server.py")
URI = "file:///example.txt"


class HarnessNotices(unittest.TestCase):
    def client(self, fault="", **changes):
        client = Client([sys.executable, SERVER, fault], profile=changes.pop("profile", "nvim-0.7"),
                        env=dict(os.environ, PYTHONPATH=str(SERVER.parents[1])), **changes)
        self.addCleanup(client.kill)
        return client

    def session(self, fault="", **changes):
        client = self.client(fault, **changes)
        client.initialize()
        client.open(URI, "a\nthis is wrong\n")
        found = client.diagnostics(URI, lambda d: d)
        client.request("textDocument/hover", {"textDocument": {"uri": URI},
                                              "position": {"line": 0, "character": 0}}, limit=2)
        client.command("pull", {"model": "x"})
        if fault != "endless-progress":
            client.progress_done("t/1")
        client.finish()
        return found

    def test_a_good_session_passes_in_every_pacing(self):
        for pacing in PACINGS:
            with self.subTest(pacing=pacing):
                found = self.session(pacing=pacing)
                self.assertEqual([{"line": 1, "character": 8}],
                                 [d["range"]["start"] for d in found])

    def test_each_fault_fails_the_session(self):
        expected = {
            "twice": "second answer", "silent": "waiting for the answer",
            "endless-progress": "never ended", "falling": "percentage falls",
            "sanitizer": "sanitizers complain", "exit-code": "exit code 3",
            "extra-header": "bad header line", "undeclared-version": "version although",
        }
        if validator():
            expected["unknown-property"] = "unknown property 'colour'"
        for fault, text in expected.items():
            with self.subTest(fault=fault), self.assertRaises(AssertionError) as caught:
                self.session(fault)
            self.assertIn(text, str(caught.exception))

    def test_unlooked_findings_fail(self):
        client = self.client()
        client.initialize()
        client.open(URI, "wrong")
        client.settle()
        with self.assertRaisesRegex(AssertionError, "nobody looked at"):
            client.finish()

    def test_violation_of_declared_pull(self):
        client = self.client(profile="vscode-11")
        with contextlib.suppress(AssertionError):
            client.initialize()
        self.assertIn("diagnosticProvider missing for a client that pulls", client.problems())


class MetaModel(unittest.TestCase):
    def setUp(self):
        self.check = validator()
        if not self.check:
            self.skipTest("no metaModel.json: set OLLAMA_LS_METAMODEL")

    def errors(self, message, method=None, tokens=()):
        return self.check.check(dict(message, jsonrpc="2.0"), lambda _: method,
                                dict.fromkeys(tokens))

    def test_good_messages(self):
        span = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}
        good = [
            ({"id": 1, "result": {"capabilities": {"experimental": {"any": 1}}}}, "initialize"),
            ({"id": 1, "result": None}, "textDocument/hover"),
            ({"id": 1, "result": {"kind": "full", "items": []}}, "textDocument/diagnostic"),
            ({"id": 1, "result": [{"title": "t", "kind": "quickfix", "tags": [1], "edit": {
                "changes": {"file:///x": [{"range": span, "newText": ""}]}}}]},
             "textDocument/codeAction"),
            ({"id": 1, "error": {"code": -32601, "message": "no"}}, "x"),
            ({"method": "experimental/serverStatus",
              "params": {"health": "ok", "quiescent": True, "message": "m"}}, None),
        ]
        for message, method in good:
            self.assertEqual([], self.errors(message, method))

    def test_bad_messages(self):
        bad = [
            ({"id": 1, "result": {"capabilities": {"colour": 1}}}, "initialize", "unknown property"),
            ({"id": 1, "result": {"kind": "full"}}, "textDocument/diagnostic", "missing"),
            ({"id": 1, "result": 1, "error": {"code": 1, "message": ""}}, "x", "exactly one"),
            ({"id": 1, "error": {"code": 1.5, "message": ""}}, "x", "integer"),
            ({"method": "textDocument/didOpen", "params": {"textDocument": {
                "uri": "file:///a", "languageId": "", "version": 1, "text": ""}}}, None,
             "only a client"),
            ({"method": "window/showMessage", "params": {"type": 9, "message": "x"}}, None,
             "MessageType"),
            ({"method": "$/progress", "params": {"token": "t", "value": {"kind": "begin"}}}, None,
             "unknown token"),
            ({"method": "$/ollama-ls/status", "params": {}}, None, "missing"),
            ({"method": "$/ollama-ls/other", "params": {}}, None, "no such"),
            ({"id": 2, "method": "client/registerCapability", "params": {"registrations": [{
                "id": "a", "method": "workspace/didChangeWatchedFiles",
                "registerOptions": {"globs": []}}]}}, None, "globs"),
        ]
        for message, method, text in bad:
            self.assertIn(text, " ".join(self.errors(message, method)), message)


class Profiles(unittest.TestCase):
    def test_each_profile_loads_and_the_pull_rule_is_as_designed(self):
        expected = {"bare": False, "eglot-1.9": False, "eglot-1.17": False, "nvim-0.7": False,
                    "nvim-0.10": False, "nvim-0.12": True, "vscode-9": True, "vscode-11": True,
                    "helix": False, "full": True}
        actual = {n: capabilities.pulls(capabilities.load(n)["capabilities"])
                  for n in capabilities.names()}
        self.assertEqual(expected, actual)


class Positions(unittest.TestCase):
    def test_round_trip(self):
        text = "a\u00e9\u4e16\U0001f600b\r\nx\ry\n\n"
        for encoding in ("utf-8", "utf-16", "utf-32"):
            for start, end in positions.lines(text):
                for index in range(start, end + 1):
                    place = positions.to_position(text, index, encoding)
                    self.assertEqual(index, positions.to_index(text, place, encoding))

    def test_widths(self):
        text = "\u4e16\U0001f600b"
        self.assertEqual([7, 3, 2], [positions.to_position(text, 2, e)["character"]
                                     for e in ("utf-8", "utf-16", "utf-32")])

    def test_overlapping_edits_are_refused(self):
        def edit(a, b):
            return {"range": {"start": {"line": 0, "character": a},
                              "end": {"line": 0, "character": b}}, "newText": "-"}
        self.assertEqual("--d", positions.apply_edits("abcd", [edit(1, 3), edit(0, 1)], "utf-16"))
        with self.assertRaises(AssertionError):
            positions.apply_edits("abcd", [edit(0, 2), edit(1, 3)], "utf-16")
