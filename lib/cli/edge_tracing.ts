/**
 * Where traces of an edge go, as the environment variables of OpenTelemetry say it. `edge_server.ts`
 * asks; the configuration file yields to them.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import type { TracingOptions } from "../edge/tracing.ts";

/**
 * Reads the variables.
 *
 * @param env looks one up
 * @returns nothing when no collector is named, or tracing is switched off
 * @throws {TunnelError} config_invalid, naming the variable
 */
export function tracingFromEnvironment(
  env: (name: string) => string | undefined,
): TracingOptions | undefined {
  if (env("OTEL_SDK_DISABLED")?.toLowerCase() === "true") return undefined;
  if (env("OTEL_TRACES_EXPORTER") === "none") return undefined;
  const url = endpoint(env);
  if (!url) return undefined;
  const protocol = env("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") ?? env("OTEL_EXPORTER_OTLP_PROTOCOL");
  if (protocol === "grpc") {
    throw unusable("OTEL_EXPORTER_OTLP_PROTOCOL", "traces leave over HTTP alone: use http/json");
  }
  const headers = env("OTEL_EXPORTER_OTLP_TRACES_HEADERS") ?? env("OTEL_EXPORTER_OTLP_HEADERS");
  const resource = pairs(env("OTEL_RESOURCE_ATTRIBUTES"), "OTEL_RESOURCE_ATTRIBUTES");
  const { "service.name": named, ...rest } = resource;
  return {
    url,
    headers: pairs(headers, "OTEL_EXPORTER_OTLP_HEADERS"),
    serviceName: env("OTEL_SERVICE_NAME") ?? named,
    resource: rest,
    ...sampler(env),
  };
}

function endpoint(env: (name: string) => string | undefined): string | undefined {
  const own = env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  const common = env("OTEL_EXPORTER_OTLP_ENDPOINT");
  const text = own ?? (common && `${common.replace(/\/$/, "")}/v1/traces`);
  if (text === undefined) return undefined;
  const name = own ? "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" : "OTEL_EXPORTER_OTLP_ENDPOINT";
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) {
    throw unusable(name, "it is no http or https URL");
  }
  return text;
}

/** `key1=value1,key2=value2`, values percent-encoded as in W3C Baggage. */
function pairs(text: string | undefined, name: string): Record<string, string> {
  const found: [string, string][] = [];
  for (const part of (text ?? "").split(",")) {
    if (part.trim() === "") continue;
    const at = part.indexOf("=");
    if (at < 1) throw unusable(name, "write key=value, with commas in between");
    found.push([part.slice(0, at).trim(), decode(part.slice(at + 1).trim())]);
  }
  return Object.fromEntries(found);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a percent sign that encodes nothing stands for itself
  }
}

function sampler(
  env: (name: string) => string | undefined,
): Pick<TracingOptions, "ratio" | "followParent"> {
  const name = env("OTEL_TRACES_SAMPLER") ?? "parentbased_always_on";
  const followParent = name.startsWith("parentbased_");
  switch (name.replace(/^parentbased_/, "")) {
    case "always_on":
      return { ratio: 1, followParent };
    case "always_off":
      return { ratio: 0, followParent };
    case "traceidratio": {
      const ratio = Number(env("OTEL_TRACES_SAMPLER_ARG") ?? 1);
      if (ratio >= 0 && ratio <= 1) return { ratio, followParent };
      throw unusable("OTEL_TRACES_SAMPLER_ARG", "it is no number from 0 to 1");
    }
    default:
      throw unusable(
        "OTEL_TRACES_SAMPLER",
        `"${name}" is not known here; use always_on, always_off or traceidratio, with or without parentbased_`,
      );
  }
}

function unusable(name: string, found: string): TunnelError {
  return new TunnelError("config_invalid", `Cannot use ${name}: ${found}`);
}
