// Seconds to open the table and to try the suite on it; the verdicts and the memory go to the standard error.
import { readFileSync } from 'node:fs'
import { fromGreatExpectations, openTable } from '@mlpod/data'

const folder = process.argv[2]
const suite = fromGreatExpectations(readFileSync(`${folder}/suite.json`, 'utf8'))
const start = performance.now()
const { statistics } = await suite.run(await openTable(`${folder}/table.parquet`))
const seconds = (performance.now() - start) / 1000
console.error(
  `${statistics.successful} of ${statistics.evaluated} hold, ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`,
)
console.log(JSON.stringify({ '20 expectations': seconds }))
