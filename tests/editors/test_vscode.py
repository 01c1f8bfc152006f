# SPDX-License-Identifier: MIT
"""Every scenario in VS Code, and what only VS Code has."""
from editors.ai_scenarios import ANSWER, BEFORE, AFTER, AiScenarios
from editors.code_server import VSCodeCase
from editors.scenarios import Scenarios


class VSCode(Scenarios, VSCodeCase):
    def check_pull_was_seen(self):
        pass


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
