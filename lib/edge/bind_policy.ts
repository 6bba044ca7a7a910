/**
 * What the modules of a bind (wire-protocol 6) and its traffic policy are together: one policy,
 * compiled once. A module is nothing but the action of the same meaning, so that it is enforced by
 * the same code.
 *
 * Requests meet, in this order: IP policies, IP restriction, user agent filter, basic auth, webhook
 * verification, circuit breaker, header removals, header additions, the WebSocket converter, and then
 * the rules of the traffic policy. Answers meet the traffic policy first, then header removals and
 * additions, and compression last.
 *
 * Called by `bind.ts`, and by `rpc.ts` when a traffic policy changes.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import { parseCidr } from "../http/cidr.ts";
import type { PolicyServices } from "../policy/action.ts";
import {
  parsePolicy,
  type PolicyAction,
  type PolicyDocument,
  readPolicy,
} from "../policy/document.ts";
import { chainPolicies, type CompiledPolicy, compilePolicy } from "../policy/engine.ts";
import type { BindOptions } from "../wire/messages.ts";
import type { EndpointFacts } from "./agent_endpoint.ts";
import type { EndpointProto } from "./endpoint.ts";
import type { EndpointBinding } from "./internal_address.ts";

/** An endpoint that is to have a policy. */
export interface PolicyWish {
  /** What visitors speak. */
  readonly proto: EndpointProto;
  /** Where it can be reached from. */
  readonly binding: EndpointBinding;
  /** What the agent asked for. */
  readonly options: BindOptions;
  /** IP policies of the account, separated by commas. */
  readonly ipPolicyRef?: string | undefined;
}

/**
 * The policy of an endpoint.
 *
 * @param wish what was asked for
 * @param services what actions need
 * @returns `undefined` when there is nothing to do
 * @throws {TunnelError} refused, with the number of what is wrong: 359, 360, 15008, 15009 (basic
 * auth), 361 (circuit breaker), 362 and 393 (addresses), 813 (sealed secrets), 9025 and 9026
 * (policies), or one of the family 2200
 */
export async function bindPolicy(
  wish: PolicyWish,
  services: PolicyServices,
): Promise<CompiledPolicy | undefined> {
  const { proto } = wish;
  const modules = await compilePolicy(moduleDocument(wish), { proto, services, literal: true });
  const document = await trafficPolicy(wish);
  return chainPolicies(modules, await compilePolicy(document, { proto, services }));
}

/**
 * The same endpoint with another traffic policy (wire-protocol 5.6); its modules stay.
 *
 * @param facts what it is now
 * @param text the new policy; an empty one takes the old one away
 * @param services what actions need
 * @throws {TunnelError} refused, as for {@linkcode bindPolicy}; the old policy stays then
 */
export async function repolicy(
  facts: EndpointFacts,
  text: string,
  services: PolicyServices,
): Promise<Pick<EndpointFacts, "policy" | "options">> {
  const kept = Object.entries(facts.options)
    .filter(([key]) => !["policy", "trafficpolicy"].includes(key.toLowerCase()));
  const options: BindOptions = { ...Object.fromEntries(kept), TrafficPolicy: text };
  return { options, policy: await bindPolicy({ ...facts, options }, services) };
}

/** The modules as rules: one for each phase. */
function moduleDocument({ proto, options, ipPolicyRef }: PolicyWish): PolicyDocument {
  const modules = readModules(options);
  const refs = (ipPolicyRef ?? "").split(",").map((ref) => ref.trim()).filter((ref) => ref !== "");
  const addresses: PolicyAction[] = [
    ...(refs.length > 0 ? [{ type: "restrict-ips", config: { ip_policies: refs } }] : []),
    ...ipRestriction(modules.get("iprestriction")),
  ];
  if (proto === "tcp" || proto === "tls") {
    const unfit = HTTP_MODULES.find((name) => modules.has(name.toLowerCase()));
    if (unfit === undefined) return phase("on_tcp_connect", addresses);
    throw refuse(2205, `Cannot bind: ${unfit} is for http endpoints, and this one speaks ${proto}`);
  }
  return {
    ...phase("on_http_request", [
      ...addresses,
      ...userAgentFilter(modules.get("useragentfilter")),
      ...basicAuth(modules.get("basicauth"), modules.get("auth")),
      ...webhook(modules.get("webhookverification")),
      ...circuitBreaker(modules.get("circuitbreaker")),
      ...headers(modules.get("requestheaders")),
      ...(modules.has("websockettcpconverter") ? [{ type: "websocket-tcp-converter" }] : []),
    ]),
    ...phase("on_http_response", [
      ...headers(modules.get("responseheaders")),
      ...(modules.has("compression") ? [{ type: "compress-response" }] : []),
    ]),
  };
}

/** Modules that read HTTP. */
const HTTP_MODULES: readonly string[] = [
  "Auth",
  "BasicAuth",
  "CircuitBreaker",
  "Compression",
  "RequestHeaders",
  "ResponseHeaders",
  "UserAgentFilter",
  "WebhookVerification",
  "WebsocketTCPConverter",
];

function phase(name: keyof PolicyDocument, actions: readonly PolicyAction[]): PolicyDocument {
  return actions.length > 0 ? { [name]: [{ actions }] } : {};
}

/** The modules by lower-case name, without those that ask for nothing. */
function readModules(options: BindOptions): ReadonlyMap<string, unknown> {
  const modules = new Map<string, unknown>();
  for (const [key, value] of Object.entries(options)) {
    if (value !== null && value !== undefined && value !== "" && value !== false) {
      modules.set(key.toLowerCase(), value);
    }
  }
  return modules;
}

/** The texts of a list; what is not a text is the sender's mistake. */
function texts(module: unknown, key: string, what: string): string[] {
  const list = field(module, key) ?? [];
  if (Array.isArray(list) && list.every((entry) => typeof entry === "string")) return list;
  throw malformed(what, `"${key}" must be a list of texts`);
}

function field(module: unknown, key: string): unknown {
  return typeof module === "object" && module !== null
    ? (module as Record<string, unknown>)[key]
    : undefined;
}

function text(module: unknown, key: string): string {
  const value = field(module, key);
  return typeof value === "string" ? value : "";
}

function ipRestriction(module: unknown): PolicyAction[] {
  const allow = texts(module, "allow_cidrs", "IP restriction");
  const deny = texts(module, "deny_cidrs", "IP restriction");
  for (const cidr of [...allow, ...deny]) {
    if (parseCidr(cidr)) continue;
    throw refuse(
      362,
      `Cannot restrict addresses: ${JSON.stringify(cidr)} is no range such as 192.0.2.0/24 or ` +
        "2001:db8::/32; a single address ends in /32 or /128",
    );
  }
  if (deny.length > 0 && allow.length === 0) {
    throw refuse(
      393,
      "Cannot restrict addresses: some are denied and none is allowed, so nobody could come in; " +
        "allow 0.0.0.0/0 and ::/0 to let in everybody else",
    );
  }
  return allow.length > 0 ? [{ type: "restrict-ips", config: { allow, deny } }] : [];
}

function userAgentFilter(module: unknown): PolicyAction[] {
  const allow = texts(module, "allow", "user agent filter");
  const deny = texts(module, "deny", "user agent filter");
  if (allow.length + deny.length === 0) return [];
  return [{ type: "user-agent-filter", config: { allow, deny } }];
}

/** Bounds of edge I. */
const CREDENTIALS = { max: 10, userChars: 128, minPassword: 8, maxPassword: 128 };

/** Agents of the second generation know no minimum: it came with `basic_auth` (agent.md). */
const MIN_PASSWORD_V2 = 1;

/** The list of newer clients, or the one pair of a v2 agent. */
function basicAuth(module: unknown, pair: unknown): PolicyAction[] {
  const credentials: string[] = [];
  if (typeof pair === "string") {
    const colon = pair.indexOf(":");
    if (colon < 0) throw malformed("basic auth", 'it must have the form "user:password"');
    credentials.push(credential(pair.slice(0, colon), pair.slice(colon + 1), MIN_PASSWORD_V2));
  }
  const list = field(module, "credentials") ?? [];
  if (!Array.isArray(list)) throw malformed("basic auth", '"credentials" must be a list');
  for (const entry of list) {
    const password = text(entry, "cleartext_password");
    if (password === "" && text(entry, "hashed_password") !== "") {
      throw refuse(
        813,
        "Cannot ask for a password that is only known as a hash: this edge compares passwords " +
          "themselves; send the password, which is kept in memory alone",
      );
    }
    credentials.push(credential(text(entry, "username"), password));
  }
  if (credentials.length > CREDENTIALS.max) {
    throw refuse(
      15009,
      `Cannot ask for a password: there may be ${CREDENTIALS.max} credentials, and there are ${credentials.length}`,
    );
  }
  return credentials.length > 0 ? [{ type: "basic-auth", config: { credentials } }] : [];
}

function credential(
  user: string,
  password: string,
  minPassword: number = CREDENTIALS.minPassword,
): string {
  const { userChars, maxPassword } = CREDENTIALS;
  if (user === "") throw refuse(359, "Cannot ask for a password: a user name is empty");
  if (user.includes(":")) {
    throw refuse(
      2257,
      `Cannot ask for a password: the user name ${JSON.stringify(user)} has a ":"`,
    );
  }
  const userLength = [...user].length;
  if (userLength > userChars) {
    throw refuse(
      15008,
      `Cannot ask for a password: a user name may have ${userChars} characters, and one has ${userLength}`,
    );
  }
  const length = [...password].length;
  if (length < minPassword || length > maxPassword) {
    throw refuse(
      360,
      `Cannot ask for a password: that of ${JSON.stringify(user)} must have ${minPassword} to ` +
        `${maxPassword} characters, and has ${length}`,
    );
  }
  return `${user}:${password}`;
}

function webhook(module: unknown): PolicyAction[] {
  const provider = text(module, "provider");
  if (provider === "") return [];
  const secret = text(module, "secret");
  if (secret === "" && text(module, "sealed_secret") !== "") {
    throw refuse(
      813,
      "Cannot verify webhooks with a sealed secret: only the service that sealed it can open it; " +
        "send the secret itself",
    );
  }
  return [{ type: "verify-webhook", config: { provider, secret } }];
}

function circuitBreaker(module: unknown): PolicyAction[] {
  const threshold = field(module, "error_threshold");
  if (threshold === undefined || threshold === null) return [];
  if (typeof threshold === "number" && threshold >= 0 && threshold <= 1) {
    return [{ type: "circuit-breaker", config: { error_threshold: threshold } }];
  }
  throw refuse(
    361,
    `Cannot break the circuit at an error ratio of ${
      JSON.stringify(threshold)
    }: it must be between 0 and 1`,
  );
}

/** Removals first, so that what is removed and added is replaced. */
function headers(module: unknown): PolicyAction[] {
  const added: [name: string, value: string][] = texts(module, "add", "header edit").map((line) => {
    const colon = line.indexOf(":");
    if (colon > 0) return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    throw malformed("header edit", `${JSON.stringify(line)} must have the form "name:value"`);
  });
  const parsed = field(module, "addParsed") ?? {};
  for (const [name, value] of Object.entries(parsed as Record<string, unknown>)) {
    for (const one of Array.isArray(value) ? value : [value]) added.push([name, String(one)]);
  }
  // A host that is added takes the place of the visitor's by itself.
  const host = added.some(([name]) => name.toLowerCase() === "host");
  const removed = texts(module, "remove", "header edit")
    .filter((name) => !(host && name.toLowerCase() === "host"));
  const actions: PolicyAction[] = [];
  if (removed.length > 0) actions.push({ type: "remove-headers", config: { headers: removed } });
  // A map has each name once: several of one name need several actions.
  const maps: Map<string, string>[] = [];
  for (const [name, value] of added) {
    const lower = name.toLowerCase();
    let map = maps.find((map) => !map.has(lower));
    if (!map) maps.push(map = new Map());
    map.set(lower, value);
  }
  for (const map of maps) {
    actions.push({ type: "add-headers", config: { headers: Object.fromEntries(map) } });
  }
  return actions;
}

/** The traffic policy: the text of today's clients, or the object of older ones. */
async function trafficPolicy({ proto, binding, options }: PolicyWish): Promise<PolicyDocument> {
  const modules = readModules(options);
  const written = modules.get("trafficpolicy");
  const older = modules.get("policy");
  if (written !== undefined && older !== undefined) {
    throw refuse(
      9025,
      'Cannot use both "Policy" and "TrafficPolicy": "TrafficPolicy" is the newer of the two',
    );
  }
  let document: PolicyDocument;
  try {
    document = typeof (written ?? older) === "string"
      ? await parsePolicy(String(written ?? older), proto)
      : readPolicy(written ?? older, proto);
  } catch (thrown) {
    if (!(thrown instanceof TunnelError) || thrown.ngrokCode !== 2236) throw thrown;
    throw refuse(9026, thrown.message, thrown);
  }
  if (
    binding === "internal" && document.on_tcp_connect && (proto === "http" || proto === "https")
  ) {
    throw refuse(
      2262,
      "Cannot use the traffic policy: internal http and https endpoints have no on_tcp_connect, " +
        "for nobody connects to them; internal tcp and tls endpoints have",
    );
  }
  return document;
}

function malformed(what: string, found: string): TunnelError {
  return new TunnelError("message_invalid", `Cannot use the ${what} of the bind: ${found}`, {
    ngrokCode: 301,
  });
}

function refuse(ngrokCode: number, message: string, cause?: unknown): TunnelError {
  return new TunnelError("refused", message, { ngrokCode, cause });
}
