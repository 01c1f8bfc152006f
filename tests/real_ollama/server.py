# SPDX-License-Identifier: MIT
"""Starts a private Ollama on loopback: own HOME, own model store, no cloud."""
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

PROJECT = pathlib.Path(__file__).resolve().parents[2]


class Unavailable(Exception):
    """There is no Ollama to test with; says how to get it."""


def program():
    """Path of the ollama program: OLLAMA_LS_REAL_OLLAMA or the one scripts/build-ollama made."""
    named = os.environ.get("OLLAMA_LS_REAL_OLLAMA")
    if named:
        return named
    found = subprocess.run([str(PROJECT / "scripts" / "build-ollama"), "--path"],
                           stdout=subprocess.PIPE, check=False)
    path = found.stdout.decode().strip()
    if found.returncode != 0:
        raise Unavailable("no Ollama at %s: run scripts/build-ollama" % path)
    return path


class RealOllama:
    """A running server; `call` speaks to its API."""

    def __init__(self):
        self.program = program()
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="real-ollama-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = open(self.home / "log", "wb")
        self.env = {
            "PATH": os.environ["PATH"], "HOME": str(self.home),
            "OLLAMA_MODELS": str(self.home / "models"), "OLLAMA_HOST": "127.0.0.1:%d" % self.port,
            "OLLAMA_NO_CLOUD": "1", "OLLAMA_KEEP_ALIVE": "5m",
            # Pulls must fail at once, whatever the machine's network is.
            "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1",
        }
        self.process = subprocess.Popen([self.program, "serve"], env=self.env, stdout=self.log,
                                        stderr=subprocess.STDOUT, cwd=str(self.home))
        self._wait()

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    def _wait(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if self.call("GET", "/api/version")[0] == 200:
                    return
            except OSError:
                time.sleep(0.02)  # polling a process that has no other sign of life
            if self.process.poll() is not None:
                break
        self.close()
        raise Unavailable("ollama serve did not come up")

    def call(self, method, path, body=None, limit=120):
        """(status, text)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=limit)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None)
            response = connection.getresponse()
            return response.status, response.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def cli(self, *arguments, cwd=None, limit=120):
        """Run the ollama command against this server."""
        return subprocess.run([self.program, *arguments], env=self.env, cwd=str(cwd or self.home),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit,
                              check=False)

    def create(self, name, text, folder):
        """ollama create from a Modelfile's text; CompletedProcess."""
        path = pathlib.Path(folder) / "Modelfile"
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return self.cli("create", name, "-f", str(path), cwd=folder)

    def copy(self, source, destination):
        status, text = self.call("POST", "/api/copy",
                                 {"source": source, "destination": destination})
        if status != 200:
            raise AssertionError("copy to %s: %s" % (destination, text))

    def names(self):
        # While a manifest is being removed a real server answers 500 for a moment.
        for _ in range(20):
            status, body = self.call("GET", "/api/tags")[:2]
            if status == 200:
                break
        return [m["name"] for m in json.loads(body)["models"]]

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.home, ignore_errors=True)
