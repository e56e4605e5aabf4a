// Seconds to open both tables and to compare all columns; then once more with what is known of the reference.
import { drift, driftReference, openTable } from '@mlpod/data'

const folder = process.argv[2]
const timed = async <T>(work: () => Promise<T>): Promise<readonly [T, number]> => {
  const start = performance.now()
  return [await work(), (performance.now() - start) / 1000]
}
const [reference, first] = await timed(async () => {
  const kept = driftReference(await openTable(`${folder}/reference.parquet`))
  await drift(kept, await openTable(`${folder}/current.parquet`))
  return kept
})
const [, again] = await timed(async () => drift(reference, await openTable(`${folder}/current.parquet`)))
console.log(JSON.stringify({ 'drift of 17 columns': first, 'again, the reference kept': again }))
