# SPDX-License-Identifier: MIT
"""What is Emacs's own: the README's steps, menus, iterate and diff, a second buffer, Modelfiles."""
import re
import time

from editors.ai_scenarios import AFTER, ANSWER, BEFORE, TARGET
from editors.emacs import PACKAGE, EmacsCase
from editors.scenarios import BIG


class PackageCase:
    """Mixed into a driver's case."""

    def test_the_three_steps_of_the_readme(self):
        text = (PACKAGE / "README.md").read_text("utf-8")
        lisp = re.search(r"```elisp\n(.*?)```", text, re.S).group(1)
        self.assertIn("/path/to/ollama-ls/editors/emacs", lisp)
        init = self.write("../init.el", lisp.replace("/path/to/ollama-ls/editors/emacs", str(PACKAGE)))
        self.fake()
        self.start(self.workspace / ".env", init=init)
        self.call("type-at", 0, 0, "OLLAMA_MODEL=lama3.2:3b")
        found = self.until("the squiggle", self.findings)
        self.assertEqual([[0, 13, 23, "unknown-model"]], [f[:4] for f in found])

    def app(self):
        fake = self.fake()
        self.start(self.write("app.py", BEFORE))
        self.until("ok", lambda: self.status()["state"] == "ok")
        return fake

    def waiting(self, fake):
        """A result that waits."""
        fake.say(*ANSWER)
        self.ai("refactor", *TARGET, review=True)
        self.until("the question", lambda: any("accept" in o["text"] for o in self.overlays()))

    def test_iterate(self):
        fake = self.app()
        self.waiting(fake)
        fake.say(*[piece.replace("w * h", "h * w") for piece in ANSWER[:1]], "    return h * w\n")
        self.call("iterate", "the other way round")
        self.until("another", lambda: any("h * w" in o["text"] and "accept" in o["text"]
                                          for o in self.overlays()))
        self.assertEqual(1, len(self.overlays()))
        body = fake.requests("/api/chat")[-1].body.decode()
        self.assertIn("the other way round", body)
        self.assertIn("return w * h", body)
        self.assertEqual(BEFORE, self.text())
        self.accept()
        self.until("the edit", lambda: self.text() == AFTER.replace("w * h", "h * w"))

    def test_diff(self):
        fake = self.app()
        self.waiting(fake)
        self.call("key", "C-c C-d")
        text = self.until("the difference", lambda: self.call("buffer", "*ollama-ls diff*"))
        self.assertIn("-    r = w*h", text)
        self.assertIn("+    return w * h", text)
        self.reject()
        self.until("a clean buffer", lambda: self.overlays() == [])

    def test_a_model_is_chosen_from_a_list(self):
        self.app()
        self.call("choose", "select-model", "chat", "qwen2.5-coder:7b")
        self.until("the choice", lambda: "qwen2.5-coder:7b is now the model for chat" in self.messages())

    def test_the_mode_line(self):
        self.app()
        self.assertIn("ollama: 5 models", self.status()["line"])

    def test_a_command_never_holds_emacs_up(self):
        """eglot waits for a command's answer, 10 s at most: a server that hangs must not matter."""
        fake = self.fake(library=[BIG])
        self.start(self.write(".env", "OLLAMA_HOST=%s\nOLLAMA_MODEL=gemma3:12b\n" % fake.url))
        self.until("the finding", lambda: self.findings())
        fake.fault("/", "stall")
        begun = time.monotonic()
        self.act(1, 14, "Pull gemma3:12b")
        self.assertLess(time.monotonic() - begun, 3)
        fake.wait_for("/api/pull")
        self.assertNotIn("Timed out", self.messages())

    def test_beside_another_server(self):
        self.fake()
        self.start(self.write("app.py", "MODEL = 'x'\n"))
        self.until("ok", lambda: self.status()["state"] == "ok")
        self.call("beside")
        self.until("a second buffer", lambda: self.call("mode") == "ollama-ls-beside-mode")
        self.assertEqual("MODEL = 'x'\n", self.text())

    def test_a_modelfile_has_its_mode(self):
        fake = self.fake()
        self.start(self.write("Modelfile", "FROM lama3.2:3b\n# not a \" string\nPARAMETER num_ctx 4096\n"))
        self.assertEqual("ollama-ls-modelfile-mode", self.call("mode"))
        self.until("the finding", lambda: self.findings())
        self.assertTrue(fake.requests("/api/tags"))
        faces = self.call("faces")
        self.assertEqual(["font-lock-keyword-face", "font-lock-comment-face",
                          "font-lock-keyword-face"], faces)


class Package28(EmacsCase, PackageCase):
    """Debian 12's, with eglot 1.9."""


class Package30(EmacsCase, PackageCase):
    """With the eglot it brings."""

    SUITE = "trixie"
