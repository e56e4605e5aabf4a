import { collect, valueCounts } from '../aggregates/index.ts'
import { relationOf } from '../ingest.ts'
import type { Cell, Relation } from '../relation.ts'
import { type Column, rowSchema } from '../schema.ts'
import type { TextDescriptor } from './descriptors.ts'
import { textColumns } from './textColumns.ts'

/**
 * Returns the table with a column for each descriptor of a column of texts: each distinct text is looked at once. Throws `COLUMN_UNKNOWN`, `COLUMN_TYPE`,
 * `COLUMN_TWICE` for a name that the table has.
 */
export async function describeTexts<Row, K extends string>(
  data: Relation<Row>,
  column: keyof Row & string,
  descriptors: Readonly<Record<K, TextDescriptor>>,
): Promise<Relation<Row & Record<K, Cell>>> {
  await textColumns(data, [column], Object.keys(descriptors))
  const { sql } = data.engine
  const wish = valueCounts([sql.column(column)])
  const texts = (await collect(data, [wish]))(wish).map(({ values: [text] }) => String(text))
  const schema: Record<string, Column> = { [column]: { type: 'string', nullable: false } }
  const found: Record<string, (string | number | boolean)[]> = { [column]: texts }
  for (const [name, { gives, of }] of Object.entries<TextDescriptor>(descriptors)) {
    schema[name] = { type: gives === 'number' ? 'float' : 'bool', nullable: false }
    found[name] = texts.map(of)
  }
  const known = await relationOf(found as never, { schema: rowSchema(schema) })
  return data.join(known as never, { on: [column] as never, kind: 'left' }) as never
}
