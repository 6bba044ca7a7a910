/**
 * Schemas as JSON Schema, for documents, commands and messages.
 *
 * @module
 */
import { type Schema, z } from "../base/schema.ts";
import type { Json } from "./resource.ts";

/** A JSON Schema, as far as it is read here. */
export interface JsonSchema {
  /** The type, when there is one. */
  readonly type?: string;
  /** The fields of an object. */
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  /** Those that must be there. */
  readonly required?: readonly string[];
  /** What a list is made of. */
  readonly items?: JsonSchema;
  /** The only values. */
  readonly enum?: readonly string[];
  /** What it is for. */
  readonly description?: string;
  /** Values that work. */
  readonly examples?: readonly unknown[];
}

/**
 * A schema as JSON Schema 2020-12, the dialect of OpenAPI 3.1.
 *
 * @param schema of a body or an answer
 * @param io which of the two: what has a default may be left out of a body
 */
export function jsonSchemaOf(schema: Schema<unknown>, io: "input" | "output"): JsonSchema & Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io }) as Record<string, unknown>;
  return rest as JsonSchema & Json;
}
