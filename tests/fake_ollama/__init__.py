# SPDX-License-Identifier: MIT
"""A scripted Ollama: the protocol of 0.24 to 0.33 as far as a client sees it, and its failures.

    with FakeOllama(models=["llama3.2:3b", {"name": "nomic-embed-text", "capabilities": ["embedding"]}]) as fake:
        fake.url                      "http://127.0.0.1:PORT"
        fake.fault("/api/tags", "html")
        fake.say("the", " answer")    what the next chat gets (speech.py)
        fake.requests("/api/tags")    what arrived, in order

Runs in the test's own process (threads) or by itself: python3 -m fake_ollama --help.
"""
from fake_ollama.models import Model
from fake_ollama.server import FakeOllama, Fault

__all__ = ["FakeOllama", "Fault", "Model"]
