/**
 * The TLS of the doors in the eyes of testssl.sh: protocols, ciphers, known vulnerabilities.
 *
 * @module
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findTool, toolAdvice } from "../../scripts/debian.mjs";
import { edgeStage } from "../fakes/edge_stage.ts";
import { test } from "../harness.ts";

/** What is looked at: protocols, kinds of ciphers, and what strangers can do to a handshake. */
const CHECKS = ["-p", "-s", "-H", "-I", "-R", "-Z", "-W", "-O"];

interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

/** Runs the program on one door. */
async function examine(tool: string, name: string, port: number, folder: string) {
  const file = join(folder, `${port}.json`);
  const words = ["--quiet", "--color", "0", "--warnings", "off", "--fast", "--ip", "127.0.0.1"];
  const child = spawn(tool, [...words, ...CHECKS, "--jsonfile", file, `${name}:${port}`], {
    cwd: folder,
    stdio: "ignore",
  });
  await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return JSON.parse(await readFile(file, "utf8")) as Finding[];
}

test("testssl.sh finds nothing weak at the https door and at the agents' door", async () => {
  const tool = findTool("testssl");
  assert.ok(tool, toolAdvice("testssl"));
  const folder = await mkdtemp(join(tmpdir(), "sallyport-testssl-"));
  const { edge, agent: connect } = await edgeStage({ agents: { port: 0 } });
  const agent = await connect();
  await agent.bind("https", { Domain: "shop.example.com" });
  try {
    const doors = [
      ["shop.example.com", edge.addresses.https!.port],
      ["connect.example.com", edge.addresses.agents!.port],
    ] as const;
    const reports = await Promise.all(
      doors.map(([name, port]) => examine(tool, name, port, folder)),
    );
    for (const [at, findings] of reports.entries()) {
      const [name] = doors[at];
      const bad = findings.filter(({ severity }) => !["OK", "INFO", "DEBUG"].includes(severity));
      assert.deepEqual(bad, [], name);
      const found = (id: string) => findings.find((one) => one.id === id)?.finding ?? "";
      // It has looked, and at the right thing.
      for (const old of ["SSLv2", "SSLv3", "TLS1", "TLS1_1"]) {
        assert.match(found(old), /not offered/, `${name}: ${old}`);
      }
      for (const current of ["TLS1_2", "TLS1_3"]) {
        assert.match(found(current), /^offered/, `${name}: ${current}`);
      }
      for (const weak of ["NULL", "aNULL", "EXPORT", "LOW", "3DES_IDEA", "AVERAGE"]) {
        assert.match(found(`cipherlist_${weak}`), /not offered/, `${name}: ${weak}`);
      }
      for (const fault of ["heartbleed", "CCS", "secure_client_renego", "SWEET32", "POODLE_SSL"]) {
        assert.match(found(fault), /not vulnerable/, `${name}: ${fault}`);
      }
    }
  } finally {
    agent.abort();
    await edge.close({ graceMs: 0 });
    await rm(folder, { recursive: true, force: true });
  }
});
