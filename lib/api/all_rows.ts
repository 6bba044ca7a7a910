/**
 * All rows of an account, for checks that must look at each.
 *
 * @module
 */
import type { ObjectTable } from "../store/object_table.ts";
import type { ObjectRow } from "../store/tables.ts";

const BATCH = 500;

/**
 * All rows of an account, newest first.
 *
 * @param table where they are
 * @param accountId whose
 * @param where columns that must be equal
 */
export async function allRows<Row extends ObjectRow>(
  table: ObjectTable<Row>,
  accountId: string,
  where: Partial<Row> = {},
): Promise<Row[]> {
  const rows: Row[] = [];
  for (;;) {
    const beforeId = rows.at(-1)?.id;
    const batch = await table.list(accountId, { where, limit: BATCH, beforeId });
    rows.push(...batch);
    if (batch.length < BATCH) return rows;
  }
}
