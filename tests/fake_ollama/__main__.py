# SPDX-License-Identifier: MIT
"""The fake server as a program: the stand-in of scripts/demo, and for trying things by hand."""
import argparse
import json
import re
import sys
import threading

from fake_ollama.server import FAULTS, FAULT_NAMES, FakeOllama

DEMO_MODELS = ["llama3.2:3b", "llama3.1:8b", "qwen2.5-coder:7b", "qwen2.5-coder:1.5b", "qwen3:8b",
               "gemma3:4b", "nomic-embed-text"]


def main():
    parser = argparse.ArgumentParser(
        prog="python3 -m fake_ollama", description=__doc__, epilog="faults:\n" + FAULTS,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--model", action="append", help="an installed model; repeatable")
    parser.add_argument("--models-file", help="JSON list of names or {name, size, capabilities, …}")
    parser.add_argument("--many", type=int, default=0, help="add that many generated models")
    parser.add_argument("--running", action="append", default=[], help="show a model as loaded")
    parser.add_argument("--library", action="append", default=[], help="a model that can be pulled")
    parser.add_argument("--says", help="what every model answers to a prompt")
    parser.add_argument("--old-tags", action="store_true", help="no capabilities in /api/tags")
    parser.add_argument("--frame-seconds", type=float, default=0.0, help="pause between frames")
    parser.add_argument("--fault", action="append", default=[], metavar="PATH=KIND",
                        help="misbehave: " + ", ".join(FAULT_NAMES))
    parser.add_argument("--log", action="store_true", help="print each request on stderr")
    arguments = parser.parse_args()

    models = list(arguments.model or [])
    if arguments.models_file:
        with open(arguments.models_file, encoding="utf-8") as file:
            models += json.load(file)
    models += ["generated-%d:%db" % (i, i % 70 + 1) for i in range(arguments.many)]
    fake = FakeOllama(models or DEMO_MODELS, port=arguments.port, library=arguments.library,
                      tags_have_capabilities=not arguments.old_tags, running=arguments.running,
                      frame_seconds=arguments.frame_seconds)
    if arguments.says:
        for model in fake.models:
            model.says = re.findall(r"\S+\s*|\s+", arguments.says)
    for fault in arguments.fault:
        path, _, kind = fault.partition("=")
        fake.fault(path, kind)
    fake.start()
    print(fake.url, flush=True)
    stop = threading.Event()
    seen = 0
    try:
        while not stop.wait(0.2):
            if arguments.log:
                for request in fake.requests()[seen:]:
                    print(request.method, request.path, request.body.decode("utf-8", "replace"),
                          file=sys.stderr, flush=True)
                    seen += 1
    except KeyboardInterrupt:
        pass
    fake.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
