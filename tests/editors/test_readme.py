# SPDX-License-Identifier: MIT
"""The README's steps, done literally: a home without any settings, the words of the README, a person at the keyboard."""
import re
import subprocess

from editors.editors import EditorCase
from editors.terminal import TerminalCase
from lib.harness import PROJECT

WRITTEN = "OLLAMA_MODEL=lama3.2:3b"


def section(name, path="README.md"):
    """What is under a heading."""
    text = (PROJECT / path).read_text("utf-8")
    found = re.search(r"^#+ %s[^\n]*\n(.*?)(?=^#)" % re.escape(name), text + "\n#", re.S | re.M)
    assert found, "%s has no %r" % (path, name)
    return found.group(1)


def block(name, language, path="README.md"):
    """The code in a section, without the list's indentation."""
    found = re.search(r"^( *)```%s\n(.*?)^ *```" % language, section(name, path), re.S | re.M)
    assert found, "%s: %r has no %s" % (path, name, language)
    indent = len(found.group(1))
    return "".join(line[indent:] if line.strip() else line
                   for line in found.group(2).splitlines(keepends=True))


class Steps(TerminalCase):
    """One editor, freshly installed, in its user's home."""

    HEADING = ""

    def editor_environment(self, **changes):
        # As on a fresh machine: no folder is named, all are under the home.
        return super().editor_environment(**dict({
            "XDG_CONFIG_HOME": None, "XDG_DATA_HOME": None, "XDG_STATE_HOME": None,
            "XDG_CACHE_HOME": None}, **changes))

    def in_home(self, name, text):
        return self.write(name, text, self.home)

    def open(self, command):
        """The third step of the section."""
        text = section(self.HEADING)
        self.assertLessEqual(len(re.findall(r"^\d\. ", text, re.M)), 3, "at most three steps")
        self.assertIn("3. `%s .env`, and write `%s`." % (command, WRITTEN), text)
        self.fake()
        self.run_in_terminal([self.editor, ".env"])


class ReadmeNeovim07(Steps):
    PROGRAM = "nvim"
    HEADING = "Neovim 0.11 and newer, Neovim 0.7 to 0.10"

    def test_three_steps(self):
        subprocess.run(["sh", "-euc", block(self.HEADING, "sh")], cwd=str(PROJECT), check=True,
                       env=self.editor_environment())
        self.open("nvim")
        self.sees(r"\.env")
        self.type("i" + WRITTEN, "Escape")
        self.sees(r"^W ")


class ReadmeNeovim10(ReadmeNeovim07):
    SUITE = "trixie"


class ReadmeNeovim12(ReadmeNeovim07):
    SUITE = "sid"
    OPTIONAL = True


class ReadmeEmacs28(Steps):
    PROGRAM = "emacs"
    HEADING = "Emacs 28 and newer"

    def test_three_steps(self):
        self.in_home(".emacs", block(self.HEADING, "elisp").replace("/path/to/ollama-ls", str(PROJECT)))
        self.open("emacs")
        self.sees(r"\.env")
        self.type(WRITTEN)
        self.sees(r"ollama: 5 models")
        self.sees(r"Flymake\S*\[0 1\]")


class ReadmeEmacs30(ReadmeEmacs28):
    SUITE = "trixie"


class ReadmeHelix(Steps):
    PROGRAM, SUITE = "hx", "trixie"
    HEADING = "Helix"

    def test_three_steps(self):
        self.in_home(".config/helix/languages.toml", block(self.HEADING, "toml"))
        self.open("hx")
        self.sees(r"NOR")
        self.type("i" + WRITTEN, "Escape")
        self.sees(r"●\s+1")


class ReadmeVim(Steps):
    PROGRAM = "vim"
    HEADING = "Vim 9"

    def test_three_steps(self):
        self.in_home(".vimrc", block(self.HEADING, "vim"))
        self.open("vim")
        self.sees(r"\.env")
        self.type("i" + WRITTEN, "Escape")
        self.sees(r"did you mean|not installed")


class ReadmeInstall(EditorCase):
    """The first step."""

    def find(self):
        return ""

    def test_install(self):
        prefix = self.home / ".local"
        done = subprocess.run([str(PROJECT / "scripts" / "install"), str(prefix)], timeout=600, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(0, done.returncode, done.stdout.decode())
        self.assertIn("into your PATH", done.stdout.decode())
        out = subprocess.run([str(prefix / "bin" / "ollama-ls"), "--version"], check=True,
                             stdout=subprocess.PIPE).stdout.decode()
        self.assertTrue(out.startswith("ollama-ls "), out)


class DocsNeovim10(Steps):
    """Without the plugin."""

    PROGRAM, SUITE = "nvim", "trixie"
    RECIPE = "Older Neovim without the plugin"

    def test_the_recipe(self):
        self.in_home(".config/nvim/init.lua", block(self.RECIPE, "lua", "docs/editors.md") +
                     "vim.o.shortmess = vim.o.shortmess .. 'I'\n")
        path = self.write(".env", WRITTEN + "\n")
        self.fake()
        self.run_in_terminal([self.editor, path])
        self.sees(r"^W ")


class DocsNeovim07(DocsNeovim10):
    SUITE = None


class DocsNeovim12(DocsNeovim10):
    SUITE = "sid"
    OPTIONAL = True
    RECIPE = "Neovim without the plugin"
