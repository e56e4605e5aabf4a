// Seconds for groups of meta-features of a CSV file.
import { type MetaGroupName, metaFeatures, openTable } from '@mlpod/data'

const folder = process.argv[2]
async function seconds(groups: readonly MetaGroupName[]): Promise<number> {
  const start = performance.now()
  await metaFeatures(await openTable(`${folder}/table.csv`), { target: 'y', groups })
  return (performance.now() - start) / 1000
}
console.log(
  JSON.stringify({
    'general and statistical': await seconds(['general', 'statistical']),
    information: await seconds(['info-theory']),
  }),
)
