import assert from "node:assert/strict";
import { TunnelError } from "../../../lib/base/errors.ts";
import { HTTP_FAULTS, HttpError, type HttpFault } from "../../../lib/http/fault.ts";
import { test } from "../../harness.ts";

test("HttpError of a request carries the status to answer with", () => {
  const error = new HttpError(
    "obs_fold",
    "request",
    "header line 2 begins with a space",
  );
  assert.ok(error instanceof TunnelError);
  assert.equal(error.code, "http_invalid");
  assert.equal(error.status, 400);
  assert.equal(error.ngrokCode, undefined);
  assert.equal(
    error.message,
    "Cannot read the HTTP request: header line 2 begins with a space",
  );
});

test("HttpError of a response is a 502 with ERR_NGROK_3004", () => {
  const error = new HttpError(
    "head_too_large",
    "response",
    "the head is larger than 9 bytes",
  );
  assert.equal(error.code, "http_too_large");
  assert.equal(error.status, 502);
  assert.equal(error.ngrokCode, 3004);
});

test("HTTP_FAULTS gives http_too_large to the limits and to nothing else", () => {
  const large = (Object.keys(HTTP_FAULTS) as HttpFault[]).filter((fault) =>
    new HttpError(fault, "request", "").code === "http_too_large"
  );
  assert.deepEqual(large, [
    "trailers_too_large",
    "target_too_long",
    "head_too_large",
    "too_many_headers",
  ]);
  for (const status of Object.values(HTTP_FAULTS)) {
    assert.ok(status >= 400 && status < 600);
  }
});
