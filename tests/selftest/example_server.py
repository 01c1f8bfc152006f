# SPDX-License-Identifier: MIT
"""A small language server that misbehaves in the way named by its argument.

It flags the word "wrong", by push. Its only use is to prove that the harness notices.
"""
import json
import sys

from lib import framing

FAULT = sys.argv[1] if len(sys.argv) > 1 else ""
OUT = sys.stdout.buffer


def send(message):
    raw = framing.frame(dict(message, jsonrpc="2.0"))
    if FAULT == "extra-header":
        raw = b"Content-Type: application/json\r\n" + raw
    OUT.write(raw)
    OUT.flush()


def findings(uri, text):
    found = []
    for number, line in enumerate(text.splitlines()):
        at = line.find("wrong")
        if at >= 0:
            span = {"start": {"line": number, "character": at},
                    "end": {"line": number, "character": at + 5}}
            found.append({"range": span, "message": "wrong", "severity": 2})
            if FAULT == "unknown-property":
                found[-1]["colour"] = "red"
    params = {"uri": uri, "diagnostics": found}
    if FAULT == "undeclared-version":
        params["version"] = 1
    send({"method": "textDocument/publishDiagnostics", "params": params})


def progress():
    send({"id": "p1", "method": "window/workDoneProgress/create", "params": {"token": "t/1"}})
    for value in ({"kind": "begin", "title": "Pull", "percentage": 10},
                  {"kind": "report", "percentage": 5 if FAULT == "falling" else 50},
                  {"kind": "end"}):
        if FAULT == "endless-progress" and value["kind"] == "end":
            continue
        send({"method": "$/progress", "params": {"token": "t/1", "value": value}})


def handle(message):
    method, params = message.get("method"), message.get("params") or {}
    if method == "initialize":
        send({"id": message["id"], "result": {"capabilities": {"textDocumentSync": 1}}})
    elif method == "textDocument/didOpen":
        findings(params["textDocument"]["uri"], params["textDocument"]["text"])
    elif method == "textDocument/didChange":
        findings(params["textDocument"]["uri"], params["contentChanges"][-1]["text"])
    elif method == "textDocument/hover":
        if FAULT != "silent":
            send({"id": message["id"], "result": None})
        if FAULT == "twice":
            send({"id": message["id"], "result": None})
        if FAULT == "sanitizer":
            print("x.c:1:2: runtime error: shift exponent", file=sys.stderr, flush=True)
    elif method == "workspace/executeCommand":
        send({"id": message["id"], "result": None})
        progress()
    elif method == "shutdown":
        send({"id": message["id"], "result": None})
    elif method == "exit":
        sys.exit(3 if FAULT == "exit-code" else 0)
    elif method and "id" in message:
        send({"id": message["id"], "error": {"code": -32601, "message": method}})


while True:
    body = framing.read_frame(sys.stdin.buffer)
    if body is None:
        sys.exit(1)
    handle(json.loads(body))
