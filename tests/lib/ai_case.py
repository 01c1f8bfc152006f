# SPDX-License-Identifier: MIT
"""What the tests of AI actions share: a small Python file, a model's answer, a server that is known."""
import pathlib

from lib.ai_client import PREFIX, Document
from lib.capabilities import ai_name, get
from lib.harness import LspCase, path_of, uri_of

TEXT = '''import os


def add(a, b):
    # sum
    result = a + b
    return result


def other():
    return 1
'''
FIRST, LAST = "def add", "return result"
TARGET = TEXT[TEXT.index(FIRST):TEXT.index(LAST) + len(LAST)]
ANSWER = "def add(a, b):\n    return a + b\n"
TOKENS = ("def", " add", "(a,", " b):\n", "    return", " a + b", "\n")
AFTER = TEXT.replace(TARGET, ANSWER.rstrip("\n"))
CHAT = "/api/chat"


class AiCase(LspCase):
    """Tests that run AI actions."""

    def begin(self, profile="vscode-11", stream=True, options=None, models=None, ready=True,
              fake=None, **changes):
        """(fake, client): a session whose server and models are known."""
        if fake is None:
            fake = self.fake(models) if models is not None else self.fake()
        options = dict(options or {}, **({"stream": True} if stream else {}))
        client = self.client(profile, options=options or None, **changes)
        if ready:
            self.ready(client)
        return fake, client

    def ready(self, client):
        """The server has answered and its models are known."""
        client.command("refresh")

        def known():
            server = client.command("status")["servers"][0]
            return server["reachable"] and server["version"]
        client.poll(known, "a server that is known")
        client.drop("window/showMessage")

    def document(self, client, text=TEXT, name="app.py", language="python", full=False, disk=False):
        if disk:
            self.write(name, text)
        return Document(client, uri_of(self.workspace / name), text, language, full)

    def scene(self, *tokens, profile="vscode-11", **changes):
        """(fake, client, document, target): an answer is scripted, the file is open."""
        fake, client = self.begin(profile, **changes)
        if tokens:
            fake.say(*tokens)
        document = self.document(client)
        return fake, client, document, document.span(FIRST, LAST)

    def live(self, **changes):
        """As scene(), with an action running whose reply the test speaks token by token."""
        fake, client = self.begin(**changes)
        reply = fake.reply()
        document = self.document(client)
        identity = client.ai("refactor", document.uri, document.span(FIRST, LAST))
        return fake, client, document, reply, identity

    def chat(self, fake, nth=0):
        """The body of the nth chat request."""
        return fake.wait_for(CHAT, nth + 1)[nth].json

    def prompt(self, body):
        """The user message of a chat."""
        self.assertEqual(["system", "user"], [m["role"] for m in body["messages"]])
        return body["messages"][1]["content"]

    def listed(self, client, uri, span, only=None, kind=1, diagnostics=()):
        """Every code action; AI ones may be found by `named`."""
        context = {"diagnostics": list(diagnostics), "triggerKind": kind}
        if only is not None:
            context["only"] = list(only)
        return client.request("textDocument/codeAction", {
            "textDocument": {"uri": uri}, "range": span, "context": context}) or []

    def names(self, actions):
        """The AI actions that can be run, by name."""
        return {ai_name(a) for a in actions if ai_name(a) and "disabled" not in a}

    def named(self, actions, name):
        found = [a for a in actions if ai_name(a) == name]
        self.assertEqual(1, len(found), "AI action %s in %r" % (name, actions))
        return found[0]

    def commands(self, actions, verb):
        """The code actions that run ollama-ls.VERB."""
        found = []
        for action in actions:
            command = action if isinstance(action["command"], str) else action["command"]
            if command["command"] == "ollama-ls." + verb:
                found.append(action)
        return found

    def execute(self, client, action):
        command = action if isinstance(action.get("command"), str) else action["command"]
        return client.request("workspace/executeCommand", {
            "command": command["command"], "arguments": command.get("arguments", [])})

    def message(self, client):
        """The one message to the user; that it is the only one is checked by `end`."""
        return client.take("window/showMessage")["message"]

    def shown_file(self, message):
        """The text of the file under the private TMPDIR that a message or URI names."""
        if message.startswith("file:"):
            path = pathlib.Path(path_of(message))
        else:
            at = message.index(str(self.home / "tmp"))
            words = message[at:].split()
            path = pathlib.Path(words[0].rstrip(".,;:)'\"`"))
        self.assertTrue(path.exists(), "%s: no such file" % path)
        self.assertEqual(0o600, path.stat().st_mode & 0o777, "others may read the answer")
        return path.read_bytes().decode("utf-8")

    def end(self, client, documents=0):
        """Nothing but what was looked at was said; the session ends well."""
        client.settle()
        client.finish()

    def refused(self, client, code, action, uri, span, **more):
        """The text of the error that .ai answers."""
        argument = dict({"action": action, "uri": uri, "range": span}, **more)
        return self.refusal(client, code, "ai", argument)

    def refusal(self, client, code, verb, *arguments):
        identity = client.start_request("workspace/executeCommand", {
            "command": "ollama-ls." + verb, "arguments": list(arguments)})
        answer = client.answer(identity)
        self.assertIn("error", answer, client.report())
        self.assertEqual(code, answer["error"]["code"], answer["error"])
        return answer["error"]["message"]

    def has(self, client, path):
        return bool(get(client.capabilities, path))


__all__ = ["AFTER", "ANSWER", "AiCase", "CHAT", "FIRST", "LAST", "PREFIX", "TARGET", "TEXT", "TOKENS"]
