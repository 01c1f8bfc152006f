# SPDX-License-Identifier: MIT
"""Which model and which server an action uses, what the request says, what is counted (A4, A8, A10)."""
import json
import re

from lib.ai_case import AFTER, CHAT, FIRST, LAST, TEXT, TOKENS, AiCase
from lib.harness import uri_of

REMOTE = {"name": "gpt-oss:120b-cloud", "remote_host": "https://ollama.com:443",
          "remote_model": "gpt-oss:120b", "size": 384}


class Choice(AiCase):
    def used(self, fake, client, **more):
        """The model that an action runs with."""
        fake.say(*TOKENS)
        count = len(fake.requests(CHAT))
        name = "d%d.py" % count
        document = self.document(client, name=name)
        identity = client.ai("refactor", document.uri, document.span(FIRST, LAST), **more)
        self.assertEqual("applied", client.outcome(identity)["outcome"])
        body = self.chat(fake, count)
        self.assertEqual(body["model"], client.begun(identity)["model"])
        client.close(document.uri)
        return body["model"]

    def test_a_model_for_code_first(self):
        fake, client = self.begin()
        self.assertEqual("qwen2.5-coder:7b", self.used(fake, client))
        self.end(client)

    def test_a_running_one_before_installed_ones(self):
        fake = self.fake(running=["gemma3:4b"])
        _, client = self.begin(fake=fake)
        self.assertEqual("gemma3:4b", self.used(fake, client))
        self.end(client)

    def test_a_running_one_that_does_not_fit_is_no_choice(self):
        fake = self.fake(running=["nomic-embed-text"])
        _, client = self.begin(fake=fake)
        self.assertEqual("qwen2.5-coder:7b", self.used(fake, client))
        self.end(client)

    def test_the_settings_before_that(self):
        fake = self.fake(running=["gemma3:4b"])
        _, client = self.begin(fake=fake, options={"ai": {"model": {"chat": "llama3.2:3b"}}})
        self.assertEqual("llama3.2:3b", self.used(fake, client))
        self.end(client)

    def test_selectModel_before_that_and_remembered_per_workspace(self):
        fake = self.fake(running=["gemma3:4b"])
        options = {"ai": {"model": {"chat": "llama3.2:3b"}}}
        _, client = self.begin(fake=fake, options=options)
        client.command("selectModel", {"model": "llama3.1:8b", "role": "chat"})
        self.assertEqual("llama3.1:8b", self.used(fake, client))
        client.drop("window/showMessage")
        self.end(client)
        fake.forget()
        _, again = self.begin(fake=fake, options=options)
        self.assertEqual("llama3.1:8b", self.used(fake, again))
        self.end(again)
        fake.forget()
        elsewhere = self.workspace.parent / "elsewhere"
        elsewhere.mkdir()
        _, third = self.begin(fake=fake, options=options,
                              folders=[{"uri": uri_of(elsewhere), "name": "elsewhere"}])
        self.assertEqual("llama3.2:3b", self.used(fake, third))
        self.end(third)

    def test_the_argument_before_all(self):
        fake, client = self.begin(options={"ai": {"model": {"chat": "llama3.2:3b"}}})
        self.assertEqual("gemma3:4b", self.used(fake, client, model="gemma3:4b"))
        self.assertEqual("GEMMA3:4B".lower(), self.used(fake, client, model="gemma3:4b").lower())
        self.end(client)

    def test_remote_models_only_when_named(self):
        fake, client = self.begin(models=[REMOTE, "nomic-embed-text"])
        document = self.document(client)
        span = document.span(FIRST, LAST)
        text = self.refused(client, -32803, "refactor", document.uri, span)
        self.assertIn("ollama pull", text)
        self.assertEqual([], fake.requests(CHAT))
        self.assertEqual("gpt-oss:120b-cloud", self.used(fake, client, model="gpt-oss:120b-cloud"))
        self.end(client)

    def test_a_running_remote_model_is_not_chosen_either(self):
        fake = self.fake([REMOTE, "llama3.2:3b"], running=["gpt-oss:120b-cloud"])
        _, client = self.begin(fake=fake)
        self.assertEqual("llama3.2:3b", self.used(fake, client))
        self.end(client)

    def test_a_missing_model_is_named_with_the_remedy(self):
        fake, client = self.begin()
        document = self.document(client)
        span = document.span(FIRST, LAST)
        text = self.refused(client, -32803, "refactor", document.uri, span, model="mistral:7b")
        self.assertIn("ollama pull mistral:7b", text)
        text = self.refused(client, -32803, "refactor", document.uri, span, model="nomic-embed-text")
        self.assertIn("nomic-embed-text", text)
        self.assertEqual([], fake.requests(CHAT))
        self.end(client)
        fake.stop()
        _, other = self.begin(options={"ai": {"model": {"chat": "not-there:1b"}}})
        text = self.refused(other, -32803, "refactor", self.document(other).uri, span)
        self.assertIn("ollama pull not-there:1b", text)
        self.end(other)

    def test_one_that_vanishes_meanwhile(self):
        fake, client = self.begin()
        fake.remove("qwen2.5-coder:7b")
        document = self.document(client)
        identity = client.ai("refactor", document.uri, document.span(FIRST, LAST),
                             model="qwen2.5-coder:7b")
        end = client.outcome(identity)
        self.assertEqual("failed", end["outcome"])
        self.assertIn("ollama pull qwen2.5-coder:7b", json.dumps(end["error"]))
        client.settle()
        client.drop("window/showMessage")
        self.end(client)

    def test_before_the_models_are_known(self):
        """No server has answered yet: the action waits for it instead of failing."""
        fake = self.fake()
        fault = fake.fault("/api/", "stall", count=2, seconds=0.3)
        fake.say(*TOKENS)
        _, client = self.begin(fake=fake, ready=False)
        document = self.document(client)
        identity = client.ai("refactor", document.uri, document.span(FIRST, LAST))
        fault.release.set()
        self.assertEqual("applied", client.outcome(identity)["outcome"], client.report())
        self.assertEqual(AFTER, document.text)
        self.end(client)


class Request(AiCase):
    def body(self, fake, client, text=TEXT, **more):
        fake.say(*TOKENS)
        count = len(fake.requests(CHAT))
        document = self.document(client, text, "b%d.py" % count)
        identity = client.ai("refactor", document.uri, document.span(FIRST, LAST), **more)
        self.assertEqual("applied", client.outcome(identity)["outcome"], client.report())
        return self.chat(fake, count)

    def test_what_it_says(self):
        fake, client = self.begin()
        body = self.body(fake, client)
        self.assertIs(True, body["stream"])
        self.assertEqual({"model", "messages", "stream", "options"}, set(body))
        self.assertEqual({"num_ctx", "num_predict"}, set(body["options"]))
        text = self.prompt(body)
        for part in ("result = a + b", "import os", "python"):
            self.assertIn(part, text)
        request = fake.requests(CHAT)[0]
        self.assertIn("application/json", request.headers["content-type"])
        self.assertNotIn("origin", request.headers)
        self.assertNotIn("expect", request.headers)
        self.end(client)

    def test_settings_that_go_with_it(self):
        fake, client = self.begin(models=["qwen3:8b"], options={"ai": {
            "temperature": 0.25, "numPredict": 300, "keepAlive": "10m", "think": True}})
        body = self.body(fake, client)
        self.assertEqual((0.25, 300), (body["options"]["temperature"], body["options"]["num_predict"]))
        self.assertEqual(("10m", True), (body["keep_alive"], body["think"]))
        self.end(client)

    def test_think_only_where_the_model_can(self):
        fake, client = self.begin(options={"ai": {"think": True}})
        self.assertNotIn("think", self.body(fake, client))
        self.end(client)
        fake.stop()
        fake, client = self.begin(models=["qwen3:8b"], options={"ai": {"think": False}})
        self.assertIs(False, self.body(fake, client)["think"])
        self.end(client)

    def test_the_context_of_a_running_model_is_kept(self):
        for context, predict in ((8192, 256), (32768, 4096), (5000, 256)):
            with self.subTest(context=context):
                fake = self.fake()
                fake.load("qwen2.5-coder:7b", context)
                _, client = self.begin(fake=fake, options={"ai": {"numPredict": predict}})
                body = self.body(fake, client)
                self.assertEqual(context, body["options"]["num_ctx"])
                self.assertEqual([], fake.loads, "the model was loaded anew")
                self.end(client)
                fake.stop()

    def test_the_state_is_fresh(self):
        """Loaded by somebody else a moment ago, with a context of its own."""
        fake, client = self.begin()
        fake.load("qwen2.5-coder:7b", 16384)
        self.assertEqual(16384, self.body(fake, client)["options"]["num_ctx"])
        self.assertEqual([], fake.loads)
        self.end(client)

    def test_else_a_power_of_two_that_holds_it(self):
        fake, client = self.begin(options={"ai": {"numPredict": 1000}})
        self.assertEqual(2048, self.body(fake, client)["options"]["num_ctx"])
        self.end(client)
        fake.stop()
        fake, client = self.begin()  # an answer of 4,096
        self.assertEqual(8192, self.body(fake, client)["options"]["num_ctx"])
        self.end(client)

    def test_too_small_a_context_grows_and_never_shrinks(self):
        fake = self.fake()
        fake.load("qwen2.5-coder:7b", 4096)
        _, client = self.begin(fake=fake)
        self.assertEqual(8192, self.body(fake, client)["options"]["num_ctx"])
        self.assertEqual([("qwen2.5-coder:7b", 8192)], fake.loads)
        self.assertEqual(8192, self.body(fake, client)["options"]["num_ctx"])
        self.assertEqual(1, len(fake.loads))
        self.end(client)

    def test_a_small_model_and_a_long_file(self):
        """Never beyond the model's maximum; what does not fit is cut by us, and said."""
        fake, client = self.begin(models=[{"name": "small-coder:1b", "context_length": 2048,
                                           "capabilities": ["completion"]}])
        filler = "".join("variable_number_%d = some_function(%d)\n" % (i, i) for i in range(3000))
        reply = fake.reply()
        document = self.document(client, filler + TEXT + filler)
        identity = client.ai("refactor", document.uri, document.span(FIRST, LAST))
        body = self.chat(fake)
        options = body["options"]
        self.assertEqual(2048, options["num_ctx"])
        self.assertLessEqual(options["num_predict"], 1024)
        self.assertLess(len(json.dumps(body["messages"])), 2048 * 4)
        self.assertIn("result = a + b", self.prompt(body))
        client.progress_like(lambda text: re.search(r"(?i)context.*(truncated|cut|shorten)", text),
                             identity)
        reply.send(*TOKENS).finish()
        self.assertEqual("applied", client.outcome(identity)["outcome"])
        self.assertEqual(filler + AFTER + filler, document.text)
        self.end(client)

    def test_a_target_that_cannot_fit_is_refused_with_the_number(self):
        fake, client = self.begin(models=[{"name": "small-coder:1b", "context_length": 2048,
                                           "capabilities": ["completion"]}])
        text = "def big():\n" + "".join("    value_%d = call(%d)\n" % (i, i) for i in range(3000))
        document = self.document(client, text)
        span = {"start": {"line": 0, "character": 0}, "end": {"line": 3001, "character": 0}}
        identity = client.start_request("workspace/executeCommand", {
            "command": "ollama-ls.ai", "arguments": [{
                "action": "refactor", "uri": document.uri, "range": span, "id": "r"}]})
        answer = client.answer(identity)
        if "error" in answer:  # known at once
            self.assertEqual(-32803, answer["error"]["code"])
            text = answer["error"]["message"]
        else:
            client.progress_done("ollama-ls/r")
            text = self.message(client)
        self.assertRegex(text, r"\d{3}")
        self.assertEqual([], fake.requests(CHAT))
        client.settle()
        client.drop("window/showMessage")
        self.end(client)


class Trust(AiCase):
    def test_text_goes_to_the_users_server_only(self):
        """Even when the file names a host of its own that is trusted for reading."""
        other = self.fake(["llama3.2:3b", "only-there:1b"], default=False, running=["only-there:1b"])
        mine = self.fake()
        _, client = self.begin(fake=mine, options={"trustedHosts": [other.url]})
        text = "OLLAMA_HOST=%s\nOLLAMA_MODEL=only-there:1b\nSECRET_WORD=hunter2\n" % other.url
        mine.say("SECRET_WORD=hunter3\n")
        document = self.document(client, text, ".env", "dotenv", disk=True)
        client.diagnostics(document.uri)
        other.wait_for("/api/tags")
        identity = client.ai("refactor", document.uri, document.range("SECRET_WORD=hunter2"))
        client.outcome(identity)
        self.chat(mine)
        client.settle()
        allowed = {("GET", "/api/version"), ("GET", "/api/tags"), ("GET", "/api/ps"),
                   ("POST", "/api/show")}
        self.assertLessEqual({(r.method, r.path) for r in other.requests()}, allowed)
        for request in other.requests():
            self.assertNotIn(b"hunter2", request.body)
        client.looked_at.add(document.uri)
        client.drop("window/showMessage")
        self.end(client)

    def test_no_secret_and_no_text_in_the_log(self):
        env = dict(OLLAMA_API_KEY="sk-very-secret", OLLAMA_LS_LOG="debug")
        fake = self.fake()
        fake.say(*TOKENS)
        client = self.client("vscode-11", options={"stream": True}, env=self.environment(**env))
        self.ready(client)
        document = self.document(client, TEXT.replace("# sum", "# hunter2"))
        client.outcome(client.ai("refactor", document.uri, document.span(FIRST, LAST)))
        client.settle()
        client.finish(strict=False)
        log = client.stderr.decode() + json.dumps(client.logged)
        self.assertNotIn("sk-very-secret", log)
        self.assertNotIn("hunter2", log)
        for request in fake.requests():
            self.assertNotIn("sk-very-secret", str(request.headers))

    def test_a_redirect_takes_no_text_elsewhere(self):
        other = self.fake(default=False)
        mine, client = self.begin()
        mine.fault(CHAT, "redirect", location=other.url + CHAT)
        document = self.document(client)
        identity = client.ai("refactor", document.uri, document.span(FIRST, LAST))
        self.assertEqual("failed", client.outcome(identity)["outcome"])
        client.settle()
        self.assertEqual([], other.requests())
        client.drop("window/showMessage")
        self.end(client)

    def test_a_workspace_chooses_no_model(self):
        """ai.model is of grade user: a repository cannot send text to a remote model."""
        self.write(".ollama-ls.json", json.dumps({"ai": {"model": {"chat": "gpt-oss:120b-cloud"}}}))
        fake, client = self.begin(models=[REMOTE, "llama3.2:3b"],
                                  settings={"ai": {"model": {"chat": "gpt-oss:120b-cloud"}}})
        fake.say(*TOKENS)
        document = self.document(client)
        client.outcome(client.ai("refactor", document.uri, document.span(FIRST, LAST)))
        self.assertEqual("llama3.2:3b", self.chat(fake)["model"])
        client.drop("window/showMessage")
        self.end(client)


class Metrics(AiCase):
    def row(self, client, name):
        found = client.command("metrics")
        self.assertEqual(1, found["version"])
        for server in found["servers"]:
            for model in server["models"]:
                if model["name"] == name:
                    return server, model
        return None, None

    def test_they_count(self):
        fake, client = self.begin(options={"url": None})
        self.assertEqual((None, None), self.row(client, "qwen2.5-coder:7b"))
        document = self.document(client)
        span = document.span(FIRST, LAST)
        fake.say(*TOKENS, prompt_eval_count=50, eval_count=100, eval_duration=2_000_000_000,
                 load_duration=500_000_000)
        client.outcome(client.ai("refactor", document.uri, span))
        document.change((document.text, TEXT))
        fake.reply().send("x").fail()
        client.outcome(client.ai("refactor", document.uri, span))
        reply = fake.reply().send("def add():\n")
        identity = client.ai("refactor", document.uri, span)
        fake.wait(lambda: reply.spoken, "a token")
        client.command("cancel", {"id": identity})
        client.outcome(identity)
        client.settle()
        server, row = self.row(client, "qwen2.5-coder:7b")
        self.assertEqual(fake.url, server["url"].rstrip("/"))
        self.assertEqual((3, 1, 1), (row["requests"], row["errors"], row["cancelled"]))
        self.assertEqual((50, 100), (row["tokensIn"], row["tokensOut"]))
        self.assertAlmostEqual(50.0, row["tokensPerSecond"], delta=1)
        self.assertAlmostEqual(500, row["loadMs"], delta=1)
        self.assertGreaterEqual(row["timeToFirstTokenMs"], 0)
        self.assertEqual((0, 0), (row["cacheHits"], row["pulls"]))
        client.drop("window/showMessage")
        client.settle()
        self.end(client)

    def test_pulls(self):
        self.fake(library=["gemma3:12b"])
        client = self.client("vscode-11")
        client.command("pull", {"model": "gemma3:12b"})
        client.progress_done()
        client.poll(lambda: (self.row(client, "gemma3:12b")[1] or {}).get("pulls") == 1, "a pull")
        client.drop("window/showMessage")
        self.end(client)
