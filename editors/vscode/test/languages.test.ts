// SPDX-License-Identifier: MIT
//
// The grammars in the engine that VS Code uses, and the manifest against itself.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import * as oniguruma from "vscode-oniguruma";
import { parseRawGrammar, Registry } from "vscode-textmate";

const ROOT = process.cwd(); // npm runs scripts in the package's folder

const ready = (async () => {
    const wasm = fs.readFileSync(path.join(ROOT, "node_modules/vscode-oniguruma/release/onig.wasm"));
    await oniguruma.loadWASM(wasm);
    return new Registry({
        onigLib: Promise.resolve({
            createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
            createOnigString: (text) => new oniguruma.OnigString(text),
        }),
        loadGrammar: async (scope) => {
            const file = path.join(ROOT, "languages", `${scope.replace("source.", "")}.tmLanguage.json`);
            return parseRawGrammar(fs.readFileSync(file, "utf8"), file);
        },
    });
})();

// "text → innermost scope" of each token that is no blank.
async function tokens(scope: string, text: string): Promise<[string, string][]> {
    const grammar = await (await ready).loadGrammar(scope);
    let stack = null;
    const found: [string, string][] = [];
    for (const line of text.split("\n")) {
        const result = grammar!.tokenizeLine(line, stack);
        stack = result.ruleStack;
        for (const token of result.tokens) {
            const word = line.slice(token.startIndex, token.endIndex).trim();
            if (word) {
                found.push([word, token.scopes.at(-1)!.replace(/\.(modelfile|namel3ss)$/, "")]);
            }
        }
    }
    return found;
}

async function scopeOf(scope: string, text: string, word: string): Promise<string | undefined> {
    return (await tokens(scope, text)).find(([token]) => token === word)?.[1];
}

test("Modelfile: instructions, names, parameters, roles, templates", async () => {
    const text = 'from hf.co/org/Repo:Q4_K_M\n# note\nPARAMETER temperature 0.7\nPARAMETER stop "</s>"\nMESSAGE user hi # no comment\nTEMPLATE """{{ if .System }}x\n{{- .Prompt }}"""\nSYSTEM be brief';
    const of = (word: string) => scopeOf("source.modelfile", text, word);
    assert.equal(await of("from"), "keyword.control");
    assert.equal(await of("hf.co/org/Repo:Q4_K_M"), "entity.name.type.model");
    assert.equal(await of("# note"), "comment.line.number-sign");
    assert.equal(await of("temperature"), "variable.parameter");
    assert.equal(await of("0.7"), "constant.numeric");
    assert.equal(await of("user"), "support.constant.role");
    assert.equal(await of("hi # no comment"), "string.unquoted");
    assert.equal(await of("if"), "keyword.control.template");
    assert.equal(await of(".Prompt"), "variable.other.template");
    assert.equal(await of("SYSTEM"), "keyword.control"); // the string before it has ended
});

test("Modelfile: an instruction inside a long string is none", async () => {
    const found = await tokens("source.modelfile", 'SYSTEM """\nFROM here\n"""\nFROM x');
    assert.equal(found.find(([word]) => word === "FROM here")?.[1], "string.quoted.triple");
    assert.equal(found.filter(([, scope]) => scope === "keyword.control").length, 2);
});

test("namel3ss: blocks, keys, names with colons, sentences", async () => {
    const text = '# note\nai model helper {\n    provider: ollama\n    model: llama3:8b\n    config: { auto_pull_model: false, num_ctx: 4096 }\n}\nai "assistant":\n  model is "mistral:7b"';
    const of = (word: string) => scopeOf("source.namel3ss", text, word);
    assert.equal(await of("# note"), "comment.line.number-sign");
    assert.equal(await of("ai model"), "keyword.control");
    assert.equal(await of("helper"), "entity.name.type");
    assert.equal(await of("provider"), "variable.parameter");
    assert.equal(await of("llama3:8b"), "string.unquoted");
    assert.equal(await of("false"), "constant.language");
    assert.equal(await of("4096"), "constant.numeric");
    assert.equal(await of("is"), "keyword.operator.word");
    assert.equal(await of('"mistral:7b"'), "string.quoted.double");
});

// --- the manifest ---

interface Manifest {
    contributes: {
        commands: { command: string }[];
        keybindings: { command: string; key: string; when?: string }[];
        menus: Record<string, { command?: string; submenu?: string }[]>;
        configuration: { properties: Record<string, { scope?: string; default?: unknown; markdownDescription?: string }> };
    };
    capabilities: { untrustedWorkspaces: { supported: string; restrictedConfigurations: string[] } };
}

const manifest = JSON.parse(fs.readFileSync(path.join(ROOT, "package.json"), "utf8")) as Manifest;
const properties = manifest.contributes.configuration.properties;

test("every command is registered, and every registered one is told", () => {
    const sources = fs.readdirSync(path.join(ROOT, "src")).map((name) => fs.readFileSync(path.join(ROOT, "src", name), "utf8")).join("\n");
    const told = manifest.contributes.commands.map((one) => one.command);
    for (const id of told) {
        assert.match(id, /^ollamaLs\./); // "ollama-ls.…" are the client's own, "ollama.…" another extension's
        const name = id.replace("ollamaLs.", "");
        const isAction = name.startsWith("ai.") && sources.includes(`"${name.slice(3)}"`);
        assert.ok(isAction || sources.includes(`register("${name}"`), id);
    }
    for (const [, name] of sources.matchAll(/register\("([^"]+)"/g)) {
        assert.ok(told.includes(`ollamaLs.${name}`), name);
    }
    const used = [...manifest.contributes.keybindings, ...Object.values(manifest.contributes.menus).flat()];
    for (const { command } of used) {
        assert.ok(command === undefined || told.includes(command), command);
    }
});

test("settings: ours alone, described, with the grades of docs/settings.md", () => {
    const table = fs.readFileSync(path.join(ROOT, "../../docs/settings.md"), "utf8");
    const grades = new Map([...table.matchAll(/^\| `([\w.]+)` \|.*\| (user|any) \|/gm)].map(([, key, grade]) => [key, grade]));
    assert.ok(grades.size > 20);
    for (const [name, property] of Object.entries(properties)) {
        assert.match(name, /^ollama-ls\./);
        assert.ok((property.markdownDescription ?? "").length > 10, name);
        assert.ok("default" in property, name);
        const key = name.slice("ollama-ls.".length);
        if (key !== "path" && key !== "trace.server") {
            assert.ok(grades.has(key), `${key} is no setting of the server`);
            assert.equal(property.scope === "machine", grades.get(key) === "user", `${key}: its scope`);
        }
    }
    assert.equal(properties["ollama-ls.path"]!.scope, "machine");
    for (const key of grades.keys()) {
        assert.ok(properties[`ollama-ls.${key}`], `${key} is missing`);
    }
    const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
    for (const [name, property] of Object.entries(properties)) {
        const isOpen = property.scope !== "machine" && name !== "ollama-ls.trace.server";
        assert.equal(restricted.includes(name), isOpen, `${name} in an untrusted workspace`);
    }
});
