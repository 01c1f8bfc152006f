# SPDX-License-Identifier: MIT
"""The README's recipe for Vim 9, in Vim: ALE is its client."""
import re
import time

from editors.ai_scenarios import ANSWER, BEFORE
from editors.scenarios import BIG
from editors.terminal import TerminalCase
from editors.test_readme import block


class Vim(TerminalCase):
    PROGRAM = "vim"

    def vim(self, path):
        self.write(".vimrc", block("Vim 9", "vim"), self.home)
        self.run_in_terminal([self.editor, path])

    def broken(self):
        fake = self.fake()
        self.vim(self.write(".env", "OLLAMA_HOST=%s\nOLLAMA_MODEL=lama3.2:3b\n" % fake.url))
        self.sees(r"--OLLAMA_MODEL=lama3\.2:3b > .*not installed")
        return fake

    def test_squiggle_fix_completion_hover(self):
        self.broken()
        self.type("jfl")
        self.sees(r"unknown-model: lama3\.2:3b")
        self.type(":ALECodeAction", "Enter")
        self.sees(r"1\) Change to llama3\.2:3b")
        self.type("1", "Enter")
        self.sees(r"OLLAMA_MODEL=llama3\.2:3b *\n")
        self.until("silence", lambda: "--OLLAMA_MODEL" not in self.screen())
        self.type("oOLLAMA_MODEL=", "C-x", "C-o")
        self.sees(r"llama3\.2:3b +v 3\.2B · Q4_K_M · 2\.0 GB")
        self.type("C-e", "Escape", "k0fl", ":ALEHover", "Enter")
        self.sees(r"https://ollama\.com/library/llama3\.2:3b")

    def test_a_quick_fix_pulls(self):
        fake = self.fake(library=[BIG])
        self.vim(self.write(".env", "OLLAMA_HOST=%s\nOLLAMA_MODEL=gemma3:12b\n" % fake.url))
        self.sees(r"--OLLAMA_MODEL")
        self.type("jfg", ":ALECodeAction", "Enter")
        number = re.search(r"(\d+)\) Pull gemma3:12b", self.sees(r"\) Pull gemma3:12b")).group(1)
        self.type(number, "Enter")
        self.until("the model", lambda: fake.find("gemma3:12b"))
        self.until("silence", lambda: "--OLLAMA_MODEL" not in self.screen())

    def test_an_ai_action_beside_other_linters(self):
        """ALE's own choice of linters for Python stays, and ours is one more. ALE says that it takes no
        edits, so the answer is kept in a file."""
        fake = self.fake()
        fake.say(*ANSWER)
        self.vim(self.write("app.py", BEFORE))
        self.sees(r"return r")

        def number():
            self.type("Escape", "4GVjj", ":ALECodeAction", "Enter")
            time.sleep(1)
            return re.search(r"(\d+)\) Refactor with AI", self.screen())
        self.type(self.until("the actions", number).group(1), "Enter")
        self.sees("this editor takes no edits. The result is")
        kept, = (self.home / "tmp").glob("ollama-ls-*/*refactor-app.py")
        self.assertEqual("".join(ANSWER).strip(), kept.read_text("utf-8"))
        self.type("Escape", ":pclose | ALEInfo", "Enter")
        self.sees(r"Enabled Linters: \['flake8', 'mypy', 'pylint', 'pyright', 'ruff', 'ollama-ls'\]")

    def test_nothing_is_slow_to_end(self):
        self.broken()
        self.type(":q!", "Enter")
        self.until("the end", lambda: "no server" in self.screen() or "no current" in self.screen()
                   or "can't find" in self.screen(), 5)
