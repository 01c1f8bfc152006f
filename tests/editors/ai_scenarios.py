# SPDX-License-Identifier: MIT
"""AI actions as a user of any editor meets them. The words are those of a driver (neovim.py, emacs.py)."""

BEFORE = "import math\n\n\ndef area(w, h):\n    r = w*h\n    return r\n\n\nprint(area(2, 3))\n"
AFTER = BEFORE.replace("    r = w*h\n    return r\n", "    return w * h\n")
ANSWER = ("def area(w, h):\n", "    return w", " * h\n")
TARGET = (3, 5)  # lines, 0-based, both included


class AiScenarios:
    """Mixed into a driver's case."""

    def app(self, **options):
        """A file to work on in a running editor, and the fake server that works."""
        fake = self.fake(**options)
        self.start(self.write("app.py", BEFORE))
        self.until("the server's state", lambda: self.status()["state"] == "ok")
        return fake

    def shown(self):
        """All that is drawn into the buffer, in one text."""
        return "\n".join(overlay["text"] for overlay in self.overlays())

    def begin(self, fake, action="refactor", **options):
        """Run an action whose answer is then written by the test."""
        reply = fake.reply()
        self.ai(action, *TARGET, **options)
        fake.wait_for("/api/chat")
        return reply

    def test_ai_streams_is_applied_and_undone_in_one_step(self):
        fake = self.app()
        reply = self.begin(fake)
        self.until("a sign of work", lambda: "refactor" in self.shown())
        reply.send(ANSWER[0], ANSWER[1])
        self.until("the first words", lambda: "    return w" in self.shown())
        self.assertEqual(BEFORE, self.text())
        reply.send(ANSWER[2])
        self.until("more words", lambda: "    return w * h" in self.shown())
        reply.finish()
        self.until("the edit", lambda: self.text() == AFTER)
        self.until("a clean buffer", lambda: self.overlays() == [])
        self.undo()
        self.until("the old text", lambda: self.text() == BEFORE)

    def test_ai_says_that_the_model_is_loading(self):
        fake = self.app()
        gate = fake.hold_loading()
        reply = self.begin(fake)
        self.until("loading, in the status", lambda: self.status()["state"] == "loading")
        self.until("loading, at the text", lambda: "loading" in self.shown())
        gate.set()
        reply.send(*ANSWER).finish()
        self.until("the edit", lambda: self.text() == AFTER)
        self.until("an idle status", lambda: self.status()["state"] == "ok")

    def test_ai_is_cancelled(self):
        fake = self.app()
        reply = self.begin(fake)
        reply.send(ANSWER[0])
        self.until("the first words", lambda: "def area" in self.shown())
        self.cancel()
        fake.wait_closed("/api/chat")
        self.until("a clean buffer", lambda: self.overlays() == [])
        self.assertEqual(BEFORE, self.text())

    def test_ai_in_review_is_accepted(self):
        fake = self.app()
        self.begin(fake, review=True).send(*ANSWER).finish()
        self.until("the question", lambda: "accept" in self.shown())
        self.assertIn("    return w * h", self.shown())
        self.assertEqual(BEFORE, self.text())
        self.accept()
        self.until("the edit", lambda: self.text() == AFTER)
        self.until("a clean buffer", lambda: self.overlays() == [])
        self.undo()
        self.until("the old text", lambda: self.text() == BEFORE)

    def test_ai_in_review_is_rejected(self):
        fake = self.app()
        self.begin(fake, review=True).send(*ANSWER).finish()
        self.until("the question", lambda: "accept" in self.shown())
        self.reject()
        self.until("a clean buffer", lambda: self.overlays() == [])
        self.assertEqual(BEFORE, self.text())

    def test_ai_with_an_edit_elsewhere_meanwhile(self):
        """The user goes on writing above: the answer lands where its text is now."""
        fake = self.app()
        reply = self.begin(fake)
        reply.send(ANSWER[0])
        self.until("the first words", lambda: "def area" in self.shown())
        self.insert_above("import sys")
        self.until("both", lambda: self.text() == "import sys\n" + BEFORE)
        reply.send(ANSWER[1])
        self.until("more words, one line down", lambda: any(
            "return w" in o["text"] and o["line"] == TARGET[1] + 1 for o in self.overlays()))
        reply.send(ANSWER[2]).finish()
        self.until("the edit", lambda: self.text() == "import sys\n" + AFTER)

    def test_ai_with_an_edit_inside_meanwhile(self):
        """The user changes the very text: nothing is overwritten, and nothing is lost."""
        fake = self.app()
        reply = self.begin(fake)
        reply.send(*ANSWER)
        self.until("the words", lambda: "return w * h" in self.shown())
        self.replace_line(4, "    r = w * h  # mine")
        fake.wait_closed("/api/chat")
        mine = BEFORE.replace("    r = w*h", "    r = w * h  # mine")
        self.until("the reason", lambda: "edited meanwhile" in self.shown())
        self.assertEqual(mine, self.text())
        self.accept()
        self.until("the answer in place of it", lambda: self.text() == AFTER)
        self.undo()
        self.until("mine again", lambda: self.text() == mine)

    def test_ai_edits_by_instruction(self):
        fake = self.app()
        self.begin(fake, "edit", instruction="say more").send(*ANSWER).finish()
        self.until("the edit", lambda: self.text() == AFTER)
        self.assertIn(b"say more", fake.requests("/api/chat")[-1].body)

    def test_ai_explains_beside_the_text(self):
        fake = self.app()
        reply = self.begin(fake, "explain")
        reply.send("It **multiplies**", " two numbers.\n")
        self.until("the words", lambda: "multiplies" in self.panel())
        reply.send("\n- width\n- height\n").finish()
        self.until("the whole", lambda: "- height" in self.panel())
        self.until("the end", lambda: self.status()["state"] == "ok")
        self.assertEqual(BEFORE, self.text())
        self.assertEqual([], self.overlays())

    def test_ai_fails_with_a_reason(self):
        fake = self.app()
        self.begin(fake).send(ANSWER[0]).fail("the runner has died")
        self.until("the reason", lambda: "the runner has died" in self.messages())
        self.assertEqual(BEFORE, self.text())
        self.until("the words are kept", lambda: "reject" in self.shown())
        self.reject()
        self.until("a clean buffer", lambda: self.overlays() == [])
