import assert from "node:assert/strict";
import { HIDDEN, Secrets } from "../../../lib/cli/secrets.ts";
import { test } from "../../harness.ts";

test("Secrets.hide() hides each secret wherever it stands", () => {
  const secrets = new Secrets();
  secrets.add("2abcDEF_token");
  secrets.add("another-one");
  assert.equal(
    secrets.hide("a 2abcDEF_token b 2abcDEF_token c another-one"),
    `a ${HIDDEN} b ${HIDDEN} c ${HIDDEN}`,
  );
});

test("Secrets.hide() leaves texts without secrets as they are", () => {
  const secrets = new Secrets();
  assert.equal(secrets.hide("nothing known"), "nothing known");
});

test("Secrets.add() takes nothing so short that ordinary words would be torn up", () => {
  const secrets = new Secrets();
  secrets.add("");
  secrets.add("http");
  assert.equal(secrets.hide("http stays"), "http stays");
});
