/**
 * `basic-auth`: asks for a user name and a password (RFC 7617).
 *
 * @module
 */
import { fromBase64 } from "../../base/base64.ts";
import { decodeText, encodeText } from "../../base/bytes.ts";
import { type Schema, z } from "../../base/schema.ts";
import { type Action, type CompileContext, defineAction, type Text } from "../action.ts";
import type { PolicyContext } from "../context.ts";
import { policyFault } from "../fault.ts";
import type { Ending } from "../outcome.ts";

interface BasicAuthConfig {
  readonly credentials: readonly string[];
  readonly realm: string;
  readonly enforce: boolean;
}

/** Bounds of edge I. */
const MAX_CREDENTIALS = 10;
const PASSWORD_CHARS = { min: 8, max: 128 };

const config: Schema<BasicAuthConfig> = z.strictObject({
  credentials: z.array(z.string()),
  // RFC 9110 section 5.6.4: in a quoted string, these two need an escape, which clients show as it is.
  realm: z.string().max(128).regex(/^[ !#-[\]-~]*$/, "plain ASCII without quotes").default("ngrok"),
  enforce: z.boolean().default(true),
}) as Schema<BasicAuthConfig>;

/** The action. */
export const basicAuth: Action = defineAction({
  type: "basic-auth",
  phases: ["on_http_request"],
  config,
  compile({ credentials, realm, enforce }, context) {
    const count = credentials.length;
    if (count === 0 || count > MAX_CREDENTIALS) {
      throw policyFault(
        count === 0 ? 2223 : 2218,
        `Cannot use ${context.where}: it needs 1 to ${MAX_CREDENTIALS} credentials, and has ${count}`,
      );
    }
    const texts = credentials.map((pair) => compileCredential(pair, context));
    const refusal = challenge(realm);
    return {
      onHttpRequest(traffic) {
        const presented = readCredentials(traffic.request.headers.get("authorization"));
        const authorized = presented !== undefined && isAmong(presented, texts, traffic);
        const username = presented?.slice(0, presented.indexOf(":")) ?? "";
        traffic.results.set("basic_auth", {
          credentials: { presented: presented !== undefined, username, authorized },
        });
        return authorized || !enforce ? undefined : refusal;
      },
    };
  },
});

function compileCredential(pair: string, context: CompileContext): Text {
  const text = context.text("credentials", pair);
  if (text.constant === undefined) return text;
  const colon = pair.indexOf(":");
  if (colon < 0) {
    throw policyFault(
      2234,
      `Cannot use ${context.where}: a credential has no ":" between user and password`,
    );
  }
  // RFC 7617 section 2: neither may have control characters.
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f]/.test(pair)) {
    throw policyFault(2257, `Cannot use ${context.where}: a credential has a control character`);
  }
  if (context.ownMaking) return text;
  const length = [...pair.slice(colon + 1)].length;
  if (length < PASSWORD_CHARS.min || length > PASSWORD_CHARS.max) {
    throw policyFault(
      2215,
      `Cannot use ${context.where}: the password of "${pair.slice(0, colon)}" must have ` +
        `${PASSWORD_CHARS.min} to ${PASSWORD_CHARS.max} characters, and has ${length}`,
    );
  }
  return text;
}

/** `user:password` of the header; `undefined` when there is nothing of the kind. */
function readCredentials(header: string | undefined): string | undefined {
  const token = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header ?? "")?.[1];
  const bytes = token === undefined ? undefined : fromBase64(token);
  const text = bytes && decodeText(bytes);
  return text?.includes(":") ? text : undefined;
}

/** Looks at every credential to its end, so that the time tells nothing. */
function isAmong(presented: string, texts: readonly Text[], traffic: PolicyContext): boolean {
  const given = encodeText(presented);
  let found = false;
  for (const text of texts) {
    if (isSame(given, encodeText(text.of(traffic)))) found = true;
  }
  return found;
}

/** The time depends on the length of what the visitor sent alone. */
function isSame(given: Uint8Array, wanted: Uint8Array): boolean {
  let difference = given.length ^ wanted.length;
  for (let at = 0; at < given.length; at++) {
    difference |= given[at] ^ (wanted[at % wanted.length] ?? 0);
  }
  return difference === 0;
}

function challenge(realm: string): Ending {
  return {
    do: "fail",
    problem: {
      status: 401,
      ngrokCode: 3007,
      title: "A user name and a password are needed",
      message: "This endpoint asks for a user name and a password.",
      fault: "visitor",
      advice: ["Reload the page and type them, or ask whoever gave you the address."],
      headers: [["WWW-Authenticate", `Basic realm="${realm}", charset="UTF-8"`]],
    },
  };
}
