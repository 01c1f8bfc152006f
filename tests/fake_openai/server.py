# SPDX-License-Identifier: MIT
"""The endpoints and streams of servers of kind openai; shapes as recorded from llama-server b11669."""
import json

from fake_ollama.server import FakeOllama, Gone

OWNERS = {"llamacpp": "llamacpp", "lmstudio": "organization_owner", "vllm": "vllm"}


class Refusal(Exception):
    """An error answer: status and message."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status, self.message = status, message


class FakeOpenAI(FakeOllama):
    """The server. `program` decides what it has beside /v1: "llamacpp", "lmstudio", "vllm", "mlx"."""

    def __init__(self, models=(), program="llamacpp", infill=True, suffix=False, key=None,
                 refuses=(), context=4096, **options):
        super().__init__((), **options)
        self.names = list(models)
        self.program, self.infill, self.suffix, self.key = program, infill, suffix, key
        self.refuses = list(refuses)  # keys of a body that it does not know
        self.context = context
        self.say, self.thinks, self.reason = ["one ", "two"], [], "stop"
        self.hides = set()            # paths whose streams fail as Ollama's /v1 hides it
        self.sends_done = True

    def fault(self, path, kind, count=None, **options):
        """As FakeOllama.fault; "hidden": a stream that stops with an empty delta and no [DONE]."""
        if kind == "hidden":
            self.hides.add(path)
            return None
        return super().fault(path, kind, count, **options)

    def heal(self):
        super().heal()
        self.hides.clear()

    # -- answers ---------------------------------------------------------------------------

    def answer(self, link):
        request = link.request
        routes = {("GET", "/v1/models"): self._models,
                  ("POST", "/v1/chat/completions"): self._chat,
                  ("POST", "/v1/completions"): self._completions,
                  ("POST", "/v1/embeddings"): self._embeddings}
        if self.program == "llamacpp":
            routes.update({("GET", "/health"): self._health, ("GET", "/props"): self._props,
                           ("POST", "/infill"): self._infill})
        elif self.program == "lmstudio":
            routes[("GET", "/api/v0/models")] = self._studio
        try:
            if self.key and request.headers.get("authorization") != "Bearer " + self.key:
                raise Refusal(401, "Invalid API Key")
            handler = routes.get((request.method, request.path))
            if handler is None and self.program == "lmstudio":
                link.send(200, {"error": "Unexpected endpoint or method. (%s %s)"
                                         % (request.method, request.path)})
                return
            if handler is None:
                raise Refusal(404, "File Not Found")
            handler(link, json.loads(request.body) if request.body else {})
        except Refusal as refusal:
            link.send(refusal.status, {"error": {"code": refusal.status, "message": refusal.message,
                                                 "type": "invalid_request_error"}})

    def _health(self, link, _):
        link.send(200, {"status": "ok"})

    def _models(self, link, _):
        data = []
        with self.lock:
            for name in self.names:
                entry = {"id": name, "object": "model", "created": 1795668589}
                if self.program in OWNERS:
                    entry["owned_by"] = OWNERS[self.program]
                if self.program == "llamacpp":
                    entry["meta"] = {"n_ctx_train": 32768, "n_params": 7615616512, "size": 4677120000}
                elif self.program == "vllm":
                    entry["max_model_len"] = self.context
                data.append(entry)
        link.send(200, {"object": "list", "data": data})

    def _props(self, link, _):
        link.send(200, {"default_generation_settings": {"n_ctx": self.context}, "total_slots": 1,
                        "modalities": {"vision": False}, "build_info": "b11669-fake"})

    def _studio(self, link, _):
        with self.lock:
            link.send(200, {"object": "list", "data": [
                {"id": name, "object": "model", "type": "embeddings" if "embed" in name else "llm",
                 "arch": "qwen2", "quantization": "Q4_K_M", "state": "loaded",
                 "max_context_length": 32768, "loaded_context_length": self.context}
                for name in self.names]})

    def _check(self, body):
        for key in self.refuses:
            if key in body:
                raise Refusal(400, "Unknown field: " + key)
        if self.program != "llamacpp" and body.get("model") not in self.names:
            raise Refusal(404, "The model `%s` does not exist" % body.get("model"))

    # -- streams ---------------------------------------------------------------------------

    def _stream(self, link, body, wrap, last):
        """Pieces of self.say, each `wrap`ped, then `last`, usage and [DONE]; as many ways to stop."""
        path = link.request.path
        frames = [wrap(text, thinking=True) for text in self.thinks]
        frames += [wrap(text) for text in self.say]
        link.write(link.head(200, "text/event-stream", "Transfer-Encoding: chunked"))
        for frame in frames:
            if self.frame_seconds:
                link.pause(self.frame_seconds)
            self._event(link, frame)
        if any(path.startswith(hidden) for hidden in self.hides):
            empty = wrap("")
            empty["model"] = ""
            self._event(link, empty)
        elif link.final_frame:
            self._event(link, last)
            if body.get("stream_options", {}).get("include_usage"):
                self._event(link, {"choices": [], "model": body.get("model", ""), "usage": {
                    "prompt_tokens": 7, "completion_tokens": len(frames)}})
            if self.sends_done and path.startswith("/v1"):
                self._raw(link, b"data: [DONE]\n\n")
        link.write(b"0\r\n\r\n")

    def _event(self, link, frame):
        self._raw(link, b"data: " + json.dumps(frame, ensure_ascii=False).encode("utf-8") + b"\n\n")

    @staticmethod
    def _raw(link, raw):
        if link.gone():
            raise Gone()
        link.write(b"%x\r\n%s\r\n" % (len(raw), raw))

    def _chat(self, link, body):
        self._check(body)
        if not body.get("messages"):
            raise Refusal(400, "'messages' is required")
        name = body.get("model", "")

        def wrap(text, thinking=False):
            key = "reasoning_content" if thinking else "content"
            return {"model": name, "object": "chat.completion.chunk",
                    "choices": [{"index": 0, "delta": {key: text}, "finish_reason": None}]}
        if not body.get("stream"):
            link.send(200, {"model": name, "choices": [
                {"index": 0, "message": {"role": "assistant", "content": "".join(self.say)},
                 "finish_reason": self.reason}]})
            return
        self._stream(link, body, wrap, {"model": name, "choices": [
            {"index": 0, "delta": {}, "finish_reason": self.reason}]})

    def _completions(self, link, body):
        self._check(body)
        if "suffix" in body and not self.suffix:
            raise Refusal(400, "suffix is not currently supported")

        def wrap(text, thinking=False):
            return {"model": body.get("model", ""), "choices": [
                {"index": 0, "text": text, "finish_reason": None}]}
        self._stream(link, body, wrap, {"model": body.get("model", ""), "choices": [
            {"index": 0, "text": "", "finish_reason": self.reason}]})

    def _infill(self, link, body):
        if not self.infill:
            raise Refusal(501, "Infill is not supported by this model: prefix token is missing. ")
        for key in ("input_prefix", "input_suffix"):
            if key not in body:
                raise Refusal(400, '"%s" is required' % key)

        def wrap(text, thinking=False):
            return {"index": 0, "content": text, "stop": False}
        self._stream(link, body, wrap, {
            "index": 0, "content": "", "stop": True, "stop_type": "eos", "timings": {
                "prompt_n": 7, "prompt_ms": 1.5, "predicted_n": len(self.say), "predicted_ms": 2.0}})

    def _embeddings(self, link, body):
        self._check(body)
        texts = body.get("input", [])
        link.send(200, {"object": "list", "data": [
            {"object": "embedding", "index": i, "embedding": [float(len(text)), 1.0]}
            for i, text in enumerate(texts)]})
