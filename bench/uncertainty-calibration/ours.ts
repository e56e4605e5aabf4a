// Seconds to judge and to calibrate columns of numbers in memory.
import { readFileSync } from 'node:fs'
import {
  calibrationKolmogorovSmirnov,
  expectedCalibrationError,
  fitVennAbers,
  vennAbersProbabilities,
} from '@mlpod/science/uncertainty'

const folder = process.argv[2]
const read = (name: string): Float64Array => new Float64Array(readFileSync(`${folder}/${name}.f64`).buffer)
const seconds = (work: () => void): number => {
  const start = performance.now()
  work()
  return (performance.now() - start) / 1000
}
const [score, label, known, truth, fresh] = ['judgedScore', 'judgedLabel', 'knownScore', 'knownLabel', 'newScore'].map(
  read,
)

console.log(
  JSON.stringify({
    'ece-ks-5M': seconds(() => {
      expectedCalibrationError(score, label, { kind: 'binary' })
      calibrationKolmogorovSmirnov(score, label)
    }),
    'venn-abers-200k': seconds(() => vennAbersProbabilities(fitVennAbers(known, truth), fresh)),
  }),
)
