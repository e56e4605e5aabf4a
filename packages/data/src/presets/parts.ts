import { PodError } from '@mlpod/contract'
import { type DriftOptions, drift } from '../drift/drift.ts'
import type { SetValue } from '../expectations/expectation.ts'
import { expectations } from '../expectations/run.ts'
import { profile } from '../profile/profile.ts'
import type { ColumnProfile } from '../profile/types.ts'
import { type ClassificationQuality, type ClassifierColumns, classificationQuality } from '../quality/classification.ts'
import type { Condition } from '../quality/conditions.ts'
import { type RankingColumns, rankingQuality } from '../quality/ranking.ts'
import { type RegressionQuality, regressionQuality } from '../quality/regression.ts'
import { tableQuality } from '../quality/table.ts'
import { untyped } from '../query.ts'
import type { AnyRelation } from '../relation.ts'

/** What a preset looks at. */
export interface PresetWorld {
  readonly current: AnyRelation
  readonly reference?: AnyRelation
  readonly columns?: readonly string[]
  readonly drift?: DriftOptions
  readonly classification?: ClassifierColumns
  readonly regression?: { readonly target: string; readonly predicted: string }
  readonly ranking?: RankingColumns
  /** Columns whose drift is told apart: the target and the prediction. */
  readonly watched?: readonly string[]
}

/** A number of a table, what it was on the reference, and what it must be. */
export interface Measured {
  readonly metric: string
  readonly value: number | string | null
  readonly reference?: number | string | null
  readonly condition?: Condition
  /** A verdict that is not told by the number alone: a score may be a p-value or a distance. */
  readonly verdict?: { readonly holds: boolean; readonly said: string }
}

/** One thing that presets are made of. */
export type PresetPart = (world: PresetWorld) => Promise<readonly Measured[]>

/** What a number must be without a reference, and beside one. */
interface Rule {
  readonly alone?: Condition
  readonly beside?: Condition
}
type Values = readonly (readonly [metric: string, value: number | string | null, rule?: Rule])[]

const near = (relative: number): Condition => ({ eq: { reference: { relative } } })
const zeroOr = (beside: Condition): Rule => ({ alone: { eq: 0 }, beside })
const noMore: Condition = { lte: { reference: {} } }
const asBefore: Rule = { beside: near(0.1) }
const aboveZero: Rule = { alone: { gt: 0 }, beside: near(0.1) }

/** Measures both tables, and says what the numbers of the current one must be. */
const both =
  (measure: (data: AnyRelation, world: PresetWorld) => Promise<Values>): PresetPart =>
  async (world) => {
    const before = world.reference && new Map((await measure(world.reference, world)).map((one) => [one[0], one[1]]))
    return (await measure(world.current, world)).map(([metric, value, { alone, beside } = {}]) => {
      const reference = before?.get(metric)
      const condition =
        before === undefined ? alone : reference === undefined || reference === null ? undefined : beside
      return {
        metric,
        value,
        ...(before === undefined ? {} : { reference: reference ?? null }),
        ...(condition === undefined ? {} : { condition }),
      }
    })
  }

const needs = <T>(given: T | undefined, name: string): T => {
  if (given === undefined) throw new PodError('OPTION_INVALID', `this preset needs \`${name}\``)
  return given
}

const described = async (data: AnyRelation, { columns }: PresetWorld): Promise<readonly ColumnProfile[]> =>
  (await profile(data, { minimal: true, ...(columns ? { columns } : {}) })).columns

const ROLES = { number: 'Numerical', category: 'Categorical', text: 'Text', date: 'Datetime' } as const

/** Numbers of the table. */
const datasetStats = both(async (data, world) => {
  const [found, columns] = await Promise.all([tableQuality(data), described(data, world)])
  const ofRole = (...roles: readonly string[]) => columns.filter(({ role }) => roles.includes(role)).length
  return [
    ['RowCount', found.rows, aboveZero],
    ['ColumnCount', found.columns, { alone: { gt: 0 }, beside: { eq: { reference: {} } } }],
    ...Object.entries(ROLES).map(
      ([role, name]) => [`ColumnCount(${name})`, role === 'category' ? ofRole(role, 'bool') : ofRole(role)] as const,
    ),
    ['DuplicatedRowCount', found.duplicatedRows, zeroOr(near(0.1))],
    ['DuplicatedColumnsCount', found.duplicatedColumns.length, zeroOr(noMore)],
    ['AlmostDuplicatedColumnsCount', found.almostDuplicatedColumns.length],
    ['AlmostConstantColumnsCount', found.almostConstantColumns.length, zeroOr(noMore)],
    ['EmptyRowsCount', found.emptyRows, zeroOr(near(0.1))],
    ['EmptyColumnsCount', found.emptyColumns.length, zeroOr(noMore)],
    ['ConstantColumnsCount', found.constantColumns.length, zeroOr(noMore)],
    ['DatasetMissingValueCount', found.missing, zeroOr(near(0.1))],
    ['DatasetMissingValueCount.share', found.missingShare],
  ]
})

/** Numbers of each column. */
const valueStats = both(async (data, world) => {
  const columns = await described(data, world)
  return columns.flatMap(({ name, missing, missingShare, number, date, role, top }): Values => {
    const at = (metric: string, more = '') => `${metric}(${name}${more})`
    return [
      [at('MissingValueCount'), missing, zeroOr(near(0.1))],
      [`${at('MissingValueCount')}.share`, missingShare, asBefore],
      ...(number === undefined || role !== 'number'
        ? []
        : ([
            [at('MinValue'), number.min, asBefore],
            [at('MaxValue'), number.max, asBefore],
            [at('MeanValue'), number.mean, asBefore],
            [at('StdValue'), number.sd, asBefore],
            ...[0.25, 0.5, 0.75].map(
              (q, i) => [at('QuantileValue', `, ${q}`), number.quantiles?.[i + 1] ?? null, asBefore] as const,
            ),
          ] as Values)),
      ...(date === undefined
        ? []
        : ([
            [at('MinValue'), date.min],
            [at('MaxValue'), date.max],
          ] as Values)),
      ...(role === 'category' || role === 'bool'
        ? top.map(({ value, count }) => [at('UniqueValueCount', `, ${value}`), count] as const)
        : []),
    ]
  })
})

const driftOf =
  ({ share, watchedOnly = false }: { readonly share?: number; readonly watchedOnly?: boolean }): PresetPart =>
  async ({ current, reference, columns, drift: options, watched = [] }) => {
    if (watchedOnly && watched.length === 0) return []
    const before = needs(reference, 'reference')
    const settings = watchedOnly ? { ...options, columns: watched } : { ...options, ...(columns ? { columns } : {}) }
    const found = await drift(before, current, settings)
    const most = options?.share ?? share ?? 0.5
    const total: readonly Measured[] = [
      { metric: 'DriftedColumnsCount', value: found.drifted },
      {
        metric: 'DriftedColumnsCount.share',
        value: found.compared === 0 ? 0 : found.drifted / found.compared,
        condition: { lt: most },
      },
    ]
    return [
      ...(watchedOnly ? [] : total),
      ...found.columns.map(
        ({ column, score, drifted, method, threshold }): Measured => ({
          metric: `ValueDrift(${column})`,
          value: score,
          verdict: { holds: !drifted, said: `by ${method}, threshold ${threshold}` },
        }),
      ),
    ]
  }

/**
 * What guessing by the shares of the classes would have on average. Source: the dummy of Evidently, which draws its guesses; its probabilities are
 * the same for each class.
 */
export function guessing({ labels, confusion, byLabel, n, tpr }: ClassificationQuality, positive: string) {
  const shares = labels.map((label) => (n === 0 ? 0 : byLabel[label].support / n))
  const share = tpr === null ? 1 / labels.length : byLabel[positive].support / n
  return {
    Accuracy: shares.reduce((sum, p) => sum + p * p, 0),
    Precision: share,
    Recall: share,
    F1Score: share,
    RocAuc: 0.5,
    LogLoss: Math.log(confusion.length),
    TPR: share,
    TNR: 1 - share,
    FPR: share,
    FNR: 1 - share,
  }
}

const classification = async (data: AnyRelation, world: PresetWorld) => {
  const columns = needs(world.classification, 'classification')
  const found = await classificationQuality(data, columns)
  return { found, dummy: guessing(found, columns.positive ?? '1') }
}

const classificationNumbers = both(async (data, world) => {
  const { found, dummy } = await classification(data, world)
  const { accuracy, precision, recall, f1, rocAuc, logLoss, tpr, tnr, fpr, fnr } = found
  const better = (name: keyof typeof dummy): Rule => ({ alone: { gt: dummy[name] }, beside: near(0.2) })
  const lower = (name: keyof typeof dummy): Rule => ({ alone: { lt: dummy[name] }, beside: near(0.2) })
  const all: Values = [
    ['Accuracy', accuracy, better('Accuracy')],
    ['Precision', precision, better('Precision')],
    ['Recall', recall, better('Recall')],
    ['F1Score', f1, better('F1Score')],
    ['RocAuc', rocAuc, better('RocAuc')],
    ['LogLoss', logLoss, lower('LogLoss')],
    ['TPR', tpr, better('TPR')],
    ['TNR', tnr, better('TNR')],
    ['FPR', fpr, lower('FPR')],
    ['FNR', fnr, lower('FNR')],
  ]
  return all.filter(([, value]) => value !== null)
})

const classificationLabels = (rule: Rule) =>
  both(async (data, world) => {
    const { found } = await classification(data, world)
    return Object.entries(found.byLabel).flatMap(([label, { f1, precision, recall, rocAuc }]): Values => {
      const all: Values = [
        [`F1ByLabel(${label})`, f1, rule],
        [`PrecisionByLabel(${label})`, precision, rule],
        [`RecallByLabel(${label})`, recall, rule],
        [`RocAucByLabel(${label})`, rocAuc, rule],
      ]
      return all.filter(([, value]) => value !== null)
    })
  })

const classificationDummy = both(async (data, world) => {
  const { dummy } = await classification(data, world)
  return Object.entries(dummy).map(([name, value]) => [`Dummy${name}`, value] as const)
})

const regressed = (data: AnyRelation, world: PresetWorld): Promise<RegressionQuality> =>
  regressionQuality(data, needs(world.regression, 'regression'))

const below = (limit: number | null): Rule => ({
  ...(limit === null ? {} : { alone: { lt: limit } }),
  beside: near(0.1),
})

const regressionTotals = both(async (data, world) => {
  const { error, absoluteError, percentageError, rmse, r2, largestError, dummy } = await regressed(data, world)
  return [
    ['MeanError', error.mean, asBefore],
    ['MeanError.std', error.sd],
    ['MAPE', percentageError.mean, below(dummy.percentageError)],
    ['MAPE.std', percentageError.sd],
    ['RMSE', rmse, below(dummy.rmse)],
    ['MAE', absoluteError.mean, below(dummy.meanAbsoluteError)],
    ['MAE.std', absoluteError.sd],
    ['R2Score', r2, aboveZero],
    ['AbsMaxError', largestError, asBefore],
  ]
})

const regressionDummy = both(async (data, world) => {
  const { dummy } = await regressed(data, world)
  return [
    ['DummyMAE', dummy.meanAbsoluteError],
    ['DummyMAPE', dummy.percentageError],
    ['DummyRMSE', dummy.rmse],
  ]
})

/** The old tests of regression: the mean error lies within a tenth of its spread around 0. */
const regressionTest = both(async (data, world) => {
  const { error, absoluteError, percentageError, rmse, dummy } = await regressed(data, world)
  const room = 0.1 * (error.sd ?? 0)
  const centred: Condition = { gte: -room, lte: room }
  return [
    ['MeanError', error.mean, { alone: centred, beside: centred }],
    ['MAE', absoluteError.mean, below(dummy.meanAbsoluteError)],
    ['RMSE', rmse, below(dummy.rmse)],
    ['MAPE', percentageError.mean, below(dummy.percentageError)],
  ]
})

const recsys = both(async (data, world) => {
  const found = await rankingQuality(data, needs(world.ranking, 'ranking'))
  const { popularity } = found
  const all: Values = [
    ['PrecisionTopK', found.precision, aboveZero],
    ['RecallTopK', found.recall, aboveZero],
    ['FBetaTopK', found.fBeta, aboveZero],
    ['MAP', found.map, aboveZero],
    ['NDCG', found.ndcg, aboveZero],
    ['MRR', found.mrr, aboveZero],
    ['HitRate', found.hitRate, aboveZero],
    ['Personalization', found.personalization, asBefore],
    ['PopularityBias.arp', popularity?.mean ?? null, asBefore],
    ['PopularityBias.coverage', popularity?.coverage ?? null, asBefore],
    ['PopularityBias.gini', popularity?.gini ?? null, asBefore],
    ['Novelty', found.novelty, asBefore],
    ['Diversity', found.diversity, asBefore],
    ['Serendipity', found.serendipity, asBefore],
  ]
  return all.filter(([, value]) => value !== null)
})

/** The share of missing values of each column: no more than a tenth above that of the reference. */
const missingShares = both(async (data, world) =>
  (await described(data, world)).map(
    ({ name, missingShare }) =>
      [`ShareOfMissingValues(${name})`, missingShare, zeroOr({ lte: { reference: { relative: 0.1 } } })] as const,
  ),
)

const mostCommonShares = both(async (data, world) =>
  (await described(data, world)).map(
    ({ name, top, count }) =>
      [
        `MostCommonValueShare(${name})`,
        count === 0 ? null : (top[0]?.count ?? 0) / count,
        { alone: { lt: 0.8 }, beside: near(0.1) },
      ] as const,
  ),
)

/** Columns keep their types. */
const types: PresetPart = async ({ current, reference }) => {
  const before = await needs(reference, 'reference').describe()
  const now = new Map((await current.describe()).map(({ name, sqlType }) => [name, sqlType]))
  return before.map(({ name, sqlType }) => ({
    metric: `ColumnType(${name})`,
    value: now.get(name) ?? 'missing',
    reference: sqlType,
    condition: { in: [sqlType] },
  }))
}

/** Numbers stay in the range of the reference, their means within two of its standard deviations; no value is new in a category. */
const stability: PresetPart = async (world) => {
  const before = needs(world.reference, 'reference')
  const columns = (await described(before, world)).filter(({ name }) => world.current.columns.includes(name))
  const numbers = columns.flatMap(({ name, number, role }) =>
    role === 'number' && typeof number?.min === 'number' && typeof number.max === 'number' ? [{ name, number }] : [],
  )
  const sets = await Promise.all(
    columns
      .filter(({ role }) => role === 'category' || role === 'bool')
      .map(async ({ name }) => ({
        name,
        values: (await untyped(before).select(name).distinct().rows()).map((row) => row[name]),
      })),
  )
  const list = [
    ...numbers.map(({ name, number }) => ({
      type: 'between' as const,
      column: name,
      min: number.min as number,
      max: number.max as number,
    })),
    ...sets.map(({ name, values }) => ({
      type: 'inSet' as const,
      column: name,
      values: values.filter((value): value is SetValue => value !== null),
    })),
    ...numbers.map(({ name }) => ({ type: 'meanBetween' as const, column: name })),
  ]
  const results = await expectations(untyped(world.current), list, { samples: 0 })
  const outside = results.slice(0, numbers.length + sets.length)
  const means = results.slice(numbers.length + sets.length)
  return [
    ...outside.map(({ type, columns: [name], unexpectedShare }) => ({
      metric: `${type === 'between' ? 'ShareOfOutRangeValues' : 'ShareOfOutListValues'}(${name})`,
      value: unexpectedShare ?? 0,
      reference: 0,
      condition: { eq: 0 },
    })),
    ...means.map(({ observed }, i): Measured => {
      const { name, number } = numbers[i]
      const [mean, room] = [number.mean ?? 0, 2 * (number.sd ?? 0)]
      return {
        metric: `MeanInNSigmas(${name})`,
        value: observed as number | null,
        reference: mean,
        condition: { gt: mean - room, lt: mean + room },
      }
    }),
  ]
}

/** Those of the numbers of a part that a suite of tests looks at. */
const only =
  (part: PresetPart, ...names: readonly string[]): PresetPart =>
  async (world) =>
    (await part(world)).filter(({ metric }) => names.includes(metric.replace(/\(.*/, '')))

/** Parts by name. */
export const presetParts = {
  datasetStats,
  valueStats,
  drift: driftOf({}),
  driftThird: driftOf({ share: 0.3 }),
  watchedDrift: driftOf({ watchedOnly: true }),
  classificationTotals: classificationNumbers,
  binaryTest: only(classificationNumbers, 'RocAuc', 'Precision', 'Recall', 'Accuracy', 'F1Score'),
  binaryTopKTest: only(classificationNumbers, 'Accuracy', 'Precision', 'Recall', 'F1Score', 'RocAuc', 'LogLoss'),
  multiclassTest: only(classificationNumbers, 'Accuracy', 'F1Score', 'RocAuc', 'LogLoss'),
  multiclassLabelTest: only(classificationLabels({ beside: near(0.2) }), 'PrecisionByLabel', 'RecallByLabel'),
  classificationLabels: classificationLabels({}),
  classificationDummy,
  regressionTotals,
  regressionDummy,
  regressionTest,
  recsys,
  recsysTest: only(recsys, 'PrecisionTopK', 'RecallTopK', 'MAP', 'NDCG', 'HitRate'),
  missingShares,
  mostCommonShares,
  qualityCounts: only(datasetStats, 'ConstantColumnsCount', 'DuplicatedColumnsCount', 'DuplicatedRowCount'),
  sizes: only(datasetStats, 'RowCount', 'ColumnCount'),
  rowCount: only(datasetStats, 'RowCount'),
  types,
  stability,
} as const satisfies Readonly<Record<string, PresetPart>>
