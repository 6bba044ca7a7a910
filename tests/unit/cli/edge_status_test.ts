import assert from "node:assert/strict";
import { VERSION } from "../../../lib/base/version.ts";
import { type EdgeFacts, formatEdgeStatus, formatPaste } from "../../../lib/cli/edge_status.ts";
import { test } from "../../harness.ts";

const FACTS: EdgeFacts = {
  domain: "tunnels.example.com",
  http: { host: "0.0.0.0", port: 80 },
  https: { host: "::1", port: 443 },
  agents: undefined,
  tcpPorts: "20000-20999",
  ca: "/data/certs/ca.pem",
  connectUrl: "connect.tunnels.example.com:443",
  api: "http://127.0.0.1:4041",
  apiUrl: "https://api.tunnels.example.com",
  newAuthtoken: "2abcToken",
  newApiKey: undefined,
  isPreset: false,
};

test("formatEdgeStatus() says where the edge is and what to paste", () => {
  assert.equal(
    formatEdgeStatus(FACTS, 60),
    `sallyport edge                              (Ctrl+C to quit)

Version                       ${VERSION}
Domain                        tunnels.example.com
HTTP                          *:80
HTTPS and TLS                 [::1]:443
Agents                        -
TCP ports                     20000-20999
API and admin page            https://api.tunnels.example.com http://127.0.0.1:4041
Certificate authority         /data/certs/ca.pem

On the machine with your service, next to a copy of the authority's certificate:

  export SALLYPORT_AUTHTOKEN=2abcToken
  sallyport http 8080 --connect-url connect.tunnels.example.com:443 --connect-cas /data/certs/ca.pem

The authtoken is shown this once: keep it. Only a hash of it is stored.

`,
  );
});

test("formatPaste() says where a token is found that it cannot show", () => {
  const known = { ...FACTS, newAuthtoken: undefined };
  assert.match(formatPaste(known), /SALLYPORT_AUTHTOKEN=<what the first start printed>\n/);
  const preset = formatPaste({ ...known, isPreset: true });
  assert.match(preset, /SALLYPORT_AUTHTOKEN=<what SALLYPORT_EDGE_AUTHTOKEN is here>\n/);
  assert.doesNotMatch(preset, /shown this once/);
});

test("formatPaste() quotes a path for the shell", () => {
  assert.match(
    formatPaste({ ...FACTS, ca: "/my data/it's/ca.pem" }),
    / --connect-cas '\/my data\/it'\\''s\/ca\.pem'\n/,
  );
});

test("formatPaste() shows a new API key once, and how the API is asked", () => {
  const text = formatPaste({ ...FACTS, newApiKey: "2abcKey" });
  assert.match(text, /^ {2}export SALLYPORT_API_KEY=2abcKey$/m);
  assert.match(text, /^ {2}sallyport api endpoints list --api-url http:\/\/127\.0\.0\.1:4041$/m);
  assert.match(text, /^The authtoken and the API key are shown this once/m);
  const far = formatPaste({ ...FACTS, newApiKey: "2abcKey", api: undefined });
  assert.match(
    far,
    / --api-url https:\/\/api\.tunnels\.example\.com --api-cas \/data\/certs\/ca\.pem$/m,
  );
});
