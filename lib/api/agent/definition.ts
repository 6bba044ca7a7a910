/**
 * Definitions of tunnels and endpoints as programs post them: with text where a truth value or a
 * number belongs, `null` where nothing is meant, and what their authors keep beside a definition.
 * They become what a configuration file would hold; `endpoint_routes.ts` checks that.
 *
 * @module
 */

/** A JSON object. */
export type Section = Readonly<Record<string, unknown>>;

/** What a key holds, where text is taken for it. */
const KINDS: Readonly<Record<string, "boolean" | "number" | "list">> = {
  inspect: "boolean",
  bind_tls: "boolean",
  compression: "boolean",
  websocket_tcp_converter: "boolean",
  pooling_enabled: "boolean",
  tls_verify: "boolean",
  circuit_breaker: "number",
  proxy_proto: "number",
  proxy_protocol: "number",
  schemes: "list",
  basic_auth: "list",
  labels: "list",
  bindings: "list",
  allow_cidrs: "list",
  deny_cidrs: "list",
  allow_domains: "list",
  allow_emails: "list",
  scopes: "list",
  add: "list",
  remove: "list",
  allow: "list",
  deny: "list",
};

/** Keys that hold others; that package writes `oauth.provider` for one of them. */
const HOLDERS: ReadonlySet<string> = new Set([
  ...["ip_restriction", "oauth", "oidc", "request_header", "response_header"],
  ...["user_agent_filter", "verify_webhook"],
]);

/** What the `ngrok` package of npm posts beside a definition: options of its own. */
const BESIDE: ReadonlySet<string> = new Set([
  ...["authtoken", "region", "configPath", "binPath", "web_addr", "onLogEvent", "onStatusChange"],
]);

/** What an answer of ours says and nobody can ask for: it comes back from who edits an answer. */
const ANSWERED: ReadonlySet<string> = new Set(["uri", "metrics", "id", "ID"]);

/**
 * A tunnel's definition without its name.
 *
 * @param posted the body
 */
export function tunnelDefinition(posted: Section): { readonly name: unknown } & Section {
  const { name, httpauth, auth = httpauth, port, host, ...rest } = tidied(posted, BESIDE);
  const kept: Record<string, unknown> = { ...rest };
  // That package derives `addr` from these; one that says something else is no one's.
  if (isOther(port, kept.addr)) kept.port = port;
  if (isOther(host, kept.addr) && port === undefined) kept.host = host;
  if (Array.isArray(auth)) kept.basic_auth = [...asList(kept.basic_auth), ...auth];
  else if (auth !== undefined) kept.auth = auth;
  return { name: typeof name === "number" ? String(name) : name, ...kept };
}

/**
 * An endpoint's definition.
 *
 * @param posted the body
 */
export function endpointDefinition(posted: Section): Section {
  const { upstream, ...rest } = tidied(posted, ANSWERED);
  if (upstream === undefined) return rest;
  return {
    ...rest,
    upstream: isSection(upstream) ? tidied(upstream, new Set()) : { url: upstream },
  };
}

function isOther(value: unknown, addr: unknown): boolean {
  return value !== undefined && String(value) !== String(addr);
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Without what says nothing, and each value in its kind as far as it can be read so. */
function tidied(section: Section, dropped: ReadonlySet<string>): Section {
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(section)) {
    if (value === null || value === "" || dropped.has(key)) continue;
    const [holder, inner, more] = key.split(".");
    if (HOLDERS.has(holder) && more === undefined) {
      const held = inner === undefined ? value : { [inner]: value };
      kept[holder] = isSection(held)
        ? { ...kept[holder] as Section | undefined, ...tidied(held, new Set()) }
        : held;
    } else kept[key] = read(value, KINDS[key]);
  }
  return kept;
}

function isSection(value: unknown): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** As it is, when it cannot be read: whoever checks it says what is wrong. */
function read(value: unknown, kind: "boolean" | "number" | "list" | undefined): unknown {
  if (kind === "list") return typeof value === "string" ? [value] : value;
  if (typeof value !== "string") return value;
  if (kind === "boolean" && /^(true|false)$/i.test(value)) return value.toLowerCase() === "true";
  if (kind === "number" && /^\d+(\.\d+)?$/.test(value)) return Number(value);
  return value;
}
