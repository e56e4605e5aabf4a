import { type Bench, onTables } from '../bench.ts'

const ROWS = 1_000_000

export default {
  about: 'a million rows of 9 fields, one in a thousand wrong, through a schema, against pydantic (Zod: zod.ts)',
  peer: { environment: 'dataqa', name: 'pydantic', package: 'pydantic' },
  cases: { objects: { n: ROWS }, 'objects, strict': { n: ROWS }, Parquet: { n: ROWS } },
  ...onTables(import.meta.dirname, ROWS),
} satisfies Bench
