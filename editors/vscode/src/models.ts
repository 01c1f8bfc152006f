// SPDX-License-Identifier: MIT
//
// Models as rows of a list to pick from. Nothing here knows VS Code.
import type { Library, Metrics, Model, Models } from "./protocol";
import { bytes, context, count, label, markdown } from "./words";

export interface Row {
    label: string;
    description: string;
    detail?: string;
    model: string;
    host?: string; // absent: the default server
}

export type Role = "chat" | "autocomplete" | "embed";

const NEEDS: Record<Role, string> = { chat: "completion", autocomplete: "insert", embed: "embedding" };

function describe(model: Model): string {
    return [
        model.parameters,
        model.quantization,
        model.remote ? "" : bytes(model.size),
        context(model.contextLength),
        model.running ? "loaded" : "",
        model.remote ? "remote: text leaves this machine" : "",
    ]
        .filter((word) => word)
        .join(" · ");
}

function rows(models: Models, wanted: (model: Model) => boolean): Row[] {
    return models.servers.flatMap((server, i) =>
        server.models.filter(wanted).map((model) => {
            const row: Row = { label: label(model.name), description: describe(model), model: model.name };
            if (i > 0) {
                row.host = server.url;
                row.detail = label(server.name);
            }
            return row;
        }),
    );
}

export function installed(models: Models): Row[] {
    return rows(models, () => true);
}

// Models of the default server that can do what a role needs; of unknown abilities: perhaps.
export function fitting(models: Models, role: Role): Row[] {
    const first: Models = { servers: models.servers.slice(0, 1) };
    return rows(first, (m) => m.capabilities.length === 0 || m.capabilities.includes(NEEDS[role]));
}

export function loaded(models: Models): Row[] {
    return rows(models, (model) => model.running !== undefined);
}

export function loadable(models: Models): Row[] {
    return rows(models, (model) => model.running === undefined && !model.remote);
}

function same(a: string, b: string): boolean {
    const full = (name: string): string => (name.includes(":") ? name : `${name}:latest`).toLowerCase();
    return full(a) === full(b);
}

// What can be pulled: each model of the library with its tags, those that are there already marked.
export function pullable(library: Library, models: Models): Row[] {
    const here = (models.servers[0]?.models ?? []).map((model) => model.name);
    const list: Row[] = [];
    for (const model of library.models) {
        const tags = model.tags.length > 0 ? model.tags : [{ tag: "", size: 0, cloud: false }];
        for (const tag of tags) {
            const name = tag.tag ? `${model.name}:${tag.tag}` : model.name;
            const description = [
                bytes(tag.size),
                context(model.contextLength),
                model.capabilities.filter((word) => word !== "completion").join(", "),
                tag.cloud ? "cloud: text leaves this machine" : "",
                here.some((one) => same(one, name)) ? "installed" : "",
            ];
            list.push({
                label: name,
                description: description.filter((word) => word).join(" · "),
                model: name,
            });
        }
    }
    return list;
}

// Markdown.
export function metricsText(metrics: Metrics): string {
    const lines = ["# What models did in this session", ""];
    for (const server of metrics.servers) {
        lines.push(`## ${markdown(server.url)}`, "");
        for (const model of server.models) {
            const words = [
                `${count(model.requests, "request")}, ${count(model.errors, "error")}, ${model.cancelled} cancelled`,
                `tokens: ${model.tokensIn} in, ${model.tokensOut} out`,
                model.tokensPerSecond === null ? "" : `${model.tokensPerSecond.toFixed(1)} tokens/s`,
                model.timeToFirstTokenMs === null ? "" : `first token after ${model.timeToFirstTokenMs.toFixed(0)} ms`,
                model.loadMs === null ? "" : `loaded in ${model.loadMs.toFixed(0)} ms`,
            ];
            lines.push(`### ${markdown(model.name)}`, "", ...words.filter((word) => word).map((word) => `- ${word}`), "");
        }
    }
    if (metrics.servers.length === 0) {
        lines.push("Nothing yet.", "");
    }
    return lines.join("\n");
}
