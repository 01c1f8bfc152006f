// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { fitting, installed, loadable, loaded, metricsText, pullable } from "../src/models";
import { findProgram, type Surroundings } from "../src/program";
import type { Library, Model, Models, Status } from "../src/protocol";
import { Restarts } from "../src/restarts";
import { userSettings, type Inspected } from "../src/settings";
import { jobText, programItem, statusItem } from "../src/status";
import { bytes, context, expandTabs, label, markdown, visible } from "../src/words";

// --- words ---

test("sizes are written as Ollama writes them", () => {
    assert.deepEqual(
        [0, -1, NaN, 7, 999, 1000, 2019393189, 4920753328, 9949999999, 9950000000, 274302450, 4e15].map(bytes),
        ["", "", "", "7 B", "999 B", "1.0 kB", "2.0 GB", "4.9 GB", "9.9 GB", "10 GB", "274 MB", "4000 TB"],
    );
    assert.deepEqual([undefined, 0, 512, 2048, 131072].map(context), ["", "", "512", "2K", "128K"]);
});

test("text of others is no Markdown, no icon, no HTML", () => {
    const evil = "[x](command:evil) **b** <img src=x> `c` $(zap) | &amp; a\nb\r\nc";
    const shown = markdown(evil);
    assert.equal(shown.replace(/\\(.)/g, "$1"), evil.replace(/\r?\n/g, " "));
    assert.doesNotMatch(shown, /(^|[^\\])[[\]()<>*`$|&]/);
    assert.doesNotMatch(label("$(zap) x"), /\$\(/);
});

test("what would hide or reorder other text is made visible", () => {
    assert.equal(visible("a\u202eb\u200bc\u0007d\tе"), "a\ufffdb\ufffdc\ufffdd\tе");
});

test("tabs reach to the next stop", () => {
    assert.equal(expandTabs("\ta\tb", 4), "    a   b");
    assert.equal(expandTabs("\ta", 4, 3), " a");
});

// --- the program ---

function surroundings(changes: Partial<Surroundings>, ...programs: string[]): Surroundings {
    return {
        setting: "",
        extension: "/ext",
        home: "/users/ada",
        searchPath: "bin:.:/usr/bin:/opt/bin",
        platform: "linux-x64",
        isProgram: (file) => programs.includes(file),
        ...changes,
    };
}

test("the program: the setting, then ours, then PATH", () => {
    const all = ["/x/ollama-ls", "/ext/bin/ollama-ls", "/opt/bin/ollama-ls"];
    assert.deepEqual(findProgram(surroundings({ setting: "/x/ollama-ls" }, ...all)), { program: "/x/ollama-ls" });
    assert.deepEqual(findProgram(surroundings({}, ...all)), { program: "/ext/bin/ollama-ls" });
    assert.deepEqual(findProgram(surroundings({}, "/opt/bin/ollama-ls")), { program: "/opt/bin/ollama-ls" });
    assert.deepEqual(findProgram(surroundings({ setting: "~/ols" }, "/users/ada/ols")), { program: "/users/ada/ols" });
});

test("a relative path could be a repository's: it is never run", () => {
    const found = findProgram(surroundings({ setting: "./ollama-ls" }, "./ollama-ls", "/ext/bin/ollama-ls"));
    assert.match((found as { missing: string }).missing, /absolute/);
    assert.ok("missing" in findProgram(surroundings({}, "bin/ollama-ls", "./ollama-ls")));
});

test("missing: the message says what to do", () => {
    const wrong = findProgram(surroundings({ setting: "/gone" }, "/ext/bin/ollama-ls")) as { missing: string };
    assert.match(wrong.missing, /\/gone.*Correct it, or clear it/);
    const none = findProgram(surroundings({})) as { missing: string };
    assert.match(none.missing, /linux-x64.*Install it/s);
});

// --- settings ---

function configuration(values: Record<string, Inspected & { merged?: unknown }>) {
    return {
        inspect: (key: string): Inspected | undefined => values[key] ?? {},
        get: (key: string): unknown => values[key]?.merged ?? values[key]?.workspaceValue ?? values[key]?.globalValue,
    };
}

const PROPERTIES = {
    "ollama-ls.path": { scope: "machine" },
    "ollama-ls.url": { scope: "machine" },
    "ollama-ls.ai.model": { scope: "machine" },
    "ollama-ls.ignoreModels": { scope: "window" },
    "ollama-ls.cacheTtl": { scope: "window" },
    "ollama-ls.trace.server": { scope: "window" },
    "ollama.host": { scope: "window" },
};

test("of keys that matter only the user's own value is told, whoever is trusted", () => {
    const hostile = configuration({
        url: { globalValue: "http://mine:1", workspaceValue: "http://evil:1", merged: "http://evil:1" },
        "ai.model": { workspaceFolderValue: { chat: "evil:cloud" }, merged: { chat: "evil:cloud" } },
    });
    assert.deepEqual(userSettings(PROPERTIES, hostile, true), { url: "http://mine:1" });
    assert.deepEqual(userSettings(PROPERTIES, hostile, false), { url: "http://mine:1" });
});

test("of the others the workspace's counts where it is trusted", () => {
    const values = configuration({
        ignoreModels: { globalValue: ["a"], workspaceValue: ["b"] },
        cacheTtl: { workspaceFolderValue: 5, merged: 5 },
    });
    assert.deepEqual(userSettings(PROPERTIES, values, true), { ignoreModels: ["b"], cacheTtl: 5 });
    assert.deepEqual(userSettings(PROPERTIES, values, false), { ignoreModels: ["a"] });
});

test("defaults, empty texts and the plugin's own keys are not told", () => {
    const values = configuration({
        path: { globalValue: "/x" },
        "trace.server": { globalValue: "verbose" },
        url: { globalValue: "" },
        ignoreModels: { globalValue: null },
    });
    assert.deepEqual(userSettings(PROPERTIES, values, true), {});
});

// --- restarts ---

test("a server that dies is started again four times in three minutes, and again later", () => {
    const restarts = new Restarts();
    assert.deepEqual([0, 1, 2, 3, 4].map((s) => restarts.mayRestart(s * 1000)), [true, true, true, true, false]);
    assert.equal(restarts.mayRestart(200_000), true);
});

// --- status ---

const RUNNING = { name: "llama3.2:3b", size: 2019393189, sizeVram: 1009696594, contextLength: 8192, expiresAt: "", remote: false };

function status(changes: Partial<Status>, server: Partial<Status["servers"][0]> = {}): Status {
    return {
        state: "ok",
        message: "Ollama 0.33.0: 5 models",
        servers: [{ name: "default", url: "http://127.0.0.1:11434", reachable: true, version: "0.33.0", latencyMs: 2, models: 5, running: [], ...server }],
        active: [],
        ...changes,
    };
}

test("the status item says health, models, what is loaded, and what is at work", () => {
    assert.equal(statusItem(status({})).text, "$(pass) Ollama: 5 models");
    assert.equal(statusItem(status({}, { models: 1 })).text, "$(pass) Ollama: 1 model");
    assert.equal(statusItem(status({}, { running: [RUNNING] })).text, "$(pass) Ollama: 5 models · llama3.2:3b 2.0 GB");
    assert.equal(statusItem(status({}, { running: [RUNNING, RUNNING] })).text, "$(pass) Ollama: 5 models · 2 loaded 4.0 GB");
    assert.equal(statusItem(status({}, { running: [{ ...RUNNING, remote: true }] })).text, "$(pass) Ollama: 5 models");
    const busy = status({ state: "busy", active: [{ id: "1", kind: "pull", model: "a", tokens: 0 }, { id: "2", kind: "refactor", model: "b", tokens: 31 }] });
    assert.equal(statusItem(busy).text, "$(loading~spin) Ollama: refactoring b, 31 tokens");
    const loading = status({ state: "loading", active: [{ id: "1", kind: "load", model: "qwen3:8b", tokens: 0 }] });
    assert.equal(statusItem(loading).text, "$(loading~spin) Ollama: loading qwen3:8b");
    const down = status({ state: "unreachable", message: "no answer; try: ollama serve" }, { reachable: false, models: 0, error: "connection refused" });
    assert.deepEqual([statusItem(down).text, statusItem(down).severity], ["$(warning) Ollama: not running", "warning"]);
    assert.match(statusItem(down).tooltip, /connection refused/);
    assert.equal(statusItem(status({ state: "stale" })).severity, "warning");
    assert.equal(statusItem(status({ state: "error" })).severity, "error");
});

test("the tooltip: servers, memory, the share on the GPU, remote models", () => {
    const item = statusItem(status({}, { running: [RUNNING, { ...RUNNING, name: "big:cloud", remote: true }] }));
    assert.match(item.tooltip, /llama3\\\.2\\:3b: 2\.0 GB, 50 % on the GPU, context 8K/);
    assert.match(item.tooltip, /big\\:cloud: remote: text leaves this machine/);
});

test("a server's words make no icons and no links in the item", () => {
    const item = statusItem(status({ state: "busy", active: [{ id: "1", kind: "ai", model: "$(flame)[x](command:y)", tokens: 0 }] }));
    assert.doesNotMatch(item.text.slice("$(loading~spin)".length), /\$\(/);
    assert.doesNotMatch(item.tooltip, /[^\\]\[x/);
});

test("without a program the item says so", () => {
    assert.equal(programItem("missing").severity, "error");
    assert.match(programItem("failed").text, /off/);
    assert.equal(jobText({ id: "1", kind: "pull", model: "a", tokens: 1 }), "pulling a, 1 token");
});

// --- models ---

function model(name: string, changes: Partial<Model> = {}): Model {
    return { name, size: 2e9, family: "llama", parameters: "3.2B", quantization: "Q4_K_M", contextLength: 131072, capabilities: ["completion"], remote: false, ...changes };
}

const LOADED = { running: { sizeVram: 1, contextLength: 4096, expiresAt: "" } };
const MODELS: Models = {
    servers: [
        { name: "default", url: "http://a", reachable: true, models: [model("llama3.2:3b", LOADED), model("nomic-embed-text:latest", { capabilities: ["embedding"] }), model("old:1b", { capabilities: [] }), model("big:cloud", { remote: true })] },
        { name: "gpu", url: "http://gpu", reachable: true, models: [model("qwen2.5-coder:7b", { capabilities: ["completion", "insert"] })] },
    ],
};

test("lists of models: by role, loaded or not, with the server they are on", () => {
    assert.deepEqual(fitting(MODELS, "chat").map((row) => row.model), ["llama3.2:3b", "old:1b", "big:cloud"]);
    assert.deepEqual(fitting(MODELS, "embed").map((row) => row.model), ["nomic-embed-text:latest", "old:1b"]);
    assert.deepEqual(loaded(MODELS).map((row) => row.model), ["llama3.2:3b"]);
    assert.deepEqual(loadable(MODELS).map((row) => row.model), ["nomic-embed-text:latest", "old:1b", "qwen2.5-coder:7b"]);
    assert.deepEqual(installed(MODELS).at(-1), { label: "qwen2.5-coder:7b", description: "3.2B · Q4_K_M · 2.0 GB · 128K", model: "qwen2.5-coder:7b", host: "http://gpu", detail: "gpu" });
    assert.equal(installed(MODELS)[0]!.description, "3.2B · Q4_K_M · 2.0 GB · 128K · loaded");
    assert.match(installed(MODELS)[3]!.description, /remote: text leaves this machine/);
});

test("what can be pulled: each tag, what is there marked", () => {
    const library: Library = {
        date: "2026-06-08",
        models: [
            { name: "llama3.2", latest: "3b", capabilities: ["completion", "tools"], tags: [{ tag: "1b", size: 1.3e9, cloud: false }, { tag: "3b", size: 2e9, cloud: false }] },
            { name: "nomic-embed-text", latest: "", capabilities: ["embedding"], tags: [] },
            { name: "gpt-oss", latest: "", capabilities: [], tags: [{ tag: "20b-cloud", size: 0, cloud: true }] },
        ],
    };
    assert.deepEqual(
        pullable(library, MODELS).map((row) => [row.model, row.description]),
        [["llama3.2:1b", "1.3 GB · tools"], ["llama3.2:3b", "2.0 GB · tools · installed"], ["nomic-embed-text", "embedding · installed"], ["gpt-oss:20b-cloud", "cloud: text leaves this machine"]],
    );
});

test("metrics in words; what was never measured is left out", () => {
    const row = { name: "a|b", requests: 2, errors: 0, cancelled: 1, tokensIn: 10, tokensOut: 20, tokensPerSecond: 12.34, timeToFirstTokenMs: null, loadMs: 7 };
    const text = metricsText({ servers: [{ url: "http://a", models: [row] }] });
    const wanted = "### a\\|b\n\n- 2 requests, 0 errors, 1 cancelled\n- tokens: 10 in, 20 out\n- 12.3 tokens/s\n- loaded in 7 ms\n";
    assert.ok(text.includes(wanted), text);
    assert.match(metricsText({ servers: [] }), /Nothing yet/);
});
