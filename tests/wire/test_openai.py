# SPDX-License-Identifier: MIT
"""Servers of kind openai: status, models, check and findings; keys; what they are never asked."""
import json

from fake_openai import FakeOpenAI
from lib.harness import LspCase, ProgramCase
from lib.lsp_client import LspError

OLLAMA_PATHS = ("/api/version", "/api/tags", "/api/ps", "/api/show", "/api/pull", "/api/generate")


class OpenAICase(ProgramCase):
    def openai(self, models=("qwen2.5-coder-7b",), program="llamacpp", **options):
        server = self.stack.enter_context(FakeOpenAI(list(models), program, **options))
        server.before_wait = self.flush
        return server

    def default(self, server, **entry):
        """Make it the default server, in the user's own file."""
        entry = dict({"name": "default", "url": server.url, "kind": "openai"}, **entry)
        self.settings_file({"servers": [entry]})

    def assert_no_ollama_calls(self, server):
        for path in OLLAMA_PATHS:
            self.assertEqual([], server.requests(path))


class Status(OpenAICase):
    def status(self, code=0):
        return json.loads(self.run_program("status", "--json", code=code).out)

    def test_llamacpp(self):
        server = self.openai()
        self.default(server)
        status = self.status()
        self.assertEqual("ok", status["state"])
        self.assertIn("OpenAI-compatible server b11669-fake: 1 model, 1 loaded", status["message"])
        entry = status["servers"][0]
        self.assertEqual((True, 1, "b11669-fake"), (
            entry["reachable"], entry["models"], entry["version"]))
        self.assertEqual("qwen2.5-coder-7b", entry["running"][0]["name"])
        self.assertEqual(4096, entry["running"][0]["contextLength"])
        self.assertEqual(["/v1/models", "/props", "/infill"], [r.path for r in server.requests()])
        self.assertEqual({}, server.requests("/infill")[0].json)  # no text of anybody

    def test_others_are_not_probed(self):
        for program, paths in (("mlx", ["/v1/models"]), ("vllm", ["/v1/models"]),
                               ("lmstudio", ["/v1/models", "/api/v0/models"])):
            with self.subTest(program):
                server = self.openai(program=program)
                self.default(server)
                self.assertEqual("ok", self.status()["state"])
                self.assertEqual(paths, [r.path for r in server.requests()])

    def test_url_forms(self):
        server = self.openai(program="mlx")
        host = server.url.replace("http://", "")
        for url in (server.url + "/v1", server.url + "/v1/", "mlx://" + host, "llamacpp://m@" + host):
            with self.subTest(url):
                server.forget()
                self.settings_file({"url": url})
                self.assertIn("OpenAI-compatible", self.status()["message"])
                self.assertEqual(["/v1/models"], [r.path for r in server.requests()])

    def test_ollama_form(self):
        fake = self.fake()
        self.settings_file({"url": "ollama://llama3.2:3b@" + fake.url.replace("http://", "")})
        status = self.status()
        self.assertTrue(status["servers"][0]["reachable"])
        self.assertIn("Ollama", status["message"])

    def test_key_and_headers(self):
        server = self.openai(key="sesame")
        self.default(server, apiKeyEnv="MY_KEY", headers={"X-Team": "blue"})
        done = self.run_program("status", "--json", code=1)
        self.assertIn("apiKeyEnv", done.out)
        done = self.run_program("status", "--json", code=0, env=self.environment(MY_KEY="sesame"))
        self.assertNotIn("sesame", done.out + done.err)
        request = server.requests("/v1/models")[-1]
        self.assertEqual(("Bearer sesame", "blue"), (request.headers["authorization"],
                                                     request.headers["x-team"]))

    def test_down(self):
        server = self.openai()
        self.default(server)
        server.stop()
        status = self.status(code=1)
        self.assertEqual("unreachable", status["state"])
        self.assertEqual("ollama-ls.refresh", status["command"]["command"])
        self.assertNotIn("ollama serve", json.dumps(status))

    def test_faults(self):
        server = self.openai()
        self.default(server)
        for kind in ("html", "garbage", "half-utf8", "endless", "deep", "empty", "reset", "redirect",
                     "status", "no-length", "unauthorized"):
            with self.subTest(kind):
                server.heal()
                server.fault("/v1/models", kind)
                status = self.status(code=1)
                self.assertEqual("unreachable", status["state"])
                self.assertTrue(status["servers"][0]["error"])
        server.heal()
        for kind in ("html", "garbage", "status", "empty", "deep"):
            with self.subTest("props " + kind):
                server.heal()
                server.fault("/props", kind)
                self.assertEqual("ok", self.status()["state"])


class Models(OpenAICase):
    def test_json(self):
        server = self.openai(["Qwen/Qwen2.5 Coder", "nomic-embed"], "lmstudio")
        self.default(server)
        entry = json.loads(self.run_program("models", "--json", code=0).out)["servers"][0]
        self.assertEqual(["Qwen/Qwen2.5 Coder", "nomic-embed"], [m["name"] for m in entry["models"]])
        self.assertEqual((4096, ["completion"], "Q4_K_M"), tuple(
            entry["models"][0][k] for k in ("contextLength", "capabilities", "quantization")))
        self.assertEqual(["embedding"], entry["models"][1]["capabilities"])

    def test_infill_is_insert(self):
        for can in (True, False):
            server = self.openai(infill=can)
            self.default(server)
            entry = json.loads(self.run_program("models", "--json", code=0).out)["servers"][0]
            self.assertEqual(["completion"] + ["insert"] * can, entry["models"][0]["capabilities"])

    def test_text(self):
        server = self.openai()
        self.default(server)
        out = self.run_program("models", code=0).out
        self.assertIn("OpenAI-compatible server b11669-fake, 1 model\n", out)
        self.assertIn("qwen2.5-coder-7b", out)

    def test_pull_is_refused(self):
        server = self.openai()
        self.default(server)
        done = self.run_program("pull", "llama3.2:3b", code=1)
        self.assertIn("is no Ollama server", done.err)
        self.assert_no_ollama_calls(server)


class Check(OpenAICase):
    def findings(self, text, code, name=".env"):
        self.write(name, text)
        report = json.loads(self.run_program("check", "--format", "json", code=code).out)
        return report["findings"]

    def test_names_are_plain_strings(self):
        server = self.openai(["Qwen/Qwen2.5 Coder"], "vllm")
        self.default(server)
        self.assertEqual([], self.findings("OLLAMA_MODEL='qwen/qwen2.5 coder'\n", 0))
        found = self.findings("OLLAMA_MODEL='Qwen/Qwen2.5 Coda'\n", 1)
        self.assertEqual(["model-not-installed"], [f["code"] for f in found])
        self.assertIn("none of the models", found[0]["message"])
        for fix in found[0]["fixes"]:
            self.assertNotIn("ull", fix["title"])  # nothing is pulled there
        self.assert_no_ollama_calls(server)

    def test_silent_when_down(self):
        server = self.openai()
        self.default(server)
        server.stop()
        self.assertEqual([], self.findings("OLLAMA_MODEL='no such model'\n", 0))

    def test_a_files_host_is_an_ollama(self):
        """What a file names gets neither key nor /v1, though it answers as such a server."""
        server = self.openai(key="sesame")
        other = self.openai()
        self.default(other, apiKeyEnv="MY_KEY")
        self.settings_file({"trustedHosts": [server.url], "servers": [
            {"name": "default", "url": other.url, "kind": "openai", "apiKeyEnv": "MY_KEY"}]})
        self.write(".env", "OLLAMA_HOST=%s/v1\nOLLAMA_MODEL=x\n" % server.url)
        self.run_program("check", env=self.environment(MY_KEY="sesame"))
        self.assertEqual({"/api/version"}, {r.path for r in server.requests()})
        self.assertNotIn("authorization", server.requests()[0].headers)

    def test_a_files_reference_to_a_configured_one(self):
        fake = self.fake()
        server = self.openai(["my model"], "vllm")
        self.settings_file({"servers": [{"name": "vllm", "url": server.url, "kind": "openai"}]})
        found = self.findings(json.dumps({"provider": "ollama", "base_url": server.url + "/v1",
                                          "model": "my modell"}), 1, "a.json")
        self.assertEqual(["model-not-installed"], [f["code"] for f in found])
        self.assertEqual([], self.findings(json.dumps(
            {"provider": "ollama", "base_url": server.url + "/v1", "model": "my model"}), 0, "a.json"))
        self.assertTrue(fake.url)


class Metrics(OpenAICase):
    def test_empty_and_offline(self):
        fake = self.fake()
        metrics = json.loads(self.run_program("status", "--metrics", code=0).out)
        self.assertEqual({"version": 1, "servers": []}, metrics)
        self.assertEqual([], fake.requests())

    def test_pulls_are_kept(self):
        self.fake(library=["tiny:1b"])
        self.run_program("pull", "tiny:1b", code=0)
        self.run_program("pull", "tiny:1b", code=0)
        metrics = json.loads(self.run_program("status", "--metrics", code=0).out)
        self.assertEqual(("tiny:1b", 2, 0), tuple(
            metrics["servers"][0]["models"][0][k] for k in ("name", "pulls", "requests")))

    def test_usage(self):
        self.run_program("status", "--metrics", "--watch", code=2)


class Lsp(LspCase):
    def test_findings_and_status(self):
        server = self.stack.enter_context(FakeOpenAI(["my model"], "vllm"))
        server.before_wait = self.flush
        client = self.client(options={"servers": [
            {"name": "default", "url": server.url, "kind": "openai"}]})
        uri = self.open(client, ".env", "OLLAMA_MODEL='my modell'\n", "dotenv")
        found = self.expect(client, uri, "model-not-installed")
        self.assertIn("none of the models", found[0]["message"])
        titles = [a["title"] for a in self.actions(client, uri, found)]
        self.assertIn("Change to my model", titles)
        self.assertFalse([t for t in titles if "Pull" in t], titles)
        status = client.request("workspace/executeCommand", {"command": "ollama-ls.status"})
        self.assertEqual("ok", status["state"])
        self.assertIn("OpenAI-compatible", status["message"])
        other = self.open(client, "b.env", "OLLAMA_MODEL='my model'\n", "dotenv")
        self.expect(client, other)
        self.assertEqual({"/v1/models"}, {r.path for r in server.requests()})

    def test_what_is_not_there_is_refused(self):
        server = self.stack.enter_context(FakeOpenAI(["m"], "vllm"))
        server.before_wait = self.flush
        client = self.client(options={"servers": [
            {"name": "default", "url": server.url, "kind": "openai"}]})
        for command in ("pull", "load", "unload", "delete"):
            with self.subTest(command):
                with self.assertRaises(LspError) as caught:
                    client.command(command, {"model": "m"})
                self.assertEqual(-32803, caught.exception.code)
                self.assertIn("not an Ollama server", str(caught.exception))
        self.assertFalse([r for r in server.requests() if r.path.startswith("/api/")])

    def test_the_models_of_the_place(self):
        """Completion and hints name what the server has; nothing offers to pull or load."""
        server = self.stack.enter_context(FakeOpenAI(["my model", "qwen-coder"], "vllm"))
        server.before_wait = self.flush
        client = self.client(options={"servers": [
            {"name": "default", "url": server.url, "kind": "openai"}]})
        file = self.open(client, "Modelfile", "FROM qwen-coder\n", "modelfile")
        self.expect(client, file)
        text = "OLLAMA_MODEL=\n"
        uri = self.open(client, ".env", text, "dotenv")
        client.poll(lambda: [i["label"] for i in client.request("textDocument/completion", {
            "textDocument": {"uri": uri}, "position": self.at(client, text, "\n")})["items"]] ==
            ["my model", "qwen-coder"], "the two models")
        self.assertEqual([], client.request("textDocument/codeLens", {"textDocument": {"uri": file}}))
        hints = client.request("textDocument/inlayHint", {"textDocument": {"uri": file}, "range": {
            "start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}})
        self.assertEqual(1, len(hints))
        client.command("selectModel", {"model": "my model", "role": "chat"})
        with self.assertRaises(LspError):
            client.command("selectModel", {"model": "your model", "role": "chat"})
