# SPDX-License-Identifier: MIT
"""What must be true of every editor, in the words of a user. The words are those of a driver
(neovim.py, emacs.py): start, findings, complete, act, text, status, ai, accept, …
"""
import os
import re
import signal
import subprocess

from lib.harness import program

BIG = {"name": "gemma3:12b", "layers": [400_000_000, 11_000]}
ENV = "# models\nOLLAMA_HOST=%s\nOLLAMA_MODEL=lama3.2:3b\n"


def server_pids(case):
    """Processes of the program that belong to this test's home."""
    found = []
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.path.samefile("/proc/%s/exe" % name, program()):
                with open("/proc/%s/environ" % name, "rb") as file:
                    if ("HOME=%s\0" % case.home).encode() in file.read():
                        found.append(int(name))
        except OSError:
            continue
    return found


class Scenarios:
    """Mixed into a driver's case."""

    def broken(self, **options):
        """A config with a misspelt model, and the fake server it is about."""
        fake = self.fake(library=[BIG], **options)
        return fake, self.write(".env", ENV % fake.url)

    def codes(self):
        return [finding[3] for finding in self.findings()]

    # -- findings --------------------------------------------------------------------------

    def test_squiggle_completion_silence(self):
        _, path = self.broken()
        self.start(path)
        found = self.until("the finding", self.findings)
        self.assertEqual([[2, 13, 23, "unknown-model"]], [f[:4] for f in found])
        labels = self.complete(2, 13, "l", "llama3.2:3b")
        self.assertTrue(any(label.strip().startswith("llama3.2:3b") for label in labels), labels)
        self.until("the completed text", lambda: "\nOLLAMA_MODEL=llama3.2:3b\n" in self.text())
        self.until("silence", lambda: self.findings() == [])

    def test_a_quick_fix_pulls_and_the_squiggle_goes(self):
        fake = self.fake(library=[BIG], frame_seconds=0.1)
        path = self.write(".env", "OLLAMA_HOST=%s\nOLLAMA_MODEL=gemma3:12b\n" % fake.url)
        self.start(path)
        self.until("the finding", lambda: self.codes() == ["model-not-installed"])
        titles = self.act(1, 14, "Pull gemma3:12b")
        self.assertTrue([t for t in titles if t.startswith("Pull gemma3:12b")], titles)
        self.until("the end of the finding", lambda: self.findings() == [])
        self.assertTrue(fake.find("gemma3:12b"))
        self.assertEqual("OLLAMA_HOST=%s\nOLLAMA_MODEL=gemma3:12b\n" % fake.url, self.text())
        self.check_pull_was_seen()

    def check_pull_was_seen(self):
        """Progress with a percentage that never falls."""
        seen = [p for p in self.progress() if str(p.get("token")).startswith("ollama-ls/")]
        kinds = [p["kind"] for p in seen]
        self.assertEqual("begin", kinds[0], seen)
        self.assertIn("end", kinds)
        shares = [p["percentage"] for p in seen if p.get("percentage") is not None]
        self.assertTrue(shares and shares == sorted(shares), seen)

    # -- status ----------------------------------------------------------------------------

    def test_status_follows_the_server_down_and_up(self):
        fake, path = self.broken()
        self.start(path)
        self.until("ok", lambda: self.status()["state"] == "ok")
        self.assertIn("5 models", self.status()["text"])
        fake.refuse()
        self.command("refresh")
        self.until("unreachable", lambda: self.status()["state"] in ("unreachable", "stale"))
        self.assertNotIn("5 models", self.status()["text"])
        fake.start()
        self.command("refresh")
        self.until("ok again", lambda: self.status()["state"] == "ok")

    # -- trouble ---------------------------------------------------------------------------

    def test_the_program_is_missing(self):
        """One message with the remedy; the editor is as usable as without us."""
        self.fake()
        path = self.write(".env", "OLLAMA_MODEL=lama3.2:3b\n")
        env = self.editor_environment()
        folders = [p for p in env["PATH"].split(":") if not os.path.exists(p + "/ollama-ls")]
        self.start(path, environment=dict(env, PATH=":".join(folders)))
        text = self.until("the message", lambda: self.messages()
                          if "not to be found" in self.messages() else "")
        self.assertEqual(1, len(re.findall("not to be found", text)), text)
        self.assertIn("Install it", text)
        self.assertIn("OLLAMA_MODEL", self.text())

    def test_a_crash_is_survived_but_not_for_ever(self):
        _, path = self.broken()
        self.start(path)
        self.until("the finding", self.findings)
        for _ in range(4):
            pid, = self.until("the server", lambda: server_pids(self))
            os.kill(pid, signal.SIGSEGV)
            self.until("another server", lambda: [p for p in server_pids(self) if p != pid])
            self.until("the finding again", lambda: self.codes() == ["unknown-model"])
            self.until("its status", lambda: self.status()["state"] == "ok")
        pid, = server_pids(self)
        os.kill(pid, signal.SIGSEGV)
        self.until("giving up", lambda: "not started again" in self.messages())
        self.assertEqual([], server_pids(self))
        self.assertEqual("off", self.status()["state"])
        self.restart()
        self.until("the server, by hand", lambda: server_pids(self))
        self.until("the finding at last", lambda: self.codes() == ["unknown-model"])

    def test_nothing_is_left_behind(self):
        """The server ends with the editor."""
        _, path = self.broken()
        self.start(path)
        self.until("the finding", self.findings)
        pid, = server_pids(self)
        self._end()
        self.until("the end of the server", lambda: not os.path.exists("/proc/%d" % pid), 5)
