// Seconds to choose thresholds from columns of numbers in memory.
import { wsrBound } from '@mlpod/math'
import { binaryRisks, controlRisk, multilabelRisks, riskGrid } from '@mlpod/science/uncertainty'
import { readColumn, secondsOf } from '../columns.ts'

const [score, label, proba, labels, losses] = ['score', 'label', 'proba', 'labels', 'losses'].map(readColumn)

console.log(
  JSON.stringify({
    'ltt-binary-1M': secondsOf(() =>
      controlRisk(binaryRisks(score, label, { lambdas: riskGrid(0, 0.99, 100) }), {
        method: 'ltt',
        targets: { precision: 0.7, recall: 0.6 },
        confidence: 0.9,
      }),
    ),
    'multilabel-crc-50k': secondsOf(() =>
      controlRisk(multilabelRisks(proba, labels, 20), { method: 'crc', targets: { recall: 0.8 } }),
    ),
    'wsr-20k': secondsOf(() => {
      const column = new Float64Array(losses.length / 50)
      for (let j = 0; j < 50; j++) {
        for (let i = 0; i < column.length; i++) column[i] = losses[i * 50 + j]
        wsrBound(column, 0.1)
      }
    }),
  }),
)
