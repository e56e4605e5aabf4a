import { node } from 'mlpod'
import { answersOf } from 'mlpod/guard'
import { auc, logLoss } from 'mlpod/math'
import { countCovered } from 'mlpod/uncertainty'
import { catalog } from '../catalog.ts'

/** Looks at the guarded model on the test rows; the promises are judged later, by `verify`. */
export const evaluate = node({
  name: 'evaluate',
  inputs: { guarded: catalog.guarded, test: catalog.test },
  outputs: { metrics: catalog.metrics },
  run: async ({ guarded, test }, { log }) => {
    const answers = await answersOf(guarded, test)
    const { truth, positive, set, abstain, n, classes } = answers
    const outcomes = Array.from(truth)
    const rate = outcomes.reduce((sum, y) => sum + y, 0) / n
    const { whole } = countCovered(answers)
    const single = outcomes.filter(
      (_, i) => set.subarray(i * classes, (i + 1) * classes).reduce((sum, inside) => sum + inside, 0) === 1,
    ).length
    const metrics = {
      rows: n,
      auc: auc(positive, outcomes).auc,
      logLoss: logLoss(positive, outcomes).estimate,
      baseRateLogLoss: -(rate * Math.log(rate) + (1 - rate) * Math.log(1 - rate)),
      coverage: whole.successes / whole.n,
      oneLabel: single / n,
      abstained: abstain.reduce((sum, yes) => sum + yes, 0) / n,
    }
    log('test.auc', metrics.auc)
    log('test.logLoss', metrics.logLoss)
    log('test.coverage', metrics.coverage)
    return { metrics }
  },
})
