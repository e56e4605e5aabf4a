import { PodError } from '@mlpod/contract'
import { auc } from '@mlpod/math'
import { collect, valueCounts } from '../aggregates/index.ts'
import { unknownColumn } from '../query.ts'
import type { AnyRelation, Relation } from '../relation.ts'

/** Where the answers of a classifier stand. */
export interface ClassifierColumns {
  /** The column of the true class. */
  readonly target: string
  /** The column of the predicted class; by default that of the largest probability, or the positive one from `threshold` on. */
  readonly predicted?: string
  /** The column of the probability of the positive class, or one by class. */
  readonly score?: string | Readonly<Record<string, string>>
  /** The class of interest among two; "1" by default. */
  readonly positive?: string
  /** The probability from which the positive class is predicted; 0.5 by default. */
  readonly threshold?: number
}

/** What is known of one class against the rest. */
export interface LabelQuality {
  /** Rows of this class. */
  readonly support: number
  readonly precision: number
  readonly recall: number
  readonly f1: number
  readonly rocAuc: number | null
}

/** How good predictions of classes are. Rates that would divide by zero are 0. */
export interface ClassificationQuality {
  readonly n: number
  readonly dropped: number
  readonly labels: readonly string[]
  /** Rows by true class (rows) and predicted class (columns), in the order of `labels`. */
  readonly confusion: readonly (readonly number[])[]
  readonly accuracy: number
  /** Of the positive class of two, else the mean over the classes. */
  readonly precision: number
  readonly recall: number
  readonly f1: number
  /** Rates of the positive class of two; null for more classes. */
  readonly tpr: number | null
  readonly tnr: number | null
  readonly fpr: number | null
  readonly fnr: number | null
  /** The mean over the classes, where there are probabilities. */
  readonly rocAuc: number | null
  readonly logLoss: number | null
  readonly byLabel: Readonly<Record<string, LabelQuality>>
  /** What predicting the most frequent class (its frequency as its probability) would have. */
  readonly dummy: Readonly<Record<'accuracy' | 'precision' | 'recall' | 'f1', number>> & {
    readonly logLoss: number
  }
}

const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b)
const sum = (list: readonly number[]): number => list.reduce((total, v) => total + v, 0)
const mean = (list: readonly number[]): number => ratio(sum(list), list.length)

/**
 * Returns how good predictions of classes are. Rows without a class are left out and counted. Throws `COLUMN_UNKNOWN`, `OPTION_INVALID`,
 * `CLASS_UNKNOWN` (a class without a probability, a positive class that does not occur). Source of the conventions: scikit-learn, Evidently 0.7.
 */
export async function classificationQuality(
  data: AnyRelation,
  columns: ClassifierColumns,
): Promise<ClassificationQuality> {
  const { target, predicted, score, positive = '1', threshold = 0.5 } = columns
  if (predicted === undefined && score === undefined)
    throw new PodError('OPTION_INVALID', 'neither the predicted class nor its probability is named', {
      hint: 'name `predicted`, or `score`',
    })
  const scores = typeof score === 'string' ? { [positive]: score } : score
  for (const name of [target, predicted, ...Object.values(scores ?? {})])
    if (name !== undefined && !data.columns.includes(name)) throw unknownColumn(name, data.columns)
  const { pairs, probabilities, dropped } =
    predicted !== undefined && scores === undefined
      ? await counted(data, target, predicted)
      : await read(data, columns, scores!, threshold, positive)
  const labels = sorted(new Set(pairs.flatMap(({ truth, guess }) => [truth, guess])))
  const at = new Map(labels.map((label, i) => [label, i]))
  const confusion = labels.map(() => labels.map(() => 0))
  for (const { truth, guess, count } of pairs) confusion[at.get(truth)!][at.get(guess)!] += count
  const n = sum(confusion.flat())
  const byLabel = Object.fromEntries(
    labels.map((label, i) => [label, ofLabel(confusion, i, probabilities?.auc(label) ?? null)]),
  )
  const one = labels.length === 2 ? byLabel[positive] : undefined
  if (labels.length === 2 && one === undefined)
    throw new PodError(
      'CLASS_UNKNOWN',
      `the positive class "${positive}" does not occur; there are ${labels.join(' and ')}`,
      {
        hint: 'name it: positive: "..."',
      },
    )
  const all = Object.values(byLabel)
  const overall = (key: 'precision' | 'recall' | 'f1'): number => one?.[key] ?? mean(all.map((label) => label[key]))
  const p = at.get(positive) ?? 0
  const truths = sum(confusion[p] ?? [])
  const guesses = sum(confusion.map((row) => row[p] ?? 0))
  const [tp, fn, fp] = [confusion[p]?.[p] ?? 0, truths - (confusion[p]?.[p] ?? 0), guesses - (confusion[p]?.[p] ?? 0)]
  const rate = (a: number, b: number): number | null => (one ? ratio(a, b) : null)
  const tn = n - tp - fn - fp
  return {
    n,
    dropped,
    labels,
    confusion,
    accuracy: ratio(sum(labels.map((_, i) => confusion[i][i])), n),
    precision: overall('precision'),
    recall: overall('recall'),
    f1: overall('f1'),
    tpr: rate(tp, tp + fn),
    tnr: rate(tn, tn + fp),
    fpr: rate(fp, fp + tn),
    fnr: rate(fn, fn + tp),
    rocAuc: probabilities ? mean(labels.map((label) => probabilities.auc(label) ?? Number.NaN)) : null,
    logLoss: probabilities?.logLoss ?? null,
    byLabel,
    dummy: dummyOf(labels, confusion.map(sum), labels.length === 2 ? p : undefined),
  }
}

function ofLabel(confusion: readonly (readonly number[])[], i: number, rocAuc: number | null): LabelQuality {
  const support = sum(confusion[i])
  const precision = ratio(confusion[i][i], sum(confusion.map((row) => row[i])))
  const recall = ratio(confusion[i][i], support)
  return { support, precision, recall, f1: ratio(2 * precision * recall, precision + recall), rocAuc }
}

/** The most frequent class for every row. */
function dummyOf(labels: readonly string[], supports: readonly number[], positive: number | undefined) {
  const n = sum(supports)
  const best = supports.indexOf(Math.max(...supports))
  const confusion = supports.map((support) => labels.map((_, j) => (j === best ? support : 0)))
  const all = labels.map((_, i) => ofLabel(confusion, i, null))
  const of = (key: 'precision' | 'recall' | 'f1'): number =>
    positive === undefined ? mean(all.map((label) => label[key])) : (all[positive]?.[key] ?? 0)
  return {
    accuracy: ratio(supports[best] ?? 0, n),
    precision: of('precision'),
    recall: of('recall'),
    f1: of('f1'),
    logLoss: Math.max(0, -sum(supports.map((support) => (support === 0 ? 0 : (support / n) * Math.log(support / n))))),
  }
}

const sorted = (labels: ReadonlySet<string>): string[] =>
  [...labels].sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : a > b ? 1 : 0))

interface Pair {
  readonly truth: string
  readonly guess: string
  readonly count: number
}

/** Truth values are named as columns of numbers hold them. */
const nameOf = (value: unknown): string => String(typeof value === 'boolean' ? Number(value) : value)

/** The confusion matrix alone: grouped by the engine, whatever the number of rows. */
async function counted(data: AnyRelation, target: string, predicted: string) {
  const { sql } = data.engine
  const [truth, guess] = [sql.column(target), sql.column(predicted)]
  const wish = valueCounts([truth, guess])
  const rows = (await collect(data, [wish]))(wish)
  const pairs: Pair[] = []
  let kept = 0
  for (const { values, count } of rows)
    if (values[0] !== null && values[1] !== null) {
      pairs.push({ truth: nameOf(values[0]), guess: nameOf(values[1]), count })
      kept += count
    }
  return { pairs, probabilities: undefined, dropped: (await (data as Relation).count()) - kept }
}

/** Rows with probabilities are read: an area under a curve needs their order. */
async function read(
  data: AnyRelation,
  { target, predicted }: ClassifierColumns,
  scores: Readonly<Record<string, string>>,
  threshold: number,
  positive: string,
) {
  const names = [target, ...(predicted === undefined ? [] : [predicted]), ...Object.values(scores)]
  const complete = (data as Relation).where(({ and, isNotNull, column }) =>
    and(...names.map((name) => isNotNull(column(name)))),
  )
  const columns = await complete.toColumns(...new Set(names))
  const texts = (name: string): string[] => Array.from(columns[name].data as ArrayLike<unknown>, String)
  const truths = texts(target)
  const classes = Object.keys(scores)
  const numbersOf = (name: string): Float64Array => {
    const column = columns[name]
    if (column.kind !== 'number') throw new PodError('COLUMN_TYPE', `the column "${name}" holds no probabilities`)
    return column.data
  }
  const p = new Map(classes.map((name) => [name, numbersOf(scores[name])]))
  if (classes.length === 1) {
    const other = [...new Set(truths)].filter((label) => label !== positive)
    if (other.length > 1)
      throw new PodError(
        'CLASS_UNKNOWN',
        `there are the classes ${[...new Set(truths)].join(', ')}, but a probability of "${positive}" alone`,
      )
    p.set(
      other[0] ?? `not ${positive}`,
      p.get(positive)!.map((v) => 1 - v),
    )
  }
  const strange = truths.find((label) => !p.has(label))
  if (strange !== undefined)
    throw new PodError('CLASS_UNKNOWN', `the column "${target}" holds "${strange}", which no probability is of`)
  const all = [...p.keys()]
  const guesses =
    predicted !== undefined
      ? texts(predicted)
      : truths.map((_, i) => {
          if (all.length === 2 && p.has(positive))
            return p.get(positive)![i] >= threshold ? positive : all.find((label) => label !== positive)!
          return all.reduce((best, label) => (p.get(label)![i] > p.get(best)![i] ? label : best))
        })
  const tally = new Map<string, Pair>()
  truths.forEach((truth, i) => {
    const key = JSON.stringify([truth, guesses[i]])
    tally.set(key, { truth, guess: guesses[i], count: (tally.get(key)?.count ?? 0) + 1 })
  })
  let loss = 0
  truths.forEach((truth, i) => {
    const whole = sum(all.map((label) => p.get(label)![i]))
    loss -= Math.log(Math.min(1, Math.max(Number.EPSILON, p.get(truth)![i] / whole)))
  })
  const areas = new Map<string, number>()
  return {
    pairs: [...tally.values()],
    dropped: (await (data as Relation).count()) - truths.length,
    probabilities: {
      logLoss: ratio(loss, truths.length),
      auc(label: string): number | null {
        const score = p.get(label)
        if (!score) return null
        const area = areas.get(label) ?? areaOf(score, truths, label)
        areas.set(label, area)
        return Number.isNaN(area) ? null : area
      },
    },
  }
}

function areaOf(score: Float64Array, truths: readonly string[], label: string): number {
  const is = Float64Array.from(truths, (truth) => Number(truth === label))
  const count = is.reduce((total, v) => total + v, 0)
  return count === 0 || count === is.length ? Number.NaN : auc(score, is).auc
}
