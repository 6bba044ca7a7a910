import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { type ErrorCode, TunnelError } from "../../../lib/base/errors.ts";
import {
  buildAuthRequest,
  isFinal,
  isPassing,
  NEW_SESSION,
  readAuthResponse,
  refusal,
} from "../../../lib/agent/auth.ts";
import { type AgentOptions, resolveAgentOptions } from "../../../lib/agent/config.ts";
import { VERSION } from "../../../lib/base/version.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";

const { host } = memoryRuntime();

function request(options: AgentOptions = {}, ticket = NEW_SESSION): string {
  const config = resolveAgentOptions({ connectUrl: "edge.test", ...options });
  return JSON.stringify(buildAuthRequest(config, host, ticket));
}

test("buildAuthRequest() spells and orders the keys as the wire has them", () => {
  assert.equal(
    request({ authtoken: "gotok", metadata: "m" }),
    '{"Version":["3","2"],"ClientId":"","Extra":{"OS":"linux","Arch":"amd64","AuthToken":"gotok",' +
      `"Version":"${VERSION}","Hostname":"memory","UserAgent":"sallyport/${VERSION}",` +
      '"Metadata":"m","Cookie":"","HeartbeatInterval":10000000000,"HeartbeatTolerance":15000000000,' +
      '"Fingerprint":null,' +
      '"UpdateUnsupportedError":"the agent has not defined a callback for this operation",' +
      '"StopUnsupportedError":"the agent has not defined a callback for this operation",' +
      '"RestartUnsupportedError":"the agent has not defined a callback for this operation",' +
      '"ProxyType":"","MutualTLS":false,"ServiceRun":false,"ConfigVersion":"",' +
      '"CustomInterface":false,"CustomCAs":false,"ClientType":"sallyport","LegNumber":0,' +
      '"SallyportFeatures":["window-growth"]}}',
  );
});

test("buildAuthRequest() says what the options say", () => {
  const { ClientId, Extra } = JSON.parse(request({
    connectCas: "-----BEGIN CERTIFICATE-----",
    userAgent: "myapp/1.2",
    heartbeatIntervalMs: 2_500.5,
    commands: { stop: () => {}, restart: () => {}, update: () => {} },
  }, { clientId: "c", cookie: "k" }));
  assert.equal(ClientId, "c");
  assert.equal(Extra.Cookie, "k");
  assert.equal(Extra.CustomCAs, true);
  assert.equal(Extra.UserAgent, `myapp/1.2 sallyport/${VERSION}`);
  assert.equal(Extra.HeartbeatInterval, 2_500_500_000);
  assert.deepEqual(
    [
      Extra.UpdateUnsupportedError,
      Extra.StopUnsupportedError,
      Extra.RestartUnsupportedError,
    ],
    ["", "", ""],
  );
});

test("readAuthResponse() takes the smallest answer and answers full of null", () => {
  const smallest = readAuthResponse({ Version: "3", ClientId: "abc" });
  assert.equal(smallest.ticket.clientId, "abc");
  assert.equal(smallest.info.banner, "");
  const nulls = readAuthResponse({
    Version: "3",
    ClientId: "abc",
    Error: null,
    Extra: {
      Region: null,
      Cookie: null,
      DeprecationWarning: null,
      ConnectAddresses: null,
    },
  });
  assert.deepEqual(nulls, smallest);
  assert.deepEqual(
    readAuthResponse({ Version: "3", ClientId: "abc", Extra: null }),
    smallest,
  );
});

test("readAuthResponse() reads keys in any case", () => {
  const { info, ticket, features } = readAuthResponse({
    clientid: "c",
    EXTRA: {
      cookie: "k",
      accountname: "a",
      sallyportfeatures: ["window-growth"],
    },
  });
  assert.deepEqual(ticket, { clientId: "c", cookie: "k" });
  assert.equal(info.accountName, "a");
  assert.deepEqual(features, ["window-growth"]);
});

test("readAuthResponse() does not refuse a session for an odd notice", () => {
  assert.equal(
    readAuthResponse({ Extra: { DeprecationWarning: "soon" } }).info
      .deprecation,
    "",
  );
  assert.equal(
    readAuthResponse({ Extra: { DeprecationWarning: { Msg: 1 } } }).info
      .deprecation,
    "",
  );
});

test("readAuthResponse() throws a refusal with text and number", () => {
  assert.throws(
    () =>
      readAuthResponse({
        Error: "The token is unknown.\r\n\r\nERR_NGROK_107\r\n",
      }),
    { code: "refused", ngrokCode: 107, message: "The token is unknown." },
  );
  assert.throws(() => readAuthResponse({ ClientId: 1 }), {
    code: "message_invalid",
  });
});

test("refusal() of a bare code still says something", () => {
  assert.equal(
    refusal("ERR_NGROK_107").message,
    "The server refused: ERR_NGROK_107",
  );
});

/** Code, ngrokCode, final at first, final later. */
const FATES: readonly (readonly [ErrorCode, number | undefined, boolean, boolean])[] = [
  ["connection_refused", undefined, false, false],
  ["host_not_found", undefined, false, false],
  ["timed_out", undefined, false, false],
  ["connection_reset", undefined, false, false],
  ["tls_failed", undefined, false, false],
  ["heartbeat_lost", undefined, false, false],
  ["mux_protocol", undefined, false, false],
  ["message_invalid", undefined, false, false],
  ["tls_untrusted", undefined, true, false],
  ["tls_name_mismatch", undefined, true, false],
  ["tls_expired", undefined, true, false],
  ["permission_denied", undefined, true, false],
  ["refused", 107, true, true],
  ["refused", 105, true, true],
  ["refused", 300, true, true],
  ["refused", 4018, true, true],
  ["refused", 108, true, false],
  ["refused", 334, true, false],
  ["refused", 99999, true, false],
  ["refused", undefined, true, false],
  ["refused", 702, false, false],
  ["refused", 742, false, false],
];

for (const [code, ngrokCode, first, later] of FATES) {
  test(`isFinal() of ${code} ${ngrokCode ?? ""} is ${first} at first and ${later} later`, () => {
    const error = new TunnelError(code, "x", { ngrokCode });
    assert.equal(isFinal(error, false), first);
    assert.equal(isFinal(error, true), later);
  });
}

test("isPassing() knows the trouble of servers", () => {
  assert.equal(
    isPassing(new TunnelError("refused", "x", { ngrokCode: 743 })),
    true,
  );
  assert.equal(
    isPassing(new TunnelError("refused", "x", { ngrokCode: 107 })),
    false,
  );
  assert.equal(isPassing(new TunnelError("refused", "x")), false);
});

test("buildAuthRequest() says that a service manager started the program", () => {
  const request = (serviceRun?: boolean) =>
    buildAuthRequest(
      resolveAgentOptions({ connectUrl: "h", serviceRun }),
      memoryRuntime().host,
      NEW_SESSION,
    ).Extra.ServiceRun;
  assert.deepEqual([request(), request(true)], [false, true]);
});
