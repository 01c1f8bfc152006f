# SPDX-License-Identifier: MIT
"""Editors without our plugins, by the client they bring.

Open a broken config, see the finding at its exact range, complete, fix it, hear silence.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess

from lib.harness import ProgramCase, program

HERE = pathlib.Path(__file__).parent
TEXT = "# models\nOLLAMA_HOST=%s\nOLLAMA_MODEL=lama3.2:3b\n"
FIXED = "OLLAMA_MODEL=llama3.2:3b"


class PlainCase(ProgramCase):
    def need(self, name, reason):
        path = shutil.which(name)
        if not path:
            if os.environ.get("CI") == "true":
                self.fail("%s is missing: scripts/deps test" % name)
            self.skipTest(reason)
        return path

    def drive(self, command):
        """Run an editor script; what it wrote to $OUT."""
        out = self.home / "out.json"
        env = self.environment(OUT=out, OLLAMA_LS=program(), TERM="dumb")
        done = subprocess.run(command, cwd=str(self.workspace), env=env, timeout=120,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        text = done.stdout.decode("utf-8", "replace")
        self.assertTrue(out.exists(), "the editor wrote nothing:\n" + text)
        result = json.loads(out.read_text(encoding="utf-8"))
        self.assertEqual([], list(result["errors"] or []), text)
        return result

    def broken(self):
        fake = self.fake()
        return self.write(".env", TEXT % fake.url)


class PlainNeovim(PlainCase):
    def test_find_complete_fix_silence(self):
        nvim = self.need("nvim", "no Neovim: scripts/deps test")
        path = self.broken()
        result = self.drive([nvim, "--headless", "-u", "NONE", "-i", "NONE", str(path),
                             "-S", str(HERE / "smoke.lua")])
        self.assertEqual(1, len(result["before"]), result)
        self.assertEqual([2, 13, 2, 23, "unknown-model", "ollama-ls"], result["before"][0][:6])
        self.assertIn("llama3.2:3b", result["completions"])
        self.assertEqual(FIXED, result["lines"][2])
        self.assertEqual([], list(result["after"]))
        self.assertEqual(0, result["exit"])
        self.assertNotRegex(result["messages"], r"(?i)error|traceback")


class PlainEmacs(PlainCase):
    def test_find_complete_fix_silence(self):
        emacs = self.need("emacs", "no Emacs: scripts/deps test")
        path = self.broken()
        result = self.drive([emacs, "-Q", "--batch", "-l", str(HERE / "smoke.el"), str(path)])
        self.assertEqual(1, len(result["before"]), result)
        self.assertEqual("lama3.2:3b", result["before"][0][2])
        self.assertTrue(re.search("lama3.2:3b", result["before"][0][3]))
        self.assertIn("llama3.2:3b", [c.strip() for c in result["completions"]])
        self.assertEqual(FIXED, result["text"].splitlines()[2])
        self.assertEqual([], list(result["after"]))
        self.assertIn(result["exit"], (0, 9))  # 9: eglot 1.9 kills what it has told to exit
