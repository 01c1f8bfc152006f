# SPDX-License-Identifier: MIT
"""Emacs with eglot and our package, as a daemon that emacsclient asks."""
import json
import os
import shutil
import signal
import subprocess
import time

from editors.editors import EditorCase
from editors.scenarios import Scenarios, server_pids
from lib.harness import PROJECT

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = PROJECT / "editors" / "emacs"


def quoted(text):
    """A Lisp string."""
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


class EmacsCase(EditorCase):
    """A driver: the words that scenarios.py uses."""

    PROGRAM = "emacs"
    NAME = "emacs"

    def start(self, path, setup="", environment=None, init=None):
        """Start the editor on a file; with `init`, as the user's own init file."""
        if not shutil.which("emacsclient"):
            self.fail("no emacsclient")
        (self.home / "tmp").chmod(0o700)  # or Emacs will not listen there
        self.socket = str(self.home / "tmp" / "daemon")  # not "emacs": that is a folder of its own
        self.out = self.home / "out.json"
        self.log = open(self.home / "emacs.log", "wb")
        self.stack.callback(self.log.close)
        self.process = subprocess.Popen(
            [self.editor, "--fg-daemon=" + self.socket, "-l", HERE + "/emacs.el",
             *(["-l", str(init)] if init else ["-Q", "-L", str(PACKAGE), "--eval",
                "(progn (require 'ollama-ls) %s (ollama-ls-mode 1))" % setup])],
            cwd=str(self.workspace), env=environment or self.editor_environment(),
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.stack.callback(self._end)
        self.until("the editor", lambda: self._eval("(+ 40 2)").strip() == "42")
        self.call("open", str(path))

    def _end(self):
        if self.process.poll() is None:
            self._eval("(test-quit)")
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _eval(self, form):
        done = subprocess.run(["emacsclient", "-s", self.socket, "--eval", form], timeout=60,
                              env=self.editor_environment(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.stdout.decode("utf-8", "replace")

    def call(self, name, *arguments):
        """Call a function of emacs.el."""
        words = " ".join(quoted(a) if isinstance(a, str) else "nil" if a is None or a is False else
                         "t" if a is True else str(a) for a in arguments)
        if self.out.exists():
            self.out.unlink()
        text = self._eval("(test-call %s '%s %s)" % (quoted(str(self.out)), "test-" + name, words))
        if not self.out.exists():
            return self.fail("%s: %s\n%s" % (name, text, self.report()))
        return json.loads(self.out.read_text("utf-8"))

    def report(self):
        self.log.flush()
        text = (self.home / "emacs.log").read_text("utf-8", "replace")
        try:
            text += self._eval("(princ (test-report))").replace("\\n", "\n")
        except subprocess.TimeoutExpired:
            text += "\n(the editor does not answer)"
        return text[-6000:]

    # -- what a user sees ------------------------------------------------------------------

    def findings(self):
        """[line, start, end, code, message] of each of our findings; 0-based, in characters."""
        return self.call("findings")

    def text(self):
        """The buffer."""
        return self.call("text")

    def status(self):
        """What the mode line shows: {state, text}."""
        return self.call("status")

    def messages(self):
        """Everything that was said, in one text."""
        return self.call("messages")

    def overlays(self):
        """What is drawn into the buffer: [{line, text}]."""
        return self.call("overlays")

    def panel(self):
        """The text of the panel, or empty."""
        return self.call("panel")

    def progress(self):
        """All progress that was seen: [{token, kind, percentage, message}]."""
        return self.call("progress")

    # -- what a user does ------------------------------------------------------------------

    def complete(self, line, column, typed, choose):
        """Replace the rest of a line by what is typed, complete there, take one; the labels offered."""
        self.call("type-at", line, column, typed)
        labels = self.until("completions", lambda: self.call("completions"))
        self.call("complete", choose)
        return labels

    def act(self, line, column, title):
        """Choose a code action by the start of its title; the titles offered."""
        return self.call("act", line, column, title)

    def undo(self):
        """One step back."""
        self.call("undo")

    def ai(self, action, first, last, instruction=None, review=False):
        """Run an AI action on lines (0-based, both included)."""
        self.call("ai", action, first, last, instruction, review)

    def accept(self):
        """Take the result that waits, by key."""
        self.call("key", "C-c C-c")

    def reject(self):
        """Drop it, by key."""
        self.call("key", "C-c C-k")

    def cancel(self):
        """Stop what runs, by key."""
        self.call("key", "C-c C-k")

    def insert_above(self, line):
        """Type a new first line."""
        self.call("insert-above", line)

    def replace_line(self, number, line):
        """Type a line anew."""
        self.call("type-at", number, 0, line)

    def command(self, line):
        """M-x ollama-ls-…"""
        self.call("command", line)

    def restart(self):
        """Start the language server by hand."""
        self.call("command", "start")


class EglotScenarios(Scenarios):
    """What eglot does in its own way."""

    def check_pull_was_seen(self):
        """Progress where eglot shows it (from 1.15 on), else the message at the end."""
        if self.SUITE:
            super().check_pull_was_seen()
        else:
            self.until("the end of the pull", lambda: "gemma3:12b is installed" in self.messages())

    def test_a_crash_is_survived_but_not_for_ever(self):
        """eglot connects again unless the server lived for less than `eglot-autoreconnect', 3 s."""
        _, path = self.broken()
        self.start(path)
        self.until("the finding", self.findings)
        time.sleep(3.2)
        pid, = server_pids(self)
        os.kill(pid, signal.SIGSEGV)
        again, = self.until("another server", lambda: [p for p in server_pids(self) if p != pid])
        self.until("the finding again", lambda: self.codes() == ["unknown-model"])
        self.until("its status", lambda: self.status()["state"] == "ok")
        os.kill(again, signal.SIGSEGV)
        self.until("giving up", lambda: "Not auto-reconnecting" in self.messages())
        self.until("no status", lambda: self.status()["state"] == "off")
        self.assertEqual([], server_pids(self))
        self.restart()
        self.until("the server, by hand", lambda: server_pids(self))
        self.until("the finding at last", lambda: self.codes() == ["unknown-model"])
