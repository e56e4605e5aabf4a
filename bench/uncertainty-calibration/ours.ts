// Seconds to judge and to calibrate columns of numbers in memory.
import {
  calibrationKolmogorovSmirnov,
  expectedCalibrationError,
  fitVennAbers,
  vennAbersProbabilities,
} from '@mlpod/science/uncertainty'
import { readColumn, secondsOf } from '../columns.ts'

const [score, label, known, truth, fresh] = ['judgedScore', 'judgedLabel', 'knownScore', 'knownLabel', 'newScore'].map(
  readColumn,
)

console.log(
  JSON.stringify({
    'ece-ks-5M': secondsOf(() => {
      expectedCalibrationError(score, label, { kind: 'binary' })
      calibrationKolmogorovSmirnov(score, label)
    }),
    'venn-abers-200k': secondsOf(() => vennAbersProbabilities(fitVennAbers(known, truth), fresh)),
  }),
)
