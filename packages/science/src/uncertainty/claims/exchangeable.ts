import { type Claim, PodError } from '@mlpod/contract'
import { answersOf } from '../../guard/answers.ts'
import type { ModelAndData, ModelAndRows } from '../covers.ts'
import { type ExchangeabilityMethod, testExchangeability } from '../sequential/exchangeability.ts'

/** What a claim about exchangeability says. */
export interface ExchangeableOptions extends ModelAndData {
  /** Probability of a false alarm; 0.01 by default. */
  readonly level?: number
  /** `jumper` by default. */
  readonly method?: ExchangeabilityMethod
}

/**
 * Returns the claim that the rows, in the order in which they are stored, show no change: the model's score 1 - p of the truth is not
 * found to be unexchangeable at `level`. A test that does not reject shows only that nothing was found; the promise is broken
 * when it does. Rows without a label are dropped. Throws `LEVEL_INVALID`.
 */
export function exchangeable({ model, data, level = 0.01, method = 'jumper' }: ExchangeableOptions): Claim {
  if (!(level > 0 && level < 1)) throw new PodError('LEVEL_INVALID', `the level ${level} is not between 0 and 1`)
  return {
    statement: `exchangeability is not rejected at ${level}`,
    quantity: 'p-value of exchangeability',
    operator: '>=',
    threshold: level,
    data: { model, data },
    async measure(inputs, { seed }) {
      const { model, data } = inputs as ModelAndRows
      const { probability, truth, classes } = await answersOf(model, data)
      const rows = [...truth.keys()].filter((i) => truth[i] >= 0)
      const scores = Float64Array.from(rows, (i) => 1 - probability[i * classes + truth[i]])
      const [result] = testExchangeability(scores, { methods: [method], level, seed })
      return {
        whole: { kind: 'exact', value: result.pValue, n: rows.length },
        dropped: truth.length - rows.length,
        method: `${method} test of the scores in the order of the rows`,
        detail: { logWealth: result.logWealth, stoppedAt: result.stoppedAt },
        seed,
      }
    },
  }
}
