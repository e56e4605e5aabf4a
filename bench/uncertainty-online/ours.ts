// Seconds for intervals of a stream and for conditional cutoffs, of columns in memory.
import { calibrateConditional, conditionalCutoffs, runOnline } from '@mlpod/science/uncertainty'
import { readColumn, secondsOf } from '../columns.ts'

const [prediction, y] = [readColumn('prediction'), readColumn('y')]
const [features, scores] = [readColumn('features'), readColumn('scores')]
const known = 1000
const n = 2000

const aci = secondsOf(() =>
  runOnline(
    y.subarray(known),
    { prediction: prediction.subarray(known) },
    {
      method: 'aci',
      gamma: 0.005,
      level: 0.9,
      symmetric: false,
      window: 'fixed',
      history: { y: y.subarray(0, known), prediction: prediction.subarray(0, known) },
    },
  ),
)
const conditional = secondsOf(() => {
  const conformal = calibrateConditional(scores.subarray(0, n), { features: features.subarray(0, 5 * n), level: 0.9 })
  conditionalCutoffs(conformal, features.subarray(5 * n))
})
console.log(JSON.stringify({ 'aci-20k': aci, 'condconf-2k': conditional }))
