# SPDX-License-Identifier: MIT
"""An editor's session with the server, told in words (scripts/demo)."""
import difflib
import os
import pathlib
import shutil
import sys
import tempfile

from lib import positions
from lib.ai_client import Document
from lib.harness import PROJECT, program, uri_of
from lib.lsp_client import Client

YAML = """# what an assistant's configuration often looks like
assistant:
  provider: ollama
  model: {wrong}
  embedding_model: sentence-transformers/all-MiniLM-L6-v2
"""
SEVERITY = {1: "error", 2: "warning", 3: "information", 4: "hint"}


def say(text=""):
    print(text, flush=True)


def misspelt(name):
    """A name with two neighbouring letters swapped."""
    return name[0] + name[2] + name[1] + name[3:] if len(name) > 4 else name + "x"


def show(client, uri, findings):
    for found in findings:
        start = found["range"]["start"]
        say("    %d:%d %s: %s [%s]" % (start["line"] + 1, start["character"] + 1,
                                       SEVERITY[found["severity"]], found["message"], found["code"]))
    if not findings:
        say("    nothing to complain about")


def wrong_model(findings):
    """The findings that name the misspelt model."""
    return [f for f in findings if f["range"]["start"]["line"] == 3]


def fix(client, uri, text, found):
    """(title, new text) of the first fix that is an edit."""
    actions = client.request("textDocument/codeAction", {
        "textDocument": {"uri": uri}, "range": found["range"],
        "context": {"diagnostics": [found], "only": ["quickfix"]}}) or []
    say("  The editor asks for quick fixes:")
    for action in actions:
        say("    - %s%s" % (action["title"], "  (preferred)" if action.get("isPreferred") else ""))
    for action in actions:
        if "edit" not in action and "data" in action:
            action = client.request("codeAction/resolve", action)
        edit = action.get("edit")
        if edit:
            edits = list((edit.get("changes") or {}).get(uri, []))
            for change in edit.get("documentChanges") or []:
                edits += change.get("edits", [])
            return action["title"], positions.apply_edits(text, edits, client.encoding)
    return None, text


def session(folder):
    client = Client([program(), "--stdio"], env=dict(os.environ), cwd=str(folder), profile="vscode-11",
                    options={"stream": True})
    try:
        say("  initialize: %s is ready" % client.initialize(
            [{"uri": uri_of(folder), "name": "demo"}])["serverInfo"]["name"])
        client.command("refresh")  # nothing is open yet, so nothing has asked the server so far
        status = client.poll(lambda: known(client), "the model list")
        server = status["servers"][0]
        say("  status: %s, %s with %d models" % (status["state"], server["url"], server["models"]))
        document(client, uri_of(folder / "assistant.yaml"))
        ai_action(client, uri_of(folder / "average.py"))
        client.request("shutdown")
        client.notify("exit")
        client.close_stdin()
        say("  shutdown, exit: code %d" % client.ended())
    finally:
        client.kill()


def known(client):
    status = client.command("status")
    return status if status["state"] not in ("starting",) else None


def document(client, uri):
    probe = YAML.format(wrong="x")
    client.open(uri, probe, "yaml")
    place = {"textDocument": {"uri": uri}, "position": {"line": 3, "character": 9}}
    result = client.request("textDocument/completion", place) or []
    items = result["items"] if isinstance(result, dict) else result
    items.sort(key=lambda item: item.get("sortText", item["label"]))
    installed = next((i["label"] for i in items if not i.get("command")), "llama3.2:3b")

    text = YAML.format(wrong=misspelt(installed))
    client.edit(uri, 2, text)
    say("  A file is opened:")
    for line in text.splitlines():
        say("    | " + line)
    say("  The server finds:")
    findings = client.diagnostics(uri, lambda d: bool(wrong_model(d)))
    show(client, uri, findings)
    say("  At the model the editor offers (%d in all):" % len(items))
    for item in items[:5]:
        say("    %-28s %s" % (item["label"], item.get("detail", "")))

    title, fixed = fix(client, uri, text, wrong_model(findings)[0])
    if title:
        say("  The user takes “%s”. Then:" % title)
        client.edit(uri, 3, fixed)
        show(client, uri, client.diagnostics(uri, lambda d: not wrong_model(d)))
        hover = client.request("textDocument/hover", {
            "textDocument": {"uri": uri}, "position": {"line": 3, "character": 12}})
        if hover:
            contents = hover["contents"]
            say("  Hovering the model shows:")
            for line in (contents["value"] if isinstance(contents, dict) else contents).splitlines():
                say("    | " + line)


def ai_action(client, uri):
    """Fix, on another server's diagnostic: streamed, then one edit."""
    text = (PROJECT / "examples" / "ai-action" / "average.py").read_text(encoding="utf-8")
    document = Document(client, uri, text, "python")
    start = {"line": 3, "character": 0}
    span = {"start": start, "end": {"line": 8, "character": 31}}
    problem = {"range": {"start": {"line": 8, "character": 23}, "end": {"line": 8, "character": 30}},
               "severity": 1, "source": "pyright", "message": "\"numbres\" is not defined"}
    actions = client.request("textDocument/codeAction", {
        "textDocument": {"uri": uri}, "range": span,
        "context": {"diagnostics": [problem], "triggerKind": 1}}) or []
    say("  In average.py another language server reports: %s" % problem["message"])
    say("  On the function the editor offers: %s" % ", ".join(
        a["title"] for a in actions if a.get("command", {}).get("command") == "ollama-ls.ai"
        and "disabled" not in a))
    fixes = [a for a in actions if a["kind"] == "quickfix" and "disabled" not in a]
    if not fixes:
        say("  but no model is there to do it: %s" % next(
            (a["disabled"]["reason"] for a in actions if "disabled" in a), "none is installed"))
        return
    say("  The user takes “%s”. What the model says, cleaned, as it comes:" % fixes[0]["title"])
    client.command("ai", dict(fixes[0]["command"]["arguments"][0], id="demo"))
    end = client.outcome("demo", limit=600)
    for line in end["text"].splitlines():
        say("    | " + line)
    say("  Outcome: %s%s, in %d edit of the document:" % (
        end["outcome"], ": " + end["error"]["message"] if "error" in end else "", document.steps))
    for line in difflib.unified_diff(text.splitlines(), document.text.splitlines(), lineterm="", n=0):
        if not line.startswith(("---", "+++", "@@")):
            say("    " + line)


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ollama-ls-demo-")).resolve()
    try:
        session(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
