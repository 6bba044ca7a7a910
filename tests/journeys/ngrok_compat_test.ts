/**
 * The same script with `@ngrok/ngrok` and with our export of its shape: only the import differs.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import ngrok from "../../ngrok.ts";
import { test } from "../harness.ts";
import { run } from "../fakes/ngrok_script.mjs";
import { AUTHTOKEN, startTestEdge } from "./tunnel_suite.ts";

const SCRIPT = fileURLToPath(new URL("../fakes/ngrok_script.mjs", import.meta.url));

/** The SDK's native part is made for Node. */
async function withOfficialPackage(settings: object): Promise<unknown> {
  const args = [SCRIPT, "@ngrok/ngrok", JSON.stringify(settings)];
  const env = { ...process.env };
  for (const name of Object.keys(env)) if (name.startsWith("NGROK_")) delete env[name];
  const { stdout } = await promisify(execFile)("node", args, { env, timeout: 60_000 });
  return JSON.parse(stdout);
}

test("ngrok.ts: a script for @ngrok/ngrok does the same with only its import changed", async () => {
  const edge = await startTestEdge();
  try {
    const settings = {
      serverAddr: edge.agents,
      caPath: edge.caPath,
      authtoken: AUTHTOKEN,
      httpPort: edge.edge.addresses.http!.port,
    };
    const theirs = await withOfficialPackage(settings);
    const ours = await run(ngrok, settings);
    assert.deepEqual(JSON.parse(JSON.stringify(ours)), theirs);
    assert.equal((theirs as unknown[]).length, 19);
  } finally {
    await edge.close();
  }
});
