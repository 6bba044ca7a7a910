/**
 * The rules of an authtoken, between the words of a form and the words of the API.
 *
 * @module
 */

/** What a rule can be about. */
export type RuleKind = "name" | "below" | "address" | "label";

/** A rule while it is being written. */
export interface RuleDraft {
  /** Tells it from the others in the form. */
  readonly id: number;
  /** What it is about. */
  readonly kind: RuleKind;
  /** What was typed. */
  readonly text: string;
}

/** What can be chosen, what it says, and an example of what to type. */
export const RULE_KINDS: readonly {
  readonly kind: RuleKind;
  readonly words: string;
  readonly example: string;
}[] = [
  { kind: "name", words: "One name", example: "app.example.com" },
  { kind: "below", words: "Names below", example: "dev.example.com" },
  { kind: "address", words: "TCP address", example: "example.com:20001" },
  { kind: "label", words: "Label", example: "team=web" },
];

/** A rule of the API, or what is wrong with the draft. */
export type RuleResult =
  | { readonly rule: string; readonly problem?: undefined }
  | { readonly rule?: undefined; readonly problem: string };

const NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** Turns a draft into a rule. */
export function ruleOf({ kind, text }: Pick<RuleDraft, "kind" | "text">): RuleResult {
  const value = text.trim().replace(/^bind:/, "");
  if (value === "") return { problem: "Say what it may open" };
  switch (kind) {
    case "name": {
      const name = value.toLowerCase();
      if (NAME.test(name)) return { rule: `bind:${name}` };
      return { problem: "A name looks like app.example.com" };
    }
    case "below": {
      const name = value.toLowerCase().replace(/^\*\./, "");
      if (NAME.test(name)) return { rule: `bind:*.${name}` };
      return { problem: "A domain looks like dev.example.com" };
    }
    case "address": {
      const [, host = "", port = ""] = /^(.*):(\d{1,5})$/.exec(value.toLowerCase()) ?? [];
      const number = Number(port);
      if (NAME.test(host) && number > 0 && number < 65_536) return { rule: `bind:${host}:${port}` };
      return { problem: "An address looks like example.com:20001" };
    }
    case "label": {
      if (/^[^=\s]+=[^=\s]+$/.test(value)) return { rule: `bind:${value}` };
      return { problem: "A label looks like team=web; either side may be *" };
    }
  }
}

/** The draft a rule was made of; what no form knows is shown as a name. */
export function draftOf(rule: string, id: number): RuleDraft {
  const text = rule.replace(/^bind:/, "");
  if (text.includes("=")) return { id, kind: "label", text };
  if (text.startsWith("*.")) return { id, kind: "below", text: text.slice(2) };
  if (/:\d+$/.test(text)) return { id, kind: "address", text };
  return { id, kind: "name", text };
}

/** What a list of rules allows, when that is everything. */
export function allowsEverything(acl: readonly string[] | null | undefined): boolean {
  return !acl || acl.length === 0 || acl.some((rule) => rule === "*" || rule === "bind:*");
}

/** A rule in words. */
export function describeRule(rule: string): string {
  if (rule === "*" || rule === "bind:*") return "everything";
  const { kind, text } = draftOf(rule, 0);
  switch (kind) {
    case "name":
      return text;
    case "below":
      return `*.${text}`;
    case "address":
      return `tcp ${text}`;
    case "label":
      return text;
  }
}
