import { type MeasuredPart, PodError, type Quantity } from '@mlpod/contract'
import { answersOf, groupsOf } from '../guard/answers.ts'
import type { ModelAndData, ModelAndRows } from '../uncertainty/covers.ts'
import { countGroups, type GroupRate, groupRates, largestDifference } from './rates.ts'

const oddsRates: readonly GroupRate[] = ['truePositiveRate', 'falsePositiveRate']

/**
 * The equalized-odds difference between groups: the largest difference of the true or the false positive rate between any two
 * groups (fairlearn 0.15 `equalized_odds_difference`). It is small only if each pair's difference is, so each pair is a part.
 * The prediction is the most probable class. Pairs in which a rate is undefined are named in the detail.
 * Throws `GROUPS_FEW` when there are not two groups.
 */
export const equalizedOddsDifference = ({
  model,
  data,
  by,
}: ModelAndData & { readonly by: readonly string[] }): Quantity => ({
  quantity: 'equalized-odds difference',
  by,
  data: { model, data },
  async measure(inputs) {
    const { model, data } = inputs as ModelAndRows
    const { prediction, truth, classes } = await answersOf(model, data)
    const groups = await groupsOf(data, by)
    const rows = Array.from(truth.keys()).filter((i) => truth[i] >= 0)
    const counts = countGroups(
      rows.map((i) => (prediction[i] === classes - 1 ? 1 : 0)),
      rows.map((i) => (truth[i] === classes - 1 ? 1 : 0)),
      rows.map((i) => groups[i]),
    )
    if (counts.length < 2)
      throw new PodError(
        'GROUPS_FEW',
        `there ${counts.length === 1 ? `is only the group "${counts[0].group}"` : 'is no group'} by ${by.join(' and ')}`,
        {
          hint: 'a difference is between two groups',
        },
      )
    const parts: MeasuredPart[] = []
    const undefinedParts: string[] = []
    for (const rate of oddsRates)
      for (let a = 0; a < counts.length; a++)
        for (let b = a + 1; b < counts.length; b++) {
          const name = `${rate} ${counts[a].group}-${counts[b].group}`
          const [first, second] = [groupRates[rate](counts[a]), groupRates[rate](counts[b])]
          if (first.n === 0 || second.n === 0) undefinedParts.push(name)
          else parts.push({ name, measurement: { kind: 'difference', first, second, absolute: true } })
        }
    const differences = Object.fromEntries(
      oddsRates.map((rate) => [rate, largestDifference(counts, rate)?.value ?? null]),
    )
    return {
      parts,
      n: rows.length,
      dropped: truth.length - rows.length,
      method: 'difference of group rates, all pairs',
      detail: { ...differences, undefined: undefinedParts },
    }
  },
})
