import assert from "node:assert/strict";
import { API_CODES } from "../../../lib/api/codes.ts";
import { test } from "../../harness.ts";

test("API_CODES has a status and a sentence for every number", () => {
  const statuses = new Set([400, 401, 403, 404, 409, 413, 415, 429, 500, 502, 504]);
  for (const [code, { status, meaning }] of Object.entries(API_CODES)) {
    assert.ok(statuses.has(status), code);
    assert.match(meaning, /^[A-Z].*[^.]$/, code);
  }
});

test("API_CODES follows the specification where that gives a status", () => {
  const given = { 218: 400, 226: 429, 250: 400, 203: 401, 205: 403, 220: 403, 446: 409 };
  for (const [code, status] of Object.entries(given)) {
    assert.equal(API_CODES[Number(code) as 218].status, status, code);
  }
});
