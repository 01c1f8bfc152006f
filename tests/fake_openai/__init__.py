# SPDX-License-Identifier: MIT
"""A scripted server of OpenAI's API, as llama.cpp, LM Studio, vLLM or MLX answer, and its failures.

    with FakeOpenAI(["qwen2.5-coder-7b"], program="llamacpp") as fake:
        fake.url                       "http://127.0.0.1:PORT"; the API is below /v1
        fake.say = ["a", "b"]          what the next answers are made of
        fake.fault("/v1/chat", "hidden")
        fake.requests("/v1/models")    what arrived, in order

Sockets, record and faults are those of fake_ollama.
"""
from fake_openai.server import FakeOpenAI

__all__ = ["FakeOpenAI"]
