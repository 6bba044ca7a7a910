/**
 * What every resource in the store does alike, as one journey, and tables of refusals.
 *
 * @module
 */
import assert from "node:assert/strict";
import { RESOURCES } from "../../../../lib/api/resources/mod.ts";
import { assertProblem, BASE, type Caller, type Stage } from "../kit.ts";

/** What a journey goes through. */
export interface Journey {
  /** The collection: `/ip_policies`. */
  readonly path: string;
  /** The prefix of ids. */
  readonly prefix: string;
  /** The name of the objects in lists. @default the name of the collection */
  readonly listKey?: string;
  /** The name of the object in events. */
  readonly event: string;
  /** A body. */
  readonly create: object;
  /** What the answer must have. */
  readonly created: object;
  /** A body. */
  readonly update: object;
  /** What the answer must have then. */
  readonly updated: object;
  /** What only the answer to create has. */
  readonly revealed?: readonly string[];
}

/** Creates, reads, lists, changes and deletes an object, and looks at what others see of it. */
export async function journey(stage: Stage, steps: Journey): Promise<void> {
  const { caller, events, changes } = stage;
  const stranger = await stage.stranger();
  const { path, prefix } = steps;
  const listKey = steps.listKey ?? path.slice(1);
  const resource = path.slice(1);

  const created = await caller.make(path, steps.create);
  assertHas(created, steps.created);
  assert.match(created.id, new RegExp(`^${prefix}_[0-9A-Za-z]{27}$`));
  assert.equal(created.uri, `${BASE}${path}/${created.id}`);
  assert.match(created.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assertFits(resource, created);

  const one = `${path}/${created.id}`;
  const expected = { ...created };
  for (const name of steps.revealed ?? []) {
    assert.equal(typeof created[name], "string");
    expected[name] = null;
  }
  assert.deepEqual((await caller.get(one)).body, expected);
  const list = await caller.get(path);
  assert.deepEqual(
    list.body[listKey].find(({ id }: { id: string }) => id === created.id),
    expected,
  );
  assert.equal(list.body.uri, `${BASE}${path}`);
  assert.equal(list.body.next_page_uri, null);

  await assertInvisible(stranger, path, listKey, one, steps.update);

  // The official client repeats the id of the path in the body.
  const updated = await caller.patch(one, { ...steps.update, id: created.id });
  assert.equal(updated.status, 200, JSON.stringify(updated.body));
  assertHas(updated.body, steps.updated);
  assert.deepEqual((await caller.get(one)).body, updated.body);
  assertFits(resource, updated.body);
  assertProblem(await caller.patch(one, { ...steps.update, id: `${prefix}_other` }), 215, 400);
  assertProblem(await caller.patch(one, { no_such_field: 1 }), 214, 400);
  assertProblem(await caller.post(path, { ...steps.create, no_such_field: 1 }), 214, 400);

  const gone = await caller.delete(one);
  assert.deepEqual([gone.status, gone.body], [204, undefined]);
  for (const method of ["GET", "PATCH", "DELETE"]) {
    const body = method === "PATCH" ? steps.update : undefined;
    assertProblem(await caller.send(method, one, body), undefined, 404);
  }
  assertProblem(await caller.get(`${path}/xx_${created.id.slice(prefix.length + 1)}`), 227, 400);

  const about = events.filter(({ object }) => object.id === created.id);
  assert.deepEqual(about.map(({ event_type: type }) => type), [
    `${steps.event}_created.v0`,
    `${steps.event}_updated.v0`,
    `${steps.event}_deleted.v0`,
  ]);
  for (const event of about) {
    assert.equal(event.account_id, caller.accountId);
    assert.equal(event.principal.credential.id, caller.keyId);
    for (const name of steps.revealed ?? []) assert.equal(event.object[name], null);
  }
  const kept = await stage.store.audit_events.list(caller.accountId);
  for (const event of about) assert.ok(kept.some(({ id }) => id === event.event_id));
  assert.deepEqual(
    changes.filter(({ id }) => id === created.id).map((change) => [change.resource, change.verb]),
    [[resource, "created"], [resource, "updated"], [resource, "deleted"]],
  );
}

async function assertInvisible(
  stranger: Caller,
  path: string,
  listKey: string,
  one: string,
  update: object,
): Promise<void> {
  assertProblem(await stranger.get(one), undefined, 404);
  assertProblem(await stranger.patch(one, update), undefined, 404);
  assertProblem(await stranger.delete(one), undefined, 404);
  const seen = (await stranger.get(path)).body[listKey] as { id: string }[];
  // A stranger has one key of his own, unlike anything else.
  assert.deepEqual(seen.filter(({ id }) => id !== stranger.keyId), []);
}

/** An answer has these fields with these values. */
export function assertHas(answer: object, wanted: object): void {
  for (const [name, value] of Object.entries(wanted)) {
    assert.deepEqual((answer as Record<string, unknown>)[name], value, name);
  }
}

/** An answer is what the documentation says. */
export function assertFits(resource: string, answer: unknown): void {
  const { operations } = RESOURCES.find(({ name }) => name === resource)!;
  const get = operations.find(({ verb }) => verb === "get")!;
  const result = get.answer!.safeParse(answer);
  assert.ok(result.success, `${resource}: ${result.error?.message}`);
}

/** A request, and the number it is refused with. */
export type Refusal = readonly [
  what: string,
  method: string,
  path: string,
  body: unknown,
  code: number | undefined,
  status?: number,
];

/** Sends each request and looks at its number. */
export async function assertRefused(caller: Caller, refusals: readonly Refusal[]): Promise<void> {
  for (const [what, method, path, body, code, status] of refusals) {
    const reply = await caller.send(method, path, body);
    try {
      assertProblem(reply, code, status);
    } catch (cause) {
      throw new Error(`${what}: ${JSON.stringify(reply.body)}`, { cause });
    }
  }
}

/** Text of so many bytes. */
export function long(bytes: number): string {
  return "é".repeat(Math.floor(bytes / 2)) + "x".repeat(bytes % 2);
}

/** Refusals of the two texts that are too long. */
export function longTexts(
  path: string,
  create: object,
  description: number,
  metadata: number,
): Refusal[] {
  return [
    ["long description", "POST", path, { ...create, description: long(256) }, description, 400],
    ["long metadata", "POST", path, { ...create, metadata: long(4097) }, metadata, 400],
  ];
}
