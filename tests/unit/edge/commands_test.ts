/** @module */
import assert from "node:assert/strict";
import type { TunnelError } from "../../../lib/base/errors.ts";
import type { AgentSession } from "../../../lib/edge/agent_session.ts";
import { announceStop, commandAgent, type CommandName } from "../../../lib/edge/commands.ts";
import { answerJson, readJson } from "../../../lib/wire/codec.ts";
import { STREAM } from "../../../lib/wire/messages.ts";
import type { FakeAgent } from "../../fakes/agent.ts";
import { AgentsSide } from "../../fakes/agents_side.ts";
import { test } from "../../harness.ts";

interface Setting {
  readonly side: AgentsSide;
  readonly agent: FakeAgent;
  readonly session: AgentSession;
}

async function setting(extra: Record<string, unknown> = {}): Promise<Setting> {
  const side = await AgentsSide.create();
  const { agent } = await side.agent("one", extra);
  return { side, agent, session: side.agents.sessions[0] };
}

function command({ side, session }: Setting, name: CommandName): Promise<void> {
  return commandAgent(session, name, { clock: side.clock, timeoutMs: 10_000 });
}

for (const name of ["stop", "restart", "update"] as const) {
  test(`commandAgent() sends ${name} and takes an empty answer for yes`, async () => {
    const here = await setting();
    for (const answer of [{}, { Error: "" }, { Error: null }]) {
      const done = command(here, name);
      await here.side.settle();
      const stream = here.agent.commands.shift()!;
      assert.equal(stream.type, STREAM[name]);
      // Rust answers Update only when both keys are there.
      const expected = name === "update" ? { Version: "", PermitMajorVersion: false } : {};
      assert.deepEqual(await readJson(stream), expected);
      await answerJson(stream, answer);
      await done;
    }
    await here.side.close();
  });
}

test("commandAgent() says which version an agent shall become", async () => {
  const here = await setting();
  const update = { version: "1.2.3", permitMajorVersion: true };
  const done = commandAgent(here.session, "update", {
    clock: here.side.clock,
    timeoutMs: 1_000,
    update,
  });
  await here.side.settle();
  const [stream] = here.agent.commands;
  assert.deepEqual(await readJson(stream), {
    Version: "1.2.3",
    PermitMajorVersion: true,
  });
  await answerJson(stream, {});
  await done;
  await here.side.close();
});

test("commandAgent() does not need the agent's FIN, for Go agents never send it", async () => {
  const here = await setting();
  const done = command(here, "stop");
  await here.side.settle();
  const [stream] = here.agent.commands;
  await readJson(stream);
  await stream.write(new TextEncoder().encode('{"Error":""}'));
  await done;
  assert.equal(await stream.read(), undefined);
  assert.equal(here.agent.mux.openStreams, 1);
  await here.side.clock.advance(2_000);
  assert.equal(here.agent.mux.openStreams, 0);
  await here.side.close();
});

test("commandAgent() passes the agent's refusal on with the number of the command", async () => {
  const codes = { stop: 807, restart: 808, update: 809 } as const;
  for (const name of ["stop", "restart", "update"] as const) {
    const here = await setting();
    const done = assert.rejects(
      command(here, name),
      (error: TunnelError) =>
        error.code === "refused" && error.ngrokCode === codes[name] &&
        error.message === `Cannot ${name} the agent: nope`,
    );
    await here.side.settle();
    await answerJson(here.agent.commands[0], {
      Error: "nope\r\n\r\nERR_NGROK_1\r\n",
    });
    await done;
    await here.side.close();
  }
});

test("commandAgent() does not ask an agent that said it cannot", async () => {
  const codes = { stop: 805, restart: 804, update: 806 } as const;
  const reason = "the agent has not defined a callback for this operation";
  const here = await setting({
    StopUnsupportedError: reason,
    RestartUnsupportedError: reason,
    UpdateUnsupportedError: null,
  });
  for (const name of ["stop", "restart", "update"] as const) {
    const why = name === "update" ? /too old/ : /not defined a callback/;
    await assert.rejects(
      command(here, name),
      (error: TunnelError) => error.ngrokCode === codes[name] && why.test(error.message),
    );
  }
  assert.deepEqual(here.agent.commands, []);
  await here.side.close();
});

test("commandAgent() gives up on an agent that does not answer", async () => {
  const here = await setting();
  const done = assert.rejects(
    command(here, "stop"),
    (error: TunnelError) => error.code === "timed_out" && error.ngrokCode === 810,
  );
  await here.side.clock.advance(10_000);
  await done;
  assert.equal(here.agent.mux.openStreams, 0);
  await here.side.close();
});

test("commandAgent() says 810 when the agent goes while it is asked", async () => {
  const here = await setting();
  const done = assert.rejects(
    command(here, "restart"),
    (error: TunnelError) => error.ngrokCode === 810,
  );
  await here.side.settle();
  here.agent.abort();
  await done;
  await here.side.settle();
  await assert.rejects(
    command(here, "restart"),
    (error: TunnelError) => error.ngrokCode === 810,
  );
  await here.side.close();
});

test("announceStop() tells the agent which endpoint is gone and why", async () => {
  const { side, agent, session } = await setting();
  announceStop(session, "b1", "stopped by the operator", 9999, side.clock);
  await side.settle();
  const [stream] = agent.commands;
  assert.equal(stream.type, STREAM.stopTunnel);
  assert.deepEqual(await readJson(stream), {
    Id: "b1",
    Message: "stopped by the operator",
    ErrorCode: "ERR_NGROK_9999",
  });
  // Go leaves the stream open; it must not stay for ever.
  await side.clock.advance(2_000);
  assert.equal(agent.mux.openStreams, 0);
  await side.close();
});

test("announceStop() says nothing to a v2 agent, which would take it for a visitor", async () => {
  const side = await AgentsSide.create();
  const agent = side.connect();
  await agent.auth({ AuthToken: "one", UserAgent: "ngrok/2" }, {
    Version: ["2"],
  });
  announceStop(side.agents.sessions[0], "b1", "stopped", undefined, side.clock);
  await side.settle();
  assert.deepEqual(agent.commands, []);
  await side.close();
});
