import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { z } from "../../../lib/base/schema.ts";
import { type Action, defineAction, type ExpressionEngine } from "../../../lib/policy/action.ts";
import type { CompiledPolicy } from "../../../lib/policy/engine.ts";
import { compilePolicy } from "../../../lib/policy/engine.ts";
import { type PolicyDocument, readPolicy } from "../../../lib/policy/document.ts";
import { connectContext, requestContext, responseContext, testServices } from "./testing.ts";

/** Writes down that it ran; then goes on, waits, ends or fails. */
function scribe(type: string, ran: string[]): Action {
  return defineAction({
    type,
    phases: ["on_http_request", "on_http_response", "on_tcp_connect"],
    config: z.strictObject({ text: z.string().default("") }),
    compile({ text }, context) {
      const said = context.text("text", text);
      const run = () => {
        ran.push(type);
        if (type === "wait") return Promise.resolve(undefined);
        if (type === "wait-end") return Promise.resolve({ do: "close" } as const);
        if (type === "end") return { do: "close" } as const;
        if (type === "fail") throw new Error("broken");
        if (type === "wait-fail") return Promise.reject(new Error("broken"));
        if (type === "say") return void ran.push(said.of(requestContext()));
      };
      return { onHttpRequest: run, onTcpConnect: run, terminates: type === "end" };
    },
  });
}

const TYPES = ["go", "wait", "wait-end", "end", "fail", "wait-fail", "say"];

async function compiled(
  ran: string[],
  document: PolicyDocument,
  expressions?: ExpressionEngine,
): Promise<CompiledPolicy | undefined> {
  return await compilePolicy(document, {
    proto: "https",
    services: testServices({ expressions }),
    actions: TYPES.map((type) => scribe(type, ran)),
  });
}

function rules(...types: string[][]): PolicyDocument {
  return {
    on_http_request: types.map((list) => ({ actions: list.map((type) => ({ type })) })),
  };
}

test("compilePolicy() gives nothing for a policy without rules", async () => {
  assert.equal(await compiled([], {}), undefined);
  assert.equal(await compiled([], readPolicy({ on_http_request: [] }, "https")), undefined);
});

test("compilePolicy() leaves phases without rules out", async () => {
  const policy = await compiled([], rules(["go"]));
  assert.equal(policy!.onTcpConnect, undefined);
  assert.equal(policy!.onHttpResponse, undefined);
});

test("a phase runs rules and actions in order, at once as long as nobody waits", async () => {
  const ran: string[] = [];
  const policy = await compiled(ran, rules(["go", "go"], ["say"], ["end"], ["go"]));
  assert.deepEqual(policy!.onHttpRequest!(requestContext()), { do: "close" });
  assert.deepEqual(ran, ["go", "go", "say", "", "end"]);
});

test("a phase goes on where it waited", async () => {
  const ran: string[] = [];
  const policy = await compiled(ran, rules(["go", "wait", "go"], ["wait"], ["wait-end"], ["go"]));
  const outcome = policy!.onHttpRequest!(requestContext());
  assert.ok(outcome instanceof Promise);
  assert.deepEqual(await outcome, { do: "close" });
  assert.deepEqual(ran, ["go", "wait", "go", "wait", "wait-end"]);
});

test("an action that fails lets nothing through, and the log says why", async () => {
  for (const type of ["fail", "wait-fail"]) {
    const ran: string[] = [];
    const policy = await compiled(ran, rules([type, "go"]));
    const outcome = await policy!.onHttpRequest!(requestContext());
    assert.ok(outcome?.do === "fail");
    assert.equal(outcome.problem.ngrokCode, 2300);
    assert.equal(outcome.problem.status, 500);
    assert.deepEqual(ran, [type]);
  }
  const raw = await compiled([], { on_tcp_connect: [{ actions: [{ type: "fail" }] }] });
  assert.deepEqual(raw!.onTcpConnect!(connectContext()), { do: "close" });
});

test("an action without a handler for its phase is passed over", async () => {
  const policy = await compiled([], { on_http_response: [{ actions: [{ type: "go" }] }] });
  assert.equal(policy!.onHttpResponse!(responseContext()), undefined);
});

test("compilePolicy() refuses an unknown action, naming those there are", async () => {
  await assert.rejects(compiled([], rules(["deny-all"])), {
    ngrokCode: 2201,
    message: /on_http_request, rule 1, action 1 \(deny-all\).*end, fail, go/,
  });
});

test("compilePolicy() refuses an action that cannot be reached", async () => {
  await assert.rejects(compiled([], rules(["go", "end", "say"])), {
    ngrokCode: 2207,
    message: /"say" in on_http_request, rule 1 is never reached, because "end"/,
  });
});

test("compilePolicy() refuses a phase that an action has no business in", async () => {
  const options = { proto: "https", services: testServices() } as const;
  const document = { on_http_response: [{ actions: [{ type: "deny" }] }] };
  await assert.rejects(compilePolicy(document, options), {
    ngrokCode: 2202,
    message: /may stand in on_tcp_connect, on_http_request only/,
  });
});

test("compilePolicy() refuses expressions as long as there is no language", async () => {
  const condition = { on_http_request: [{ expressions: ["true"], actions: [{ type: "go" }] }] };
  await assert.rejects(compiled([], condition), { ngrokCode: 2200, message: /full policy engine/ });
  const text = { type: "say", config: { text: "${conn.client_ip}" } };
  await assert.rejects(compiled([], { on_http_request: [{ actions: [text] }] }), {
    ngrokCode: 2224,
    message: /"text" in on_http_request, rule 1, action 1 \(say\)/,
  });
});

test("a rule runs when all its expressions hold, and an expression that fails ends the phase", async () => {
  const expressions: ExpressionEngine = {
    condition: (source) => () => {
      if (source === "broken") throw new Error("no such key");
      return source === "true";
    },
    text: (source) => () => source.toUpperCase(),
  };
  const ran: string[] = [];
  const policy = await compiled(ran, {
    on_http_request: [
      { expressions: ["true", "false"], actions: [{ type: "end" }] },
      { expressions: ["true"], actions: [{ type: "say", config: { text: "${a}" } }] },
      { expressions: ["broken"], actions: [{ type: "go" }] },
    ],
  }, expressions);
  const outcome = await policy!.onHttpRequest!(requestContext());
  assert.equal(outcome?.do === "fail" && outcome.problem.ngrokCode, 2300);
  assert.deepEqual(ran, ["say", "${A}"]);
});
