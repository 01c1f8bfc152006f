# SPDX-License-Identifier: MIT
"""The endpoints: what Ollama answers, with its exact error shapes (Ollama's server/routes.go)."""
import hashlib
import json
import re

from fake_ollama.models import full_name

NAME = re.compile(r"""^(?:[^/]*://)?
    (?:(?:[A-Za-z0-9_][A-Za-z0-9_.:-]{0,349}/)?[A-Za-z0-9_][A-Za-z0-9_-]{0,79}/)?
    [A-Za-z0-9_][A-Za-z0-9_.-]{0,79}(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,79})?$""", re.X)
CREATED = "2026-11-21T09:00:00.123456789Z"
FAR = "2318-04-11T08:22:31.5+02:00"

# path -> (methods, handler)
ROUTES = {
    "/": (("GET", "HEAD"), "root"),
    "/api/version": (("GET", "HEAD"), "version"),
    "/api/tags": (("GET", "HEAD"), "tags"),
    "/api/ps": (("GET",), "ps"),
    "/api/show": (("POST",), "show"),
    "/api/pull": (("POST",), "pull"),
    "/api/delete": (("DELETE",), "delete"),
    "/api/generate": (("POST",), "generate"),
    "/api/chat": (("POST",), "chat"),
    "/api/embed": (("POST",), "embed"),
}


class Refusal(Exception):
    """An error answer: status and text."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status, self.text = status, text


def answer(fake, link):
    """Answer link.request."""
    request = link.request
    path = request.path
    if "//" in path:
        clean = re.sub("/+", "/", path)
        link.send(307, b'<a href="%s">Temporary Redirect</a>.\n' % clean.encode(), "text/html",
                  "Location: " + clean)
        return
    if request.headers.get("origin", "").startswith("http://evil"):
        link.send(403, b"", None)
        return
    if path not in ROUTES:
        link.send(404, b"404 page not found", "text/plain")
        return
    methods, name = ROUTES[path]
    if request.method not in methods:
        link.send(405, b"405 method not allowed", "text/plain", "Allow: " + ", ".join(methods))
        return
    try:
        globals()["_" + name](fake, link, _body(request) if request.method in
                              ("POST", "DELETE") else {})
    except Refusal as refusal:
        link.send(refusal.status, {"error": refusal.text})


def _body(request):
    if not request.body:
        raise Refusal(400, "missing request body")
    try:
        value = json.loads(request.body)
    except ValueError:
        raise Refusal(400, "unexpected EOF") from None
    if not isinstance(value, dict):
        raise Refusal(400, "json: cannot unmarshal array into Go value")
    return value


def _name(body, empty, malformed="invalid model name", empty_status=400):
    """The model asked for; `name` is the old spelling of `model`."""
    name = body.get("model") or body.get("name") or ""
    if not isinstance(name, str):
        raise Refusal(400, "json: cannot unmarshal number into Go struct field .model of type string")
    if not name.strip():
        raise Refusal(empty_status, empty)
    if not NAME.match(name.strip()):
        raise Refusal(400, malformed)
    return name


def _root(fake, link, _):
    link.send(200, b"Ollama is running", "text/plain; charset=utf-8")


def _version(fake, link, _):
    link.send(200, {"version": fake.version})


def _tags(fake, link, _):
    with fake.lock:
        models = [model.tag(fake.tags_have_capabilities) for model in fake.models]
    link.send(200, {"models": models})


def _ps(fake, link, _):
    with fake.lock:
        models = [model.running(*fake.loaded[model.name]) for model in fake.models
                  if model.name in fake.loaded]
    link.send(200, {"models": models})


def _show(fake, link, body):
    name = _name(body, "model is required")
    model = fake.find(name)
    if model is None:
        raise Refusal(404, "model '%s' not found" % full_name(name))
    link.send(200, model.show())


def _delete(fake, link, body):
    name = _name(body, "model is required", 'name "%s" is invalid' % body.get("model", ""))
    if fake.find(name) is None:
        raise Refusal(404, "model '%s' not found" % name)
    fake.remove(name)
    link.send(200, b"", None)


def _pull(fake, link, body):
    name = _name(body, "invalid model name")
    frames = _pull_frames(fake, name)
    if body.get("stream") is False:
        frames = [f[1] if isinstance(f, tuple) else f for f in frames]
        if "error" in frames[-1]:
            raise Refusal(500, frames[-1]["error"])
        link.send(200, frames[-1])
        return
    link.stream(frames)


def _pull_frames(fake, name):
    wait = fake.frame_seconds
    yield {"status": "pulling manifest"}
    model = next((m for m in fake.library if m.matches(name)), None) or fake.find(name)
    if model is None:
        yield {"error": "pull model manifest: file does not exist"}
        return
    present = fake.find(name) is not None
    layers = model.layers or [max(model.size - 12000, 1), 11000, 1000]
    for number, total in enumerate(layers):
        digest = hashlib.sha256(("%s/%d" % (model.name, number)).encode()).hexdigest()
        line = {"status": "pulling " + digest[:12], "digest": "sha256:" + digest, "total": total}
        steps = 1 if present or total < 100000 else 10
        if steps > 1:
            yield wait, dict(line)
        for step in range(1, steps + 1):
            yield wait, dict(line, completed=total * step // steps)
    yield {"status": "verifying sha256 digest"}
    yield {"status": "writing manifest"}
    if not present:
        fake.add(model)
    yield {"status": "success"}


def _duration(value):
    """keep_alive: 0 means unload."""
    if value is None:
        return None
    if isinstance(value, bool):
        raise Refusal(400, "Unsupported type: 'bool'")
    if isinstance(value, (int, float)):
        return value
    if re.fullmatch(r"-?\d+", value) and value != "0":
        raise Refusal(400, 'time: missing unit in duration "%s"' % value)
    found = re.match(r"-?\d+(\.\d+)?", value)
    if not found:
        raise Refusal(400, 'time: invalid duration "%s"' % value)
    return float(found.group())


def _run(fake, link, body, empty, missing):
    """What generate and chat share: find, load or unload. Returns (model, as sent, final)."""
    name = empty(body)
    model = fake.find(name)
    if model is None:
        raise Refusal(404, missing % name)
    keep = _duration(body.get("keep_alive"))
    options = body.get("options") or {}
    if not isinstance(options.get("num_ctx", 0), (int, float)):
        raise Refusal(500, 'option "num_ctx" must be of type integer')
    return model, name, keep, int(options.get("num_ctx") or 0) or None


def _load_or_unload(fake, link, model, keep, context):
    """done_reason of a request without a prompt."""
    if keep == 0:
        with fake.lock:
            fake.loaded.pop(model.name, None)
        return "unload"
    fake.ensure_loaded(link, model, context, FAR)
    return "load"


def _generate(fake, link, body):
    if not (body.get("model") or "").strip():
        raise Refusal(404, "model '' not found")
    model, name, keep, context = _run(fake, link, body, lambda b: _name(b, ""),
                                      "model '%s' not found")
    if not body.get("prompt"):
        reason = _load_or_unload(fake, link, model, keep, context)
        link.send(200, {"model": name, "created_at": CREATED, "response": "", "done": True,
                        "done_reason": reason})
        return
    if "completion" not in model.capabilities:
        raise Refusal(400, '"%s" does not support generate' % name)
    if body.get("suffix") and "insert" not in model.capabilities:
        raise Refusal(400, "registry.ollama.ai/library/%s does not support insert" % model.name)
    _speak(fake, link, body, name, model, context, lambda text, field: {
        "response": "", "thinking": text} if field == "thinking" else {"response": text})


def _chat(fake, link, body):
    model, name, keep, context = _run(fake, link, body, lambda b: _name(b, "model is required"),
                                      "model '%s' not found")
    if "completion" not in model.capabilities:
        raise Refusal(400, '"%s" does not support chat' % name)
    if not body.get("messages"):
        reason = _load_or_unload(fake, link, model, keep, context)
        link.send(200, {"model": name, "created_at": CREATED, "message":
                        {"role": "assistant", "content": ""}, "done": True, "done_reason": reason})
        return
    if body.get("think") and "thinking" not in model.capabilities:
        raise Refusal(400, '"%s" does not support thinking' % name)
    _speak(fake, link, body, name, model, context, lambda text, field: {"message": {
        "role": "assistant", "content": "", "thinking": text} if field == "thinking" else {
            "role": "assistant", "content": text}})


def _speak(fake, link, body, name, model, context, wrap):
    """The model's answer: one request at a time, loading it first where that is needed."""
    fake.take_slot(link, model)
    try:
        fake.ensure_loaded(link, model, context, FAR)
        reply = fake.next_reply(link.request, body, model)
        if body.get("stream") is False:
            link.collect(reply, name, wrap)
        else:
            reply.speak(link, name, wrap)
    finally:
        fake.leave_slot(link, model)


def _embed(fake, link, body):
    name = body.get("model") or ""
    if not name:
        raise Refusal(404, "model '' not found")
    model = fake.find(_name(body, ""))
    if model is None:
        raise Refusal(404, 'model "%s" not found, try pulling it first' % name)
    keep = _duration(body.get("keep_alive"))
    inputs = body.get("input") or []
    if not isinstance(inputs, (str, list)):
        raise Refusal(400, "invalid input type")
    if not inputs:
        _load_or_unload(fake, link, model, keep, None)
    inputs = [inputs] if isinstance(inputs, str) else inputs
    vectors = [[1.0 if i == len(text) % 8 else 0.0 for i in range(8)] for text in inputs]
    link.send(200, {"model": name, "embeddings": vectors, "total_duration": 1000,
                    "load_duration": 0, "prompt_eval_count": len(inputs)})


