import { type Claim, type Dataset, type MeasuredPart, type Measurement, PodError } from '@mlpod/contract'
import { jensenShannonDistance, random } from '@mlpod/math'
import type { AnyRelation, Relation } from '../relation.ts'
import { type Plan, planned } from './drift.ts'
import type { Method, MethodOptions } from './method.ts'
import { driftMethods, methodOf } from './methods.ts'
import { categorySample, type Kind, numberSample, readSample, type Sample, sideOf } from './sample.ts'

/** Settings of `noDrift`: those of `drift` that have a meaning for a promise. */
export interface NoDriftOptions<Row> extends Omit<MethodOptions, 'threshold'> {
  readonly reference: Dataset<Relation<Row>, never>
  readonly current: Dataset<Relation<Row>, never>
  readonly columns?: readonly (keyof Row & string)[]
  readonly kinds?: Readonly<Record<string, Exclude<Kind, 'text'>>>
  /** A distance for all columns, or one for each kind or column; by default `wasserstein` for numbers and `jensenshannon` else. */
  readonly method?: Parameters<typeof planned>[2]['method']
  /** How far columns may move, by default as the method says. */
  readonly threshold?: Parameters<typeof planned>[2]['threshold']
}

const DISTANCES = { number: 'wasserstein', category: 'jensenshannon' } as const

/**
 * Claims that no column has moved from the reference further than its threshold, nor its share of missing values (0.1 of the
 * Jensen-Shannon distance). Each column is a part: its distance in units of its threshold, with the standard error of a
 * jackknife, so that few rows leave the claim undecided. Only distances are taken: a test that does not reject shows nothing.
 * Throws `METHOD_UNFIT` for a test. Source of distances and thresholds: Evidently 0.7.
 */
export function noDrift<Row>({
  reference,
  current,
  columns,
  kinds,
  method,
  threshold,
  ...options
}: NoDriftOptions<Row>): Claim {
  const named =
    typeof method === 'object' ? [method.kinds, method.columns].flatMap((of) => Object.values(of ?? {})) : [method]
  for (const name of named)
    if (name !== undefined && driftMethods[name]?.gives === 'p-value')
      throw new PodError('METHOD_UNFIT', `the method "${name}" is a test, which cannot show that nothing has changed`, {
        hint: 'promise a distance: wasserstein, jensenshannon, psi, hellinger, ...',
      })
  return {
    statement: `${columns ? columns.join(', ') : 'no column'} ${columns ? 'have not' : 'has'} drifted from the reference`,
    quantity: 'distance in units of its threshold',
    operator: '<=',
    threshold: 1,
    data: { reference: reference as Dataset, current: current as Dataset },
    async measure({ reference: before, current: now }) {
      const tables = [before as AnyRelation, now as AnyRelation] as const
      const plans = await planned(...tables, { columns, kinds, method, threshold })
      const sides = await Promise.all(tables.map((data) => sideOf(data, [])))
      const parts: MeasuredPart[] = []
      let n = 0
      for (const plan of plans) {
        const [a, b] = await Promise.all([
          readSample(sides[0], plan.reference, plan.kind),
          readSample(sides[1], plan.current, plan.kind),
        ])
        n = b.rows
        parts.push({ name: plan.name, measurement: measured(plan, a, b, options) })
        if (a.missing + b.missing > 0) parts.push({ name: `${plan.name} missing`, measurement: measuredMissing(a, b) })
      }
      return { parts, n, dropped: 0, method: 'distances with jackknife standard errors', seed: options.seed ?? 0 }
    },
  }
}

function measured(plan: Plan, a: Sample, b: Sample, options: MethodOptions): Measurement {
  const name = plan.method ?? DISTANCES[plan.kind as keyof typeof DISTANCES]
  const method: Method = methodOf(name, plan.kind, plan.name)
  const scale = plan.threshold ?? method.threshold
  // a column without values on one side has moved as far as it can
  if (a.n === 0 || b.n === 0) return { kind: 'exact', value: a.n === b.n ? 0 : Infinity, n: b.n }
  const distance = (x: Sample, y: Sample): number => method.compare(x, y, options).score / scale
  const variance = jackknife(a, (x) => distance(x, b), options.seed) + jackknife(b, (y) => distance(a, y), options.seed)
  return told(distance(a, b), variance, b.n)
}

/** A distance with its error; where no row left out changes it, as between constants, there is nothing to err about. */
const told = (estimate: number, variance: number, n: number): Measurement =>
  variance === 0
    ? { kind: 'exact', value: estimate, n }
    : { kind: 'mean', estimate, standardError: Math.sqrt(variance), n }

function measuredMissing(a: Sample, b: Sample): Measurement {
  const counts = ({ missing, rows }: Sample) =>
    categorySample(
      new Map([
        ['missing', missing],
        ['present', rows - missing],
      ]),
    )
  const distance = (x: Sample, y: Sample): number => {
    const share = (s: Sample) => {
      const missing = s.kind === 'category' ? (s.counts.get('missing') ?? 0) / s.n : 0
      return [missing, 1 - missing]
    }
    return jensenShannonDistance(share(x), share(y)) / 0.1
  }
  const [first, second] = [counts(a), counts(b)]
  const variance = jackknife(first, (x) => distance(x, second)) + jackknife(second, (y) => distance(first, y))
  return told(distance(first, second), variance, b.rows)
}

/** Groups that are left out in turn where leaving out each value would be too much. */
const GROUPS = 20

/** The variance of a statistic of a sample. Source: Efron (1982); for numbers, of random groups. */
function jackknife(sample: Sample, statistic: (part: Sample) => number, seed = 0): number {
  if (sample.n < 2) return Number.POSITIVE_INFINITY
  const found: { readonly value: number; readonly weight: number }[] = []
  if (sample.kind === 'number') {
    const groups = Math.min(GROUPS, sample.n)
    // the order of rows may mean something: groups are drawn
    const order = random({ seed, path: 'jackknife' }).permutation(sample.n)
    const group = new Uint8Array(sample.n)
    order.forEach((row, i) => {
      group[row] = i % groups
    })
    for (let g = 0; g < groups; g++) {
      const kept = sample.values().filter((_, i) => group[i] !== g)
      found.push({ value: statistic(numberSample(kept, { integer: sample.integer })), weight: 1 })
    }
    const mean = found.reduce((sum, { value }) => sum + value, 0) / groups
    return ((groups - 1) / groups) * found.reduce((sum, { value }) => sum + (value - mean) ** 2, 0)
  }
  const counts =
    sample.kind === 'category' ? sample.counts : new Map(sample.texts.map(({ text, count }) => [text, count]))
  // leaving out any row of a category gives the same
  for (const [key, count] of counts)
    if (count > 0) {
      const less = new Map(counts).set(key, count - 1)
      found.push({ value: statistic(categorySample(less)), weight: count })
    }
  const mean = found.reduce((sum, { value, weight }) => sum + weight * value, 0) / sample.n
  return ((sample.n - 1) / sample.n) * found.reduce((sum, { value, weight }) => sum + weight * (value - mean) ** 2, 0)
}
