/**
 * Endpoints: those that agents serve, which come and go, and cloud endpoints, which are made here.
 *
 * @module
 */
import { z } from "../../base/schema.ts";
import type { CloudEndpointRow } from "../../store/tables.ts";
import { allRows } from "../all_rows.ts";
import type { Change } from "../change.ts";
import { type EndpointUrl, namesAbove, readEndpointUrl, splitUrl } from "../endpoint_url.ts";
import { formatTime } from "../events.ts";
import { exampleId, flag, number, ownTexts, ref, text, textList, time } from "../fields.ts";
import { BASE_FILTER, type FilterFields } from "../filter.ts";
import type { LiveEndpoint } from "../live.ts";
import { type Listed, newestFirst, page, sourceOf } from "../paging.ts";
import { problem } from "../problem.ts";
import { checkId } from "../query.ts";
import { ownerOf, principalRef, refTo } from "../refs.ts";
import type { Answer, Call, Json, Operation, Resource } from "../resource.ts";
import { storedOperations, type StoredSpec, textsOf } from "../stored.ts";
import { readTrafficPolicy } from "../traffic_policy.ts";

const url = text("The address; the usual port may be left out", "https://shop.example.com");
const policy = text(
  "What becomes of traffic: a traffic policy as YAML or JSON",
  '{"on_http_request":[{"actions":[{"type":"deny"}]}]}',
);
const bindings = textList("Where it can be reached from: `public` or `internal`", ["public"], 16);
const pooling = flag("Whether other endpoints may share the address", false);

interface CreateBody {
  readonly url: string;
  readonly type?: string;
  readonly traffic_policy: string;
  readonly bindings?: readonly string[];
  readonly pooling_enabled?: boolean;
}

type UpdateBody = Partial<Omit<CreateBody, "type">>;

const endpointSchema = z.strictObject({
  id: text("Names the endpoint; newer ones sort later", exampleId("ep")),
  uri: text("Where the endpoint is", `https://api.example.com/endpoints/${exampleId("ep")}`),
  created_at: time("When it came online, or was created"),
  updated_at: time("When it was changed last"),
  ...ownTexts("the endpoint"),
  region: text("Where it is", "us").optional(),
  url,
  public_url: url,
  proto: text("What visitors speak", "https"),
  scheme: text("The same", "https"),
  host: text("The host of the address", "shop.example.com"),
  port: number("The port of the address", 443),
  hostport: text("Both together", "shop.example.com:443"),
  type: text("`ephemeral` when an agent serves it, else `cloud`", "cloud"),
  name: text("What the agent's configuration calls it", "web").optional(),
  bindings,
  pooling_enabled: pooling,
  traffic_policy: policy.optional(),
  domain: ref("The reserved domain", "/reserved_domains", exampleId("rd")).optional(),
  tcp_addr: ref("The reserved address", "/reserved_addrs", exampleId("ra")).optional(),
  tunnel: ref("The tunnel", "/tunnels", exampleId("tn")).optional(),
  tunnel_session: ref("The agent", "/tunnel_sessions", exampleId("ts")).optional(),
  principal: ref("Whose it is", "/service_users", exampleId("service")).optional(),
  upstream_url: text("Where the agent forwards to", "http://localhost:8080").optional(),
  upstream_protocol: text("What the agent speaks there", "http1").optional(),
});

const filter: FilterFields = {
  ...BASE_FILTER,
  "principal.id": "id",
  // Texts of the ecosystem say "agent" where its objects say "ephemeral".
  type: { kind: "text", aliases: { agent: "ephemeral" } },
  binding: { kind: "text", path: ["bindings", "0"] },
  bindings: "list",
  url: "text",
  pooling_enabled: "flag",
  scheme: "text",
  region: "text",
  name: "text",
};

const spec: StoredSpec<"cloud_endpoints", CreateBody, UpdateBody> = {
  name: "endpoints",
  one: "endpoint",
  table: "cloud_endpoints",
  prefix: "ep",
  event: "endpoint",
  object: endpointSchema,
  create: z.strictObject({
    ...ownTexts("the endpoint"),
    url,
    type: text("`cloud`", "cloud").optional(),
    traffic_policy: policy,
    bindings: bindings.optional(),
    pooling_enabled: pooling.optional(),
  }),
  update: z.strictObject({
    ...ownTexts("the endpoint"),
    url: url.optional(),
    traffic_policy: policy.optional(),
    bindings: bindings.optional(),
    pooling_enabled: pooling.optional(),
  }),
  filter,
  codes: {
    description: 18012,
    metadata: 18013,
    url: 18015,
    traffic_policy: 18011,
    bindings: 15005,
  },
  emptyUpdate: 18004,
  quota: 18010,
  examples: {
    create: [
      {
        url: "https://shop.example.com:443",
        type: "cloud",
        bindings: ["public"],
        traffic_policy: '{"on_http_request":[{"actions":[{"type":"deny"}]}]}',
        description: "closed for the night",
      },
      {
        url: "http://orders.shop.internal",
        traffic_policy: "on_http_request:\n  - actions:\n      - type: deny\n",
      },
    ],
    update: [{ description: "closed for the day" }],
  },
  createDetails:
    "Only cloud endpoints are made here. They are kept and listed, but this version of " +
    "the edge does not serve their traffic yet",
  async insert(change, body) {
    if (body.type !== undefined && body.type !== "cloud") {
      throw problem(248, `Cannot create an endpoint of the type "${body.type}", only "cloud"`);
    }
    const at = readUrl(change, body.url);
    const chosen = readBindings(body.bindings ?? [], at);
    const pools = body.pooling_enabled ?? false;
    await checkReserved(change, at);
    await checkFree(change, at, pools, undefined);
    return {
      url: at.url,
      bindings: chosen,
      traffic_policy: readTrafficPolicy(body.traffic_policy),
      pooling_enabled: pools,
    };
  },
  async change(change, body, row) {
    const at = readUrl(change, body.url ?? row.url);
    if (at.scheme !== splitUrl(row.url).scheme) {
      throw problem(18005, `Cannot change the scheme of "${row.url}" to "${at.scheme}"`);
    }
    const chosen = readBindings(body.bindings ?? (body.url ? [] : row.bindings), at);
    const pools = body.pooling_enabled ?? row.pooling_enabled;
    if (at.url !== row.url) await checkReserved(change, at);
    if (at.url !== row.url || pools !== row.pooling_enabled) {
      await checkFree(change, at, pools, row.id);
    }
    const given = body.traffic_policy;
    return {
      url: at.url,
      bindings: chosen,
      pooling_enabled: pools,
      ...(given === undefined ? {} : { traffic_policy: readTrafficPolicy(given) }),
    };
  },
  toJson: cloudToJson,
};

function readUrl(change: Change, given: string): EndpointUrl {
  const { domains, ports = {} } = change.api.deps;
  return readEndpointUrl(given, { domains, ports });
}

/** The binding of an endpoint: as asked for, else by its name (spec rest-api E2). */
function readBindings(given: readonly string[], at: EndpointUrl): readonly string[] {
  const usual = at.isInternal ? "internal" : "public";
  const known = ["public", "internal", "kubernetes"];
  const wrong = given.find((binding) => !known.includes(binding));
  if (wrong !== undefined) {
    throw problem(
      15005,
      `The binding "${wrong}" does not exist; known are "${known.join('", "')}"`,
    );
  }
  const twice = given.find((binding, index) => given.indexOf(binding) !== index);
  if (twice !== undefined) throw problem(15006, `The binding "${twice}" is there more than once`);
  if (given.length > 1) throw problem(18007, "An endpoint has one binding");
  if (given[0] === "kubernetes") {
    throw problem(15010, "There is no Kubernetes operator that the endpoint could be bound to");
  }
  if (given.length === 1 && given[0] !== usual) {
    throw problem(18007, `The binding of "${at.url}" is "${usual}", not "${given[0]}"`);
  }
  return [usual];
}

/** A public address must be the account's own (18006). */
async function checkReserved(change: Change, at: EndpointUrl): Promise<void> {
  if (at.isInternal || await reservationOf(change, at)) return;
  throw problem(
    18006,
    `Cannot use "${at.url}": reserve its ${at.scheme === "tcp" ? "address" : "domain"} first`,
  );
}

/** What of the account's reservations an address stands on. */
async function reservationOf(
  call: Call,
  at: { readonly scheme: string; readonly host: string; readonly port: number },
): Promise<Json | undefined> {
  const { reserved_addrs: addrs, reserved_domains: domains } = call.content;
  if (at.scheme === "tcp") {
    const where = { addr: `${at.host}:${at.port}` };
    const [row] = await addrs.list(call.accountId, { where });
    return row && { tcp_addr: refTo(call, "/reserved_addrs", row.id) };
  }
  for (const domain of namesAbove(at.host)) {
    const [row] = await domains.list(call.accountId, { where: { domain } });
    if (row) return { domain: refTo(call, "/reserved_domains", row.id) };
  }
  return undefined;
}

/** Endpoints share an address only when all of them want to (spec edge F). */
async function checkFree(
  change: Change,
  at: EndpointUrl,
  pools: boolean,
  ownId: string | undefined,
): Promise<void> {
  const others = await allRows(change.content.cloud_endpoints, change.accountId, { url: at.url });
  for (const other of others) {
    if (other.id === ownId || (pools && other.pooling_enabled)) continue;
    if (pools) throw problem(18016, `"${other.id}" at "${at.url}" does not take part in pooling`);
    if (other.pooling_enabled) {
      throw problem(18017, `The endpoints at "${at.url}" are pooled: enable pooling for this one`);
    }
    throw problem(18009, `The account has a cloud endpoint at "${at.url}" already: "${other.id}"`);
  }
  const live = change.api.deps.live.endpoints(change.accountId).find(({ url }) => url === at.url);
  if (!live || (pools && live.poolingEnabled)) return;
  throw problem(334, `Cannot use "${at.url}": the endpoint "ep_${live.key}" is online there`);
}

async function cloudToJson(call: Call, row: CloudEndpointRow): Promise<Listed> {
  const { scheme, host, port } = splitUrl(row.url);
  const { region } = call.api.deps;
  return {
    id: row.id,
    uri: call.uri(`/endpoints/${row.id}`),
    created_at: formatTime(row.created_at),
    updated_at: formatTime(row.updated_at),
    ...textsOf(row),
    ...(region ? { region } : {}),
    ...addressOf(row.url, scheme, host, port),
    type: "cloud",
    bindings: row.bindings,
    pooling_enabled: row.pooling_enabled,
    traffic_policy: row.traffic_policy,
    ...await reservationOf(call, { scheme, host, port }),
  };
}

function addressOf(url: string, scheme: string, host: string, port: number): Json {
  return {
    url,
    public_url: url,
    proto: scheme,
    scheme,
    host,
    port,
    hostport: `${host}:${port}`,
  };
}

/** An endpoint that an agent serves, as answers have it. */
async function liveToJson(call: Call, live: LiveEndpoint): Promise<Listed> {
  const { scheme, host, port } = splitUrl(live.url);
  const token = await call.content.authtokens.get(call.accountId, live.credentialId);
  const startedAt = formatTime(live.startedAtMs);
  const optional: Record<string, string> = {
    description: live.description,
    metadata: live.metadata,
    region: live.region,
    name: live.name,
    traffic_policy: live.trafficPolicy,
    upstream_protocol: live.upstreamProtocol,
  };
  return {
    id: `ep_${live.key}`,
    uri: call.uri(`/endpoints/ep_${live.key}`),
    created_at: startedAt,
    updated_at: startedAt,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== "")),
    ...addressOf(live.url, scheme, host, port),
    type: "ephemeral",
    bindings: [live.binding],
    pooling_enabled: live.poolingEnabled,
    tunnel: refTo(call, "/tunnels", `tn_${live.key}`),
    ...(live.sessionIds.length === 0
      ? {}
      : { tunnel_session: refTo(call, "/tunnel_sessions", live.sessionIds[0]) }),
    ...(token ? { principal: principalRef(call, ownerOf(call, token.owner_id)) } : {}),
    upstream_url: live.forwardsTo,
  };
}

function findLive(call: Call): LiveEndpoint | undefined {
  return call.api.deps.live.endpoints(call.accountId)
    .find(({ key }) => `ep_${key}` === call.params.id);
}

/** Lists both kinds, newest first. */
async function list(call: Call): Promise<Json> {
  const live = call.api.deps.live.endpoints(call.accountId);
  const online = sourceOf(live.map(({ key }) => ({ id: `ep_${key}`, key })));
  const byKey = new Map(live.map((endpoint) => [endpoint.key, endpoint]));
  const facts = { prefix: spec.prefix, filter };
  return await page(call, "/endpoints", "endpoints", facts, async (beforeId, limit) => {
    const rows = await call.content.cloud_endpoints.list(call.accountId, { beforeId, limit });
    const stored = rows.map((row) => ({ id: row.id, row }));
    const merged = newestFirst([...stored, ...await online(beforeId, limit)]).slice(0, limit);
    return await Promise.all(
      merged.map(({ row, key }) =>
        row
          ? cloudToJson(call, row as CloudEndpointRow)
          : liveToJson(call, byKey.get(key as string)!)
      ),
    );
  });
}

/** The usual operations, with agents' endpoints in view. */
function operations(): Operation[] {
  return storedOperations(spec).map((operation): Operation => {
    const run = operation.run as (call: Call, body: unknown) => Promise<Answer>;
    if (operation.verb === "list") return { ...operation, run: list };
    if (operation.verb === "create") return operation;
    if (operation.verb === "get") {
      return {
        ...operation,
        async run(call, body) {
          checkId(call.params.id, "ep");
          const live = findLive(call);
          return live ? await liveToJson(call, live) : await run(call, body);
        },
      };
    }
    return {
      ...operation,
      details: `${operation.details ?? ""} Only cloud endpoints can be changed or deleted here`
        .trim(),
      run(call, body) {
        if (!findLive(call)) return run(call, body);
        const { id } = call.params;
        throw problem(248, `Cannot ${operation.verb} "${id}": an agent serves it, and stops it`);
      },
    };
  });
}

/** Endpoints. */
export const endpoints: Resource = {
  name: spec.name,
  about:
    "An address that traffic comes in at: of an agent while it is connected (`ephemeral`), or " +
    "made here and answered by a traffic policy (`cloud`).",
  operations: operations(),
};
