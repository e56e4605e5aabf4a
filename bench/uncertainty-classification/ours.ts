// Seconds for prediction sets and p-values, of columns in memory.
import { readFileSync } from 'node:fs'
import { calibrateClassifier, classifierPValues, classifierSets } from '@mlpod/science/uncertainty'

const read = (name: string): Float64Array => new Float64Array(readFileSync(`${process.argv[2]}/${name}.f64`).buffer)
const time = (work: () => unknown): number => {
  const start = performance.now()
  work()
  return (performance.now() - start) / 1000
}

const [wide, wideLabel, narrow, narrowLabel] = [read('wide'), read('wideLabel'), read('narrow'), read('narrowLabel')]
const logits = wide.map(Math.log)
const [n, many, few, short] = [100_000, 200_000, 20_000, 5000]

console.log(
  JSON.stringify({
    'aps-100k-100': time(() => {
      const conformal = calibrateClassifier(wide.subarray(0, 100 * n), wideLabel.subarray(0, n), {
        level: [0.8, 0.9],
        score: 'aps',
        randomize: { seed: 1 },
        lastLabel: 'include',
      })
      classifierSets(conformal, wide.subarray(100 * n))
    }),
    'lac-sets-200k': time(() => {
      const conformal = calibrateClassifier(narrow.subarray(0, 10 * many), narrowLabel.subarray(0, many), {
        level: 0.9,
      })
      classifierSets(conformal, narrow.subarray(10 * many))
    }),
    'pvalues-20k': time(() => {
      const conformal = calibrateClassifier(narrow.subarray(0, 10 * few), narrowLabel.subarray(0, few), { level: 0.9 })
      classifierPValues(conformal, narrow.subarray(10 * few, 20 * few), { smoothed: { seed: 1 } })
    }),
    'entmax-5k-100': time(() => {
      const conformal = calibrateClassifier(logits.subarray(0, 100 * short), wideLabel.subarray(0, short), {
        level: 0.9,
        score: { name: 'entmax', gamma: 1.5 },
      })
      classifierSets(conformal, logits.subarray(100 * short, 200 * short))
    }),
  }),
)
