# SPDX-License-Identifier: MIT
"""AI actions and inline completion on servers of kind openai; backend and fallback (A10)."""
import json

from fake_openai import FakeOpenAI
from lib.ai_case import AFTER, ANSWER, CHAT, FIRST, LAST, TEXT, AiCase

V1_CHAT = "/v1/chat/completions"


class OpenAi(AiCase):
    def openai(self, models=("qwen2.5-coder-7b",), program="llamacpp", **options):
        server = self.stack.enter_context(FakeOpenAI(list(models), program, **options))
        server.before_wait = self.flush
        server.say = ["Sure:\n\n```python\n", *ANSWER.splitlines(True), "```\n"]
        return server

    def session(self, *servers, **settings):
        """A session with these configured servers, the first one the default."""
        entries = [dict({"name": "default" if not i else "s%d" % i, "url": server.url},
                        **({"kind": "openai"} if isinstance(server, FakeOpenAI) else {}))
                   for i, server in enumerate(servers)]
        self.settings_file(dict({"servers": entries}, **settings))
        _, client = self.begin(fake=servers[0], ready=False)
        client.command("refresh")
        client.poll(lambda: all(s["reachable"] or not s.get("error") is None
                                for s in client.command("status")["servers"]), "the servers")
        client.drop("window/showMessage")
        return client

    def run_one(self, client):
        document = self.document(client)
        identity = client.ai("refactor", document.uri, document.span(FIRST, LAST))
        return document, client.outcome(identity)

    def test_an_action_and_its_metrics(self):
        server = self.openai()
        client = self.session(server)
        document, end = self.run_one(client)
        self.assertEqual("applied", end["outcome"], end)
        self.assertEqual(AFTER, document.text)
        body = server.wait_for(V1_CHAT)[0].json
        self.assertTrue(body["stream"])
        self.assertNotIn("options", body)      # num_ctx and keep_alive are Ollama's
        self.assertNotIn("keep_alive", body)
        self.assertEqual([], server.requests(CHAT))
        self.assertEqual([], server.requests("/api/ps"))
        row = client.command("metrics")["servers"][0]["models"][0]
        self.assertEqual((1, 0, 7), (row["requests"], row["errors"], row["tokensIn"]))
        self.end(client)

    def test_thinking_is_the_users_to_say(self):
        """Such servers do not tell which models can think, so what the user says is passed on."""
        for think, wanted in ((None, None), (True, {"enable_thinking": True}),
                              (False, {"enable_thinking": False})):
            with self.subTest(think=think):
                server = self.openai()
                client = self.session(server, **({} if think is None else {"ai": {"think": think}}))
                self.run_one(client)
                body = server.wait_for(V1_CHAT)[0].json
                self.assertEqual(wanted, body.get("chat_template_kwargs"))
                self.end(client)

    def test_the_failure_that_v1_hides_is_found_out(self):
        server = self.openai()
        client = self.session(server)
        server.fault(V1_CHAT, "hidden")
        document, end = self.run_one(client)
        self.assertEqual("failed", end["outcome"])
        self.assertTrue(end["error"]["remedy"])
        self.assertEqual(TEXT, document.text)
        self.assertIn("hid the reason", client.take("window/showMessage")["message"])
        self.end(client)

    def test_a_key_goes_to_its_server_only_and_to_no_log(self):
        server = self.openai(key="sesame-123")
        self.settings_file({"servers": [{"name": "default", "url": server.url, "kind": "openai",
                                         "apiKeyEnv": "MY_KEY"}]})
        env = self.environment(MY_KEY="sesame-123", OLLAMA_LS_LOG="debug")
        _, client = self.begin(fake=server, ready=False, env=env)
        client.command("refresh")
        client.poll(lambda: client.command("status")["servers"][0]["reachable"], "the server")
        _, end = self.run_one(client)
        self.assertEqual("applied", end["outcome"], end)
        self.assertNotIn(b"sesame", client.stderr)
        self.assertNotIn("sesame", json.dumps([m for _, _, m in client.transcript], default=str))
        self.end(client)

    def test_fallback_goes_to_the_server_that_answers(self):
        fake = self.fake()
        other = self.openai()
        client = self.session(fake, other, fallback=True)
        fake.say(ANSWER)
        document, end = self.run_one(client)
        self.assertEqual("applied", end["outcome"], end)
        self.assertEqual([], other.requests(V1_CHAT))  # the default one answers
        fake.refuse()
        client.command("refresh")
        client.poll(lambda: not client.command("status")["servers"][0]["reachable"], "it is gone")
        document.change((document.text[document.text.index(FIRST):], TEXT[TEXT.index(FIRST):]))
        identity = client.ai("refactor", document.uri, document.span(FIRST, LAST))
        end = client.outcome(identity)
        self.assertEqual("applied", end["outcome"], end)
        self.assertEqual(1, len(other.requests(V1_CHAT)))
        client.drop("window/showMessage")
        self.end(client)

    def test_without_fallback_it_is_refused(self):
        fake = self.fake()
        other = self.openai()
        client = self.session(fake, other)
        fake.refuse()
        client.command("refresh")
        client.poll(lambda: not client.command("status")["servers"][0]["reachable"], "it is gone")
        document = self.document(client)
        answer = client.answer(client.start_request("workspace/executeCommand", {
            "command": "ollama-ls.ai", "arguments": [{
                "action": "refactor", "uri": document.uri, "range": document.span(FIRST, LAST)}]}))
        self.assertEqual(-32803, answer["error"]["code"])
        self.assertEqual([], other.requests(V1_CHAT))
        client.drop("window/showMessage")
        self.end(client)

    def test_backend_openai_takes_the_first_of_that_kind(self):
        fake = self.fake()
        other = self.openai()
        client = self.session(fake, other, backend="openai")
        _, end = self.run_one(client)
        self.assertEqual("applied", end["outcome"], end)
        self.assertEqual([], fake.requests(CHAT))
        self.end(client)

    def test_ghost_text_by_infill(self):
        server = self.openai()
        server.say = ["a + b"]
        client = self.session(server, inlineCompletion={"enable": True, "debounceMs": 1})
        document = self.document(client, "def add(a, b):\n    return \n\n\nx = 1\n")
        result = client.poll(lambda: client.request("textDocument/inlineCompletion", {
            "textDocument": {"uri": document.uri}, "position": {"line": 1, "character": 11},
            "context": {"triggerKind": 1}})["items"], "ghost text")
        self.assertIn("a + b", result[0]["insertText"])
        self.assertTrue([r for r in server.requests("/infill") if r.json])
        self.end(client)
