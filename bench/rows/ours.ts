// Seconds to read a million objects by a schema, errors collected, and to check the same rows in their file.
import { bool, checkSchema, date, float, int, openTable, parseRows, rowSchema, string } from '@mlpod/data'

const folder = process.argv[2]
const fields = {
  id: int({ min: 1 }),
  email: string({ pattern: '@' }),
  name: string({ minLength: 1, maxLength: 40 }),
  age: int({ min: 0, max: 120 }),
  score: float({ min: 0, max: 1 }),
  balance: float(),
  active: bool(),
  kind: string({ values: ['a', 'b', 'c'] }),
  day: date(),
}
const Schema = rowSchema(fields)
const Written = rowSchema({ ...fields, day: string({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' }) })
const timed = <T>(work: () => T): readonly [T, number] => {
  const start = performance.now()
  return [work(), (performance.now() - start) / 1000]
}
const table = await openTable(`${folder}/rows.parquet`)
const rows = await table.rows()
const truth = rows.map((row) => ({ ...row, active: Boolean(row.active) }))
const best = (work: () => unknown): number => Math.min(...[1, 2, 3].map(() => timed(work)[1]))
const [lax] = timed(() => parseRows(Schema, truth))
if (lax.refused !== 1000) throw new Error(`${lax.refused} rows were refused and not 1000`)
const start = performance.now()
await checkSchema(await openTable(`${folder}/rows.parquet`), Written)
const parquet = (performance.now() - start) / 1000
console.log(
  JSON.stringify({
    objects: best(() => parseRows(Schema, truth)),
    'objects, strict': best(() => parseRows(Schema, truth, { mode: 'strict' })),
    Parquet: parquet,
  }),
)
