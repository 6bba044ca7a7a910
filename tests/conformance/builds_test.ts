/**
 * What is handed out: the binaries, the file for Node, the images, and what the README says of them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { COMMANDS } from "../../lib/cli/commands/mod.ts";
import { parse } from "../../lib/cli/parse.ts";
import { buildPortable, fileNameOf, TARGETS } from "../../scripts/compile.ts";
import { hasRuntime, programWords } from "../journeys/program.ts";
import { test } from "../harness.ts";

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");

/** The rows of README's table: system, processor, what to take, tried. */
function platforms(): readonly string[][] {
  const section = /^## Where it runs$([^]*?)^## /m.exec(read("README.md"))![1];
  return section.split("\n").filter((line) => line.startsWith("|")).slice(2)
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

test("S4 S129 S131 S132 S133 S134 TARGETS are the binaries of the README's table", () => {
  const named = platforms().flatMap(([, , take]) =>
    [...take.matchAll(/`([a-z]+-[a-z0-9-]+)`/g)].map((match) => match[1])
  );
  assert.deepEqual(named.sort(), TARGETS.map(({ name }) => name).sort());
  assert.equal(new Set(TARGETS.map((target) => fileNameOf(target))).size, TARGETS.length);
});

test("S131 S133 S134 S135 the README answers for each processor of the ngrok agent, and says what else there is", () => {
  const rows = platforms().map(([system, processor]) => `${system}: ${processor}`);
  const wanted: readonly [system: string, processor: RegExp][] = [
    ...[/\bx86-64/, /\barm64/, /32-bit x86/, /32-bit ARM/, /MIPS \(all four\)/, /ppc64le/, /s390x/]
      .map((processor) => ["Linux", processor] as [string, RegExp]),
    ["Linux", /big-endian ppc64/],
    ...["macOS", "Windows"].flatMap((system) =>
      [/\bx86-64/, /\barm64/].map((processor) => [system, processor] as [string, RegExp])
    ),
    ["Windows", /32-bit x86/],
    ...[/\bx86-64/, /\barm64/, /32-bit x86 and ARM/]
      .map((processor) => ["FreeBSD", processor] as [string, RegExp]),
  ];
  for (const [system, processor] of wanted) {
    assert.ok(
      rows.some((row) => row.split(":")[0].includes(system) && processor.test(row)),
      `${system} ${processor}`,
    );
  }
  assert.match(read("README.md"), /ngrok SDKs does the job/);
});

test("S130 the Dockerfile makes an image of the edge, and one of the agent", () => {
  const dockerfile = read("Dockerfile");
  const entries = new Map(
    [...dockerfile.matchAll(/^FROM \S+ AS (\w+)$[^]*?(?=^FROM|$(?![^]))/gm)].map(([text, name]) => {
      const entry = /^ENTRYPOINT (\[.*\])$/m.exec(text)?.[1];
      return [name, entry === undefined ? [] : JSON.parse(entry) as string[]];
    }),
  );
  assert.deepEqual([...entries.keys()], ["build", "agent", "edge"]);
  for (
    const [name, more] of [["agent", ["http", "host:8080"]], ["edge", ["--domain", "a.b"]]] as const
  ) {
    const [program, ...args] = entries.get(name)!;
    assert.equal(program, "/sallyport");
    // What is compiled is the program of the source: it understands what the image starts.
    const request = parse([...args, ...more], COMMANDS, () => undefined);
    assert.equal(
      request.kind === "run" && request.command.name,
      name === "agent" ? "http" : "edge",
    );
  }
  assert.match(dockerfile, /NGROK_AUTHTOKEN and NGROK_CONFIG/);
});

if (hasRuntime("node")) {
  test("S133 buildPortable() makes one file that Node runs", () => {
    const [node] = programWords("cli.ts", "node");
    const folder = mkdtempSync(join(tmpdir(), "sallyport-portable-"));
    try {
      const file = join(folder, "sallyport.mjs");
      buildPortable(file);
      const said = execFileSync(node, [file, "version"], { cwd: folder, encoding: "utf8" });
      assert.match(said, /^sallyport version \d+\.\d+\.\d+\n$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
