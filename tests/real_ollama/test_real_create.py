# SPDX-License-Identifier: MIT
"""ollama-ls.create against a real Ollama: the model is the one that `ollama create` makes."""
import json

from real_ollama import gguf, test_real
from real_ollama.test_real import RealCase

setUpModule = test_real.setUpModule
tearDownModule = test_real.tearDownModule

FULL = '''# everything a Modelfile can say
FROM %s
PARAMETER temperature 0.7
PARAMETER top_p .95
PARAMETER min_p 0x1p-4
PARAMETER num_ctx +2048
PARAMETER use_mmap T
PARAMETER seed -3
PARAMETER stop "<|im_end|>"
PARAMETER stop "  a b"
PARAMETER mirostat 1
PARAMETER top_k 1
PARAMETER top_k "40"
TEMPLATE """{{ if .System }}<s>{{ .System }}</s>
{{ end }}{{ .Prompt }}  """
SYSTEM """
You are "brief" \U0001f600.
  Very.
"""
MESSAGE user a: b
MESSAGE assistant """hello
there"""
LICENSE MIT
LICENSE """Second
one"""
'''


class RealCreate(RealCase):
    def shown(self, name):
        """What /api/show says of a model, without what differs by name and time."""
        status, text = self.server.call("POST", "/api/show", {"model": name})
        self.assertEqual(200, status, text)
        answer = json.loads(text)
        answer["parameters"] = sorted(answer.get("parameters", "").splitlines())
        kept = ("parameters", "template", "system", "messages", "license", "details", "model_info",
                "capabilities", "requires", "renderer", "parser")
        return {key: answer.get(key) for key in kept}

    def digests(self):
        return {m["name"]: m["digest"] for m in json.loads(self.server.call("GET", "/api/tags")[1])["models"]}

    def by_lsp(self, name, text, client=None):
        mine = client or self.client("vscode-11")
        uri = self.open(mine, "Modelfile", text, "modelfile")
        mine.answers["window/showMessageRequest"] = lambda params: params["actions"][0]
        mine.command("create", {"uri": uri, "model": name})
        values = mine.progress_done()
        self.assertEqual(name + " is created", values[-1]["message"], mine.report())
        if client is None:
            mine.drop("window/showMessage")
            mine.looked_at.update(mine.published)
            mine.finish()
        return values

    def compare(self, base):
        done = self.server.create("by-cli", FULL % base, self.workspace)
        self.assertEqual(0, done.returncode, done.stdout)
        self.by_lsp("by-lsp", FULL % base)
        theirs, ours = self.shown("by-cli"), self.shown("by-lsp")
        self.assertTrue(ours["parameters"] and ours["template"] and ours["system"] and ours["messages"])
        self.assertEqual(theirs, ours)

    def test_from_a_model(self):
        self.compare("tiny")

    def test_from_a_gguf_and_again(self):
        gguf.build().write(self.workspace / "own.gguf")
        self.compare("./own.gguf")
        # Its blob may be gone by now, replaced by the one that Ollama made of it: then Ollama
        # answers an upload before it has read it.
        values = self.by_lsp("by-lsp-again", FULL % "./own.gguf")
        self.assertNotIn("failed", values[-1]["message"])
        self.assertEqual(self.shown("by-lsp"), self.shown("by-lsp-again"))

    def test_an_early_answer_to_a_large_file(self):
        gguf.build().write(self.workspace / "large.gguf")
        with open(self.workspace / "large.gguf", "ab") as file:
            file.truncate(80 << 20)  # what follows the tensors is not looked at
        client = self.client("vscode-11")
        uri = self.open(client, "Modelfile.large", "FROM ./large.gguf\n", "modelfile")
        client.answers["window/showMessageRequest"] = lambda params: params["actions"][0]
        ends = []
        for _ in range(2):
            client.command("create", {"uri": uri})
            ends.append(client.progress_done()[-1]["message"])
            client.progress.clear()
        self.assertEqual(["large is created"] * 2, ends)
        client.drop("window/showMessage")
        client.looked_at.update(client.published)
        client.finish()

    def test_what_ollama_refuses_is_told(self):
        self.write("bad.gguf", b"GGUF\x03\0\0\0 and no more")
        client = self.client("vscode-11")
        uri = self.open(client, "Modelfile.bad", "FROM ./bad.gguf\n", "modelfile")
        client.command("create", {"uri": uri})
        message = client.take("window/showMessage")
        self.assertEqual(1, message["type"])
        self.assertIn("Creating bad failed", message["message"])
        client.settle()
        client.looked_at.update(client.published)
        client.finish()
        self.assertNotIn("bad:latest", self.server.names())
