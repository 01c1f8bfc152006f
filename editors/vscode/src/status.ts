// SPDX-License-Identifier: MIT
//
// The status bar item's words, from the server's status object. Nothing here knows VS Code.
import type { Job, Running, ServerState, Status } from "./protocol";
import { bytes, context, count, doing, label, markdown } from "./words";

export interface Item {
    text: string;
    tooltip: string; // Markdown
    severity: "none" | "warning" | "error";
}

export function defaultServer(status: Status): ServerState | undefined {
    return status.servers[0];
}

export function jobText(job: Job): string {
    const what = [doing(job.kind), job.model].filter((word) => word).join(" ");
    return job.tokens > 0 ? `${what}, ${count(job.tokens, "token")}` : what;
}

function loadedText(running: Running[]): string {
    const local = running.filter((model) => !model.remote);
    const size = local.reduce((sum, model) => sum + model.size, 0);
    if (local.length === 0) {
        return "";
    }
    const first = local.length === 1 ? local[0]!.name : `${local.length} loaded`;
    return ` · ${first} ${bytes(size)}`;
}

function text(status: Status): Omit<Item, "tooltip"> {
    const server = defaultServer(status);
    const models = server ? count(server.models, "model") : "";
    const loaded = server ? loadedText(server.running) : "";
    const job = status.active.find((one) => one.tokens > 0) ?? status.active[0];
    switch (status.state) {
        case "ok":
            return { text: `$(pass) Ollama: ${label(models + loaded)}`, severity: "none" };
        case "starting":
            return { text: "$(loading~spin) Ollama", severity: "none" };
        case "loading":
            return { text: `$(loading~spin) Ollama: ${label(`loading ${job?.model ?? "a model"}`)}`, severity: "none" };
        case "busy":
            return {
                text: `$(loading~spin) Ollama: ${label(job ? jobText(job) : status.state)}`,
                severity: "none",
            };
        case "stale":
            return { text: "$(warning) Ollama: models as last known", severity: "warning" };
        case "unreachable":
            return { text: "$(warning) Ollama: not running", severity: "warning" };
        default:
            return { text: "$(error) Ollama", severity: "error" };
    }
}

function serverLines(server: ServerState): string[] {
    const name = server.name && server.name !== server.url ? `${markdown(server.name)}: ` : "";
    const state = server.reachable
        ? `${count(server.models, "model")}, version ${markdown(server.version)}, ${server.latencyMs} ms`
        : `does not answer${server.error ? `: ${markdown(server.error)}` : ""}`;
    const lines = [`- ${name}${markdown(server.url)}: ${state}`];
    for (const model of server.running) {
        const where =
            model.remote ? "remote: text leaves this machine"
            : model.sizeVram > 0 && model.size > 0 ?
                `${bytes(model.size)}, ${Math.round((100 * model.sizeVram) / model.size)} % on the GPU`
            :   bytes(model.size);
        const room = model.contextLength ? `, context ${context(model.contextLength)}` : "";
        lines.push(`  - ${markdown(model.name)}: ${where}${room}`);
    }
    return lines;
}

export function statusItem(status: Status): Item {
    const lines = [`**${markdown(status.message)}**`, ""];
    for (const server of status.servers) {
        lines.push(...serverLines(server));
    }
    for (const job of status.active) {
        lines.push(`- at work: ${markdown(jobText(job))}`);
    }
    lines.push("", "Click for the menu");
    return { ...text(status), tooltip: lines.join("\n") };
}

// While there is no status: the language server itself is the matter.
export function programItem(state: "starting" | "stopped" | "missing" | "failed"): Item {
    switch (state) {
        case "starting":
            return { text: "$(loading~spin) Ollama", tooltip: "ollama\\-ls is starting", severity: "none" };
        case "stopped":
            return { text: "$(circle-slash) Ollama: off", tooltip: "ollama\\-ls is not running. Click for the menu", severity: "none" };
        case "missing":
            return { text: "$(error) Ollama: no ollama-ls", tooltip: "The program ollama\\-ls is not to be found. Click for the menu", severity: "error" };
        case "failed":
            return { text: "$(error) Ollama: off", tooltip: "ollama\\-ls has failed and is not started again. Click for the menu", severity: "error" };
    }
}
