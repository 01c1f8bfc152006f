// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Range, StreamMessage } from "../src/protocol";
import { follow, ghosts, heading, merged, Run, Runs, type Change } from "../src/stream";

function range(l1: number, c1: number, l2: number, c2: number): Range {
    return { start: { line: l1, character: c1 }, end: { line: l2, character: c2 } };
}

function begin(id: string, more: Partial<StreamMessage> = {}): StreamMessage {
    return { id, seq: 0, kind: "begin", uri: "file:///a.py", range: range(1, 0, 3, 0), action: "refactor", model: "m:1b", ...more };
}

// --- messages ---

test("deltas add up; the end carries the whole text", () => {
    const runs = new Runs();
    const run = runs.take(begin("1"))!;
    runs.take({ id: "1", seq: 1, kind: "thinking", text: "hm" });
    assert.match(heading(run), /m:1b: refactoring, thinking/);
    runs.take({ id: "1", seq: 2, kind: "delta", text: "a\n" });
    runs.take({ id: "1", seq: 3, kind: "delta", text: "b" });
    assert.equal(run.text, "a\nb");
    assert.ok(run.isAtWork && !run.isWaiting);
    runs.take({ id: "1", seq: 9, kind: "end", text: "a\nb\nc", outcome: "review" });
    assert.equal(run.text, "a\nb\nc");
    assert.ok(run.isWaiting && !run.isAtWork);
    assert.equal(runs.drop("1"), run);
    assert.deepEqual(runs.all(), []);
});

test("what is applied, cancelled or empty leaves nothing behind", () => {
    for (const [outcome, text] of [["applied", "x"], ["cancelled", "x"], ["failed", ""]] as const) {
        const runs = new Runs();
        runs.take(begin("1"));
        runs.take({ id: "1", seq: 1, kind: "end", text, outcome });
        assert.deepEqual(runs.all(), [], outcome);
    }
});

test("conflicts, broken off and refused edits wait; the heading says why", () => {
    for (const [outcome, words] of [["conflict", /edited meanwhile/], ["failed", /broken off: no more/], ["shown", /kept/]] as const) {
        const runs = new Runs();
        const run = runs.take(begin("1"))!;
        runs.take({ id: "1", seq: 1, kind: "end", text: "x", outcome, error: { message: "no more", remedy: "" } });
        assert.ok(run.isWaiting, outcome);
        assert.match(heading(run), words);
    }
});

test("what is to be read touches no file and waits for nobody", () => {
    const runs = new Runs();
    assert.equal(runs.take(begin("1", { action: "explain" }))!.isShown, true);
    assert.equal(runs.take(begin("2", { action: "mine", output: "show" }))!.isShown, true);
    assert.equal(runs.take(begin("3", { action: "explain", output: "replace" }))!.isShown, false);
    runs.take({ id: "1", seq: 1, kind: "end", text: "# x", outcome: "failed" });
    assert.deepEqual(runs.all().map((run) => run.id), ["2", "3"]);
});

test("messages of runs that nobody began are ignored", () => {
    const runs = new Runs();
    assert.equal(runs.take({ id: "x", seq: 1, kind: "delta", text: "a" }), undefined);
    assert.equal(runs.take({ id: "x", seq: 0, kind: "begin" }), undefined);
    assert.deepEqual(runs.all(), []);
});

test("the end of the server, or of a document, ends its runs", () => {
    const runs = new Runs();
    runs.take(begin("1"));
    runs.take(begin("2", { uri: "file:///b.py" }));
    runs.take(begin("3", { action: "explain" }));
    assert.deepEqual(runs.closed("file:///a.py").map((run) => run.id), ["1"]);
    assert.deepEqual(runs.clear().map((run) => run.id), ["2", "3"]);
    assert.deepEqual(runs.all(), []);
});

// --- ranges ---

function offset(text: string, at: { line: number; character: number }): number {
    const lines = text.split("\n");
    return lines.slice(0, at.line).reduce((sum, line) => sum + line.length + 1, 0) + at.character;
}

function position(text: string, at: number): { line: number; character: number } {
    const lines = text.slice(0, at).split("\n");
    return { line: lines.length - 1, character: lines[lines.length - 1]!.length };
}

test("a range follows every change outside it (each against the text itself)", () => {
    const text = "ab\ncd\n\nefg\nh";
    const pieces = ["", "x", "\n", "x\ny", "\n\nzz"];
    for (let start = 0; start <= text.length; start++) {
        for (let end = start; end <= text.length; end++) {
            const target = { start: position(text, 4), end: position(text, 9) };
            if (start < 9 && end > 4) {
                continue; // inside: not ours to judge
            }
            for (const piece of pieces) {
                const change: Change = { range: { start: position(text, start), end: position(text, end) }, text: piece };
                const changed = text.slice(0, start) + piece + text.slice(end);
                const now = follow(target, change);
                const words = `${start}..${end} ${JSON.stringify(piece)}`;
                assert.equal(changed.slice(offset(changed, now.start), offset(changed, now.end)), text.slice(4, 9), words);
            }
        }
    }
});

test("a range that is edited inside, or taken away, stays a range", () => {
    const target = range(1, 0, 3, 0);
    assert.deepEqual(follow(target, { range: range(2, 0, 2, 0), text: "x\n" }), range(1, 0, 4, 0));
    const gone = follow(target, { range: range(0, 0, 9, 0), text: "" });
    assert.deepEqual(gone, range(0, 0, 0, 0));
    const half = follow(target, { range: range(0, 0, 2, 0), text: "" });
    assert.deepEqual(half, range(0, 0, 1, 0));
    const tail = follow(target, { range: range(2, 1, 9, 0), text: "" });
    assert.deepEqual(tail, range(1, 0, 2, 1));
    assert.deepEqual(follow(range(1, 1, 1, 1), { range: range(1, 0, 1, 0), text: "ab" }), range(1, 3, 1, 3));
});

// --- drawing ---

function run(text: string, at = range(1, 4, 3, 0)): Run {
    const one = new Run("1", "file:///a.py", at, "refactor", "m", false);
    one.text = text;
    return one;
}

test("each line lies over one of the document; the rest hangs below the last", () => {
    assert.deepEqual(ghosts(run("one\n\ttwo\nthree\nfour\n"), 3, 4), [
        { line: 1, character: 4, below: 0, text: "one" },
        { line: 2, character: 0, below: 0, text: "    two" },
        { line: 2, character: 0, below: 1, text: "three" },
        { line: 2, character: 0, below: 2, text: "four" },
    ]);
});

test("what is drawn is bounded and made visible", () => {
    const many = ghosts(run(Array.from({ length: 500 }, (_, i) => `l${i}`).join("\n")), 1000, 4);
    assert.equal(many.length, 60);
    assert.equal(many[0]!.text, "⋯ 441 lines above");
    assert.equal(many.at(-1)!.text, "l499");
    const wide = ghosts(run("x".repeat(10_000) + "\nb\u202ec"), 9, 4);
    assert.equal(wide[0]!.text.length, 401);
    assert.equal(wide[1]!.text, "b\ufffdc");
});

test("the comparison has the text in place of the range", () => {
    assert.equal(merged("a\r\nb\nc\rd", range(1, 0, 2, 1), "X"), "a\r\nX\rd");
    assert.equal(merged("a", range(7, 0, 8, 0), "X"), "aX");
});
