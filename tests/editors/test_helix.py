# SPDX-License-Identifier: MIT
"""The README's recipe for Helix, in Helix."""
import re
import time

from editors.ai_scenarios import ANSWER, BEFORE
from editors.terminal import TerminalCase
from editors.test_readme import block

RECIPE = block("Helix", "toml")


class Helix(TerminalCase):
    SUITE = "trixie"
    PROGRAM = "hx"

    def test_squiggle_completion_fix(self):
        fake = self.fake()
        path = self.write(".env", "OLLAMA_HOST=%s\nOLLAMA_MODEL=lama3.2:3b\n" % fake.url)
        config = self.home / "config" / "helix"
        config.mkdir(parents=True)
        (config / "languages.toml").write_text(RECIPE, encoding="utf-8")
        self.run_in_terminal([self.editor, path])
        self.sees(r"OLLAMA_MODEL")
        self.type("j")
        self.sees(r"●\s+2")
        self.type("f", "l")
        self.sees(r"not installed|did you mean")
        self.type("Space", "a")
        self.sees(r"llama3\.2:3b")
        self.type("Enter")
        self.sees(r"OLLAMA_MODEL=llama3\.2:3b")
        # Completion at an empty value.
        self.type("o", "OLLAMA_MODEL=", "C-x")
        self.sees(r"nomic-embed-text")
        self.type("Escape", "Escape")

    def test_an_ai_action_is_applied_and_undone(self):
        fake = self.fake()
        fake.say(*ANSWER)
        config = self.home / "config" / "helix"
        config.mkdir(parents=True)
        (config / "languages.toml").write_text(RECIPE.replace('"env"', '"python"'), encoding="utf-8")
        self.run_in_terminal([self.editor, self.write("app.py", BEFORE)])
        self.sees(r"return r")

        def offered():
            self.type("Escape", "4G", "x", "x", "x", "Space", "a")
            time.sleep(1)
            return "Refactor with AI" in self.screen()
        self.until("the actions", offered)
        titles = re.findall(r"(\w+) with AI", self.screen())
        self.type(*["Down"] * titles.index("Refactor"))
        self.type("Enter")
        self.sees(r"return w \* h")
        self.assertIn(b"refactor this", fake.requests("/api/chat")[0].body.lower())
        self.type("Escape", "u")
        self.sees(r"r = w\*h")

    def test_nothing_is_slow_to_end(self):
        """Helix sends shutdown and exit at once, and waits for neither."""
        fake = self.fake()
        path = self.write(".env", "OLLAMA_HOST=%s\nOLLAMA_MODEL=lama3.2:3b\n" % fake.url)
        config = self.home / "config" / "helix"
        config.mkdir(parents=True)
        (config / "languages.toml").write_text(RECIPE, encoding="utf-8")
        self.run_in_terminal([self.editor, path])
        self.sees(r"●")
        self.type(":q!", "Enter")
        self.until("the end", lambda: "no server" in self.screen() or "no current" in self.screen()
                   or "can't find" in self.screen(), 5)
