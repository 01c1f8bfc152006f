# SPDX-License-Identifier: MIT
"""What a test of the program stands on: a private home, a workspace folder, a fake Ollama.

`LspCase` is the base of the tests that speak LSP, `ProgramCase` of those that run a command.
Nothing of the user's machine is read or written, and no server but loopback ones is named.
"""
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import unittest
import urllib.parse

from fake_ollama import FakeOllama
from lib import positions
from lib.lsp_client import LIMIT, SANITIZER, Client

PROJECT = pathlib.Path(__file__).resolve().parents[2]
MODELS = ("llama3.2:3b", "llama3.1:8b", "qwen2.5-coder:7b", "gemma3:4b", "nomic-embed-text:latest")


def program():
    """Path of the program under test."""
    return os.path.abspath(os.environ.get("OLLAMA_LS") or str(PROJECT / "build" / "ollama-ls"))


def uri_of(path):
    """The file: URI of a path."""
    return "file://" + urllib.parse.quote(str(path))


def path_of(uri):
    """The path of a file: URI."""
    return urllib.parse.unquote(urllib.parse.urlparse(uri).path)


def dead_port():
    """A loopback port that refuses connections: bound, never listening. Keep the socket open."""
    keeper = socket.socket()
    keeper.bind(("127.0.0.1", 0))
    return keeper, keeper.getsockname()[1]


def environment(home, **changes):
    """A clean environment with a private home; a value of None removes a variable."""
    kept = ("PATH", "LANG", "LC_ALL", "TERM", "LD_LIBRARY_PATH", "ASAN_SYMBOLIZER_PATH")
    env = {key: os.environ[key] for key in kept if key in os.environ}
    env.update({
        "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"), "XDG_CACHE_HOME": str(home / "cache"),
        "TMPDIR": str(home / "tmp"),
        "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99:strict_string_checks=1",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=99",
    })
    for key, value in changes.items():
        if value is None:
            env.pop(key, None)
        else:
            env[key] = str(value)
    return env


class ProgramCase(unittest.TestCase):
    """A test with a private home and a workspace folder; fakes are stopped by themselves."""

    maxDiff = 4000

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.clients = []
        self.addCleanup(self.stack.close)
        if not os.path.exists(program()):
            self.fail("no program at %s: build first, or set OLLAMA_LS" % program())
        base = pathlib.Path(tempfile.mkdtemp(prefix="ollama-ls-test-")).resolve()
        self.stack.callback(shutil.rmtree, base, ignore_errors=True)
        self.home, self.workspace = base / "home", base / "workspace"
        for folder in (self.home, self.home / "tmp", self.workspace):
            folder.mkdir()
        keeper, self.dead_port = dead_port()
        self.stack.callback(keeper.close)
        self.host = "127.0.0.1:%d" % self.dead_port  # OLLAMA_HOST of programs this test starts

    def fake(self, models=MODELS, default=True, **options):
        """Start a fake Ollama; by default it is the default server of programs started later."""
        server = self.stack.enter_context(FakeOllama(models, **options))
        server.before_wait = self.flush
        if default:
            self.host = server.url
        return server

    def flush(self):
        """Before waiting for a fake: let clients send what their pacing holds back."""
        for client in self.clients:
            client.flush()

    def write(self, name, text, base=None):
        """Write a workspace file; returns its path."""
        path = (base or self.workspace) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = text if isinstance(text, bytes) else text.encode("utf-8")
        path.write_bytes(data)
        return path

    def settings_file(self, settings):
        """The user's own settings file."""
        return self.write("ollama-ls/config.json", json.dumps(settings), self.home / "config")

    def environment(self, **changes):
        """The environment of a program under test."""
        return environment(self.home, **dict({"OLLAMA_HOST": self.host}, **changes))

    def run_program(self, *arguments, code=None, cwd=None, env=None, limit=60, data=None):
        """Run the program to its end; asserts the exit code (if given) and clean sanitizers."""
        done = subprocess.run([program(), *map(str, arguments)], cwd=str(cwd or self.workspace),
                              env=env or self.environment(), input=data, timeout=limit,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        out = done.stdout.decode("utf-8", "surrogateescape")
        err = done.stderr.decode("utf-8", "replace")
        self.assertFalse(SANITIZER.search(err), err)
        self.assertGreaterEqual(done.returncode, 0, "killed by a signal\n" + err)
        if code is not None:
            self.assertEqual(code, done.returncode, "%s\nstdout: %s\nstderr: %s" % (
                arguments, out[-4000:], err[-4000:]))
        done.out, done.err = out, err
        return done


class LspCase(ProgramCase):
    """A test that speaks LSP."""

    def client(self, profile="vscode-11", start=True, folders=None, args=("--stdio",), env=None,
               options=None, settings=None, **changes):
        """Start the server; initialised with the workspace folder unless start is False."""
        client = Client([program(), *args], env=env or self.environment(), cwd=str(self.workspace),
                        profile=profile, options=options, **changes)
        self.stack.callback(client.kill)
        self.clients.append(client)
        client.settings = {"ollama-ls": settings} if settings is not None else {}
        if start:
            if folders is None:
                folders = [{"uri": uri_of(self.workspace), "name": "workspace"}]
            client.initialize(folders)
        return client

    def open(self, client, name, text, language="", on_disk=False, **rest):
        """Open a workspace document; returns its uri."""
        uri = uri_of(self.write(name, text) if on_disk else self.workspace / name)
        client.open(uri, text, language, **rest)
        return uri

    def codes(self, diagnostics):
        """The codes of findings, in order of their place."""
        ordered = sorted(diagnostics, key=lambda d: (d["range"]["start"]["line"],
                                                     d["range"]["start"]["character"]))
        return [d.get("code") for d in ordered]

    def expect(self, client, uri, *codes, limit=LIMIT):
        """Wait until exactly these findings (by code, in order) stand in the document."""
        try:
            return client.diagnostics(uri, lambda found: self.codes(found) == list(codes), limit)
        except AssertionError:
            last = client.published.get(uri, {}).get("diagnostics")
            raise AssertionError("wanted findings %r, have %r\n%s" % (
                list(codes), last, client.report())) from None

    def range_of(self, client, text, needle, nth=0):
        """Range of the nth occurrence, in the client's encoding."""
        return positions.range_of(text, needle, client.encoding, nth)

    def at(self, client, text, needle, offset=0, nth=0):
        """Position `offset` characters into the nth occurrence of needle."""
        index = -1
        for _ in range(nth + 1):
            index = text.index(needle, index + 1)
        return positions.to_position(text, index + offset, client.encoding)

    def actions(self, client, uri, diagnostics, only=("quickfix",), rng=None, kind=1):
        """The code actions on findings."""
        params = {"textDocument": {"uri": uri}, "range": rng or diagnostics[0]["range"],
                  "context": {"diagnostics": diagnostics, "triggerKind": kind}}
        if only:
            params["context"]["only"] = list(only)
        return client.request("textDocument/codeAction", params) or []

    def apply(self, client, uri, text, action):
        """The text after a code action's edit, resolved if it must be."""
        if "edit" not in action and "data" in action:
            action = client.request("codeAction/resolve", action)
        self.assertIn("edit", action, client.report())
        return self.edited(client, uri, text, action["edit"])

    def edited(self, client, uri, text, edit):
        """The text after a workspace edit that may touch this document only."""
        edits = list((edit.get("changes") or {}).get(uri, []))
        others = [u for u in edit.get("changes") or {} if u != uri]
        for change in edit.get("documentChanges") or []:
            if change.get("textDocument", {}).get("uri") == uri:
                edits += change["edits"]
            else:
                others.append(change)
        self.assertFalse(others, "the edit leaves its document")
        return positions.apply_edits(text, edits, client.encoding)
