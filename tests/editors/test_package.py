# SPDX-License-Identifier: MIT
"""The Emacs package by the rules of its archives: no warning of the compiler, none of package-lint."""
import os
import subprocess

from editors.editors import EditorCase
from editors.emacs import PACKAGE

SETUP = """(progn
  (setq native-comp-jit-compilation nil)
  (require 'package)
  (add-to-list 'package-directory-list "/usr/share/emacs/site-lisp/elpa")
  (unless (locate-library "eglot") (package-initialize)))"""
COMPILE = """(setq byte-compile-error-on-warn t
  byte-compile-dest-file-function (lambda (_) (expand-file-name "out.elc" (getenv "HOME"))))"""
# No archive is asked whether eglot can be had.
LINT = """(progn (package-initialize) (require 'package-lint)
  (setq package-lint-main-file "%s")
  (advice-add 'package-lint--check-packages-installable :override #'ignore))"""


class PackageCase(EditorCase):
    """Runs Emacs to its end."""

    PROGRAM = "emacs"

    def batch(self, *arguments):
        done = subprocess.run([self.editor, "-Q", "--batch", "--eval", SETUP, *arguments],
                              env=self.editor_environment(), stdin=subprocess.DEVNULL, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout.decode("utf-8", "replace")


class Package28(PackageCase):
    def test_compiles_without_a_warning(self):
        code, text = self.batch("--eval", COMPILE, "-L", str(PACKAGE), "-f", "batch-byte-compile",
                                *map(str, sorted(PACKAGE.glob("*.el"))))
        self.assertEqual((0, ""), (code, text.strip()))

    def test_loads_without_being_asked_anything(self):
        code, text = self.batch("-L", str(PACKAGE), "--eval", "(require 'ollama-ls)")
        self.assertEqual((0, ""), (code, text.strip()))


class Package30(Package28):
    SUITE = "trixie"


class Lint(PackageCase):
    def test_package_lint(self):
        if not os.path.isdir("/usr/share/emacs/site-lisp/elpa-src") or not any(
                name.startswith("package-lint-") for name in
                os.listdir("/usr/share/emacs/site-lisp/elpa-src")):
            if os.environ.get("CI") == "true":
                self.fail("no package-lint: scripts/deps editors")
            self.skipTest("no package-lint: scripts/deps editors")
        _, text = self.batch("--eval", LINT % (PACKAGE / "ollama-ls.el"), "-f",
                             "package-lint-batch-and-exit", *map(str, sorted(PACKAGE.glob("*.el"))))
        # The package-lint of Debian 12 takes Emacs 28 for a thing of the future.
        problems = [line for line in text.splitlines() if line.startswith("ollama-ls")
                    and "uninstallable in all released Emacs versions" not in line]
        self.assertEqual([], problems)
        self.assertIn("Entering directory", text)
