# SPDX-License-Identifier: MIT
"""Document synchronisation against a naive model: random edits, every encoding.

What the server believes the text to be is read back through its findings: after each batch of
edits they must equal those of the same text opened afresh, and their ranges must cut exactly the
wrong names out of the model's text.
"""
import os
import random

from lib import positions
from lib.harness import LspCase

PIECES = ("OLLAMA_MODEL=zzz-a\n", "OLLAMA_CHAT_MODEL=zzz-b\r\n", "OLLAMA_EMBED_MODEL='zzz-c'\n",
          "# comment \u00e9\u4e16\U0001f600\n", "\n", "\r", "\r\n", "A=1\n", "e\u0301\u200d\U0001f469",
          "OLLAMA_VISION_MODEL=zzz-d", "\t", "=", '"', "x" * 300, "\u2028", "\ufeff", "\0")


class Edits(LspCase):
    def text(self, rng, size):
        return "".join(rng.choice(PIECES) for _ in range(size))

    def change(self, rng, text, encoding):
        """One random change event, sometimes past the ends of lines or of the text."""
        if rng.random() < 0.05:
            return {"text": self.text(rng, 6)}
        table = positions.lines(text)
        start, end = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        if rng.random() < 0.6:
            end = min(end, start + rng.randrange(6))
        # No position inside \r\n: neither the specification nor any editor knows what it is.
        start, end = (i - 1 if text[i - 1:i + 1] == "\r\n" else i for i in (start, end))
        first = positions.to_position(text, start, encoding, table)
        last = positions.to_position(text, end, encoding, table)
        if rng.random() < 0.1:
            last = {"line": last["line"], "character": 99999}
        if rng.random() < 0.05:
            last = {"line": len(table) + 50, "character": 3}
        event = {"range": {"start": first, "end": last}, "text": self.text(rng, rng.randrange(3))}
        if rng.random() < 0.2:
            event["rangeLength"] = rng.randrange(10)
        return event

    def play(self, encoding, seed, batches):
        rng = random.Random(seed)
        client = self.client("bare", capabilities={"general": {"positionEncodings": [encoding]}},
                             seed=seed)
        control = self.open(client, "control.env", "OLLAMA_MODEL=zzz-a\n")
        self.expect(client, control, "unknown-model")  # from here on the models are known
        text = self.text(rng, 20)
        uri = self.open(client, "a.env", text)
        for version in range(2, batches + 2):
            events = []
            for _ in range(rng.choice((1, 1, 2, 5))):
                event = self.change(rng, text, client.encoding)
                text = positions.change(text, event, client.encoding)
                events.append(event)
            if rng.random() < 0.3:
                for event in events:  # one batch as many notifications
                    client.edit(uri, version, [event])
            else:
                client.edit(uri, version, events)
            if version % 5 == 0:
                self.compare(client, uri, text, "%s seed %d version %d" % (encoding, seed, version))
        client.finish()

    def compare(self, client, uri, text, label):
        fresh = self.open(client, "fresh%d.env" % len(client.transcript), text)
        expected = client.diagnostics(fresh)
        self.assertEqual(expected, client.diagnostics(uri), "%s\n%r" % (label, text))
        for finding in expected:
            name = positions.cut(text, finding["range"], client.encoding)
            self.assertTrue(name, label)
        client.close(fresh)

    def test_random_edits(self):
        self.fake()
        seed = int(os.environ.get("OLLAMA_LS_SEED", "0")) or random.SystemRandom().randrange(1 << 30)
        for number, encoding in enumerate(("utf-8", "utf-16", "utf-16")):
            self.play(encoding, seed + number, 60)

    def test_changes_that_overtake_each_other(self):
        """As Helix before 25.07 sends them: each from a task of its own, the versions tell their order."""
        self.fake()
        seed = int(os.environ.get("OLLAMA_LS_SEED", "0")) or random.SystemRandom().randrange(1 << 30)
        rng = random.Random(seed)
        client = self.client("helix")
        control = self.open(client, "control.env", "OLLAMA_MODEL=zzz-a\n")
        self.expect(client, control, "unknown-model")
        text = self.text(rng, 10)
        uri = self.open(client, "a.env", text, version=0)
        version = 0
        for round_ in range(12):
            sent = []
            for _ in range(rng.choice((2, 9, 40, 100))):
                event = self.change(rng, text, client.encoding)
                if "range" not in event:
                    continue
                text = positions.change(text, event, client.encoding)
                version += 1
                sent.append((version, event))
            for place in range(len(sent)):  # each is moved by a few places
                other = min(len(sent) - 1, place + rng.randrange(12))
                sent[place], sent[other] = sent[other], sent[place]
            # What is older than the log holds is lost: a late one may not be that late.
            sent.sort(key=lambda one: one[0] // 24)
            for number, event in sent:
                client.edit(uri, number, [event])
            self.compare(client, uri, text, "seed %d round %d" % (seed, round_))
        client.finish()

    def test_typing_that_overtakes_itself(self):
        self.fake()
        client = self.client("helix")
        text = "OLLAMA_MODEL=zzz-a"
        uri = self.open(client, "a.env", "", version=0)
        typed = list(enumerate(text))
        for at, letter in typed[13:] + typed[5:6] + typed[:5] + typed[8:9] + typed[6:8] + typed[9:13][::-1]:
            place = {"line": 0, "character": at}
            client.edit(uri, at + 1, [{"range": {"start": place, "end": place}, "text": letter}])
        found = self.expect(client, uri, "unknown-model")
        self.assertEqual("zzz-a", positions.cut(text, found[0]["range"], client.encoding))
        self.assertEqual(len(text), client.published[uri]["version"])
        client.finish()

    def test_an_edit_and_its_inverse(self):
        self.fake()
        client = self.client("nvim-0.7")
        text = "OLLAMA_MODEL=zzz-a\n# \U0001f600\nOLLAMA_CHAT_MODEL=llama3.2:3b\n"
        uri = self.open(client, ".env", text)
        before = self.expect(client, uri, "unknown-model")
        place = {"start": {"line": 0, "character": 13}, "end": {"line": 0, "character": 13}}
        client.edit(uri, 2, [{"range": place, "text": "\U0001f600\n"}])
        client.edit(uri, 3, [{"range": {"start": place["start"], "end": {"line": 1, "character": 0}},
                              "text": ""}])
        client.settle()
        self.assertEqual(before, client.diagnostics(uri, lambda d: d == before))
        client.finish()

    def test_versions_may_be_zero_jump_or_fall(self):
        self.fake()
        client = self.client("nvim-0.7")
        uri = self.open(client, ".env", "OLLAMA_MODEL=zzz-a\n", version=0)
        self.expect(client, uri, "unknown-model")
        client.edit(uri, 900, "OLLAMA_MODEL=llama3.2:3b\n")
        self.expect(client, uri)
        client.edit(uri, 3, "OLLAMA_MODEL=zzz-a\n")
        self.expect(client, uri, "unknown-model")
        client.finish()

    def test_open_twice_and_close_twice(self):
        self.fake()
        client = self.client("nvim-0.7")
        uri = self.open(client, ".env", "OLLAMA_MODEL=zzz-a\n")
        client.open(uri, "OLLAMA_MODEL=llama3.2:3b\n", version=2)
        self.expect(client, uri)
        client.close(uri)
        client.close(uri)
        client.settle()
        client.drop("window/showMessage")
        client.finish()

    def test_an_open_buffer_beats_the_disk(self):
        self.fake()
        client = self.client("nvim-0.7")
        self.write(".env", "OLLAMA_MODEL=zzz-disk\n")
        uri = self.open(client, ".env", "OLLAMA_MODEL=llama3.2:3b\n")
        client.settle()
        self.assertEqual([], client.diagnostics(uri, lambda d: True))
        client.finish()

    def test_a_file_over_4_mib_is_left_alone(self):
        self.fake()
        client = self.client("nvim-0.7")
        text = "OLLAMA_MODEL=zzz-a\n" + "# padding padding padding\n" * 200000
        uri = self.open(client, ".env", text)
        client.settle()
        self.assertFalse(client.published.get(uri, {}).get("diagnostics"))
        client.edit(uri, 2, "OLLAMA_MODEL=zzz-a\n")
        self.expect(client, uri, "unknown-model")
        client.finish()

    def test_a_line_of_a_megabyte(self):
        self.fake()
        client = self.client("nvim-0.7")
        text = "# " + "\U0001f600" * 250000 + "\nOLLAMA_MODEL=zzz-a\n"
        uri = self.open(client, ".env", text)
        found = self.expect(client, uri, "unknown-model")
        self.assertEqual(self.range_of(client, text, "zzz-a"), found[0]["range"])
        client.edit(uri, 2, [{"range": {"start": {"line": 0, "character": 400000},
                                        "end": {"line": 0, "character": 500002}}, "text": "\n"}])
        client.settle()
        found = client.diagnostics(uri, lambda d: d and d[0]["range"]["start"]["line"] == 2)
        self.assertEqual("unknown-model", found[0]["code"])
        client.finish()

    def test_percent_encoded_uris_are_one_document_and_answered_as_spelt(self):
        self.fake()
        client = self.client("nvim-0.7")
        spelt = "file://%s/a%%20b%%2Bc%%C3%%A9.env" % self.workspace
        client.open(spelt, "OLLAMA_MODEL=zzz-a\n")
        self.expect(client, spelt, "unknown-model")
        client.edit(spelt, 2, "OLLAMA_MODEL=llama3.2:3b\n")
        self.expect(client, spelt)
        client.finish()
