// Seconds to open a table and to describe it; and to merge the profiles of all days, which are made before and not timed.
import { readdirSync } from 'node:fs'
import { mergeProfiles, openTable, type Profile, profile } from '@mlpod/data'

const folder = process.argv[2]
const timed = async (work: () => Promise<unknown> | unknown): Promise<number> => {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}
const minimal = await timed(async () => profile(await openTable(`${folder}/large.parquet`), { minimal: true }))
const full = await timed(async () => profile(await openTable(`${folder}/small.parquet`)))
const days: Profile[] = []
for (const day of readdirSync(`${folder}/days`).sort())
  days.push(await profile(await openTable(`${folder}/days/${day}`), { minimal: true }))
const merged = await timed(() => mergeProfiles(...days))
console.log(
  JSON.stringify({
    'minimal profile of 1M x 20': minimal,
    'full profile of 100k x 20': full,
    'profile of a year of 365 days': merged,
  }),
)
