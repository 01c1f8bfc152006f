# SPDX-License-Identifier: MIT
"""Starts a real llama-server on loopback with a generated model."""
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from real_ollama import gguf

PROJECT = pathlib.Path(__file__).resolve().parents[2]
FILL_IN = [("<fim_prefix>", gguf.CONTROL), ("<fim_suffix>", gguf.CONTROL), ("<fim_middle>", gguf.CONTROL)]


class Unavailable(Exception):
    """There is no llama-server to test with; says why."""


def program():
    """Path of llama-server: OLLAMA_LS_REAL_LLAMA, or the one that scripts/foreign-prefix unpacks."""
    named = os.environ.get("OLLAMA_LS_REAL_LLAMA")
    if named:
        return named
    if shutil.which("mmdebstrap") is None or shutil.which("patchelf") is None:
        raise Unavailable("no llama-server: needs mmdebstrap and patchelf, or OLLAMA_LS_REAL_LLAMA")
    found = subprocess.run([str(PROJECT / "scripts" / "foreign-prefix"), "sid", "llama",
                            "llama.cpp-tools", "llama-server"],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if found.returncode != 0:
        raise Unavailable("no llama-server: " + found.stderr.decode().strip().splitlines()[-1])
    return os.path.join(found.stdout.decode().strip(), "bin", "llama-server")


def write_model(path, fill_in=False, embedding=False, slow=False):
    """A generated model; with fill_in one whose vocabulary has the marks for filling in."""
    plain = gguf.vocabulary
    gguf.vocabulary = (lambda: plain() + FILL_IN) if fill_in else plain
    try:
        gguf.build(embedding, size=gguf.SLOW if slow else gguf.TINY).write(path)
    finally:
        gguf.vocabulary = plain


class RealLlama:
    """A running server."""

    def __init__(self, name, *arguments, **model):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="real-llama-"))
        self.process = None
        try:
            path = program()
            write_model(self.home / name, **model)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
            self.output = open(self.home / "log", "wb")
            self.process = subprocess.Popen(
                [path, "-m", str(self.home / name), "--alias", name, "--host", "127.0.0.1",
                 "--port", str(self.port), "-c", "2048", "-t", "2", "-np", "1", "--no-webui",
                 *arguments],
                env={"PATH": os.environ["PATH"], "HOME": str(self.home)}, stdout=self.output,
                stderr=subprocess.STDOUT, cwd=str(self.home))
            self._wait()
        except Exception:
            self.close()
            raise

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    @property
    def log(self):
        return (self.home / "log").read_text("utf-8", "replace")

    def _wait(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.get("/health")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.02)  # polling a process that has no other sign of life
        raise Unavailable("llama-server did not come up: " + self.log[-500:])

    def get(self, path):
        """(status, JSON)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def is_idle(self):
        return not any(slot["is_processing"] for slot in self.get("/slots")[1])

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.output.close()
        shutil.rmtree(self.home, ignore_errors=True)
