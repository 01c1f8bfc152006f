// SPDX-License-Identifier: MIT
//
// One AI action as $/ollama-ls/stream tells it, and how its text is drawn. Nothing here knows VS Code.
//
// Deltas may be missing (`seq` tells) and nothing is lost by it: `end` carries the whole text. What
// was drawn until then is only a preview.
import type { Outcome, Position, Range, StreamMessage } from "./protocol";
import { count, doing, expandTabs, visible } from "./words";

export interface Change {
    range: Range;
    text: string;
}

export class Run {
    text = "";
    thoughts = 0; // characters of thinking, which is not drawn
    outcome: Outcome | undefined;
    error: string | undefined;

    constructor(
        readonly id: string,
        readonly uri: string,
        public range: Range,
        readonly action: string,
        readonly model: string,
        readonly isShown: boolean, // as a document of its own; the file is not touched
    ) {}

    get isAtWork(): boolean {
        return this.outcome === undefined;
    }

    // Does a text wait to be accepted or rejected?
    get isWaiting(): boolean {
        const kept = this.outcome === "review" || this.outcome === "conflict" || this.outcome === "failed" || this.outcome === "shown";
        return kept && !this.isShown && this.text !== "";
    }
}

// The runs that have not ended, or whose result waits.
export class Runs {
    private readonly runs = new Map<string, Run>();

    // Takes a message in. Returns the run it is about, if it is one of ours.
    take(message: StreamMessage): Run | undefined {
        if (message.kind === "begin") {
            if (message.uri === undefined || message.range === undefined) {
                return undefined;
            }
            const isShown = message.output !== undefined ? message.output === "show" : message.action === "explain";
            const run = new Run(message.id, message.uri, message.range, message.action ?? "", message.model ?? "", isShown);
            this.runs.set(message.id, run);
            return run;
        }
        const run = this.runs.get(message.id);
        if (!run) {
            return undefined;
        }
        if (message.kind === "delta") {
            run.text += message.text ?? "";
        } else if (message.kind === "thinking") {
            run.thoughts += (message.text ?? "").length;
        } else {
            run.text = message.text ?? run.text;
            run.outcome = message.outcome ?? "failed";
            run.error = message.error?.message;
            if (!run.isWaiting) {
                this.runs.delete(run.id);
            }
        }
        return run;
    }

    drop(id: string): Run | undefined {
        const run = this.runs.get(id);
        this.runs.delete(id);
        return run;
    }

    // The server died, and what it kept with it.
    clear(): Run[] {
        const all = [...this.runs.values()];
        this.runs.clear();
        return all;
    }

    closed(uri: string): Run[] {
        const closed = this.of(uri).filter((run) => !run.isShown);
        closed.forEach((run) => this.runs.delete(run.id));
        return closed;
    }

    get(id: string): Run | undefined {
        return this.runs.get(id);
    }

    of(uri: string): Run[] {
        return [...this.runs.values()].filter((run) => run.uri === uri);
    }

    all(): Run[] {
        return [...this.runs.values()];
    }

    changed(uri: string, changes: readonly Change[]): void {
        for (const run of this.of(uri)) {
            for (const change of changes) {
                run.range = follow(run.range, change);
            }
        }
    }
}

function before(a: Position, b: Position): boolean {
    return a.line < b.line || (a.line === b.line && a.character < b.character);
}

function moved(at: Position, change: Change): Position {
    const lines = change.text.split(/\r\n|\r|\n/);
    const last = lines[lines.length - 1]!.length;
    const line = at.line - change.range.end.line + change.range.start.line + lines.length - 1;
    if (at.line !== change.range.end.line) {
        return { line, character: at.character };
    }
    const base = lines.length === 1 ? change.range.start.character : 0;
    return { line, character: at.character - change.range.end.character + base + last };
}

// Where a range is after a change. What is put in at its start moves it; what is put in at its end
// does not widen it. An edit inside it: the server judges that, we only stay near.
export function follow(range: Range, change: Change): Range {
    const { start, end } = change.range;
    const newStart = !before(range.start, end) ? moved(range.start, change)
        : before(start, range.start) ? start : range.start;
    const isEmpty = !before(range.start, range.end);
    if (isEmpty) {
        return { start: newStart, end: newStart };
    }
    const newEnd = before(end, range.end) ? moved(range.end, change)
        : before(start, range.end) ? (before(start, newStart) ? newStart : start) : range.end;
    return { start: newStart, end: newEnd };
}

export interface Ghost {
    line: number; // of the document it lies over
    character: number; // where on that line it begins
    below: number; // so many lines further down: the document has no line there
    text: string;
}

const LINES_MAX = 60; // drawn at most; a longer text shows its end
const WIDTH_MAX = 400;

// The text so far, as lines that lie over the document from the start of the range on.
export function ghosts(run: Run, lineCount: number, tabSize: number): Ghost[] {
    let lines = run.text.split(/\r\n|\r|\n/);
    if (lines.length > 1 && lines[lines.length - 1] === "") {
        lines.pop();
    }
    if (lines.length > LINES_MAX) {
        const left = lines.length - LINES_MAX + 1;
        lines = [`⋯ ${left} lines above`, ...lines.slice(left)];
    }
    return lines.map((line, i) => {
        const at = run.range.start.line + i;
        const on = Math.min(at, Math.max(lineCount - 1, 0));
        const character = i === 0 ? run.range.start.character : 0;
        const text = visible(expandTabs(line, tabSize, character));
        return {
            line: on,
            character,
            below: at - on,
            text: text.length > WIDTH_MAX ? text.slice(0, WIDTH_MAX) + "…" : text,
        };
    });
}

// What stands above the range.
export function heading(run: Run, isLoading = false): string {
    const what = doing(run.action);
    if (run.isAtWork) {
        const far = run.text ? count(run.text.split("\n").length, "line")
            : run.thoughts > 0 ? "thinking" : isLoading ? "loading the model" : "waiting";
        return `${run.model}: ${what}, ${far}`;
    }
    switch (run.outcome) {
        case "review":
            return `${run.model}: done ${what}; accept or reject`;
        case "conflict":
            return `${run.model}: this was edited meanwhile; the result is kept`;
        case "failed":
            return `${run.model}: broken off${run.error ? `: ${run.error}` : ""}; what came is kept`;
        default:
            return `${run.model}: the result is kept`;
    }
}

// The document with the text in place of the range, for comparing.
export function merged(document: string, range: Range, text: string): string {
    const offset = (at: Position): number => {
        let from = 0;
        for (let line = 0; line < at.line; line++) {
            const next = /\r\n|\r|\n/g;
            next.lastIndex = from;
            const found = next.exec(document);
            if (!found) {
                return document.length;
            }
            from = found.index + found[0].length;
        }
        return Math.min(from + at.character, document.length);
    };
    return document.slice(0, offset(range.start)) + text + document.slice(offset(range.end));
}
