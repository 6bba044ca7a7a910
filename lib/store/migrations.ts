/**
 * How the tables came to be what they are, step by step. A step that was released never changes:
 * the next change is another step.
 *
 * Column types are those that SQLite and PostgreSQL share: `text`, `bigint` for times, `integer`
 * for 0 and 1.
 *
 * @module
 */
import { type CreateTableBuilder, type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Any database: migrations know tables by name alone. */
// deno-lint-ignore no-explicit-any -- kysely's own type of a migration
type AnyDatabase = Kysely<any>;

/** The columns of {@linkcode ObjectRow}. */
function createObjects(db: AnyDatabase, name: string): CreateTableBuilder<string, string> {
  return db.schema.createTable(name)
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("account_id", "text", (column) => column.notNull().references("accounts.id"))
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("updated_at", "bigint", (column) => column.notNull())
    .addColumn("description", "text", (column) => column.notNull())
    .addColumn("metadata", "text", (column) => column.notNull()) as CreateTableBuilder<
      string,
      string
    >;
}

/** Text columns that are never null. */
function text(
  table: CreateTableBuilder<string, string>,
  ...names: readonly string[]
): CreateTableBuilder<string, string> {
  let more = table;
  for (const name of names) {
    more = more.addColumn(name, "text", (column) => column.notNull()) as typeof more;
  }
  return more;
}

async function index(
  db: AnyDatabase,
  table: string,
  columns: string[],
  unique = false,
): Promise<void> {
  const name = `${table}_${columns.join("_")}`;
  const builder = db.schema.createIndex(name).on(table).columns(columns);
  await (unique ? builder.unique() : builder).execute();
}

const first: Migration = {
  async up(db: AnyDatabase): Promise<void> {
    await db.schema.createTable("accounts")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .addColumn("suspended", "integer", (column) => column.notNull().defaultTo(sql`0`))
      .execute();
    for (const name of ["authtokens", "api_keys"]) {
      let table = text(createObjects(db, name), "lookup", "token_sha256")
        .addColumn("owner_id", "text")
        .addColumn("revoked_at", "bigint") as CreateTableBuilder<string, string>;
      if (name === "authtokens") table = text(table, "acl");
      await table.execute();
      await index(db, name, ["lookup"]);
    }
    for (const name of ["service_users", "bot_users"]) {
      await text(createObjects(db, name), "name")
        .addColumn("active", "integer", (column) => column.notNull()).execute();
    }
    await text(createObjects(db, "reserved_domains"), "domain", "region", "resolves_to")
      .addColumn("certificate_id", "text")
      .addColumn("certificate_management_policy", "text").execute();
    await index(db, "reserved_domains", ["domain"], true);
    await text(createObjects(db, "reserved_addrs"), "addr", "region").execute();
    await index(db, "reserved_addrs", ["addr"], true);
    await createObjects(db, "ip_policies").execute();
    await text(createObjects(db, "ip_policy_rules"), "ip_policy_id", "cidr", "action").execute();
    await index(db, "ip_policy_rules", ["ip_policy_id", "cidr"], true);
    await text(createObjects(db, "ip_restrictions"), "type", "ip_policy_ids")
      .addColumn("enforced", "integer", (column) => column.notNull()).execute();
    await text(
      createObjects(db, "tls_certificates"),
      "certificate_pem",
      "private_key_sealed",
      "facts",
    )
      .execute();
    await text(createObjects(db, "certificate_authorities"), "ca_pem", "facts").execute();
    await text(createObjects(db, "agent_ingresses"), "domain")
      .addColumn("certificate_management_policy", "text").execute();
    await index(db, "agent_ingresses", ["domain"], true);
    await text(createObjects(db, "event_destinations"), "format", "target")
      .addColumn("target_sealed", "text").execute();
    await text(createObjects(db, "event_subscriptions"), "sources", "destination_ids").execute();
    await text(createObjects(db, "vaults"), "name", "created_by", "last_updated_by").execute();
    await index(db, "vaults", ["account_id", "name"], true);
    await text(
      createObjects(db, "secrets"),
      "name",
      "vault_id",
      "value_sealed",
      "created_by",
      "last_updated_by",
    ).execute();
    await index(db, "secrets", ["vault_id", "name"], true);
    await text(createObjects(db, "cloud_endpoints"), "url", "bindings", "traffic_policy")
      .addColumn("pooling_enabled", "integer", (column) => column.notNull()).execute();
    await index(db, "cloud_endpoints", ["url"]);
    await text(
      createObjects(db, "agent_sessions"),
      "credential_id",
      "ip",
      "os",
      "agent_version",
      "transport",
      "user_agent",
    ).addColumn("ended_at", "bigint").addColumn("end_reason", "text").execute();
    await text(createObjects(db, "audit_events"), "type", "object")
      .addColumn("principal", "text").execute();
    for (const name of OBJECT_TABLES) await index(db, name, ["account_id", "id"]);
  },
};

/** The tables of the first step that belong to accounts. */
const OBJECT_TABLES: readonly string[] = [
  "authtokens",
  "api_keys",
  "service_users",
  "bot_users",
  "reserved_domains",
  "reserved_addrs",
  "ip_policies",
  "ip_policy_rules",
  "ip_restrictions",
  "tls_certificates",
  "certificate_authorities",
  "agent_ingresses",
  "event_destinations",
  "event_subscriptions",
  "vaults",
  "secrets",
  "cloud_endpoints",
  "agent_sessions",
  "audit_events",
];

const settings: Migration = {
  async up(db: AnyDatabase): Promise<void> {
    await db.schema.createTable("settings")
      .addColumn("name", "text", (column) => column.primaryKey())
      .addColumn("value", "text", (column) => column.notNull())
      .execute();
  },
};

/** Every step, by name; names sort in the order of application. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "0001_first": first,
  "0002_settings": settings,
};
