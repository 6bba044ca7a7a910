/**
 * The configuration file as JSON Schema, for editors: printed from the schema that files are checked
 * with, so that the two cannot differ. `sallyport config schema` calls it.
 *
 * @module
 */
import { z } from "../base/schema.ts";
import { fileV3Schema } from "./file_schema.ts";

/** A JSON Schema of draft 7. */
export type JsonSchema = Record<string, unknown>;

/** The JSON Schema of configuration files of version 3. */
export function agentFileJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(fileV3Schema, {
    target: "draft-7",
    io: "input",
    unrepresentable: "any",
    override: ({ jsonSchema, zodSchema }) => {
      // `log: false`, `authtoken: 123`: where text is wanted, YAML may write what looks like another thing.
      if (jsonSchema.type === "string" && zodSchema._zod.def.type === "string") {
        jsonSchema.type = ["string", "number", "boolean"] as unknown as "string";
      }
    },
  }) as JsonSchema;
  const properties = schema.properties as Record<string, JsonSchema>;
  return {
    ...schema,
    title: "Configuration file of Sallyport",
    properties: {
      ...properties,
      version: { ...properties.version, const: undefined, enum: [3, "3"] },
    },
  };
}
