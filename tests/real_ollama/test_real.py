# SPDX-License-Identifier: MIT
"""The program against a real Ollama: lists, loads, pulls that fail, deletes; and a second opinion.

The second opinion: for every name and every Modelfile on file, Ollama's own verdict (reject or
accept) is asked for live and must equal that of `ollama-ls check`. Where the two differ and should,
differences.json says so with the reason; an entry that no longer differs fails too.
"""
import json
import os
import pathlib
import re
import unittest

from lib.harness import LspCase
from lib.lsp_client import LspError
from real_ollama import gguf
from real_ollama.server import RealOllama, Unavailable

HERE = pathlib.Path(__file__).parent
# Models that the Modelfiles on file name.
NAMED = ("x", "y", "foo", "base", "bob", "model1", "model", "test", "test-model", "FOO", "llama3.2:1b",
         "llama3:latest", "llama3:7b-instruct-q4_K_M")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def setUpModule():
    try:
        RealCase.server = RealOllama()
    except Unavailable as reason:
        if os.environ.get("CI") == "true":
            raise AssertionError(str(reason)) from reason
        raise unittest.SkipTest(str(reason)) from reason


def tearDownModule():
    if RealCase.server:
        RealCase.server.close()


class RealCase(LspCase):
    """Installs the generated models once per process."""

    server = None
    ready = False

    def setUp(self):
        super().setUp()
        self.host = self.server.url
        if not RealCase.ready:
            for name, embedding in (("tiny", False), ("embedder", True)):
                gguf.build(embedding).write(self.workspace / (name + ".gguf"))
                done = self.server.create(name, "FROM ./%s.gguf\n" % name, self.workspace)
                self.assertEqual(0, done.returncode, done.stdout)
                (self.workspace / (name + ".gguf")).unlink()
            (self.workspace / "Modelfile").unlink()
            for name in ("llama3.2:3b", "qwen2.5-coder:7b"):
                self.server.copy("tiny", name)
            self.server.copy("embedder", "nomic-embed-text")
            RealCase.ready = True

    def check(self, *arguments, code=None):
        done = self.run_program("check", "--format", "json", *arguments, code=code)
        return json.loads(done.out)


class Real(RealCase):
    def models(self):
        listed = json.loads(self.run_program("models", "--json", code=0).out)
        return {m["name"]: m for m in listed["servers"][0]["models"]}

    def test_models(self):
        found = self.models()
        self.assertLessEqual({"tiny:latest", "embedder:latest", "llama3.2:3b"}, set(found))
        tiny = found["tiny:latest"]
        self.assertEqual(("llama", "28K"), (tiny["family"], tiny["parameters"]))
        self.assertIn("completion", tiny["capabilities"])
        self.assertEqual(["embedding"], found["nomic-embed-text:latest"]["capabilities"])
        self.assertEqual(gguf.CONTEXT, tiny["contextLength"])
        self.assertFalse(tiny["remote"])

    def test_status(self):
        status = json.loads(self.run_program("status", "--json", code=0).out)
        self.assertEqual("ok", status["state"])
        self.assertTrue(status["servers"][0]["reachable"])

    def test_findings(self):
        self.write(".env", "OLLAMA_MODEL=llama3.2:3b\nOLLAMA_CHAT_MODEL=zzz-unknown\n"
                           "OLLAMA_EMBED_MODEL=tiny\n")
        codes = [f["code"] for f in self.check(code=1)["findings"]]
        self.assertEqual(["unknown-model", "missing-capability"], codes)

    def test_load_and_unload_by_lsp(self):
        client = self.client("vscode-11")
        client.command("load", {"model": "tiny"})
        client.poll(lambda: "tiny:latest" in self.running(), "a loaded model")
        client.command("unload", {"model": "tiny"})
        client.poll(lambda: "tiny:latest" not in self.running(), "an unloaded model")
        client.settle()
        client.drop("window/showMessage")
        client.finish()

    def running(self):
        return [m["name"] for m in json.loads(self.server.call("GET", "/api/ps")[1])["models"]]

    def test_completion_and_hover_by_lsp(self):
        client = self.client("full")
        text = "OLLAMA_MODEL=\nOLLAMA_CHAT_MODEL=zzz-unknown\nOLLAMA_X_MODEL=llama3.2:3b\n"
        uri = self.open(client, ".env", text)
        client.diagnostics(uri, lambda d: "unknown-model" in self.codes(d))
        result = client.request("textDocument/completion", {
            "textDocument": {"uri": uri}, "position": {"line": 0, "character": 13}})
        items = result["items"] if isinstance(result, dict) else result
        self.assertIn("llama3.2:3b", [i["label"] for i in items])
        hover = client.request("textDocument/hover", {
            "textDocument": {"uri": uri}, "position": self.at(client, text, "llama3.2:3b", 2)})
        self.assertIn("28K", json.dumps(hover))
        client.finish()

    def test_a_pull_without_network_fails_with_the_reason(self):
        done = self.run_program("pull", "no-such-model-here")
        self.assertEqual(1, done.returncode, done.err)
        self.assertIn("no-such-model-here", done.out + done.err)
        client = self.client("vscode-11")
        client.command("pull", {"model": "no-such-model-here"})
        self.assertIn("no-such-model-here", client.take("window/showMessage")["message"])
        client.settle()
        client.finish()

    def test_delete_by_lsp(self):
        self.server.copy("tiny", "to-delete:1b")
        client = self.client("vscode-11")
        client.answers["window/showMessageRequest"] = lambda params: params["actions"][0]
        client.command("refresh")
        client.poll(lambda: client.command("status")["servers"][0]["models"], "the models")
        client.command("delete", {"model": "to-delete:1b"})
        client.poll(lambda: "to-delete:1b" not in self.server.names(), "a deleted model")
        client.settle()
        client.drop("window/showMessage")
        client.finish()
        with self.subTest("what is not there"):
            other = self.client("vscode-11")
            other.answers["window/showMessageRequest"] = lambda params: params["actions"][0]
            try:
                other.command("delete", {"model": "to-delete:1b"})
                other.take("window/showMessage")
            except LspError as error:
                self.assertEqual(-32803, error.code)
            other.finish(strict=False)


class SecondOpinion(RealCase):
    def compare(self, kind, theirs, ours):
        """Both are {input: True when rejected}."""
        known = json.loads((HERE / "differences.json").read_text(encoding="utf-8"))[kind]
        wrong = []
        for text, (rejected, why) in theirs.items():
            mine, because = ours[text]
            if (rejected != mine) != (text in known):
                wrong.append("%s\n    ollama %s: %s\n    here %s: %s%s" % (
                    json.dumps(text), "rejects" if rejected else "accepts", why,
                    "rejects" if mine else "accepts", because,
                    "\n    listed as a difference, but is none" if text in known else ""))
        self.assertFalse(set(known) - set(theirs))
        self.assertEqual([], wrong, "\n" + "\n".join(wrong))

    def test_names(self):
        theirs, places = {}, {}
        for number, name in enumerate(json.loads((HERE / "names.json").read_text("utf-8"))):
            status, text = self.server.call("POST", "/api/show", {"model": name})
            # 404: a good name that is not there. 403: a good cloud name, cloud switched off.
            theirs[name] = (status not in (200, 403, 404), text)
            path = self.write("n%d.json" % number, json.dumps(
                {"provider": "ollama", "model": name}))
            places[path.name] = name
        ours = {name: (False, []) for name in theirs}
        for finding in self.check("--offline")["findings"]:
            name = places[os.path.basename(finding["path"])]
            if finding["code"] == "invalid-model-name":
                ours[name] = (True, finding["message"])
        self.compare("names", theirs, ours)

    def test_modelfiles(self):
        gguf.build().write(self.workspace / "tiny.gguf")
        for name in NAMED:  # so that Ollama gets past FROM and judges the rest
            self.server.copy("tiny", name)
        cases = json.loads((HERE / "modelfiles.json").read_text("utf-8"))
        theirs, ours = {}, {}
        for key, text in cases.items():
            done = self.server.create("second-opinion", text, self.workspace)
            error = [line for line in re.split(r"[\r\n]", ESCAPES.sub(
                "", done.stdout.decode("utf-8", "replace"))) if line.startswith("Error")]
            why = error[0] if error else ""
            # A model that cannot be pulled is no fault of the Modelfile.
            theirs[key] = (bool(error) and "pull model manifest" not in why, why)
            found = self.check("--offline", "Modelfile", "--severity", "hint")["findings"]
            bad = [f for f in found if f["severity"] == "error"]
            ours[key] = (bool(bad), [(f["code"], f["message"]) for f in found])
        self.compare("modelfiles", theirs, ours)
