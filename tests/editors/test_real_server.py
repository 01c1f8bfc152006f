# SPDX-License-Identifier: MIT
"""With a real Ollama and a tiny random model, in real editors: what a user sees while a model speaks, and that it
stops. Skipped with the reason where scripts/build-ollama has built none."""
import json
import time

from editors.ai_scenarios import BEFORE, TARGET
from editors.code_server import VSCodeCase
from editors.emacs import EmacsCase
from editors.neovim import NeovimCase
from real_ollama import gguf, test_real

MODEL = "slow"


def setUpModule():
    test_real.setUpModule()


def tearDownModule():
    test_real.tearDownModule()


class RealServer:
    """Mixed into a driver's case."""

    def setUp(self):
        super().setUp()
        self.server = test_real.RealCase.server
        self.host = self.server.url
        if MODEL + ":latest" not in self.server.names():
            gguf.build(size=gguf.SLOW, seed=1).write(self.home / "slow.gguf")
            done = self.server.create(MODEL, "FROM ./slow.gguf\n", self.home)
            self.assertEqual(0, done.returncode, done.stdout)
        # A token of this model is a byte: what is looked at is not how it reads a long prompt.
        self.settings_file({"ai": {"model": {"chat": MODEL}, "numPredict": 4000,
                                   "prompts": {"system": "s", "refactor": "{{code}}"}}})

    def running(self):
        return json.loads(self.server.call("GET", "/api/ps")[1])["models"]

    def drawn(self):
        """How much text is drawn."""
        return sum(len(one["text"]) for one in self.overlays())

    def test_an_action_streams_and_is_cancelled(self):
        self.start(self.write("app.py", BEFORE))
        self.until("ok", lambda: self.status()["state"] == "ok")
        self.ai("refactor", *TARGET)
        self.until("work, in the status", lambda: self.status()["state"] in ("busy", "loading"), 60)
        self.until("the model in memory", self.running, 60)
        begun = self.drawn()
        self.until("an answer that grows", lambda: self.drawn() > begun + 10, 60)
        self.assertEqual(BEFORE, self.text())
        self.cancel()
        self.until("a clean text", lambda: self.overlays() == [])
        self.until("ok again", lambda: self.status()["state"] == "ok")
        self.assertEqual(BEFORE, self.text())
        # The model's only slot is free, though thousands of tokens were to come.
        context = self.running()[0]["context_length"]
        begun = time.monotonic()
        status, text = self.server.call("POST", "/api/generate", {
            "model": MODEL, "prompt": "a", "stream": False,
            "options": {"num_predict": 1, "num_ctx": context}}, limit=60)
        self.assertEqual(200, status, text)
        self.assertLess(time.monotonic() - begun, 30)


class RealNeovim(RealServer, NeovimCase):
    """Debian 12's."""


class RealEmacs(RealServer, EmacsCase):
    """Debian 12's."""


class RealVSCode(RealServer, VSCodeCase):
    pass
