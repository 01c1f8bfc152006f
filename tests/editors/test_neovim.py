# SPDX-License-Identifier: MIT
"""What is Neovim's own: pickers, completion of :OllamaLs, health, file types, folders, keys, ghost text."""
import re

from editors.ai_scenarios import AFTER, ANSWER, BEFORE
from editors.neovim import HERE, PLUGIN, NeovimCase
from editors.scenarios import BIG


class PluginCase:
    """Mixed into a driver's case."""

    def env(self, **options):
        fake = self.fake(**options)
        self.start(self.write(".env", "OLLAMA_HOST=%s\nOLLAMA_MODEL=llama3.2:3b\n" % fake.url))
        self.until("ok", lambda: self.status()["state"] == "ok")
        return fake

    def test_statusline_names_what_is_loaded(self):
        self.env(running=["llama3.2:3b"])
        self.until("the loaded model", lambda: "llama3.2:3b" in self.status()["text"])
        self.assertRegex(self.status()["text"], r"^● 5 models, llama3\.2:3b \d\.\d GB$")
        self.assertIn("5 models", self.status()["line"])

    def test_a_model_is_chosen_from_a_list(self):
        self.env()
        self.lua("answer_with", "qwen2.5-coder:7b")
        self.command("select chat")
        self.until("the choice", lambda: "is now the model for chat" in self.messages())
        titles = self.lua("questions")[-1]["titles"]
        self.assertTrue([t for t in titles if re.match(r"llama3\.2:3b · .+ · .+ GB", t)], titles)
        self.lua("answer_with", "nomic")
        self.command("select embed")
        self.until("the list for embed", lambda: len(self.lua("questions")) == 2)
        self.assertEqual(["nomic-embed-text:latest"],
                         [t.split(" ")[0] for t in self.lua("questions")[-1]["titles"]])

    def test_the_command_line_completes(self):
        fake = self.env()
        self.assertIn("select", self.lua("completions_of", "OllamaLs s"))
        self.assertEqual(["refactor"], self.lua("completions_of", "OllamaLs ai ref"))
        self.assertEqual(["explain"], self.lua("completions_of", "'<,'>OllamaLs! ai ex"))
        self.until("models", lambda: "llama3.1:8b" in self.lua("completions_of", "OllamaLs load lla"))
        fake.remove("llama3.2:3b")
        self.command("refresh")
        self.until("what files ask for", lambda: self.lua("completions_of", "OllamaLs ") and
                   self.lua("completions_of", "OllamaLs pull ") == ["llama3.2:latest"] or
                   self.lua("completions_of", "OllamaLs pull ") == ["llama3.2:3b"])

    def test_health_is_told(self):
        self.env()
        self.keys("<Esc>:checkhealth ollama-ls<CR>")
        text = self.until("the report", lambda: self.lua("current"))
        self.assertIn("ollama-ls", text)
        self.assertIn("5 models", text)
        self.assertNotRegex(text, r"(?i)error|fail")

    def test_file_types(self):
        self.env()
        for name, text, wanted in (("Modelfile", "FROM llama3.2:3b\n", "modelfile"),
                                   ("a.Modelfile", "FROM llama3.2:3b\n", "modelfile"),
                                   ("app.ai", "ai model helper {\n}\n", "namel3ss")):
            self.assertEqual(wanted, self.lua("filetype_of", str(self.write(name, text))), name)
        logo = self.write("logo.ai", "%PDF-1.5\n")
        self.assertNotEqual("namel3ss", self.lua("filetype_of", str(logo)))

    def test_one_process_serves_two_folders(self):
        self.env()
        other = self.write("../other/.git/HEAD", "ref: refs/heads/main\n").parents[1]
        self.write("../other/x.env", "OLLAMA_MODEL=zzz-nothing\n")
        self.keys("<Esc>:edit %s/x.env<CR>" % other)
        self.until("a finding there", lambda: self.lua("findings_of", "x.env"))
        self.assertEqual(1, self.lua("client_count"))
        self.until("its folder", lambda: any("other" in f for f in self.lua("folders")))

    def test_keys_are_only_lent(self):
        fake = self.fake()
        self.start(self.write("app.py", BEFORE))
        self.until("ok", lambda: self.status()["state"] == "ok")
        self.lua("map", "<M-y>", "<Cmd>let g:pressed = 1<CR>")
        reply = fake.reply()
        self.ai("refactor", 3, 5, review=True)
        fake.wait_for("/api/chat")
        reply.send(*ANSWER).finish()
        self.until("the question", lambda: any("accept" in o["text"] for o in self.overlays()))
        self.assertEqual("", self.lua("mapped", "<M-y>"))
        self.accept()
        self.until("the edit", lambda: self.text() == AFTER)
        self.until("the user's own key", lambda: "pressed" in self.lua("mapped", "<M-y>"))

    def test_a_selection_is_sent_exactly(self):
        fake = self.fake()
        self.start(self.write("t.md", "ä𝄞ö one two\nlast\n"))
        self.until("ok", lambda: self.status()["state"] == "ok")
        self.lua("map_visual", "<M-e>", "explain")
        fake.say("x")
        self.keys("<Esc>ggfovf <M-e>")
        fake.wait_for("/api/chat")
        encoding, start, end = self.lua("last_range")
        # "one ", behind a clef of two units or four bytes and two letters of one or two.
        self.assertEqual({"utf-16": (5, 9), "utf-8": (9, 13)}[encoding], (start, end))

    def test_progress_always_begins_before_it_reports(self):
        """Neovim's own handler raises an error at a report for a token that never began."""
        fake = self.fake(library=[BIG], frame_seconds=0.05)
        gate = fake.hold_loading()
        self.start(self.write("app.py", BEFORE))
        self.until("ok", lambda: self.status()["state"] == "ok")
        self.command("pull gemma3:12b")
        for _ in range(3):  # cancelled as early as can be
            self.ai("refactor", 3, 5)
            self.cancel()
        fake.say(*ANSWER)
        self.ai("refactor", 3, 5)
        self.until("loading", lambda: self.status()["state"] == "loading")
        gate.set()
        self.until("the edit", lambda: self.text() == AFTER)
        self.until("the model", lambda: fake.find("gemma3:12b"))
        self.until("rest", lambda: self.status()["state"] == "ok")

        def tokens():
            kinds = {}
            for one in self.progress():
                kinds.setdefault(str(one["token"]), []).append(one["kind"])
            return kinds
        kinds = self.until("all ends", lambda: tokens() if all(
            "end" in of for of in tokens().values()) else None)
        self.assertGreaterEqual(len(kinds), 2)
        for token, of in kinds.items():
            self.assertEqual(["begin"] + ["report"] * (len(of) - 2) + ["end"], of, token)
        self.assertNotRegex(self.messages(), r"traceback|Error executing|E\d+:")

    def test_the_three_steps_of_the_readme(self):
        """A fresh home, the plugin as a package, a file: the squiggle."""
        start = self.home / "data" / "nvim" / "site" / "pack" / "ollama-ls" / "start"
        start.mkdir(parents=True)
        (start / "ollama-ls").symlink_to(PLUGIN)
        self.fake()
        self.start(".env", options=["--cmd", "luafile %s/neovim.lua" % HERE])
        self.keys("iOLLAMA_MODEL=lama3.2:3b<Esc>")
        found = self.until("the squiggle", self.findings)
        self.assertEqual([[0, 13, 23, "unknown-model"]], [f[:4] for f in found])


class Plugin07(NeovimCase, PluginCase):
    pass


class Plugin10(NeovimCase, PluginCase):
    SUITE = "trixie"


class Plugin12(NeovimCase, PluginCase):
    SUITE = "sid"
    OPTIONAL = True

    def ghost(self):
        """A suggestion at the end of an empty line; the fake server."""
        fake = self.fake(models=("qwen2.5-coder:7b",))
        self.start(self.write("app.py", "def add(a, b):\n    \n"),
                   setup="{ settings = { inlineCompletion = { enable = true } } }")
        self.until("ok", lambda: self.status()["state"] == "ok")
        self.assertTrue(self.lua("inline_offered"))
        fake.always(lambda body: ["return ", "a + b"])
        self.keys("<Esc>2GA")
        self.until("ghost text", lambda: "return a + b" in self.lua("ghost"))
        self.assertNotIn("return", self.text())
        return fake

    def test_inline_completion_is_shown_and_taken(self):
        self.ghost()
        self.keys("<M-y>")
        self.until("the text", lambda: "    return a + b\n" in self.text())

    def test_typing_into_the_suggestion_costs_no_request(self):
        fake = self.ghost()
        asked = len(fake.requests("/api/generate"))
        for typed, rest in (("re", "turn a + b"), ("turn", " a + b"), (" a", " + b")):
            self.keys(typed)
            self.until("the rest: " + rest, lambda: self.lua("ghost") == rest)
        self.assertEqual(asked, len(fake.requests("/api/generate")))
        self.keys("<M-y>")
        self.until("the text", lambda: "    return a + b\n" in self.text())
        self.assertEqual(asked, len(fake.requests("/api/generate")))

    def test_a_server_in_trouble_shows_no_ghost_and_says_nothing(self):
        fake = self.ghost()
        said = self.messages()
        fake.fault("/api/generate", "status", code=500)
        self.keys("zzz")
        fake.wait(lambda: len(fake.requests("/api/generate")) > 1, "another request")
        self.until("no ghost", lambda: self.lua("ghost") == "")
        self.keys(" z")
        self.until("what was typed", lambda: "    zzz z\n" in self.text())
        self.assertEqual(said, self.messages())
