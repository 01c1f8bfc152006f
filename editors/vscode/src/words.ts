// SPDX-License-Identifier: MIT
//
// How sizes and texts of others are written. Nothing here knows VS Code.

// Decimal, as Ollama writes them: "2.0 GB".
export function bytes(n: number): string {
    if (!(n > 0)) {
        return "";
    }
    const units = ["B", "kB", "MB", "GB", "TB"];
    let i = 0;
    while (n >= 999.5 && i < units.length - 1) {
        n /= 1000;
        i++;
    }
    return `${i > 0 && n < 9.95 ? n.toFixed(1) : n.toFixed(0)} ${units[i]}`;
}

// "131072" as "128K".
export function context(n: number | undefined): string {
    return !n ? "" : n >= 1024 ? `${Math.round(n / 1024)}K` : `${n}`;
}

export function count(n: number, one: string, many = one + "s"): string {
    return `${n} ${n === 1 ? one : many}`;
}

// Text of a server or a model as plain text in Markdown. Backslashes do for every sign of it; the
// rest would be HTML or an icon.
export function markdown(text: string): string {
    return text
        .replace(/[\\`*_{}[\]()#+\-.!|~<>&$:]/g, "\\$&")
        .replace(/\r?\n|\r/g, " ");
}

// A label of VS Code turns "$(name)" into an icon; a name of ours must not.
export function label(text: string): string {
    return text.replace(/\$\(/g, "$\u200b(");
}

// What would move, hide or reorder other text is shown as what it is: something odd.
export function visible(text: string): string {
    return text.replace(
        // eslint-disable-next-line no-control-regex
        /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
        "\ufffd",
    );
}

// A tab reaches to the next multiple of `size`.
export function expandTabs(line: string, size: number, column = 0): string {
    let out = "";
    for (const c of line) {
        if (c === "\t") {
            const n = size - (column % size);
            out += " ".repeat(n);
            column += n;
        } else {
            out += c;
            column++;
        }
    }
    return out;
}

const DOING: Record<string, string> = {
    pull: "pulling", load: "loading", unload: "unloading", delete: "deleting", create: "creating", start: "starting",
    explain: "explaining", fix: "fixing", refactor: "refactoring", simplify: "simplifying", optimise: "optimising",
    document: "documenting", types: "adding types", tests: "writing tests", complete: "completing", edit: "editing",
};

// What the server calls a kind of work or an action, as something that goes on.
export function doing(kind: string): string {
    return DOING[kind] ?? kind;
}
