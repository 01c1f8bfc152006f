// SPDX-License-Identifier: MIT
//
// What the server is told as the user's settings (docs/settings.md, "Grades"). We say
// `settingsAreUserGrade`, so nothing that a repository can write may be in what is told of the keys
// that matter: of keys of machine scope only the user's own value counts. The others are harmless,
// and a workspace's value counts where the workspace is trusted. Defaults are never sent: they would
// hide .ollama-ls.json and the user's file.

export interface Inspected {
    globalValue?: unknown;
    workspaceValue?: unknown;
    workspaceFolderValue?: unknown;
}

export interface Configuration {
    get(key: string): unknown;
    inspect(key: string): Inspected | undefined;
}

export type Properties = Record<string, { scope?: string }>;

const SECTION = "ollama-ls.";
const OURS = new Set(["path", "trace.server"]); // the plugin's own; the server has no such keys

function isSet(value: unknown): boolean {
    return value !== undefined && value !== null && value !== "";
}

export function userSettings(properties: Properties, configuration: Configuration, isTrusted: boolean): Record<string, unknown> {
    const settings: Record<string, unknown> = {};
    for (const [name, property] of Object.entries(properties)) {
        const key = name.startsWith(SECTION) ? name.slice(SECTION.length) : "";
        const inspected = key && !OURS.has(key) ? configuration.inspect(key) : undefined;
        if (!inspected) {
            continue;
        }
        const hasOther = isSet(inspected.workspaceValue) || isSet(inspected.workspaceFolderValue);
        const value =
            property.scope !== "machine" && isTrusted && hasOther ? configuration.get(key) : inspected.globalValue;
        if (isSet(value)) {
            settings[key] = value;
        }
    }
    return settings;
}
