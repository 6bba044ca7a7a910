import assert from "node:assert/strict";
import fc from "fast-check";
import type { TunnelError } from "../../../lib/base/errors.ts";
import { test } from "../../harness.ts";
import { addAccount, authtoken, base, domain, withStore } from "./rows.ts";

test("ObjectTable gives back what was put in, lists and objects and booleans included", async () => {
  await withStore(async (store) => {
    const account = await addAccount(store);
    const token = authtoken(account, ["bind:a.example.com", "bind:x=*"]);
    await store.authtokens.insert(token);
    assert.deepEqual(await store.authtokens.get(account, token.id), token);
    const user = { ...base(account, "service"), name: "ci", active: false };
    await store.service_users.insert(user);
    assert.deepEqual(await store.service_users.get(account, user.id), user);
    const name = {
      ...domain(account, "a.example.com"),
      certificate_management_policy: {
        authority: "letsencrypt",
        private_key_type: "ecdsa",
      },
      resolves_to: [{ value: "global" }],
    };
    await store.reserved_domains.insert(name);
    assert.deepEqual(await store.reserved_domains.get(account, name.id), name);
  });
});

test("ObjectTable.list() gives pages, newest first", async () => {
  await withStore(async (store) => {
    const account = await addAccount(store);
    const names = ["a", "b", "c", "d", "e"].map((label) => domain(account, `${label}.example.com`));
    for (const row of names) await store.reserved_domains.insert(row);
    const first = await store.reserved_domains.list(account, { limit: 2 });
    assert.deepEqual(first.map((row) => row.domain[0]), ["e", "d"]);
    const second = await store.reserved_domains.list(account, {
      limit: 2,
      beforeId: first[1].id,
    });
    assert.deepEqual(second.map((row) => row.domain[0]), ["c", "b"]);
    const only = await store.reserved_domains.list(account, {
      where: { domain: "c.example.com" },
    });
    assert.deepEqual(only.map((row) => row.domain[0]), ["c"]);
    assert.equal(
      (await store.reserved_domains.list(account, {
        where: { certificate_id: null },
      })).length,
      5,
    );
  });
});

test("ObjectTable.update() changes what is named and nothing else", async () => {
  await withStore(async (store) => {
    const account = await addAccount(store);
    const row = domain(account, "a.example.com");
    await store.reserved_domains.insert(row);
    const now = await store.reserved_domains.update(account, row.id, {
      description: "shop",
      updated_at: 9,
    });
    assert.deepEqual(now, { ...row, description: "shop", updated_at: 9 });
    assert.deepEqual(
      await store.reserved_domains.update(account, row.id, {}),
      now,
    );
    assert.equal(
      await store.reserved_domains.update(account, "rd_none", {
        description: "x",
      }),
      undefined,
    );
  });
});

test("ObjectTable.insert() and update() say conflict when a unique column is taken", async () => {
  await withStore(async (store) => {
    const account = await addAccount(store);
    const other = await addAccount(store);
    const [a, b] = [
      domain(account, "a.example.com"),
      domain(account, "b.example.com"),
    ];
    await store.reserved_domains.insert(a);
    await store.reserved_domains.insert(b);
    const isConflict = (error: TunnelError) => error.code === "conflict";
    await assert.rejects(
      store.reserved_domains.insert(domain(other, "a.example.com")),
      isConflict,
    );
    await assert.rejects(
      store.reserved_domains.update(account, b.id, { domain: "a.example.com" }),
      isConflict,
    );
  });
});

test("ObjectTable.findAnywhere() looks across accounts for what the edge must know first", async () => {
  await withStore(async (store) => {
    const token = authtoken(await addAccount(store));
    await store.authtokens.insert(token);
    assert.deepEqual(
      await store.authtokens.findAnywhere({ lookup: token.lookup }),
      [token],
    );
    assert.deepEqual(
      await store.authtokens.findAnywhere({ lookup: "nope" }),
      [],
    );
  });
});

test("ObjectTable.findAnyOf() finds the rows of all accounts with any of several values", async () => {
  await withStore(async (store) => {
    const [one, two] = [await addAccount(store), await addAccount(store)];
    await store.reserved_domains.insert(domain(one, "a.com"));
    await store.reserved_domains.insert(domain(two, "*.b.com"));
    await store.reserved_domains.insert(domain(two, "c.com"));
    const rows = await store.reserved_domains.findAnyOf("domain", ["*.b.com", "a.com", "d.com"]);
    assert.deepEqual(
      rows.map((row) => [row.account_id, row.domain]),
      [[two, "*.b.com"], [one, "a.com"]],
    );
    assert.deepEqual(await store.reserved_domains.findAnyOf("domain", []), []);
  });
});

test("ObjectTable.trim() keeps the newest", async () => {
  await withStore(async (store) => {
    const account = await addAccount(store);
    for (const label of ["a", "b", "c", "d"]) {
      await store.reserved_domains.insert(domain(account, `${label}.com`));
    }
    await store.reserved_domains.trim(account, 2);
    assert.deepEqual(
      (await store.reserved_domains.list(account)).map((row) => row.domain),
      [
        "d.com",
        "c.com",
      ],
    );
    await store.reserved_domains.trim(account, 2);
    assert.equal(await store.reserved_domains.count(account), 2);
    assert.equal(await store.reserved_domains.count(account, { domain: "d.com" }), 1);
    assert.equal(await store.reserved_domains.count(account, { certificate_id: null }), 2);
  });
});

test("ObjectTable never lets one account see, change or remove what another has", async () => {
  await withStore(async (store) => {
    const accounts = [await addAccount(store), await addAccount(store)];
    const owned = [new Map<string, string>(), new Map<string, string>()];
    let serial = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            who: fc.nat(1),
            op: fc.constantFrom("insert", "get", "update", "remove", "list"),
            pick: fc.nat(20),
          }),
          { maxLength: 20 },
        ),
        async (steps) => {
          for (const { who, op, pick } of steps) {
            const account = accounts[who];
            const ids = [...owned[0].keys(), ...owned[1].keys()];
            const id = ids[pick % Math.max(1, ids.length)] ?? "rd_none";
            const mine = owned[who].has(id);
            if (op === "insert") {
              const row = domain(account, `n${serial++}.example.com`);
              await store.reserved_domains.insert(row);
              owned[who].set(row.id, "");
            } else if (op === "get") {
              assert.equal(
                await store.reserved_domains.get(account, id) !== undefined,
                mine,
              );
            } else if (op === "update") {
              const description = `by ${who} ${serial++}`;
              const row = await store.reserved_domains.update(account, id, {
                description,
              });
              assert.equal(row !== undefined, mine);
              if (mine) owned[who].set(id, description);
            } else if (op === "remove") {
              assert.equal(
                await store.reserved_domains.remove(account, id),
                mine,
              );
              owned[who].delete(id);
            } else {
              const rows = await store.reserved_domains.list(account, {
                limit: 1000,
              });
              assert.deepEqual(
                rows.map((row) => [row.id, row.description]).sort(),
                [...owned[who]].sort(),
              );
            }
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});
