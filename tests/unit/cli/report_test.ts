import assert from "node:assert/strict";
import { formatNgrokError, TunnelError } from "../../../lib/base/errors.ts";
import { formatError } from "../../../lib/cli/report.ts";
import { test } from "../../harness.ts";

test("formatError() prints a usage error as the sentence alone", () => {
  assert.equal(
    formatError(new TunnelError("usage", "Missing <address>\nExample: sallyport http 8080")),
    "ERROR:  Missing <address>\nERROR:  Example: sallyport http 8080\n",
  );
});

test("formatError() adds the stable code to what went wrong outside", () => {
  assert.equal(
    formatError(
      new TunnelError("connection_refused", 'Cannot reach "localhost:4443": connection refused'),
    ),
    'ERROR:  Cannot reach "localhost:4443": connection refused (connection_refused)\n',
  );
});

test("formatError() prints the server's own text and its code on a line of its own", () => {
  const expected = "ERROR:  The authtoken is unknown.\nERROR:\nERROR:  ERR_NGROK_107\n";
  assert.equal(
    formatError(
      new TunnelError("refused", "The authtoken is unknown.", {
        ngrokCode: 107,
      }),
    ),
    expected,
  );
  assert.equal(
    formatError(new TunnelError("refused", formatNgrokError("The authtoken is unknown.", 107))),
    expected,
  );
});

test("formatError() admits a fault of ours in one sentence, without a stack", () => {
  const text = formatError(new TypeError("x is not a function"));
  assert.equal(text, "ERROR:  Sallyport did something wrong: x is not a function (internal)\n");
  assert.equal(
    formatError("a string"),
    "ERROR:  Sallyport did something wrong: a string (internal)\n",
  );
  assert.equal(
    formatError(undefined),
    "ERROR:  Sallyport did something wrong: undefined (internal)\n",
  );
});

test("formatError() tells a missing permission of Deno's from a fault of ours", () => {
  const thrown = new Error('Requires net access to "127.0.0.1:4080"');
  thrown.name = "NotCapable";
  assert.equal(
    formatError(thrown),
    'ERROR:  Deno\'s sandbox does not allow it: Requires net access to "127.0.0.1:4080" (permission_denied)\n',
  );
});
