# SPDX-License-Identifier: MIT
"""status, models, check and the generating calls against a real llama-server."""
import json
import os
import pathlib
import subprocess
import time
import unittest

from lib.harness import ProgramCase, program
from real_llama.server import RealLlama, Unavailable, program as llama_program


def setUpModule():
    try:
        llama_program()
    except Unavailable as reason:
        if os.environ.get("CI") == "true":
            raise AssertionError(str(reason)) from reason
        print("skipped: %s" % reason)
        raise unittest.SkipTest(str(reason)) from reason


class LlamaCase(ProgramCase):
    def llama(self, name="qwen-coder.gguf", *arguments, **model):
        server = RealLlama(name, *arguments, **model)
        self.stack.callback(server.close)
        self.settings_file({"servers": [{"name": "default", "url": server.url, "kind": "openai"}]})
        return server

    def calls(self, server, **more):
        """Run the unit test of the generating calls against it."""
        unit = pathlib.Path(program()).parent / "tests" / "unit" / "unit_ollama_real"
        env = self.environment(OLLAMA_LS_REAL_OPENAI=server.url, **more)
        done = subprocess.run([str(unit)], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=200, check=False)
        text = done.stdout.decode("utf-8", "replace")
        self.assertEqual(0, done.returncode, text + server.log[-2000:])
        self.assertNotIn("SKIPPED", text)

    def model(self):
        entry = json.loads(self.run_program("models", "--json", code=0).out)["servers"][0]
        return entry["models"][0]


class Llama(LlamaCase):
    def test_fills_in(self):
        server = self.llama(fill_in=True, slow=True)
        status = json.loads(self.run_program("status", "--json", code=0).out)
        self.assertRegex(status["message"], r"OpenAI-compatible server b\d+.*: 1 model, 1 loaded")
        model = self.model()
        self.assertEqual(("qwen-coder.gguf", 2048), (model["name"], model["contextLength"]))
        self.assertEqual(["completion", "insert"], model["capabilities"])
        self.calls(server, OLLAMA_LS_REAL_INSERT="1")
        deadline = time.monotonic() + 2  # the slot of the cancelled call is free at once
        while not server.is_idle() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertTrue(server.is_idle(), server.log[-2000:])
        self.assertIn("cancel task", server.log)

    def test_does_not_fill_in(self):
        server = self.llama("plain.gguf", slow=True)
        self.assertEqual(["completion"], self.model()["capabilities"])
        self.calls(server)

    def test_embeds(self):
        server = self.llama("embed.gguf", "--embeddings", embedding=True)
        unit = pathlib.Path(program()).parent / "tests" / "unit" / "unit_ollama_real"
        done = subprocess.run([str(unit)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=200,
                              check=False, env=self.environment(
                                  OLLAMA_LS_REAL_OPENAI=server.url, OLLAMA_LS_REAL_EMBED="1",
                                  CMOCKA_TEST_FILTER="test_embed"))
        text = done.stdout.decode("utf-8", "replace")
        self.assertIn("[       OK ] test_embed", text)

    def test_names(self):
        self.llama("my model.gguf")
        self.write(".env", "OLLAMA_MODEL='my model.gguf'\n")
        self.run_program("check", code=0)
        self.write(".env", "OLLAMA_MODEL=other\n")
        self.assertIn("none of the models", self.run_program("check", code=1).out)
        self.assertIn("is no Ollama server", self.run_program("pull", "x", code=1).err)
