# SPDX-License-Identifier: MIT
"""Faults of the world around the program: no memory, no folder, half messages, floods, hostile files."""
import json
import os
import resource
import select
import shutil
import subprocess
import time

from lib import framing
from lib.harness import LspCase, ProgramCase, program, uri_of

MIB = 1 << 20


def is_sanitized():
    """The sanitizers' own memory makes limits and figures meaningless."""
    with open(program(), "rb") as binary:
        return b"__asan_init" in binary.read()


def peak_of(pid):
    """The most memory a process ever held, in bytes."""
    with open("/proc/%d/status" % pid) as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def message(method, identity=None, params=None):
    body = {"jsonrpc": "2.0", "method": method, "params": params or {}}
    if identity is not None:
        body["id"] = identity
    return framing.frame(body)


START = message("initialize", 0, {"processId": None, "rootUri": None, "capabilities": {}}) + \
    message("initialized")


class Memory(ProgramCase):
    def test_without_memory_it_ends_with_70_and_says_so(self):
        """The policy of base/arena.h: no half answers, an exit code of its own."""
        if is_sanitized():
            self.skipTest("the sanitizer needs more address space than the limit leaves")
        text = "OLLAMA_MODEL=llama3.2:3b\n" * (40 * MIB // 25)
        flood = START + message("textDocument/didOpen", params={"textDocument": {
            "uri": uri_of(self.workspace / ".env"), "languageId": "", "version": 1, "text": text}})
        done = subprocess.run(
            [program(), "--stdio"], input=flood, env=self.environment(), timeout=60, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (100 * MIB, 100 * MIB)))
        self.assertEqual(70, done.returncode, done.stderr[-2000:])
        self.assertIn(b"memory", done.stderr)

    def test_a_flood_to_a_client_that_does_not_read_stays_bounded(self):
        """Requests whose answers nobody reads: reading stops, memory does not grow with the flood."""
        process = subprocess.Popen([program(), "--stdio"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   env=self.environment())
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        os.set_blocking(process.stdin.fileno(), False)
        ask = b"".join(message("u", i) for i in range(1000))
        os.write(process.stdin.fileno(), START)
        sent, deadline = 0, time.monotonic() + 30
        while sent < 200 * MIB and time.monotonic() < deadline:
            if not select.select([], [process.stdin], [], 1.0)[1]:
                break  # it has stopped reading
            sent += os.write(process.stdin.fileno(), ask)  # cut where the pipe is full: so be it
        self.assertLess(sent, 200 * MIB, "it reads on although nobody takes its answers")
        process.poll()
        self.assertIsNone(process.returncode)
        if not is_sanitized():
            self.assertLess(peak_of(process.pid), 200 * MIB)
        # It still lives: once the client reads, everything comes and the end of input ends it.
        process.stdin.close()
        deadline = time.monotonic() + 60
        while process.stdout.read(MIB) and time.monotonic() < deadline:
            pass
        self.assertEqual(1, process.wait(20))


class Input(ProgramCase):
    def run_server(self, data, cwd=None, code=1):
        done = self.run_program("--stdio", data=data, code=code, cwd=cwd)
        return done

    def test_an_input_that_ends_within_a_message_ends_it_with_1(self):
        whole = START + message("shutdown", 1)
        for cut in range(1, len(whole) - 1, 29):
            self.run_server(whole[:cut])

    def test_a_length_that_never_comes_ends_it_with_1(self):
        self.run_server(START + b"Content-Length: 60000000\r\n\r\n{}")

    def test_its_folder_may_be_gone(self):
        gone = self.workspace / "gone"
        gone.mkdir()
        script = 'cd "$1" && rmdir "$1" && exec "$2" --stdio'
        data = START + message("shutdown", 1) + message("exit")
        done = subprocess.run(["sh", "-c", script, "sh", str(gone), program()], input=data, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              env=self.environment())
        self.assertEqual(0, done.returncode, done.stderr[-2000:])
        self.assertFalse(gone.exists())

    def test_check_in_a_folder_that_is_gone_is_an_error(self):
        gone = self.workspace / "gone"
        gone.mkdir()
        script = 'cd "$1" && rmdir "$1" && exec "$2" check --offline'
        done = subprocess.run(["sh", "-c", script, "sh", str(gone), program()], timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              env=self.environment())
        self.assertIn(done.returncode, (0, 2), done.stderr[-2000:])
        self.assertNotIn(b"Sanitizer", done.stderr)


class Many(LspCase):
    def test_a_thousand_documents_opened_and_closed(self):
        self.fake()
        client = self.client("bare")
        uris = [self.open(client, "d%d/.env" % i, "OLLAMA_MODEL=lama3.2:3b\n") for i in range(1000)]
        for uri in (uris[0], uris[499], uris[999]):
            self.expect(client, uri, "unknown-model")
        for uri in uris:
            client.looked_at.add(uri)
            client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        if not is_sanitized():
            self.assertLess(peak_of(client.process.pid), 64 * MIB)
        client.settle()
        client.finish()

    def test_a_document_opened_twice_and_closed_twice(self):
        self.fake()
        client = self.client("bare")
        uri = self.open(client, ".env", "OLLAMA_MODEL=lama3.2:3b\n")
        client.open(uri, "OLLAMA_MODEL=llama3.2:3b\n", "")
        for _ in range(2):
            client.looked_at.add(uri)
            client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        client.settle()
        client.finish()


class HostileFiles(ProgramCase):
    """`check` ends soon on whatever it is given; the sanitizer build sees the stack and the heap."""

    LIMIT = 120 if is_sanitized() else 30

    def check(self, name, text):
        path = self.write(name, text)
        done = self.run_program("check", "--offline", "--format", "json", path, limit=self.LIMIT)
        self.assertIn(done.returncode, (0, 1), done.err[-2000:])
        return json.loads(done.out)

    def test_deep_nesting(self):
        for depth in (10000, 200000):
            self.check("a.json", '{"provider":"ollama","a":' + "[" * depth)
            self.check("b.json", '{"provider":"ollama","a":' + '{"a":' * depth + "1" + "}" * depth + "}")
            self.check("a.yaml", "provider: ollama\na: " + "[" * depth + "]" * depth)
            self.check("b.yaml", "provider: ollama\na: " + "{a: " * depth)
            self.check("c.yaml", "provider: ollama\na:\n  " + "- " * depth + "x\n")
            self.check("a.toml", 'provider = "ollama"\na = ' + "[" * depth + "]" * depth)
            self.check("b.toml", 'provider = "ollama"\n[a' + ".a" * depth + "]\n")
            self.check("Modelfile", 'FROM x\nTEMPLATE """' + "{{ if (" * depth + '"""\n')
            self.check("a.sh", "ollama run x\n" + "$(" * depth + "\n" + "sh -c '" * depth)

    def test_indented_nesting(self):
        rows = "".join(" " * i + "a:\n" for i in range(2000))
        self.check("a.yaml", "provider: ollama\n" + rows)

    def test_a_line_of_four_mebibytes(self):
        fill = 4 * MIB - 100
        self.check(".env", "OLLAMA_MODEL=" + "x" * fill)
        self.check("a.json", '{"provider":"ollama","model":"' + "x" * fill + '"}')
        self.check("a.yaml", "provider: ollama\nmodel: " + "x" * fill)
        self.check("a.sh", "ollama run " + "x " * (fill // 2))
        self.check("Makefile", "a:\n\tollama run " + "x" * fill)
        self.check("Modelfile", "FROM " + "x" * fill)

    def test_a_mebibyte_of_quotes(self):
        for piece in ('"', "'", "`", "\\", "\"'", "$(", "${", "<<A "):
            self.check("a.sh", "ollama run x\n" + piece * (MIB // len(piece)))

    def test_a_hundred_thousand_references(self):
        found = self.check("a.sh", "ollama run lama3\n" * 100000)
        self.assertLessEqual(len(found["findings"]), 500)
        found = self.check("b.yaml", "- provider: ollama\n  model: bad name\n" * 100000)
        self.assertEqual(500, len(found["findings"]))

    def test_files_that_are_no_files(self):
        os.mkfifo(self.workspace / "pipe.env")
        os.symlink("loop.env", self.workspace / "loop.env")
        os.symlink("/dev/zero", self.workspace / "zero.env")
        self.write("good.env", "OLLAMA_MODEL=bad name\n")
        done = self.run_program("check", "--offline", self.workspace, limit=self.LIMIT, code=1)
        self.assertIn("good.env", done.out)
        for name in ("pipe.env", "loop.env", "zero.env"):
            done = self.run_program("check", "--offline", self.workspace / name, limit=self.LIMIT)
            self.assertIn(done.returncode, (0, 2), done.err)

    def test_a_deep_tree_of_folders(self):
        folder = self.workspace
        here = os.getcwd()
        try:
            os.chdir(folder)
            for _ in range(600):
                os.mkdir("deeper-and-deeper")
                os.chdir("deeper-and-deeper")
            with open("x.env", "w") as file:
                file.write("OLLAMA_MODEL=bad name\n")
        finally:
            os.chdir(here)
        self.run_program("check", "--offline", folder, limit=self.LIMIT)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(exist_ok=True)
