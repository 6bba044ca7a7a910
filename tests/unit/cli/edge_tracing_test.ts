import assert from "node:assert/strict";
import { tracingFromEnvironment } from "../../../lib/cli/edge_tracing.ts";
import { test } from "../../harness.ts";

const read = (env: Record<string, string>) => tracingFromEnvironment((name) => env[name]);
const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };

test("tracingFromEnvironment() needs a collector, and can be switched off", () => {
  assert.equal(read({}), undefined);
  assert.equal(read({ ...ENDPOINT, OTEL_SDK_DISABLED: "true" }), undefined);
  assert.equal(read({ ...ENDPOINT, OTEL_TRACES_EXPORTER: "none" }), undefined);
  assert.equal(read(ENDPOINT)?.url, "http://127.0.0.1:4318/v1/traces");
  const own = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://c.test/x" };
  assert.equal(read({ ...ENDPOINT, ...own })?.url, "https://c.test/x", "it is used as it is");
});

test("tracingFromEnvironment() reads names, headers and the sampler", () => {
  const tracing = read({
    ...ENDPOINT,
    OTEL_EXPORTER_OTLP_HEADERS: "a=1, b=x%20y%",
    OTEL_RESOURCE_ATTRIBUTES: "service.name=one,zone=z1",
    OTEL_TRACES_SAMPLER: "traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "0.25",
  });
  assert.deepEqual(tracing, {
    url: "http://127.0.0.1:4318/v1/traces",
    headers: { a: "1", b: "x%20y%" },
    serviceName: "one",
    resource: { zone: "z1" },
    ratio: 0.25,
    followParent: false,
  });
  const named = read({ ...ENDPOINT, OTEL_SERVICE_NAME: "two" });
  assert.deepEqual([named?.serviceName, named?.ratio, named?.followParent], ["two", 1, true]);
});

test("tracingFromEnvironment() names the variable that is wrong", () => {
  for (
    const [name, value] of [
      ["OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4318"],
      ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"],
      ["OTEL_EXPORTER_OTLP_HEADERS", "nonsense"],
      ["OTEL_TRACES_SAMPLER", "sometimes"],
    ]
  ) {
    assert.throws(() => read({ ...ENDPOINT, [name]: value }), new RegExp(`Cannot use ${name}: `));
  }
});
