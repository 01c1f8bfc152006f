# SPDX-License-Identifier: MIT
"""Where each editor is, and why not where it is not; the base of all drivers.

A driver starts one editor with our plugin, and lets a test do what a user does and see what a user sees.
scenarios.py says what must be true of every editor.
"""
import os
import pathlib
import shutil
import subprocess
import time

from lib.harness import PROJECT, ProgramCase, program

# The same words as in scripts/deps: they name the folder.
FOREIGN = {
    "trixie": ("trixie", "editors", "neovim,hx,emacs-nox", "nvim", "hx", "emacs"),
    "sid": ("sid", "nvim", "neovim", "nvim"),
}
LIMIT = 20.0


def foreign(suite, name):
    """Path of a program of another Debian suite, or None."""
    done = subprocess.run([str(PROJECT / "scripts" / "foreign-prefix"), "--check", *FOREIGN[suite]],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    folder = done.stdout.decode().strip()
    return pathlib.Path(folder) / "bin" / name if done.returncode == 0 else None


class EditorCase(ProgramCase):
    """A test that runs an editor."""

    SUITE = None     # of Debian: None is this machine's own
    PROGRAM = ""     # "nvim"
    OPTIONAL = False  # may be missing in CI too

    def setUp(self):
        super().setUp()
        self.editor = self.find()

    def find(self):
        path = foreign(self.SUITE, self.PROGRAM) if self.SUITE else shutil.which(self.PROGRAM)
        if path:
            return str(path)
        what = "%s of Debian %s" % (self.PROGRAM, self.SUITE or "(this machine's)")
        if os.environ.get("CI") == "true" and not self.OPTIONAL:
            self.fail("no %s: scripts/deps editors" % what)
        return self.skipTest("no %s: scripts/deps editors" % what)

    def editor_environment(self, **changes):
        """What an editor needs; the program is on its PATH under its own name."""
        folder = self.home / "bin"
        if not folder.exists():
            folder.mkdir()
            (folder / "ollama-ls").symlink_to(program())
        values = {"PATH": "%s:%s" % (folder, os.environ["PATH"]), "TERM": "xterm-256color",
                  "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "XDG_DATA_HOME": str(self.home / "data"),
                  "XDG_RUNTIME_DIR": str(self.home / "tmp")}
        values.update(changes)
        return self.environment(**values)

    def until(self, what, condition, limit=LIMIT):
        """Poll until the condition gives something true; that."""
        deadline = time.monotonic() + limit
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > deadline:
                self.fail("never seen: %s\n%s" % (what, self.report()))
            time.sleep(0.05)

    def report(self):
        """What a failure shows."""
        return ""
