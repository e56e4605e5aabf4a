// Seconds that Zod takes for the same million objects, errors collected. usage: zod.ts FOLDER
import { openTable } from '@mlpod/data'
import { z } from 'zod'

const Schema = z.object({
  id: z.int().min(1),
  email: z.string().regex(/@/),
  name: z.string().min(1).max(40),
  age: z.int().min(0).max(120),
  score: z.number().min(0).max(1),
  balance: z.number(),
  active: z.boolean(),
  kind: z.enum(['a', 'b', 'c']),
  day: z.iso.date(),
})
const rows = await (await openTable(`${process.argv[2]}/rows.parquet`)).rows()
const truth = rows.map((row) => ({ ...row, active: Boolean(row.active) }))
const seconds = [1, 2, 3].map(() => {
  const start = performance.now()
  const kept: unknown[] = []
  const failed: unknown[] = []
  truth.forEach((row, i) => {
    const result = Schema.safeParse(row)
    if (result.success) kept.push(result.data)
    else failed.push([i, result.error.issues])
  })
  if (failed.length !== 1000) throw new Error(`${failed.length} rows were refused and not 1000`)
  return (performance.now() - start) / 1000
})
console.log(JSON.stringify({ objects: Math.min(...seconds) }))
