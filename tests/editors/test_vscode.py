# SPDX-License-Identifier: MIT
"""Every scenario in VS Code, and what only VS Code has."""
import json
import os
import re
import signal
import subprocess
import time

from editors.ai_scenarios import AFTER, ANSWER, BEFORE, TARGET, AiScenarios
from editors.code_server import ITEM, VSCodeCase
from editors.scenarios import BIG, Scenarios, server_pids
from lib.harness import PROJECT, program


def programs():
    """The program files of all processes."""
    found = []
    for name in os.listdir("/proc"):
        try:
            if name.isdigit():
                found.append(os.readlink("/proc/%s/exe" % name))
        except OSError:
            continue
    return found


class VSCode(Scenarios, VSCodeCase):
    def check_pull_was_seen(self):
        """The progress in the status bar, and its share never falls."""
        seen = [text for text in self.progress() if "gemma3:12b" in text]
        shares = [float(share) for text in seen for share in re.findall(r"(\d+(?:\.\d+)?) ?%", text)]
        sizes = [text for text in seen if "MB" in text]
        self.assertTrue(seen and (shares or sizes), self.progress())
        self.assertEqual(sorted(shares), shares)

    def on_completions(self):
        rows = self.texts(".suggest-widget.visible .monaco-list-row")
        self.assertTrue([row for row in rows if "2.0 GB" in row], rows)
        self.image("completion", 300)


class VSCodeAi(AiScenarios, VSCodeCase):
    def test_ai_with_an_edit_elsewhere_meanwhile(self):
        """The answer lies over its target, wherever that is now."""
        fake = self.app()
        reply = self.begin(fake)
        reply.send(ANSWER[0])
        self.until("the first words", lambda: "def area" in self.shown())
        self.insert_above("import sys")
        self.until("both", lambda: self.text() == "import sys\n" + BEFORE)
        reply.send(ANSWER[1])
        self.until("more words, one line down", lambda: {"text": "    return w", "line": 5}
                   in self.overlays())
        reply.send(ANSWER[2]).finish()
        self.until("the edit", lambda: self.text() == "import sys\n" + AFTER)


class VSCodeLooks(VSCodeCase):
    """What is to be seen, and the pictures of the documentation."""

    def test_squiggle_and_hover(self):
        fake = self.fake(running=["llama3.2:3b"])
        path = self.write(".env", "# models\nOLLAMA_HOST=%s\nOLLAMA_MODEL=lama3.2:3b\n"
                                  "OLLAMA_EMBED_MODEL=nomic-embed-text\n" % fake.url)
        self.start(path)
        self.until("the finding", self.findings)
        self.until("the squiggle", self.squiggles)
        (left, right, _), = self.squiggles()
        word = self.page("""return page.evaluate(() => {
            const line = [...document.querySelectorAll('.view-line')].find((one) => one.textContent.includes('lama3.2:3b'));
            const range = document.createRange();
            const walk = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
            let offset = line.textContent.indexOf('lama3.2:3b'), node = walk.nextNode(), at = 0;
            while (node && at + node.length <= offset) { at += node.length; node = walk.nextNode(); }
            range.setStart(node, offset - at);
            let end = offset + 10;
            while (node && at + node.length < end) { at += node.length; node = walk.nextNode(); }
            range.setEnd(node, end - at);
            const box = range.getBoundingClientRect();
            return [Math.round(box.left), Math.round(box.right)];
        })""")
        self.assertLessEqual(abs(left - word[0]), 2, "the squiggle begins under the name")
        self.assertLessEqual(abs(right - word[1]), 2, "and ends with it")
        self.put_cursor(2, 15)
        self.vscode("await vscode.commands.executeCommand('editor.action.showHover')")
        hover = ".monaco-hover .hover-contents"
        self.until("the hover", lambda: "did you mean" in "".join(self.texts(hover)))
        self.image("squiggle", 330)

    def test_the_item_ok_loading_unreachable(self):
        fake = self.fake(running=["llama3.2:3b"])
        self.start(self.write("app.py", BEFORE))
        self.until_status("ok", "5 models · llama3.2:3b 2.0 GB")
        self.image("status-ok", 32, bottom=True)
        gate = fake.hold_loading()
        self.vscode("vscode.commands.executeCommand('ollama-ls.load', {model: 'gemma3:4b'})")
        self.until_status("loading", "loading gemma3:4b")
        self.image("status-loading", 32, bottom=True)
        gate.set()
        self.until_status("ok", "2 loaded")
        fake.refuse()
        self.command("refresh")
        self.until_status("unreachable", "not running")
        self.image("status-unreachable", 32, bottom=True)
        self.click(ITEM)
        self.until("the remedy", lambda: any("Start Ollama" in text for text in
                                             self.texts(".quick-input-list .monaco-list-row")))

    def test_the_menu_pulls_what_is_searched_and_unloads(self):
        # The library's list is long: what is searched for is in it.
        fake = self.fake(library=[BIG], frame_seconds=0.1, running=["llama3.2:3b"])
        self.start(self.write("a.txt", "x\n"))
        self.until_status("ok")
        self.click(ITEM)
        self.until("the menu", lambda: self.seen(".quick-input-list .monaco-list-row"))
        self.image("menu", 350)
        self.choose("Pull a model")
        self.until("the list", lambda: len(self.texts(".quick-input-list .monaco-list-row")) > 5)
        self.type("gemma3:12")
        rows = []

        def is_listed():
            # What is typed while the list is still being filled may be lost.
            box = ".quick-input-widget input[type=text]"
            if self.page("return page.locator(args.box).first().inputValue()", box=box) != "gemma3:12":
                self.page("await page.locator(args.box).first().fill('gemma3:12')", box=box)
            rows[:] = [text.replace("\u00a0", " ").strip() for text in self.texts(
                ".quick-input-list .monaco-list-row")]
            return any("as typed: gemma3:12" in row for row in rows)
        self.until("what is typed", is_listed)
        self.assertTrue(rows[0].startswith("gemma3:12b"), rows)  # so that Enter takes what is there
        self.image("pull", 350)
        self.keys("Enter")
        self.until_status("loading", "pulling gemma3:12b")
        self.until("the model", lambda: fake.find("gemma3:12b"))
        self.until_status("ok", "6 models")
        self.command("unload")
        self.choose("llama3.2:3b")
        self.until("the model is gone from memory", lambda: not fake.loaded)

    def test_an_answer_that_streams(self):
        fake = self.fake(running=["qwen2.5-coder:7b"])
        self.start(self.write("app.py", BEFORE))
        self.until_status("ok")
        reply = fake.reply()
        self.ai("refactor", *TARGET, review=True)
        reply.send("def area(width: float, height: float) -> float:\n", '    """The area of a rectangle."""\n')
        self.until("two lines", lambda: len(self.overlays()) == 3)
        self.image("stream", 300)
        reply.send("    return width * height\n", "\n\n", "def perimeter(width: float, height: float) -> float:\n",
                   "    return 2 * (width + height)\n", "\n\n", "AREA = area(2, 3)\n").finish()
        self.until("all of it, beyond the end of the file", lambda: "AREA = area(2, 3)" in [
            one["text"] for one in self.overlays()])
        self.until("the question", lambda: any("accept" in one["text"] for one in self.overlays()))
        self.image("review", 300)
        self.vscode("await vscode.commands.executeCommand('ollamaLs.compare')")
        self.until("the comparison", lambda: self.seen(".diff-editor, .monaco-diff-editor"))
        self.until("its text", lambda: any("perimeter" in text for text in self.texts(".monaco-diff-editor .view-line")))
        self.image("compare", 300)

    def test_an_explanation_leaves_the_focus_where_it_was(self):
        fake = self.fake()
        self.start(self.write("app.py", BEFORE))
        self.until_status("ok")
        reply = fake.reply()
        self.ai("explain", *TARGET)
        reply.send("`area` **multiplies** its arguments.\n\n- `w`: the width\n",
                   "- `h`: the height\n\n[here](command:workbench.action.quit) ![x](http://127.0.0.1:1/x.png)\n").finish()
        self.until("the words", lambda: "the height" in self.panel())
        self.image("explain", 300)
        frames = self.page("""
            const links = [];
            for (const frame of page.frames().slice(1)) {
                links.push(...await frame.evaluate(() => [...document.querySelectorAll('.markdown-body a, .markdown-body img')]
                    .map((one) => one.outerHTML)).catch(() => []));
            }
            return links;
        """)
        self.assertEqual([], frames)
        self.keys("ArrowUp", "End")
        self.type("#")
        self.until("what was typed", lambda: "#" in self.text())

    def test_modelfiles_and_ai_files_have_colours(self):
        self.fake()
        self.start(self.write("Modelfile", "# mine\nFROM llama3.2:3b\nPARAMETER temperature 0.7\n"))
        self.until("the lens", lambda: "3.2B" in "".join(self.texts(".codelens-decoration")))
        self.assertEqual("modelfile", self.vscode("return vscode.window.activeTextEditor.document.languageId"))
        self.until("colours", lambda: len(set(self.page("""return page.evaluate(() =>
            [...document.querySelectorAll('.view-line span span')].map((one) => getComputedStyle(one).color))"""))) > 2)
        self.image("modelfile", 200)
        self.show(self.write("app.ai", "ai model helper {\n    provider: ollama\n    model: llama3:8b\n}\n"))
        self.assertEqual("namel3ss", self.vscode("return vscode.window.activeTextEditor.document.languageId"))
        self.until("the finding", self.findings)
        self.vscode("""await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(
            { language: 'modelfile', content: 'FROM lama3.2:3b' }))""")
        self.until("the finding in an unsaved text", lambda: [f[3] for f in self.findings()] == ["unknown-model"])


class VSCodeInline(VSCodeCase):
    """Grey text at the cursor, by VS Code's own means."""

    def ghost_is(self, text):
        self.until("ghost text: " + text, lambda: self.ghost() == text)

    def until_it_asks(self, text):
        """VS Code listens to keys for ghost text only some time after the editor is shown: ask until it does."""
        asked = []

        def shown():
            if not asked or time.monotonic() - asked[-1] > 5:
                self.vscode("await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger')")
                asked.append(time.monotonic())
            return self.ghost() == text
        self.until("ghost text when asked for", shown)

    def test_ghost_text_is_shown_typed_into_and_taken(self):
        fake = self.fake(models=("qwen2.5-coder:7b",))
        fake.always(lambda body: ["return ", "a + b"])
        self.start(self.write("app.py", "def add(a, b):"), settings={"ollama-ls.inlineCompletion.enable": True})
        self.until_status("ok")
        self.put_cursor(0, 14)
        self.until_it_asks("return a + b")
        self.keys("Escape")
        self.ghost_is("")
        self.keys("Enter")
        self.ghost_is("return a + b")
        self.assertEqual("def add(a, b):\n    ", self.text())
        self.image("ghost", 200)
        asked = len(fake.requests("/api/generate"))
        self.type("return")
        self.ghost_is(" a + b")
        self.assertEqual(asked, len(fake.requests("/api/generate")), "typing into it costs no request")
        self.keys("Tab")
        self.until("the text", lambda: self.text() == "def add(a, b):\n    return a + b")
        self.ghost_is("")
        self.keys("Control+z")
        self.until("one step back", lambda: self.text() == "def add(a, b):\n    return")

    def test_a_model_chosen_for_it_switches_it_on(self):
        fake = self.fake(models=("qwen2.5-coder:7b",))
        fake.always(lambda body: ["return a"])
        self.start(self.write("app.py", "def add(a, b):"))
        self.until_status("ok")
        self.put_cursor(0, 14)
        self.keys("Enter")
        self.until("the new line", lambda: self.text() == "def add(a, b):\n    ")
        self.assertEqual([], fake.requests("/api/generate"))
        self.vscode("await vscode.commands.executeCommand('ollama-ls.selectModel', "
                    "{role: 'autocomplete', model: 'qwen2.5-coder:7b'})")
        self.focus()
        self.type("r")
        typed = [time.monotonic()]

        def shown():
            # A key that comes while the editor is busy with the command is typed, but asks for nothing.
            if not self.ghost() and time.monotonic() - typed[0] > 5:
                self.keys("Backspace")
                self.type("r")
                typed[0] = time.monotonic()
            return self.ghost()
        self.until("ghost text", shown)


class VSCodeTrouble(VSCodeCase):
    def test_the_setting_helps_where_the_program_is_missing(self):
        fake = self.fake()
        path = self.write(".env", "OLLAMA_HOST=%s\nOLLAMA_MODEL=lama3.2:3b\n" % fake.url)
        env = self.editor_environment()
        folders = [p for p in env["PATH"].split(":") if not os.path.exists(p + "/ollama-ls")]
        self.start(path, environment=dict(env, PATH=":".join(folders)),
                   settings={"ollama-ls.path": "/nowhere/ollama-ls"})
        self.until("the message", lambda: "/nowhere/ollama-ls" in self.messages())
        self.assertIn("Correct it, or clear it", self.messages())
        self.image("missing")
        self.set_path("/bin/false")
        self.until("the message", lambda: "/bin/false could not be started" in self.messages())
        self.set_path(program())
        self.until("the finding", self.findings)

    def set_path(self, path):
        self.vscode("""await vscode.workspace.getConfiguration('ollama-ls')
            .update('path', %s, vscode.ConfigurationTarget.Global)""" % json.dumps(path))

    def test_it_ends_within_the_two_seconds_that_are_given(self):
        """VS Code kills what has not ended two seconds after it was told to, whatever it is at."""
        ends = self.home / "ends"
        wrapper = self.write("bin/ollama-ls-noted", '#!/bin/sh\n%s "$@"\necho "$? $(date +%%s.%%N)" >>%s\n'
                             % (program(), ends), self.home)
        wrapper.chmod(0o755)
        fake = self.fake()
        self.start(self.write("app.py", BEFORE), settings={"ollama-ls.path": str(wrapper)})
        self.until_status("ok")
        reply = fake.reply()
        self.ai("refactor", *TARGET)
        fake.wait_for("/api/chat")
        reply.send(ANSWER[0])
        self.until("the first words", lambda: self.overlays())
        fake.fault("/", "stall")
        self.vscode("vscode.commands.executeCommand('ollama-ls.load', {model: 'gemma3:4b'})")
        fake.wait(lambda: len(fake.requests("/api/generate")) > 0, "a load that hangs")
        begun = time.time()
        self.vscode("void vscode.commands.executeCommand('ollamaLs.restart')")
        code, at = self.until("its end", lambda: ends.exists() and ends.read_text().split())
        self.assertEqual("0", code)
        self.assertLess(float(at) - begun, 2)

    def test_a_crash_takes_what_was_drawn_along(self):
        fake = self.fake()
        self.start(self.write("app.py", BEFORE))
        self.until_status("ok")
        reply = fake.reply()
        self.ai("refactor", *TARGET)
        reply.send(*ANSWER)
        self.until("the words", lambda: "    return w * h" in [one["text"] for one in self.overlays()])
        pid, = server_pids(self)
        os.kill(pid, signal.SIGSEGV)
        self.until("a clean text", lambda: self.overlays() == [])
        self.assertEqual(BEFORE, self.text())
        self.until_status("ok")


class VSCodeTrust(VSCodeCase):
    """A repository brings settings of its own: some are harmless, others would choose servers."""

    WANTED = ["unknown-model"]  # lama3.2 is ignored by the workspace, mistrl is not

    def test_what_a_workspace_may_set(self):
        evil, fake = self.fake(default=False), self.fake()
        self.write(".vscode/settings.json", json.dumps({
            "ollama-ls.ignoreModels": ["lama*"], "ollama-ls.url": evil.url,
            "ollama-ls.trustedHosts": [evil.url], "ollama-ls.path": "/bin/false",
            "ollama-ls.servers": [{"name": "evil", "url": evil.url}]}))
        self.start(self.write(".env", "OLLAMA_MODEL=lama3.2:3b\nCHAT_MODEL=ollama/x\nOLLAMA_EMBED_MODEL=mistrl:7b\n"))
        self.until_status("ok")
        self.until("the findings", lambda: [f[3] for f in self.findings()
                                            if f[0] != 1] == self.WANTED)
        self.assertEqual([], evil.requests())
        self.assertTrue(fake.requests())


class VSCodeRestricted(VSCodeTrust):
    """In restricted mode only the user's settings count."""

    TRUSTED = False
    SETTINGS = {"security.workspace.trust.startupPrompt": "never",
                "security.workspace.trust.banner": "never"}
    WANTED = ["unknown-model", "unknown-model"]


class VSCodePackage(VSCodeCase):
    """What a new user does: install the package, open a file, see the squiggle."""

    WITHOUT_EXTENSION = True

    def test_three_steps_from_a_fresh_editor_to_the_first_squiggle(self):
        done = subprocess.run([str(PROJECT / "scripts" / "package-vscode")], stdout=subprocess.PIPE, timeout=300,
                              env=dict(os.environ, OLLAMA_LS=program()), check=True)
        package = done.stdout.decode().strip()
        fake = self.fake()
        path = self.write(".env", "OLLAMA_HOST=%s\nOLLAMA_MODEL=lama3.2:3b\n" % fake.url)
        env = self.editor_environment()
        folders = [p for p in env["PATH"].split(":") if not os.path.exists(p + "/ollama-ls")]
        env = dict(env, PATH=":".join(folders), EXTENSIONS_GALLERY='{"serviceUrl":""}')
        self.install_probe()
        subprocess.run([self.editor + "/node/bin/node", self.editor + "/code-server/entry.js", "--config", "/dev/null",
                        "--user-data-dir", str(self.home / "code"), "--extensions-dir", str(self.home / "extensions"),
                        "--install-extension", package], env=env, check=True, timeout=120,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.start(path, environment=env)
        self.until("the finding", self.findings)
        self.until("the squiggle", self.squiggles)
        self.assertTrue([exe for exe in programs() if exe.startswith(str(self.home / "extensions"))])
