# SPDX-License-Identifier: MIT
"""Makes the seed corpora of the fuzz targets: `seeds.py TARGET FOLDER`.

Nothing is invented where real input is at hand: wire cases, example configs, case files, reference
tables. Fuzzing without real sessions finds only bugs of the parser in front.
"""
import json
import pathlib
import re
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
PROJECT = TESTS.parent
DATA = TESTS / "unit" / "data"
# The order of `enum format` in diagnostics/analysis.h, by what file names end with.
FORMATS = (("none", ()), ("modelfile", ("Modelfile", ".modelfile")), ("dotenv", (".env", ".envrc")),
           ("yaml", (".yaml", ".yml")), ("json", (".json", ".jsonc")), ("toml", (".toml",)),
           ("shell", (".sh", ".bat", ".ps1", "justfile")), ("makefile", ("Makefile",)),
           ("dockerfile", ("Dockerfile",)), ("systemd", (".service", ".conf")),
           ("namel3ss", (".ai",)), ("markdown", (".md",)))


def sections(text):
    """The "--- name rest" sections of a case file."""
    found = {}
    for part in re.split(r"(?m)^--- ", text)[1:]:
        head, _, body = part.partition("\n")
        name, _, rest = head.partition(" ")
        found[name] = (rest, body)
    return found


def texts():
    """(file name, bytes) of every example and case file's text."""
    for path in sorted((PROJECT / "examples").rglob("*")):
        if path.is_file() and path.stat().st_size < 20000:
            yield path.name, path.read_bytes()
    for path in sorted((TESTS / "cases").glob("*.case")):
        found = sections(path.read_text("utf-8", "surrogateescape"))
        if "text" in found and "path" in found:
            yield found["path"][0], found["text"][1].encode("utf-8", "surrogateescape")


def format_of(name):
    """Index into FORMATS."""
    for index, (_, ends) in enumerate(FORMATS):
        if any(name.endswith(end) for end in ends) or (index == 2 and ".env" in name):
            return index
    return 0


def dialogue(events):
    """The messages of one wire case, one a line."""
    lines = []
    for event in events:
        message = {"jsonrpc": "2.0"}
        if event.get("init"):
            lines += START
            continue
        if "request" in event:
            identity, method, *params = event["request"]
            message.update(id=identity, method=method)
        elif "notify" in event:
            method, *params = event["notify"]
            message["method"] = method
        elif "send" in event:
            lines.append(event["send"] if isinstance(event["send"], str) else json.dumps(event["send"]))
            continue
        else:
            continue
        if params:
            message["params"] = params[0]
        lines.append(json.dumps(message, ensure_ascii=False))
    return "\n".join(lines)


def notification(method, params):
    return json.dumps({"jsonrpc": "2.0", "method": method, "params": params}, ensure_ascii=False)


def request(identity, method, params):
    return json.dumps({"jsonrpc": "2.0", "id": identity, "method": method, "params": params},
                      ensure_ascii=False)


def profile(name):
    return json.loads((TESTS / "lib" / "profiles" / (name + ".json")).read_text())["capabilities"]


def initialize(name, **options):
    return [request(1, "initialize", {
        "processId": None, "rootUri": "file:///w", "capabilities": profile(name),
        "workspaceFolders": [{"uri": "file:///w", "name": "w"}], "initializationOptions": options}),
        notification("initialized", {})]


START = initialize("full", status=True)


def session_of(name, text, client):
    """A whole session about one file."""
    uri = "file:///w/" + name
    here = {"textDocument": {"uri": uri}}
    lines = initialize(client, status=True)
    lines.append(notification("textDocument/didOpen", {"textDocument": {
        "uri": uri, "languageId": "", "version": 1, "text": text}}))
    rows = text.split("\n")
    row, column = 0, 3
    for i, line in enumerate(rows):
        for word in ("llama", "model", "11434", "FROM"):
            if word in line:
                row, column = i, line.index(word) + 2
    position = {"line": row, "character": column}
    spot = {"start": position, "end": position}
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": len(rows), "character": 0}}
    lines += [
        request(2, "textDocument/diagnostic", here),
        request(3, "textDocument/completion", dict(here, position=position)),
        request(4, "textDocument/hover", dict(here, position=position)),
        request(5, "textDocument/codeAction", dict(here, range=whole, context={"diagnostics": []})),
        request(6, "textDocument/documentLink", here),
        request(7, "textDocument/inlayHint", dict(here, range=whole)),
        request(8, "textDocument/documentHighlight", dict(here, position=position)),
        notification("textDocument/didChange", {
            "textDocument": {"uri": uri, "version": 2},
            "contentChanges": [{"range": spot, "text": "x:7b "}]}),
        request(9, "textDocument/completion", dict(here, position=position)),
        notification("$/cancelRequest", {"id": 9}),
        request(10, "workspace/diagnostic", {"previousResultIds": []}),
        request(11, "completionItem/resolve", {"label": "llama3.2:3b", "data": {"model": "llama3.2:3b"}}),
        notification("textDocument/didClose", here),
        request(12, "shutdown", None), notification("exit", None)]
    return "\n".join(lines)


def sessions():
    for path in sorted((TESTS / "wire" / "cases").glob("*.jsonl")):
        events = []
        for line in path.read_text("utf-8").splitlines() + ['{"case": ""}']:
            if not line.strip():
                continue
            event = json.loads(line)
            if "case" in event:
                if events:
                    yield dialogue(events)
                events = []
            else:
                events.append(event)
    clients = ("full", "bare", "vscode-11", "nvim-0.7", "eglot-1.9")
    for index, (name, text) in enumerate(texts()):
        try:
            yield session_of(name, text.decode("utf-8"), clients[index % len(clients)])
        except UnicodeDecodeError:
            continue
    commands = [("pull", {"model": "llama3.2:3b"}), ("delete", {"model": "llama3.2:3b"}),
                ("load", {"model": "llama3.2:3b"}), ("unload", {"model": "llama3.2:3b"}),
                ("status", {}), ("status", {"show": True}), ("refresh", {}), ("metrics", {}),
                ("trustHost", {"host": "http://10.0.0.1:11434"}), ("cancel", {"id": "x"}),
                ("ignoreModel", {"model": "a:b"}), ("workspaceModels", {}),
                ("selectModel", {"model": "llama3.2:3b", "role": "chat"})]
    lines = list(START)
    for number, (verb, argument) in enumerate(commands):
        lines.append(request(number + 20, "workspace/executeCommand", {
            "command": "ollama-ls." + verb, "arguments": [argument]}))
    lines.append(notification("workspace/didChangeConfiguration", {"settings": {"ollama-ls": {
        "severity": {"unknown-model": "off"}, "ignoreModels": ["a*"], "exclude": ["**/x"]}}}))
    lines.append(notification("workspace/didChangeWatchedFiles", {
        "changes": [{"uri": "file:///w/.env", "type": 2}, {"uri": "file:///w/.ollama-ls.json", "type": 1}]}))
    lines.append(notification("workspace/didChangeWorkspaceFolders", {
        "event": {"added": [{"uri": "file:///v", "name": "v"}], "removed": [{"uri": "file:///w", "name": "w"}]}}))
    yield "\n".join(lines)


def frame(text):
    data = text.encode("utf-8", "surrogateescape")
    return b"Content-Length: %d\r\n\r\n%s" % (len(data), data)


def rows(name):
    path = DATA / name
    if path.exists():
        for line in path.read_text("utf-8", "replace").splitlines():
            if line and not line.startswith("#"):
                yield line.split("\t")[0]


def json_seeds():
    for folder in ("json", "JSONTestSuite"):
        base = DATA / folder
        if base.is_dir():
            for path in sorted(base.rglob("*.json")):
                if path.stat().st_size < 5000:
                    yield path.read_bytes()
    for name, text in texts():
        if name.endswith(("json", "jsonc")):
            yield text
    yield b'{"a": [1, -0.5e3, "\\u00e9\\ud83d\\ude00", null, true], "a": {"b": ""}}'
    yield b'// note\n{"a": 1, /* b */ "c": [2,],}\n'


def edit_seeds():
    for index, (_, text) in enumerate(texts()):
        head = text[:500]
        changes = bytes([0, 0, 0, 0, 4, 0, 3]) + b"abc" + bytes([1, 2, 3, 2, 8, 0, 2, 0xc3, 0xa9])
        changes += bytes([2, 1, 0, 9, 9, 1, 2]) + b"\r\n" + bytes([0, 3, 3, 3, 3, 0x40, 0])
        yield bytes([index % 24, len(head) // 256, len(head) % 256]) + head + changes * 3


def diff_seeds():
    for index, (_, text) in enumerate(texts()):
        old = text[:1000]
        lines = old.splitlines(True)
        third = len(lines) // 3
        new = b"".join(lines[:third] + [b"new\n"] + lines[third + 2:] + lines[:2])
        for to in (new, old.replace(b"\n", b"\r\n"), b""):
            yield bytes([0, index % 256, 40, len(old) // 256, len(old) % 256]) + old + to
    for old, new in ((b"\1\2\3\0\1\2\3", b"\1\2\3\0\1\2\3\0\1\2\3"), (b"\1" * 30, b"\1" * 20),
                     (bytes(range(200)), bytes(range(199, 0, -1)))):
        yield bytes([1, 3, 9, 0, len(old)]) + old + new


def prompt_seeds():
    for path in sorted((PROJECT / "assist" / "prompts").glob("*.md")):
        template = path.read_bytes()
        for which in range(3):
            yield bytes([which, 40, len(template) // 256, len(template) % 256]) + template + b"x = {{y}} ```\r\n" * 20
    actions = [{"name": "a", "title": "T", "prompt": "{{code}}", "output": "show", "kind": "source.a", "languages": ["c"]},
               {"name": "fix", "prompt": "{{#instruction}}\\{{ {{instruction}}{{/instruction}}"}, {"name": "a b"}, 5]
    yield b"\xff" + json.dumps({"actions": actions, "prompts": {"system": "s", "fix": "{{", "types": "{{unit}}"}}).encode()


def stream_seeds():
    lines = [{"status": "pulling manifest"},
             {"status": "pulling 1234", "digest": "sha256:1234", "total": 100},
             {"status": "pulling 1234", "digest": "sha256:1234", "total": 100, "completed": 50},
             {"status": "verifying sha256 digest"}, {"status": "success"}]
    text = "".join(json.dumps(line) + "\n" for line in lines).encode()
    yield bytes([0, 200, 1, 255]) + bytes([255]) + text
    pieces = b"".join(bytes([len(text[i:i + 7])]) + text[i:i + 7] for i in range(0, len(text), 7))
    yield bytes([0, 200, 1, 4]) + pieces
    chat = [{"message": {"role": "assistant", "content": "a\u00e4", "thinking": "b"}, "done": False},
            {"response": "x", "thinking": "y"}, {"embeddings": [[0.5, -1], [2, 1e-3]]},
            {"message": {"content": ""}, "done": True, "done_reason": "length", "total_duration": 5,
             "load_duration": 1, "prompt_eval_count": 2, "eval_count": 3, "eval_duration": 4}]
    yield bytes([0, 200, 1, 255, 255]) + "".join(json.dumps(line) + "\n" for line in chat).encode()
    errors = ['{"error":"model \'x\' not found"}', '{"error":{"message":"m","type":"api_error"}}',
              '{"error":"model requires more system memory (9.0 GiB) than is available (1.0 GiB)"}',
              '{"error":"{\\"error\\":\\"nested\\"}"}', "<html><body>404</body></html>", "",
              "404 page not found", '{"error":"x does not support embeddings"}',
              '{"error":"pull model manifest: file does not exist"}', "Ollama is running",
              '{"error":"request (9000 tokens) exceeds the available context size (8192 tokens)"}']
    for index, body in enumerate(errors):
        status = (200, 404, 500, 503, 401, 403, 400)[index % 7]
        yield bytes([status // 256, status % 256, index % 5, 255, 255]) + body.encode()


def event_seeds():
    head = bytes([55, 0, 255])
    chunk = b'data: {"model":"m","choices":[{"delta":{"content":"a"},"finish_reason":null}]}\n\n'
    models = (b'{"data":[{"id":"m","owned_by":"llamacpp","meta":{"n_ctx":5,"n_params":7,"size":9}},'
              b'{"id":"e","type":"embeddings","embedding":[1,2],"index":1}]}')
    for text in (chunk + b"data: [DONE]\n\n", b": x\r\ndata: a\rdata: b\r\n\r\n" + chunk, models,
                 b'data: {"content":"x","stop":true,"timings":{"prompt_n":1,"predicted_ms":2}}\n\n',
                 b'{"error":{"code":501,"message":"Infill is not supported"}}',
                 b'{"detail":[{"loc":["body","stop"],"msg":"x"}]}', b"mlx://org/m@h:8080",
                 b"error: {\"message\":\"x\"}\n\n", b"<html>"):
        yield head + b"\xff" + text
        yield head + b"".join(bytes([min(3, len(text) - i)]) + text[i:i + 3]
                              for i in range(0, len(text), 3))


def name_seeds():
    for line in rows("model-names.tsv"):
        for which in (0, 1, 5):
            yield bytes([which]) + line.encode()
    for line in rows("hosts.tsv"):
        yield b"\x02" + line.encode()
    for text in ("file:///a/b%20c", "file://localhost/c%3A/x", "untitled:Untitled-1", "/a/../b//c/./",
                 "http://u:p@h:1/p?key=v#f", "file:///%e4%b8%ad"):
        yield b"\x03" + text.encode()
    for text in ("5m", "true", "-1", "0.5", "1h30m", "300", "yes", "5 m", "1e400", "q8_0"):
        yield b"\x04" + text.encode()
    for text in ("meta-llama/Llama-3.1-8B-Instruct", "gpt-4o", "lama3.2:3b", "hf.co/a/b-GGUF:Q4_K_M",
                 "qwen2.5-coder:7b-instruct-q4_K_M", "mixtral-8x7b", "claude-3-5-sonnet-20240620"):
        yield b"\x05" + text.encode()
    for text in ("\x1b[31mred\x07", "a\u202eb\u200b", "<b>*x*</b> `y`", "\xe9".encode("latin-1").decode("latin-1")):
        yield b"\x06" + text.encode()
    for text in ("**/*.{env,yaml}\0a/b/.env", "[!a-c]?*\0xyz", "{a,{b,c}}/**\0c/d", "*a*a*a*a*b\0aaaaaaaaaaaaaaaa"):
        yield b"\x07" + text.encode()


def modelfile_seeds():
    for name, text in texts():
        if format_of(name) == 1:
            yield text
    yield ("FROM llama3.2\nPARAMETER num_ctx 4096\nSYSTEM \"\"\"a\nb\"\"\"\nMESSAGE user hi\n"
           "TEMPLATE \"\"\"{{ if .System }}{{ .System }}{{ end }}{{ range .Messages }}{{ .Content }}"
           "{{ end }}\"\"\"\n").encode()
    yield "FROM x\n".encode("utf-16")
    for template in ("{{ .Prompt }}", "{{- range $i, $m := .Messages }}{{ $m.Role }}{{ else }}x{{ end -}}",
                     "{{ with .Tools }}{{ json . }}{{ end }}", "{{ if and (eq .Role \"user\") (gt (len .M) 1) }}",
                     "{{ define \"t\" }}{{ template \"t\" . }}{{ end }}", "{{/* c */}}{{ `raw` | printf \"%q\" }}"):
        yield b"T" + template.encode()


def analysis_seeds():
    for index, (name, text) in enumerate(texts()):
        yield bytes([format_of(name), index % 256]) + text


def settings_seeds():
    settings = {"url": "http://h:1", "servers": [{"name": "a", "url": "b", "kind": "ollama",
                "apiKeyEnv": "K", "headers": {"a": "b"}}], "trustedHosts": ["x"], "hostMap": {"a": "b"},
                "backend": "auto", "fallback": True, "cacheTtl": 5, "severity": {"unknown-model": "off"},
                "ignoreModels": ["a*"], "exclude": ["**/x"], "ai": {"enable": False, "model": {"chat": "m"}},
                "conventions": [{"files": ["*.x"], "path": "a.b[].c", "form": "plain", "role": "chat"}]}
    yield b"\x00" + json.dumps(settings).encode()
    for key in settings:
        yield b"\x00" + json.dumps({key: settings[key]}).encode()
    for path in sorted((PROJECT / "diagnostics" / "conventions").glob("*.json")):
        found = json.loads(path.read_text())
        for entry in (found if isinstance(found, list) else found.get("conventions", [found])):
            yield b"\x01" + json.dumps([entry]).encode()
    yield b"\x01" + json.dumps(settings["conventions"]).encode()
    tags = {"models": [{"name": "llama3.2:3b", "size": 5, "digest": "sha256:ab", "modified_at":
            "2026-01-02T03:04:05.6Z", "details": {"family": "llama", "parameter_size": "3.2B",
            "quantization_level": "Q4_K_M"}, "capabilities": ["completion"]}, {"name": "gpt-oss:20b-cloud",
            "remote_host": "https://ollama.com"}]}
    yield b"\x02" + json.dumps(tags).encode()
    yield b"\x02# list\nllama3.2:3b\nqwen3\n"
    yield b"\x02" + json.dumps({"version": 1, "servers": [{"name": "default", "url": "http://h:1",
                                "reachable": True, "models": tags["models"]}]}).encode()
    yield b"\x03" + json.dumps({"capabilities": ["insert"], "model_info": {
        "general.architecture": "llama", "llama.context_length": 4096}}).encode()
    yield b"\x04*.log\n!keep.log\n/build/\na/**/b\n\\#x\nfoo \\ \n[a-\n\0a/b/keep.log"
    yield b"\x05// mine\n{\n  \"ignoreModels\": [\"a\",],\n}\n"
    yield b"\x05{\"other\": {\"ignoreModels\": []}}"


def clean_seeds():
    """The recordings of the quality bench, in the languages of the table by turns."""
    number = 0
    for path in sorted((TESTS / "quality" / "cases").glob("*.txt")):
        for part in path.read_text("utf-8").replace("\u240d", "\r").split("%% recording ")[1:]:
            before, _, rest = part.partition("\n%% answer\n")
            answer = rest.partition("\n%% becomes")[0].encode()
            target = re.search("\u00ab(.*)\u00bb", before, re.S)
            code = target.group(1).encode()[:255] if target else b""
            number += 1
            # C, Python, JavaScript, Go, shell and Markdown are among the first rows or the last.
            text = before.partition("\n%% file ")[2].partition("\n")[2]
            around = b"\0\0"
            if target and not code:
                near = text[:text.index("\u00ab")].encode()[-250:].decode(errors="ignore").encode()
                behind = text[text.index("\u00bb") + 1:].encode()[:250].decode(errors="ignore").encode()
                around = bytes([len(near)]) + near + bytes([len(behind)]) + behind
            yield bytes([number % 14, number % 256, len(code)]) + code + around + answer
            yield bytes([0x80, 0, 0, 0, 0]) + answer


SEEDS = {
    "clean": clean_seeds,
    "json": json_seeds, "edits": edit_seeds, "diff": diff_seeds, "prompt": prompt_seeds,
    "stream": stream_seeds, "names": name_seeds,
    "modelfile": modelfile_seeds, "analysis": analysis_seeds, "settings": settings_seeds,
    "session": lambda: (text.encode("utf-8", "surrogateescape") for text in sessions()),
    "framing": lambda: (b"\x03" + b"".join(frame(line) for line in text.split("\n")[-12:])
                        for text in list(sessions())[:60]),
    "events": event_seeds,
}


def main():
    target, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for count, data in enumerate(SEEDS[target](), 1):
        (folder / ("seed-%04d" % count)).write_bytes(data)
    print("%s: %d seeds" % (target, count))


if __name__ == "__main__":
    main()
