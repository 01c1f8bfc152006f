# SPDX-License-Identifier: MIT
"""A language server that only writes down what the editor says in `initialize`.

    python3 -m lib.capture OUT.json       (with PYTHONPATH=tests, as an editor's server command)
"""
import json
import sys

from lib import framing


def main():
    reader, out = sys.stdin.buffer, sys.stdout.buffer

    def answer(request, **members):
        out.write(framing.frame(dict(members, jsonrpc="2.0", id=request["id"])))
        out.flush()

    while True:
        body = framing.read_frame(reader)
        if body is None:
            return 1
        message = json.loads(body)
        method = message.get("method")
        if method == "initialize":
            params = message["params"]
            with open(sys.argv[1], "w", encoding="utf-8") as file:
                json.dump({"source": "", "clientInfo": params.get("clientInfo"),
                           "capabilities": params["capabilities"]}, file, indent=1, sort_keys=True)
            answer(message, result={"capabilities": {}})
        elif method == "shutdown":
            answer(message, result=None)
        elif method == "exit":
            return 0
        elif method and "id" in message:
            answer(message, error={"code": -32601, "message": method})


if __name__ == "__main__":
    sys.exit(main())
