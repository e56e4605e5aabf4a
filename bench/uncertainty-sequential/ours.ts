// Seconds to bet along columns of numbers in memory.
import { readFileSync } from 'node:fs'
import { pluginMartingale, runMartingale, simpleJumper, startScores, streamPValues } from '@mlpod/science/uncertainty'

const folder = process.argv[2]
const read = (name: string): Float64Array => new Float64Array(readFileSync(`${folder}/${name}.f64`).buffer)
const seconds = (work: () => void): number => {
  const start = performance.now()
  work()
  return (performance.now() - start) / 1000
}
const [score, p] = ['score', 'p'].map(read)

console.log(
  JSON.stringify({
    'martingale-50k': seconds(() => runMartingale(simpleJumper(), streamPValues(startScores(), score).pValues)),
    'plugin-5k': seconds(() => runMartingale(pluginMartingale(), p)),
  }),
)
