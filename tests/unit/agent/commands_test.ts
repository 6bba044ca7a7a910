import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { encodeText } from "../../../lib/base/bytes.ts";
import { pair } from "../../../lib/base/duplex.ts";
import {
  answerCommand,
  type CommandHandlers,
  type CommandName,
  commandOfStream,
  NO_HANDLER,
  unsupportedError,
} from "../../../lib/agent/commands.ts";
import { STREAM, type UpdateRequest } from "../../../lib/wire/messages.ts";
import { readAll } from "../../fakes/edge.ts";

async function ask(
  name: CommandName,
  request: string,
  handlers: CommandHandlers,
): Promise<[error: string, answer: string]> {
  const [edge, agent] = pair();
  await edge.write(encodeText(request));
  const error = await answerCommand(agent, name, handlers);
  return [error, await readAll(edge)];
}

test("answerCommand() answers and ends the stream without waiting for the edge's end", async () => {
  assert.deepEqual(await ask("stop", "{}", { stop: () => {} }), [
    "",
    '{"Error":""}',
  ]);
});

test("answerCommand() hands Update its request", async () => {
  const seen: UpdateRequest[] = [];
  const update = (request: UpdateRequest) => void seen.push(request);
  await ask("update", '{"Version":"2.0.0","PermitMajorVersion":true}', {
    update,
  });
  await ask("update", "{}", { update });
  assert.deepEqual(seen, [
    { Version: "2.0.0", PermitMajorVersion: true },
    { Version: "", PermitMajorVersion: false },
  ]);
});

test("answerCommand() refuses with the words of the handler", async () => {
  const restart = () => Promise.reject(new Error("not on a Monday"));
  assert.deepEqual(await ask("restart", "{}", { restart }), [
    "not on a Monday",
    '{"Error":"not on a Monday"}',
  ]);
  const wordless = () => Promise.reject(new Error(""));
  assert.equal(
    (await ask("restart", "{}", { restart: wordless }))[0],
    "the agent refused",
  );
  assert.equal((await ask("stop", "{}", {}))[0], NO_HANDLER);
  const [error] = await ask("update", '{"Version":7}', { update: () => {} });
  assert.match(error, /"Version" must be of type string/);
});

test("unsupportedError() is empty exactly for what has a handler", () => {
  assert.equal(unsupportedError({ stop: () => {} }, "stop"), "");
  assert.equal(unsupportedError({ stop: () => {} }, "restart"), NO_HANDLER);
});

test("commandOfStream() knows the three commands", () => {
  assert.deepEqual(
    [STREAM.stop, STREAM.restart, STREAM.update, STREAM.proxy].map(
      commandOfStream,
    ),
    ["stop", "restart", "update", undefined],
  );
});

test("answerCommand() refuses with the reason the program gave for all time", async () => {
  const refusals = { restart: "not on this system", update: "" };
  assert.equal(unsupportedError({ refusals }, "restart"), "not on this system");
  assert.equal(unsupportedError({ refusals }, "update"), NO_HANDLER);
  assert.equal(unsupportedError({ refusals, restart: () => {} }, "restart"), "");
  assert.equal((await ask("restart", "{}", { refusals }))[0], "not on this system");
});
