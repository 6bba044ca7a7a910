/** @module */
import assert from "node:assert/strict";
import { FakeClock, sleep } from "../../../lib/base/clock.ts";
import { Doubt } from "../../../lib/edge/doubt.ts";
import { test } from "../../harness.ts";

/** An agent that answers pings, or not. */
function stage() {
  const clock = new FakeClock();
  const agent = { answers: true, isOpen: true, pings: 0 };
  const doubt = new Doubt({
    clock,
    isOpen: () => agent.isOpen,
    async isAlive(limitMs) {
      agent.pings++;
      if (!agent.answers) await sleep(clock, limitMs);
      return agent.answers;
    },
  });
  return { clock, agent, doubt };
}

test("Doubt asks once for many who ask at once", async () => {
  const { agent, doubt } = stage();
  assert.deepEqual(await Promise.all([doubt.ask(1_000), doubt.ask(1_000)]), [true, true]);
  assert.equal(agent.pings, 1);
  assert.equal(doubt.isSilent, false);
});

test("Doubt remembers silence until the agent answers again", async () => {
  const { clock, agent, doubt } = stage();
  agent.answers = false;
  const asked = doubt.ask(1_000);
  await clock.advance(999);
  assert.equal(doubt.isSilent, false);
  await clock.advance(1);
  assert.equal(await asked, false);
  assert.equal(doubt.isSilent, true);
  // Nobody waits for what is known.
  assert.equal(await doubt.ask(1_000), false);
  await clock.advance(5_500);
  assert.equal(doubt.isSilent, true);
  agent.answers = true;
  await clock.advance(1_000);
  assert.equal(doubt.isSilent, false);
  assert.equal(await doubt.ask(1_000), true);
  assert.equal(clock.pending, 0);
});

test("Doubt ends with the connection", async () => {
  const { clock, agent, doubt } = stage();
  agent.answers = false;
  const asked = doubt.ask(1_000);
  await clock.advance(1_000);
  await asked;
  agent.isOpen = false;
  await clock.advance(1_000);
  assert.equal(clock.pending, 0);
  const pings = agent.pings;
  await clock.advance(10_000);
  assert.equal(agent.pings, pings);
});
