# SPDX-License-Identifier: MIT
"""Plays the transcripts of cases/*.jsonl.

One step per line; a line with "case" begins a case (its members: case, profile). Steps:
  {"init": true}                        initialize (id 1) and initialized
  {"request": [id, method, params], "error": code | "errorIn": [codes] | "result": subset}
  {"notify": [method, params]}
  {"raw": "body", "nullError": code}    a framed body; the answer must come with id null
  {"latin1": "body", …}                 the same, the body's characters being bytes
  {"bytes": "…", "answers": [id, code]} exact bytes, framing included
  {"end": code}                         end of input; the exit code
Single pacing waits for each answer; the others send the whole case first.
"""
import json
import pathlib
import unittest

from lib import framing
from lib.harness import LspCase

CASES = pathlib.Path(__file__).with_name("cases")


def load(path):
    """The cases of a file: (name, head, steps)."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        step = json.loads(line)
        if "case" in step:
            found.append((step["case"], step, []))
        else:
            found[-1][2].append((number, step))
    return found


def subset(expected, actual):
    """True when every member of expected stands in actual."""
    if isinstance(expected, dict):
        return isinstance(actual, dict) and all(
            key in actual and subset(value, actual[key]) for key, value in expected.items())
    return expected == actual


class Transcripts(LspCase):
    def play(self, head, steps):
        client = self.client(head.get("profile", "bare"), start=False)
        checks, nulls, code = [], [], None
        for number, step in steps:
            check = self.step(client, number, step, nulls)
            if check and client.pacing == "single":
                check()
            elif check:
                checks.append(check)
            code = step.get("end", code)
        for check in checks:
            check()
        client.close_stdin()
        self.assertEqual(code, client.ended(), client.report())
        client.wait(lambda: client.eof, "the end of output")
        codes = [m.get("error", {}).get("code") for m in client.null_answers]
        self.assertEqual(nulls, codes, client.report())
        client.null_answers.clear()
        self.assertEqual([], client.problems(), client.report())

    def step(self, client, number, step, nulls):
        if step.get("init"):
            identity = client.start_request("initialize", {
                "processId": None, "rootUri": None, "capabilities": client.capabilities}, 1)
            client.notify("initialized", {})
            return lambda: self.assertIn("result", client.answer(identity), "line %d" % number)
        if "request" in step:
            identity, method, params = (step["request"] + [None])[:3]
            client.start_request(method, params, identity)
            return lambda: self.compare(client, number, step, client.answer(identity))
        if "notify" in step:
            client.notify(*step["notify"])
        if "raw" in step:
            client.send(framing.frame(step["raw"].encode("utf-8")))
        if "latin1" in step:
            client.send(framing.frame(step["latin1"].encode("latin-1")))
        if "nullError" in step:
            nulls.append(step["nullError"])
            count = len(nulls)
            return lambda: client.wait(lambda: len(client.null_answers) >= count,
                                       "an answer with id null (line %d)" % number)
        if "bytes" in step:
            client.send(step["bytes"].encode("utf-8"))
            if "answers" in step:
                identity, error = step["answers"]
                client.expect_answer(identity)
                return lambda: self.compare(client, number, {"error": error},
                                            client.answer(identity))
        return None

    def compare(self, client, number, step, answer):
        code = answer.get("error", {}).get("code")
        text = "line %d: %s\n%s" % (number, answer, client.report())
        if "error" in step:
            self.assertEqual(step["error"], code, text)
        elif "errorIn" in step:
            self.assertIn(code, step["errorIn"], text)
        else:
            self.assertIn("result", answer, text)
            self.assertTrue(subset(step.get("result", answer["result"]), answer["result"]), text)


def _add_tests():
    for path in sorted(CASES.glob("*.jsonl")):
        for number, (name, head, steps) in enumerate(load(path), 1):
            def test(self, head=head, steps=steps):
                self.play(head, steps)
            test.__doc__ = name
            words = "".join(c if c.isalnum() else "_" for c in name.lower())
            setattr(Transcripts, "test_%s_%02d_%s" % (path.stem, number, words), test)


_add_tests()

if __name__ == "__main__":
    unittest.main()
