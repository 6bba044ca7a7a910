import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "../harness.ts";
import { startProgram } from "./program.ts";

const KEYS = ["crash_key_number_0_0123456789"];

test("an edge that is killed in the middle of 200 API writes loses none that it acknowledged", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-crash-"));
  const args = [
    ...["edge", "--http", "127.0.0.1:0", "--https", "none", "--agents", "127.0.0.1:0"],
    ...["--api", "127.0.0.1:0", "--data", folder, "--log", "stdout", "--log-format", "json"],
  ];
  const start = async () => {
    const edge = startProgram(args, { env: { SALLYPORT_EDGE_API_KEY: KEYS[0] } });
    const { api } = await edge.waitForJsonLine(({ msg }) => msg === "edge ready");
    const ask = async (key: string, path: string, body?: unknown) => {
      const response = await fetch(`${api}${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers: {
          authorization: `Bearer ${key}`,
          "ngrok-version": "2",
          "content-type": "application/json",
        },
        ...body === undefined ? {} : { body: JSON.stringify(body) },
      });
      const answer = await response.json();
      assert.ok(response.ok, JSON.stringify(answer));
      return answer;
    };
    return { edge, ask };
  };
  let { edge, ask } = await start();
  try {
    // Each key has a limit of its own: 200 writes take two.
    const { token } = await ask(KEYS[0], "/api_keys", {});
    const acknowledged: string[] = [];
    let next = 0;
    const writer = async () => {
      for (let i = next++; i < 200; i = next++) {
        try {
          const { id } = await ask([KEYS[0], token][i % 2], "/ip_policies", { metadata: `${i}` });
          acknowledged.push(id);
        } catch (thrown) {
          if (thrown instanceof assert.AssertionError) throw thrown;
          return; // it is dead
        }
        if (acknowledged.length === 100) edge.signal("SIGKILL");
      }
    };
    await Promise.all([writer(), writer(), writer(), writer()]);
    assert.equal((await edge.exited).signal, "SIGKILL");
    assert.ok(acknowledged.length >= 100 && acknowledged.length < 200, `${acknowledged.length}`);

    ({ edge, ask } = await start());
    const found = new Set<string>();
    for (let before = "";;) {
      const { ip_policies: page } = await ask(KEYS[0], `/ip_policies?limit=100${before}`);
      for (const { id } of page) found.add(id);
      if (page.length < 100) break;
      before = `&before_id=${page[page.length - 1].id}`;
    }
    assert.deepEqual(acknowledged.filter((id) => !found.has(id)), []);
    assert.ok(found.size <= acknowledged.length + 4, "nothing that was never asked for");
  } finally {
    await edge.stop();
    rmSync(folder, { recursive: true });
  }
});
