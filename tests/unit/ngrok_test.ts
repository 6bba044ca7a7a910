/**
 * The shape of our export beside the declarations of the official package: what a script, in
 * JavaScript or TypeScript, can name there it can name here.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type * as official from "@ngrok/ngrok";
import * as names from "../../ngrok.ts";
import ngrok from "../../ngrok.ts";
import { test } from "../harness.ts";

/** Compiles only when whatever is written for the one fits the other. */
type Fits<Given extends Wanted, Wanted> = Given;

/** Checked by the compilers alone. */
export type Shapes = [
  // every option of theirs is one of ours, of the same kind
  Fits<Required<official.Config>, Required<Pick<ngrok.Config, keyof official.Config>>>,
  Fits<ngrok.Listener, official.Listener>,
  Fits<ngrok.Session, official.Session>,
  Fits<ngrok.SessionBuilder, official.SessionBuilder>,
  Fits<ngrok.HttpListenerBuilder, official.HttpListenerBuilder>,
  Fits<ngrok.TcpListenerBuilder, official.TcpListenerBuilder>,
  Fits<ngrok.TlsListenerBuilder, official.TlsListenerBuilder>,
  Fits<ngrok.LabeledListenerBuilder, official.LabeledListenerBuilder>,
  Fits<ngrok.UpdateRequest, official.UpdateRequest>,
  // listen() and listenable() are declared as if they answered at once, and do not; consoleLog() is
  // declared for String objects
  Fits<
    Omit<typeof ngrok, "consoleLog" | "listen" | "listenable">,
    Omit<
      typeof official,
      | "consoleLog"
      | "default"
      | "listen"
      | "listenable"
      // ours are made by sessions, theirs by nobody
      | "Listener"
      | "Session"
      | "HttpListenerBuilder"
      | "TcpListenerBuilder"
      | "TlsListenerBuilder"
      | "LabeledListenerBuilder"
      | "UpdateRequest"
    >
  >,
];

const DECLARED = readFileSync(
  new URL("../node_modules/@ngrok/ngrok/index.d.ts", import.meta.url),
  "utf8",
);

/** The methods of a class, as declared. */
function methodsOf(name: string): string[] {
  const body = DECLARED.split(`export declare class ${name} {`)[1].split("\n}")[0];
  return [...body.matchAll(/^ {2}(\w+)\(/gm)].map(([, method]) => method);
}

test("ngrok.ts has every export of @ngrok/ngrok, by name and by default", () => {
  const exported = [...DECLARED.matchAll(/^export (?:declare )?(?:function|class) (\w+)/gm)]
    .map(([, name]) => name);
  assert.ok(exported.length >= 20, `${exported.length} exports were found`);
  for (const name of exported) {
    assert.equal(typeof (names as Record<string, unknown>)[name], "function", name);
    assert.equal(
      (ngrok as Record<string, unknown>)[name],
      (names as Record<string, unknown>)[name],
    );
  }
});

test("ngrok.ts has every method of the classes of @ngrok/ngrok", () => {
  const classes = [...DECLARED.matchAll(/^export declare class (\w+)/gm)].map(([, name]) => name);
  for (const name of classes) {
    const ours = (names as unknown as Record<string, { prototype: object }>)[name];
    const methods = methodsOf(name).filter((method) => method !== "constructor");
    if (name !== "UpdateRequest") assert.ok(methods.length > 0, name);
    for (const method of methods) assert.ok(method in ours.prototype, `${name}.${method}`);
  }
});

test("ngrok.ts knows every option of forward()", () => {
  const config = DECLARED.split("export interface Config {")[1].split("\n}")[0];
  const options = [...config.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name);
  const source = readFileSync(new URL("../../lib/compat/config.ts", import.meta.url), "utf8");
  assert.ok(options.length >= 60, `${options.length} options were found`);
  for (const option of options) assert.match(source, new RegExp(`^ {2}${option}\\?: `, "m"));
});
