# SPDX-License-Identifier: MIT
"""Takes the pictures of docs/img/: python3 -m editors.screenshots [NAME...], by scripts/screenshots.

Each is a real editor with our plugin at a fake server whose words and pauses are fixed.
"""
import sys
import unittest

from editors.ai_scenarios import BEFORE
from editors.emacs import PACKAGE
from editors.neovim import PLUGIN
from editors.terminal import TerminalCase
from editors.test_helix import RECIPE
from editors.test_readme import block
from lib.harness import PROJECT

OUT = PROJECT / "docs" / "img"
PORT = 11434  # Ollama's own, as in what users see; so no Ollama may run meanwhile
CONFIG = "# which models the app uses\nOLLAMA_HOST=%s\nOLLAMA_MODEL=lama3.2:3b\nEMBED_MODEL=nomic-embed-text\n"
INIT = """vim.opt.rtp:prepend(%r)
vim.o.termguicolors = true
vim.o.number = true
vim.o.laststatus = 2
vim.o.signcolumn = "yes"
vim.o.updatetime = 100
vim.o.shortmess = vim.o.shortmess .. "I"
vim.o.swapfile = false
vim.o.completeopt = "menuone,noselect"
vim.o.statusline = "%%f%%m  %%=%%{%%v:lua.require'ollama-ls'.statusline()%%} "
vim.diagnostic.config({ virtual_text = false, float = { border = "rounded" } })
require("ollama-ls").setup({ %s })
"""


class Shots(TerminalCase):
    """One method a picture."""

    COLUMNS, ROWS = 100, 16

    def take(self, name):
        OUT.mkdir(parents=True, exist_ok=True)
        self.picture(OUT / (name + ".png"))
        print("docs/img/%s.png" % name)

    def neovim(self, path, setup=""):
        init = self.home / "init.lua"
        init.write_text(INIT % (str(PLUGIN), setup), encoding="utf-8")
        self.run_in_terminal([self.editor, "-u", init, "-i", "NONE", path], COLORTERM="truecolor")

    def config(self, **options):
        """The file in which a model is misspelt."""
        fake = self.fake(port=PORT, **options)
        return fake, self.write(".env", CONFIG % fake.url)

    def squiggle(self):
        _, path = self.config()
        self.neovim(path)
        self.sees("5 models")
        self.sees("W ")
        self.type("3Gfl", ":lua vim.diagnostic.open_float()", "Enter")
        self.sees("did you")

    def working(self):
        """An answer on its way."""
        fake = self.fake(models=("qwen2.5-coder:7b",))
        self.neovim(self.write("app.py", BEFORE))
        self.sees("1 model")
        reply = fake.reply()
        self.type(":4,6OllamaLs ai refactor", "Enter")
        fake.wait_for("/api/chat")
        return fake, reply


class Neovim(Shots):
    PROGRAM, SUITE = "nvim", "trixie"

    def test_neovim_squiggle(self):
        self.squiggle()
        self.take("neovim-squiggle")

    def test_neovim_completion(self):
        _, path = self.config()
        self.neovim(path)
        self.sees("5 models")
        self.type("3GfLfLf=lC", "C-x", "C-o")
        self.sees("nomic-embed-text:latest")
        self.type("Down")
        self.take("neovim-completion")

    def test_neovim_streaming(self):
        _, reply = self.working()
        reply.send("def area(width, height):\n", '    """The area of a rectangle."""\n', "    return wid")
        self.sees("return wid")
        self.sees(r"refactor qwen2.5-coder:7b 3 tokens")
        self.take("neovim-streaming")

    def test_neovim_loading(self):
        fake = self.fake(models=("qwen2.5-coder:7b",))
        gate = fake.hold_loading()
        self.neovim(self.write("app.py", BEFORE))
        self.sees("1 model")
        fake.say("x")
        self.type(":4,6OllamaLs ai refactor", "Enter")
        self.sees("loading")
        self.take("neovim-loading")
        gate.set()

    def test_neovim_unreachable(self):
        fake, path = self.config()
        self.neovim(path)
        self.sees("5 models")
        fake.refuse()
        self.type(":OllamaLs refresh", "Enter")
        self.sees("unreachable|stale")
        self.take("neovim-unreachable")


class Neovim12(Shots):
    PROGRAM, SUITE, OPTIONAL = "nvim", "sid", True

    def test_neovim_ghost(self):
        fake = self.fake(models=("qwen2.5-coder:7b",))
        fake.always(lambda body: ["return ", "a + b"])
        self.neovim(self.write("app.py", "def add(a, b):\n    \n"),
                    "settings = { inlineCompletion = { enable = true } }")
        self.sees("1 model")
        self.type("2GA")
        self.sees(r"return a \+ b")
        self.take("neovim-ghost")


class Emacs(Shots):
    PROGRAM, SUITE = "emacs", "trixie"

    def emacs(self, path):
        self.run_in_terminal([
            self.editor, "-nw", "-Q", "-L", PACKAGE, "--eval",
            "(progn (setq native-comp-jit-compilation nil suggest-key-bindings nil extended-command-suggest-shorter nil"
            " inhibit-startup-screen t make-backup-files nil"
            " auto-save-default nil mode-line-format '(\"%b  \" mode-line-misc-info)) (menu-bar-mode 0)"
            " (setq-default mode-line-format '(\"%b  \" (:eval (flymake--mode-line-counters)) \"  \""
            " mode-line-misc-info)) (load-theme 'modus-vivendi t) (require 'ollama-ls)"
            " (ollama-ls-mode 1))", path], COLORTERM="truecolor")

    def test_emacs_squiggle(self):
        _, path = self.config()
        self.emacs(path)
        self.sees("ollama: 5 models")
        self.type("C-c")
        self.type("C-g")
        self.type("M-x", "flymake-goto-next-error", "Enter")
        self.sees("did you mean|not installed")
        self.take("emacs-squiggle")

    def test_emacs_completion(self):
        _, path = self.config()
        self.emacs(path)
        self.sees("ollama: 5 models")
        self.type("M-g", "g", "3", "Enter")
        self.type("C-a", "C-k", "OLLAMA_MODEL=", "M-x", "completion-at-point", "Enter")
        self.sees("2.0 GB")
        self.type("C-x", "1", "M-x", "completion-at-point", "Enter")
        self.sees("2.0 GB")
        self.take("emacs-completion")

    def test_emacs_loading(self):
        fake = self.fake(models=("qwen2.5-coder:7b",))
        gate = fake.hold_loading()
        self.work(fake)
        self.sees("loading")
        self.take("emacs-loading")
        gate.set()

    def test_emacs_unreachable(self):
        fake, path = self.config()
        self.emacs(path)
        self.sees("ollama: 5 models")
        fake.refuse()
        self.type("M-x", "ollama-ls-refresh", "Enter")
        self.sees("ollama: (unreachable|stale|.*not running)")
        self.take("emacs-unreachable")

    def work(self, fake):
        """Ask for an answer that is then written by the test."""
        self.emacs(self.write("app.py", BEFORE))
        self.sees("ollama: 1 model")
        reply = fake.reply()
        self.type("M-g", "g", "4", "Enter", "C-@", "C-n", "C-n", "C-e")
        self.type("M-x", "ollama-ls-ai", "Enter", "refactor", "Enter")
        fake.wait_for("/api/chat")
        return reply

    def test_emacs_streaming(self):
        fake = self.fake(models=("qwen2.5-coder:7b",))
        reply = self.work(fake)
        reply.send("def area(width, height):\n", '    """The area of a rectangle."""\n', "    return wid")
        self.sees("return wid")
        self.sees(r"refactor  qwen2.5-coder:7b: 3 tokens")
        self.take("emacs-streaming")


class Helix(Shots):
    PROGRAM, SUITE = "hx", "trixie"

    def helix(self):
        _, path = self.config()
        folder = self.home / "config" / "helix"
        folder.mkdir(parents=True)
        (folder / "languages.toml").write_text(RECIPE, encoding="utf-8")
        (folder / "config.toml").write_text('theme = "onedark"\n', encoding="utf-8")
        self.run_in_terminal([self.editor, path], COLORTERM="truecolor")
        self.sees("●")

    def test_helix_completion(self):
        self.helix()
        self.type("jjj", "o", "OLLAMA_MODEL=", "C-x")
        self.sees("2.0 GB|nomic-embed-text:latest")
        self.take("helix-completion")

    def test_helix_squiggle(self):
        self.helix()
        self.type("jjfl")
        self.sees("did you mean")
        self.type("Space", "a")
        self.sees("Change to")
        self.take("helix-squiggle")


class Vim(Shots):
    PROGRAM = "vim"

    def vim(self):
        _, path = self.config()
        self.write(".vimrc", block("Vim 9", "vim") + "set laststatus=2 background=dark\ncolorscheme habamax\n", self.home)
        self.run_in_terminal([self.editor, path])
        self.sees("did you mean|not installed")

    def test_vim_squiggle(self):
        self.vim()
        self.type("jjfl")
        self.sees("unknown-model")
        self.take("vim-squiggle")

    def test_vim_completion(self):
        self.vim()
        self.type("GoOLLAMA_MODEL=", "C-x", "C-o")
        self.sees("2.0 GB")
        self.take("vim-completion")


def main():
    names = sys.argv[1:]
    suite = unittest.TestSuite()
    for case in (Neovim, Neovim12, Emacs, Helix, Vim):
        for test in unittest.defaultTestLoader.loadTestsFromTestCase(case):
            if not names or any(name.replace("-", "_") in test.id() for name in names):
                suite.addTest(test)
    result = unittest.TextTestRunner(verbosity=1).run(suite)
    for test, reason in result.skipped:
        print("skipped: %s: %s" % (test.id(), reason))
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
