# SPDX-License-Identifier: MIT
"""A client that does as little as possible, so that what is timed is the server."""
import json
import os
import subprocess
import time

from lib import framing


class Lean:
    """One server process; blocking reads on the calling thread."""

    def __init__(self, command, env=None, cwd=None):
        self.started = time.perf_counter()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, env=env, cwd=cwd)
        self.arrived = 0.0  # when the last message was whole
        self.next_id = 1
        self.capabilities = {}

    def write(self, message):
        self.process.stdin.write(framing.frame(dict(message, jsonrpc="2.0")))
        self.process.stdin.flush()

    def notify(self, method, params):
        self.write({"method": method, "params": params})

    def read(self):
        """The next message; requests of the server are answered with null."""
        stream = self.process.stdout
        size = 0
        while True:
            line = stream.readline()
            if not line:
                raise EOFError("the server ended")
            if line == b"\r\n":
                break
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                size = int(value)
        body = stream.read(size)
        self.arrived = time.perf_counter()  # what follows is our own time
        message = json.loads(body)
        if "id" in message and "method" in message:
            count = len((message.get("params") or {}).get("items", [])) or None
            self.write({"id": message["id"], "result": [None] * count
                        if message["method"] == "workspace/configuration" else None})
        return message

    def request(self, method, params):
        """(seconds, message) from the write to the whole answer read."""
        identity, self.next_id = self.next_id, self.next_id + 1
        begun = time.perf_counter()
        self.write({"id": identity, "method": method, "params": params})
        while True:
            message = self.read()
            if message.get("id") == identity and "method" not in message:
                return self.arrived - begun, message

    def initialize(self, capabilities=None, folder=None, **rest):
        """Seconds from exec to the answer of initialize."""
        uri = "file://" + str(folder) if folder else None
        params = dict({"processId": os.getpid(), "rootUri": uri, "capabilities": capabilities or {},
                       "workspaceFolders": [{"uri": uri, "name": "w"}] if uri else None}, **rest)
        _, message = self.request("initialize", params)
        took = time.perf_counter() - self.started
        self.capabilities = message["result"]["capabilities"]
        self.notify("initialized", {})
        return took

    def open(self, uri, text, language="yaml", version=1):
        self.notify("textDocument/didOpen", {"textDocument": {
            "uri": uri, "languageId": language, "version": version, "text": text}})

    def until_published(self, uri, version=None):
        """Read up to the findings of a document (of a version, where the server tells)."""
        while True:
            message = self.read()
            if message.get("method") == "textDocument/publishDiagnostics":
                params = message["params"]
                if params["uri"] == uri and (version is None
                                             or params.get("version", version) >= version):
                    return params

    def resident(self):
        """Resident memory of the process and its children in KiB."""
        total, pids = 0, [self.process.pid]
        while pids:
            pid = pids.pop()
            try:
                with open("/proc/%d/status" % pid, encoding="ascii") as file:
                    total += next((int(line.split()[1]) for line in file
                                   if line.startswith("VmRSS:")), 0)
                with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
                    pids += [int(word) for word in file.read().split()]
            except OSError:
                pass
        return total

    def close(self):
        try:
            self.request("shutdown", None)
            self.notify("exit", None)
            self.process.stdin.close()
            self.process.wait(10)
        except (EOFError, OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
