# SPDX-License-Identifier: MIT
"""Builds and reads netwatch.c: which names were looked up, which addresses connected to."""
import pathlib
import shutil
import subprocess
import tempfile

SOURCE = pathlib.Path(__file__).with_name("netwatch.c")


class Netwatch:
    """One log; `env` goes into the environment of the program under test."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="netwatch-"))
        self.log = self.folder / "log"
        library = self.folder / "netwatch.so"
        compiler = shutil.which("gcc") or shutil.which("cc")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(library),
                        str(SOURCE), "-ldl"], check=True, timeout=60)
        self.env = {
            "LD_PRELOAD": str(library), "NETWATCH_LOG": str(self.log),
            "ASAN_OPTIONS": "detect_leaks=1:exitcode=99:verify_asan_link_order=0",
        }

    def _lines(self, kind):
        if not self.log.exists():
            return []
        rows = [line.split() for line in self.log.read_text().splitlines()]
        return [row[1:] for row in rows if row[0] == kind]

    def lookups(self):
        """Every name that was asked for, localhost aside."""
        return [row[0] for row in self._lines("lookup") if row[0] != "localhost"]

    def connects(self):
        """Every (address, port)."""
        return [(row[0], int(row[1])) for row in self._lines("connect")]

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)
