/**
 * What a Bind may ask of the edge besides an address, and which of it this edge does: the one table
 * to change when another module is enforced.
 *
 * Whoever asks for basic auth and gets an open door has been betrayed, so what guards, changes or
 * shapes traffic and is not enforced here is refused by name. Called by `bind.ts`.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import type { BindOptions } from "../wire/messages.ts";

/** What becomes of an option. */
type Treatment =
  /** Obeyed, by the file named. */
  | { readonly do: "obey"; readonly by: string }
  /** Refused: leaving it undone would expose or break what the user built on it. */
  | { readonly do: "refuse"; readonly name: string };

function obey(by: string): Treatment {
  return { do: "obey", by };
}

function refuse(name: string): Treatment {
  return { do: "refuse", name };
}

/** Every option of wire-protocol 6, by lower-case key. Keys that are not here are ignored, as the wire demands. */
const MODULES: Readonly<Record<string, Treatment>> = {
  url: obey("requested_address.ts"),
  domain: obey("requested_address.ts"),
  hostname: obey("requested_address.ts"),
  subdomain: obey("requested_address.ts"),
  addr: obey("requested_address.ts"),
  proxyproto: obey("relay.ts"),
  // What the agent does and only tells us about.
  hostheaderrewrite: obey("the agent"),
  localurlscheme: obey("the agent"),
  // The edge passes the bytes through, so the agent can ask for client certificates itself.
  mutualtlsatagent: obey("the agent"),
  auth: obey("bind_policy.ts"),
  basicauth: obey("bind_policy.ts"),
  oauth: refuse("OAuth, which comes with the full policy engine"),
  oidc: refuse("OpenID Connect, which comes with the full policy engine"),
  iprestriction: obey("bind_policy.ts"),
  mutualtlsca: obey("tls_termination.ts"),
  mutualtlsatedge: obey("tls_termination.ts"),
  tlstermination: obey("tls_termination.ts"),
  webhookverification: obey("bind_policy.ts"),
  useragentfilter: obey("bind_policy.ts"),
  policy: obey("bind_policy.ts"),
  trafficpolicy: obey("bind_policy.ts"),
  requestheaders: obey("bind_policy.ts"),
  responseheaders: obey("bind_policy.ts"),
  websockettcpconverter: obey("bind_policy.ts"),
  compression: obey("bind_policy.ts"),
  circuitbreaker: obey("bind_policy.ts"),
};

/**
 * Refuses a bind that asks for what this edge does not enforce.
 *
 * @param options as the agent wrote them
 * @throws {TunnelError} refused with 813, naming the module; 1123 for a PROXY version that does not exist
 */
export function checkModules(options: BindOptions): void {
  for (const [key, value] of Object.entries(options)) {
    const treatment = MODULES[key.toLowerCase()];
    if (!treatment || isUnset(value)) continue;
    if (treatment.do === "refuse") throw notEnforced(treatment.name);
    if (key.toLowerCase() === "tlstermination") checkSealedKey(value);
    if (key.toLowerCase() === "proxyproto" && value !== 1 && value !== 2) {
      throw new TunnelError(
        "refused",
        `Cannot send the PROXY header in version ${JSON.stringify(value)}: it must be 1 or 2`,
        { ngrokCode: 1123 },
      );
    }
  }
}

/** Only its own service can open a sealed key. */
function checkSealedKey(value: unknown): void {
  const { sealed_key: sealed } = value as Record<string, unknown>;
  if (sealed !== undefined && sealed !== null && sealed !== "") throw notEnforced("sealed keys");
}

function notEnforced(name: string): TunnelError {
  return new TunnelError(
    "refused",
    `This edge does not yet enforce ${name}, so the endpoint was not started rather than left open. ` +
      "Start it without, or guard the service itself",
    { ngrokCode: 813 },
  );
}

/** Whether a value means "nothing asked for": unset modules travel as null, false, 0, "" or empty. */
function isUnset(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0) return true;
  if (typeof value === "string") return value.trim() === "";
  // `{}` asks for a module with its defaults; lists that are all empty ask for nothing.
  return isEmptyRules(value);
}

/** An object whose values are all empty lists: phases without rules, restrictions without entries. */
function isEmptyRules(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const parts = Object.values(value);
  return parts.length > 0 && parts.every((part) => Array.isArray(part) && part.length === 0);
}
