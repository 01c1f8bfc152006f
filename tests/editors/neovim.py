# SPDX-License-Identifier: MIT
"""Neovim, with our plugin, driven through its own remote control: keys are typed, nothing is simulated."""
import json
import os
import subprocess

from editors.editors import LIMIT, EditorCase
from lib.harness import PROJECT

HERE = os.path.dirname(os.path.abspath(__file__))
PLUGIN = PROJECT / "editors" / "neovim"


class NeovimCase(EditorCase):
    """A driver: the words that scenarios.py uses."""

    PROGRAM = "nvim"
    NAME = "neovim"

    def start(self, path, setup="{}", environment=None, options=None):
        """Start the editor on a file; `options` instead of our init file."""
        self.socket = str(self.home / "tmp" / "nvim")
        init = self.home / "init.lua"
        init.write_text("vim.opt.rtp:prepend(%s)\nvim.cmd('luafile ' .. %s)\n"
                        "require('ollama-ls').setup(%s)\n" % (
                            json.dumps(str(PLUGIN)), json.dumps(HERE + "/neovim.lua"), setup),
                        encoding="utf-8")
        self.log = open(self.home / "nvim.log", "wb")
        self.stack.callback(self.log.close)
        self.process = subprocess.Popen(
            [self.editor, "--headless", "--listen", self.socket, "-i", "NONE", "-n",
             *(options or ["-u", str(init)]), str(path)], cwd=str(self.workspace), env=environment or self.editor_environment(),
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.stack.callback(self._end)
        self.until("the editor", lambda: os.path.exists(self.socket))

    def _end(self):
        if self.process.poll() is None:
            messages = self.messages()
            self._remote("--remote-send", "<C-\\><C-n>:qa!<CR>")
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            messages = "the editor did not end"
        if self.process.returncode is not None and "messages" in locals():
            self.assertNotRegex(messages, r"stack traceback|Error executing|E\d+:|did not end")

    def _remote(self, *arguments):
        done = subprocess.run([self.editor, "--server", self.socket, *arguments], timeout=60,
                              env=self.editor_environment(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.stdout.decode("utf-8", "replace")

    def lua(self, name, *arguments):
        """Call a function of neovim.lua."""
        call = "json_encode(luaeval('Test.%s(unpack(_A))', json_decode('%s')))" % (
            name, json.dumps(list(arguments)).replace("'", "''"))
        text = self._remote("--remote-expr", call)
        try:
            return json.loads(text)
        except ValueError:
            return self.fail("Test.%s: %s\n%s" % (name, text, self.report()))

    def keys(self, keys):
        """Type; <Esc>, <CR> and the like are keys."""
        self._remote("--remote-send", keys)

    def report(self):
        self.log.flush()
        text = (self.home / "nvim.log").read_text("utf-8", "replace")
        try:
            text += self._remote("--remote-expr", "luaeval('vim.inspect(Test.report())')")
        except subprocess.TimeoutExpired:
            text += "\n(the editor does not answer)"
        return text[-6000:]

    # -- what a user sees ------------------------------------------------------------------

    def findings(self):
        """[line, start, end, code, message] of each of our findings; 0-based, in characters."""
        return self.lua("findings")

    def text(self):
        """The buffer."""
        return self.lua("text")

    def status(self):
        """What the statusline shows: {state, text}."""
        return self.lua("status")

    def messages(self):
        """Everything that was said, in one text."""
        return self.lua("messages")

    def overlays(self):
        """What is drawn into the buffer: [{line, text}], from our own marks."""
        return self.lua("overlays")

    def panel(self):
        """The text of the panel, or empty."""
        return self.lua("panel") or ""

    def progress(self):
        """All progress that was seen: [{token, kind, percentage, message}]."""
        return self.lua("progress")

    # -- what a user does ------------------------------------------------------------------

    def complete(self, line, column, typed, choose):
        """Replace the rest of a line by what is typed, complete there, take one; the labels offered."""
        self.keys("<Esc>%dG0%s" % (line + 1, "%dl" % column if column else ""))
        self.keys("C%s<C-x><C-o>" % typed)
        labels = self.until("completions", lambda: self.lua("menu"))
        index = [i for i, label in enumerate(labels) if label.strip().startswith(choose)][0]
        # The first one is selected when the menu opens.
        self.keys("<C-n>" * index + "<C-y><Esc>")
        self.until("the end of completion", lambda: self.lua("mode") == "n")
        return labels

    def act(self, line, column, title):
        """Choose a code action by the start of its title; the titles offered."""
        self.keys("<Esc>%dG0%s" % (line + 1, "%dl" % column if column else ""))
        before = self.lua("act", title)
        return self.until("code actions", lambda: self.lua("questions")[before:])[0]["titles"]

    def undo(self):
        """One step back."""
        self.keys("<Esc>u")

    def ai(self, action, first, last, instruction=None, review=False):
        """Run an AI action on lines (0-based, both included)."""
        self.keys("<Esc>:%d,%dOllamaLs%s ai %s %s<CR>" % (
            first + 1, last + 1, "!" if review else "", action, instruction or ""))

    def accept(self):
        """Take the result that waits, by key."""
        self.keys("<Esc><M-y>")

    def reject(self):
        """Drop it, by key."""
        self.keys("<Esc><M-n>")

    def cancel(self):
        """Stop what runs, by key."""
        self.keys("<Esc><C-c>")

    def insert_above(self, line):
        """Type a new first line."""
        self.keys("<Esc>ggO%s<Esc>" % line)

    def replace_line(self, number, line):
        """Type a line anew."""
        self.keys("<Esc>%dG0C%s<Esc>" % (number + 1, line))

    def command(self, line):
        """:OllamaLs …"""
        self.keys("<Esc>:OllamaLs %s<CR>" % line)

    def restart(self):
        """Start the language server by hand."""
        self.command("restart")
