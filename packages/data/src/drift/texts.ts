import { auc, aucPValue, random } from '@mlpod/math'
import type { Method, MethodOptions, Score } from './method.ts'
import type { Sample, TextSample } from './sample.ts'

/** Words that tell nothing of what a text is about. */
const STOP: ReadonlySet<string> = new Set(
  'a about above after again all also am an and any are as at be because been before being below between both but by can could did do does doing down during each else few for from further had has have having he her here hers him his how i if in into is it its itself just me more most my no nor not now of off on once only or other our out over own same she should so some such than that the their them then there these they this those through to too under until up very was we were what when where which while who whom why will with would you your yours'.split(
    ' ',
  ),
)

/** Rows a side that a classifier learns from at most; more are drawn from. */
const MOST = 20_000
const EPOCHS = 30

interface Document {
  readonly text: string
  readonly current: 0 | 1
}

/** A text as weights of the words that it holds, of length 1. */
type Vector = readonly (readonly [word: number, weight: number])[]

const wordsOf = (text: string): string[] =>
  (text.toLowerCase().match(/[\p{L}\p{N}_]{2,}/gu) ?? []).filter((word) => !STOP.has(word))

/** The texts of both sides, at most `most` each, in an order drawn by the seed. */
function documents(reference: TextSample, current: TextSample, seed: number, most: number): Document[] {
  const list = ({ texts }: TextSample, side: 0 | 1): Document[] => {
    const all = texts.flatMap(({ text, count }) => Array.from({ length: count }, () => text))
    const order = random({ seed, path: `texts ${side}` }).permutation(all.length)
    return Array.from(order.subarray(0, most), (i) => ({ text: all[i], current: side }))
  }
  const both = [...list(reference, 0), ...list(current, 1)]
  return Array.from(random({ seed, path: 'texts' }).permutation(both.length), (i) => both[i])
}

/** Words of at least one and at most half of the texts, with how rare they are. */
function vocabulary(texts: readonly string[]): Map<string, { readonly index: number; readonly rarity: number }> {
  const counts = new Map<string, number>()
  for (const text of texts) for (const word of new Set(wordsOf(text))) counts.set(word, (counts.get(word) ?? 0) + 1)
  const kept = [...counts].filter(([, count]) => count <= texts.length / 2)
  return new Map(
    kept.map(([word, count], index) => [word, { index, rarity: Math.log((1 + texts.length) / (1 + count)) + 1 }]),
  )
}

function vectorOf(
  text: string,
  words: ReadonlyMap<string, { readonly index: number; readonly rarity: number }>,
): Vector {
  const counts = new Map<string, number>()
  for (const word of wordsOf(text)) if (words.has(word)) counts.set(word, (counts.get(word) ?? 0) + 1)
  const found = [...counts].map(([word, count]) => {
    const { index, rarity } = words.get(word)!
    return [index, (1 + Math.log(count)) * rarity] as const
  })
  const length = Math.sqrt(found.reduce((sum, [, v]) => sum + v * v, 0))
  return found.map(([index, v]) => [index, v / length] as const)
}

/** Weights of a logistic regression, by steps that shrink where a word was seen often (AdaGrad). */
function learn(rows: readonly Vector[], labels: readonly number[], words: number): Float64Array {
  const weights = new Float64Array(words + 1)
  const squares = new Float64Array(words + 1).fill(1e-8)
  const positives = labels.reduce((sum, v) => sum + v, 0)
  // both sides weigh the same, whatever their size
  const weight = [
    labels.length / (2 * Math.max(1, labels.length - positives)),
    labels.length / (2 * Math.max(1, positives)),
  ]
  const move = (at: number, g: number): void => {
    squares[at] += g * g
    weights[at] -= (0.5 * g) / Math.sqrt(squares[at])
  }
  for (let epoch = 0; epoch < EPOCHS; epoch++)
    rows.forEach((row, i) => {
      const p = 1 / (1 + Math.exp(-scoreOf(row, weights)))
      const g = weight[labels[i]] * (p - labels[i])
      for (const [word, v] of row) move(word, g * v + 1e-4 * weights[word])
      move(words, g)
    })
  return weights
}

const scoreOf = (row: Vector, weights: Float64Array): number =>
  row.reduce((sum, [word, v]) => sum + v * weights[word], weights[weights.length - 1])

/** How well a classifier tells the sides apart on texts that it has not seen, and by which words. */
function separate(reference: TextSample, current: TextSample, { seed = 0, maxRows = MOST }: MethodOptions) {
  const all = documents(reference, current, seed, maxRows)
  const half = Math.ceil(all.length / 2)
  const [train, test] = [all.slice(0, half), all.slice(half)]
  const words = vocabulary(train.map(({ text }) => text))
  const weights = learn(
    train.map(({ text }) => vectorOf(text, words)),
    train.map((document) => document.current),
    words.size,
  )
  const scores = test.map(({ text }) => scoreOf(vectorOf(text, words), weights))
  const labels = test.map((document) => document.current)
  const positives = labels.reduce<number>((sum, v) => sum + v, 0)
  const negatives = labels.length - positives
  const area = positives > 0 && negatives > 0 ? auc(scores, labels).auc : Number.NaN
  const byWeight = [...words].sort((a, b) => weights[b[1].index] - weights[a[1].index]).map(([word]) => word)
  const byScore = scores.map((_, i) => i).sort((i, j) => scores[j] - scores[i])
  const example = (order: readonly number[], side: number): string[] =>
    order
      .filter((i) => labels[i] === side)
      .slice(0, 5)
      .map((i) => test[i].text)
  return {
    area,
    pValue: aucPValue(area, positives, negatives),
    detail: {
      words: { reference: byWeight.slice(-10).reverse(), current: byWeight.slice(0, 10) },
      examples: { reference: example(byScore.slice().reverse(), 0), current: example(byScore, 1) },
    },
  }
}

const text = (
  about: string,
  threshold: number,
  judge: (found: ReturnType<typeof separate>, threshold: number) => Score,
): Method => ({
  about,
  kinds: ['text'],
  gives: 'distance',
  threshold,
  drifted: (score, at) => score > at,
  compare: (reference: Sample, current: Sample, options) =>
    judge(separate(reference as TextSample, current as TextSample, options), options.threshold ?? threshold),
})

/**
 * Methods for texts: how well a classifier of their words tells the sides apart. The first judges its area under the ROC curve
 * against what chance gives (a percentile of the law of Mann and Whitney), the second against a fixed area. Source: Evidently 0.7.
 */
export const textMethods = {
  perc_text_content_drift: text(
    'area under the curve of a classifier of the sides, against chance',
    0.95,
    (found, threshold) => ({
      score: found.area,
      statistic: found.pValue,
      drifted: found.pValue < 1 - threshold,
      detail: found.detail,
    }),
  ),
  abs_text_content_drift: text('area under the curve of a classifier of the sides', 0.55, (found) => ({
    score: found.area,
    statistic: found.pValue,
    detail: found.detail,
  })),
} as const satisfies Readonly<Record<string, Method>>
