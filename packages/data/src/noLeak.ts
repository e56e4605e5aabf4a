import { type Claim, type Dataset, type Json, PodError } from '@mlpod/contract'
import { auc } from '@mlpod/math'
import type { ColumnData } from './columns.ts'
import { unknownColumn } from './query.ts'
import type { Relation } from './relation.ts'

/** How well one feature alone separates the target, and how that was computed. */
export interface FeatureSeparation {
  readonly feature: string
  /** At least 0.5: the direction does not matter. */
  readonly auc: number
  readonly by: 'value' | 'rate of each value' | 'being missing'
}

/**
 * Returns how well each feature alone separates a 0/1 target, as the largest area under the ROC curve of three scores: its
 * value (numbers), the target's rate among the other half of the rows with the same value (texts and numbers with at most
 * 20 values), and whether it is missing. Rows without a target are left out.
 */
export async function separation<Row>(
  data: Relation<Row>,
  { features, target }: { readonly features: readonly (keyof Row & string)[]; readonly target: keyof Row & string },
): Promise<FeatureSeparation[]> {
  const known = data.where(({ isNotNull, column }) => isNotNull(column(target)))
  const columns = (await known.toColumns(...features, target)) as Record<string, ColumnData>
  const labels = labelsOf(columns[target], target)
  return features.map((feature) => {
    const column = columns[feature]
    const scores: [FeatureSeparation['by'], ArrayLike<number>, ArrayLike<number>][] = []
    if (column.kind === 'number') {
      const present = Array.from(labels.keys()).filter((i) => !Number.isNaN(column.data[i]))
      scores.push(['value', present.map((i) => column.data[i]), present.map((i) => labels[i])])
    }
    if (column.missing) scores.push(['being missing', column.missing, labels])
    const values = new Set<number | string>(column.data)
    if (column.kind === 'text' || values.size <= 20) scores.push(['rate of each value', rates(column, labels), labels])
    const found = scores.map(([by, score, label]) => ({ feature, by, auc: eitherWay(score, label) }))
    return found.reduce((best, next) => (next.auc > best.auc ? next : best), { feature, by: 'value', auc: 0.5 })
  })
}

function labelsOf(column: ColumnData, target: string): Float64Array {
  const bad = column.kind === 'text' ? 'texts' : column.data.find((y) => y !== 0 && y !== 1)
  if (column.kind === 'text' || bad !== undefined)
    throw new PodError('TARGET_NOT_BINARY', `the target "${target}" holds ${bad} and not 0 and 1 alone`, {
      hint: 'derive a column that is true for the class of interest',
    })
  return column.data
}

function eitherWay(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const list = Array.from(labels)
  if (!list.includes(1) || !list.includes(0)) return 0.5
  const { auc: area } = auc(scores, labels)
  return Math.max(area, 1 - area)
}

/** The target's rate among the rows of the other half that share the value: a row's own label never reaches its score. */
function rates({ data }: ColumnData, labels: Float64Array): Float64Array {
  const counts = [new Map<number | string, [number, number]>(), new Map<number | string, [number, number]>()]
  const base = labels.reduce((sum, y) => sum + y, 0) / labels.length
  labels.forEach((y, i) => {
    const half = counts[i % 2]
    const [n, positives] = half.get(data[i]) ?? [0, 0]
    half.set(data[i], [n + 1, positives + y])
  })
  return Float64Array.from(labels, (_, i) => {
    const [n, positives] = counts[1 - (i % 2)].get(data[i]) ?? [0, 0]
    return (positives + base) / (n + 1)
  })
}

/** Settings of `noLeak`. */
export interface NoLeakOptions<Name extends string> {
  readonly features: readonly Name[]
  /** A 0/1 or boolean column. */
  readonly target: Name
  /** Columns that restate or follow the target, or must not be used. */
  readonly forbidden?: readonly Name[]
  /** The largest area under the ROC curve that one feature alone may reach; 0.95 by default. */
  readonly maxAuc?: number
}

/**
 * Claims that no feature gives the target away: none is forbidden, none is the target, and none alone separates it beyond
 * `maxAuc`. Each feature is a part; its area stands in the detail. Throws `MAX_AUC_INVALID` outside (0.5, 1].
 */
export function noLeak<Row>(
  data: Dataset<Relation<Row>, never>,
  { features, target, forbidden = [], maxAuc = 0.95 }: NoLeakOptions<keyof Row & string>,
): Claim {
  if (!(maxAuc > 0.5 && maxAuc <= 1))
    throw new PodError(
      'MAX_AUC_INVALID',
      `maxAuc is ${maxAuc}, but an area under the ROC curve that says something is in (0.5, 1]`,
    )
  return {
    statement: `none of ${features.length} features gives "${target}" away: none is forbidden, none alone reaches AUC ${maxAuc}`,
    quantity: 'leaking features',
    operator: '=',
    threshold: 0,
    data: { data: data as Dataset },
    async measure({ data: read }) {
      const relation = read as Relation<Row>
      for (const name of [...features, target])
        if (!relation.columns.includes(name)) throw unknownColumn(name, relation.columns)
      const n = await relation.count()
      const excluded = new Set<string>([...forbidden, target])
      const found = await separation(relation, { features, target })
      return {
        parts: found.map(({ feature, auc: area }) => ({
          name: feature,
          measurement: { kind: 'exact', value: excluded.has(feature) || area > maxAuc ? 1 : 0, n },
        })),
        dropped: 0,
        method:
          'membership, and the area under the ROC curve of each feature alone (values; out-of-half rates of texts)',
        detail: { forbidden: features.filter((name) => excluded.has(name)), auc: found as unknown as Json },
      }
    },
  }
}
