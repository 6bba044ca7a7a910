/**
 * The flags that ask the edge to do something with the traffic, one for each feature (spec agent B1).
 * A traffic policy is their successor: most are left out of the help, all work. `endpoint_flags.ts`
 * reads them; `commands/http.ts`, `tcp.ts` and `tls.ts` list theirs.
 *
 * @module
 */
import type { EndpointModules, SignIn } from "../agent/modules.ts";
import type { UpstreamKind } from "../agent/upstream.ts";
import { TunnelError } from "../base/errors.ts";
import type { Flag, Input } from "./command.ts";

/** Who may connect, by address: the flags of every kind of endpoint. */
export const CIDR_FLAGS: readonly Flag[] = [
  {
    name: "cidr-allow",
    value: "cidr",
    summary: "let in visitors from this network alone",
    repeats: true,
  },
  {
    name: "cidr-deny",
    value: "cidr",
    summary: "keep out visitors from this network",
    repeats: true,
  },
];

const POLICY = "a traffic policy can do it";

function old(name: string, value: string, summary: string, more: Partial<Flag> = {}): Flag {
  return { name, value, summary, deprecated: POLICY, ...more };
}

const many: Partial<Flag> = { repeats: true };
const onOff: Partial<Flag> = { isSwitch: true, choices: ["true", "false"] };
const hush: Partial<Flag> = { secret: true };

/** The flags of http endpoints. */
export const HTTP_MODULE_FLAGS: readonly Flag[] = [
  old("basic-auth", "user:password", "ask visitors for a password", { ...many, ...hush }),
  old("auth", "user:password", "ask visitors for a password", hush),
  ...CIDR_FLAGS.map((flag) => ({ ...flag, deprecated: POLICY })),
  old("circuit-breaker", "ratio", "refuse requests for a while at this ratio of server errors"),
  old("compression", "bool", "compress answers", onOff),
  old("host-header", "host", 'what the service is asked for: "preserve", "rewrite" or a name'),
  old("mutual-tls-cas", "path", "who vouches for visitors' certificates, a PEM file"),
  old("oauth", "provider", "ask visitors to sign in at this provider"),
  old("oauth-allow-domain", "domain", "who may sign in, by domain", many),
  old("oauth-allow-email", "address", "who may sign in, by address", many),
  old("oauth-scope", "scope", "what is asked of the provider", many),
  old("oauth-client-id", "id", "your application at the provider"),
  old("oauth-client-secret", "secret", "its secret", hush),
  old("oidc", "url", "ask visitors to sign in at this OpenID Connect provider"),
  old("oidc-client-id", "id", "your application at the provider"),
  old("oidc-client-secret", "secret", "its secret", hush),
  old("oidc-scope", "scope", "what is asked of the provider", many),
  old("request-header-add", "header", 'add "Name: value" to requests', many),
  old("request-header-remove", "name", "remove a header from requests", many),
  old("response-header-add", "header", 'add "Name: value" to answers', many),
  old("response-header-remove", "name", "remove a header from answers", many),
  old("ua-filter-allow", "pattern", "let in browsers of such a name alone", many),
  old("ua-filter-deny", "pattern", "keep out browsers of such a name", many),
  old("verify-webhook", "provider", "let in only what this provider of webhooks signed"),
  old("verify-webhook-secret", "secret", "what it signs with", hush),
  old("websocket-tcp-converter", "bool", "hand WebSocket messages on as bytes", onOff),
];

/**
 * What these flags ask for; `undefined` when none is given.
 *
 * @param input the flags
 * @param kind what visitors speak
 * @throws {TunnelError} usage when a flag stands without the one it belongs to
 */
export function modulesOfFlags(input: Input, kind: UpstreamKind): EndpointModules | undefined {
  const many = (name: string) => input.isGiven(name) ? input.all(name) : undefined;
  const given = (...names: readonly string[]) => names.some((name) => input.isGiven(name));
  needs(input, "verify-webhook-secret", "verify-webhook");
  const oauth = signIn(input, "oauth");
  const oidc = signIn(input, "oidc");
  const provider = input.flag("verify-webhook");
  const modules: EndpointModules = {
    basicAuth: given("basic-auth", "auth")
      ? [...pairs(input, "basic-auth"), ...pairs(input, "auth")]
      : undefined,
    cidrs: given("cidr-allow", "cidr-deny")
      ? { allow: many("cidr-allow"), deny: many("cidr-deny") }
      : undefined,
    circuitBreaker: ratio(input.flag("circuit-breaker")),
    compression: input.flag("compression") === "true" || undefined,
    hostHeader: input.flag("host-header"),
    // For tls endpoints it matters where TLS ends: tls_flags.ts reads it.
    mutualTlsCas: kind === "http" ? input.flag("mutual-tls-cas") : undefined,
    oauth: oauth && { provider: oauth.at, ...oauth.signIn },
    oidc: oidc && { issuerUrl: oidc.at, ...oidc.signIn },
    requestHeaders: given("request-header-add", "request-header-remove")
      ? { add: many("request-header-add"), remove: many("request-header-remove") }
      : undefined,
    responseHeaders: given("response-header-add", "response-header-remove")
      ? { add: many("response-header-add"), remove: many("response-header-remove") }
      : undefined,
    userAgents: given("ua-filter-allow", "ua-filter-deny")
      ? { allow: many("ua-filter-allow"), deny: many("ua-filter-deny") }
      : undefined,
    verifyWebhook: provider === undefined
      ? undefined
      : { provider, secret: input.flag("verify-webhook-secret") },
    websocketTcpConverter: input.flag("websocket-tcp-converter") === "true" || undefined,
  };
  return Object.values(modules).some((one) => one !== undefined) ? modules : undefined;
}

function signIn(
  input: Input,
  name: "oauth" | "oidc",
): { readonly at: string; readonly signIn: SignIn } | undefined {
  const many = (flag: string) => input.isGiven(flag) ? input.all(flag) : undefined;
  for (const part of ["client-id", "client-secret", "allow-domain", "allow-email", "scope"]) {
    needs(input, `${name}-${part}`, name);
  }
  needs(input, `${name}-client-id`, `${name}-client-secret`);
  needs(input, `${name}-client-secret`, `${name}-client-id`);
  const at = input.flag(name);
  if (at === undefined) return undefined;
  return {
    at,
    signIn: {
      clientId: input.flag(`${name}-client-id`),
      clientSecret: input.flag(`${name}-client-secret`),
      allowDomains: many(`${name}-allow-domain`),
      allowEmails: many(`${name}-allow-email`),
      scopes: many(`${name}-scope`),
    },
  };
}

/** The values of a flag that are all `user:password`; none is repeated in the error, for one half is a secret. */
function pairs(input: Input, name: string): readonly string[] {
  const values = input.isGiven(name) ? input.all(name) : [];
  if (values.every((value) => value.includes(":"))) return values;
  throw new TunnelError(
    "usage",
    `Cannot use a value of --${name}: it is not of the form user:password`,
  );
}

function needs(input: Input, name: string, other: string): void {
  if (!input.isGiven(name) || input.isGiven(other)) return;
  throw new TunnelError("usage", `--${name} means nothing without --${other}: give both`);
}

function ratio(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 1) return value;
  throw new TunnelError(
    "usage",
    `Invalid value "${text}" for --circuit-breaker: use a number from 0 to 1`,
  );
}
