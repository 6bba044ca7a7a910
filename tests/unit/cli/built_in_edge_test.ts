import assert from "node:assert/strict";
import { BUILT_IN_EDGE, trustedCas, withBuiltInEdge } from "../../../lib/cli/built_in_edge.ts";
import { test } from "../../harness.ts";

const PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const OWN = { connectUrl: "connect.example.com:443", connectCas: PEM };

test("S88 BUILT_IN_EDGE is none from source: nobody's address is dialled unless it is named", () => {
  assert.deepEqual(BUILT_IN_EDGE, { connectUrl: "", connectCas: "" });
  const agent = { connect_cas: "trusted" };
  assert.equal(withBuiltInEdge(agent), agent);
});

test("S88 S113 withBuiltInEdge() dials what is compiled in, by the authority that is", () => {
  assert.deepEqual(withBuiltInEdge({ metadata: "x" }, OWN), {
    metadata: "x",
    connect_url: "connect.example.com:443",
    connect_cas: PEM,
  });
  const told = { connect_url: "other.example.com:443", connect_cas: "host" };
  assert.equal(withBuiltInEdge(told, OWN), told);
  assert.equal(withBuiltInEdge({}, { ...OWN, connectCas: "" }).connect_cas, undefined);
});

test("S113 trustedCas() is the authority that is compiled in, where one is", () => {
  for (const said of [undefined, "trusted"]) assert.equal(trustedCas(said, OWN), PEM);
  for (const said of ["host", "/ca.pem"]) assert.equal(trustedCas(said, OWN), said);
  assert.equal(trustedCas("trusted"), "trusted");
  assert.equal(trustedCas(undefined), undefined);
});
