import { tensor } from '@mlpod/contract'
import { closeEngine, float, relationOf, rowSchema, string, untyped } from '@mlpod/data'
import { compile, input, openSession } from '@mlpod/graph'
import { random } from '@mlpod/math'
import { afterAll, expect, test } from 'vitest'
import { type ClassifierOptions, calibrateClassifier } from './classifier.ts'
import { classScores } from './scores.ts'
import { setSql } from './setSql.ts'
import { classifierSets } from './sets.ts'
import { setValue } from './setValue.ts'

afterAll(closeEngine)

const [n, classes] = [300, 4]

/** Probabilities in single precision, some of them tied, with labels drawn from them. */
function draw(seed: number, steps = 4) {
  const { normal, uniform } = random({ seed, path: 'rows' })
  const logits = Float32Array.from({ length: n * classes }, (_, i) => Math.round(steps * normal(i)) / steps)
  const probabilities = new Float32Array(n * classes)
  const labels = new Int32Array(n)
  for (let i = 0; i < n; i++) {
    const row = logits.subarray(i * classes, (i + 1) * classes)
    const sum = row.reduce((a, z) => a + Math.exp(z), 0)
    let left = uniform(1e6 + i)
    labels[i] = classes - 1
    row.forEach((z, j) => {
      probabilities[i * classes + j] = Math.exp(z) / sum
      left -= probabilities[i * classes + j]
      if (left < 0 && labels[i] === classes - 1) labels[i] = Math.min(labels[i], j)
    })
  }
  const groups = Array.from({ length: n }, (_, i) => (uniform(2e6 + i) < 0.4 ? 'a' : 'b'))
  return {
    logits,
    probabilities,
    labels,
    groups,
    uniform: Float64Array.from({ length: n }, (_, i) => uniform(3e6 + i)),
  }
}

const cases: readonly (readonly [
  string,
  Omit<ClassifierOptions, 'level'>,
  { readonly logits?: boolean; readonly steps?: number }?,
])[] = [
  ...Object.keys(classScores)
    .filter((name) => !['entmax', 'logMargin', 'given'].includes(name))
    .map((score) => [score, { score: score as 'lac' }] as const),
  ['given', { score: 'given' }, { logits: true }],
  ['logMargin', { score: 'logMargin' }, { logits: true }],
  ['entmax', { score: 'entmax' }, { logits: true }],
  ['entmax 1.5', { score: { name: 'entmax', gamma: 1.5 } }, { logits: true }],
  ['entmax 1', { score: { name: 'entmax', gamma: 1 } }, { logits: true }],
  ['raps never empty', { score: { name: 'raps', penalty: 0.1, freeRanks: 1 }, allowEmpty: false }],
  ['aps with the label that crosses', { score: 'aps', lastLabel: 'include' }],
  ['raps with the label that crosses', { score: { name: 'raps', penalty: 0.1, freeRanks: 1 }, lastLabel: 'include' }],
  ['aps without it', { score: 'aps', lastLabel: 'exclude' }],
  ['aps with it at random', { score: 'aps', lastLabel: 'randomize' }],
  ['lac never empty', { score: 'lac', allowEmpty: false }],
  ['given never empty', { score: 'given', allowEmpty: false }, { logits: true }],
  ['entmax never empty', { score: 'entmax', allowEmpty: false }, { logits: true }],
  ['margin never empty', { score: 'margin', allowEmpty: false }],
  ['aps by class', { score: 'aps', method: 'class' }],
  ['lac by class', { score: 'lac', method: 'class' }],
  ['aps by ranks', { score: 'aps', method: 'ranks' }],
  ['lac by clusters', { score: 'lac', method: 'cluster', clusters: { count: 2, both: true } }],
  ['lac of logits', { score: 'lac', transform: 'softmax' }, { logits: true }],
  ['margin of logarithms', { score: 'margin', transform: 'logSoftmax' }, { logits: true, steps: 1e6 }],
]

test.each(cases.flatMap(([name, options, at]) => [false, true].map((extra) => ({ name, options, at, extra }))))(
  'arrays, SQL and the graph have the same sets: $name (groups, or uniform numbers: $extra)',
  async ({ options, at, extra }) => {
    const { logits, probabilities, labels, groups, uniform } = draw(7, at?.steps)
    const numbers = at?.logits ? logits : probabilities
    const plain = options.method === undefined
    const conformal = calibrateClassifier(numbers, labels, {
      level: options.allowEmpty === false ? 0.3 : 0.8,
      ...options,
      ...(extra && plain ? { groups } : {}),
      ...(extra ? { randomize: { uniform } } : {}),
    })
    const given = extra ? { uniform, ...(plain ? { groups } : {}) } : {}
    const [expected] = classifierSets(conformal, numbers, given)

    const names = Array.from({ length: classes }, (_, j) => `c${j}`)
    const listed = {
      ...Object.fromEntries(
        names.map((name, j) => [name, Array.from({ length: n }, (_, i) => numbers[i * classes + j])]),
      ),
      group: groups,
      u: Array.from(uniform),
    }
    const schema = rowSchema({
      ...Object.fromEntries(names.map((name) => [name, float()])),
      group: string(),
      u: float(),
    })
    const relation = untyped(await relationOf(listed as never, { schema }))
    const { sql } = relation.engine
    const [{ labels: inSet }] = setSql(
      conformal,
      sql,
      names.map((name) => sql.column(name)),
      extra ? { uniform: sql.column('u'), ...(plain ? { group: sql.column('group') } : {}) } : {},
    )
    const derived = await relation
      .derive(Object.fromEntries(names.map((name, j) => [`in_${name}`, () => sql.cast(inSet[j], 'INTEGER')])))
      .toColumns(...names.map((name) => `in_${name}`))
    const exact = options.transform === undefined && !(conformal.score.gamma === 1.5)
    const flat = Uint8Array.from(expected, (_, i) =>
      Number(derived[`in_c${i % classes}`].data[Math.floor(i / classes)]),
    )
    const differing = (found: Uint8Array): number => found.reduce((count, x, i) => count + Number(x !== expected[i]), 0)
    expect(differing(flat)).toBeLessThanOrEqual(exact ? 0 : 3)

    const value = input('x', 'float32', ['n', classes])
    const [group, u] = [input('group', 'string', ['n', 1]), input('u', 'float64', ['n', 1])]
    const set = setValue(
      conformal,
      value,
      extra ? { uniform: u, ...(plain ? { group: { value: group, dtype: 'string' } } : {}) } : {},
    )
    const inputs = [value, ...(extra && plain ? [group] : []), ...(extra ? [u] : [])]
    await using session = await openSession(compile({ inputs, outputs: { set } }))
    const out = await session.run({
      x: tensor('float32', [n, classes], Float32Array.from(numbers)),
      ...(extra && plain ? { group: tensor('string', [n, 1], groups) } : {}),
      ...(extra ? { u: tensor('float64', [n, 1], uniform) } : {}),
    })
    const found = out.set.data as Uint8Array
    // thresholds are rounded outward: a label more here and there, and none less
    if (exact) for (let i = 0; i < found.length; i++) expect(found[i]).toBeGreaterThanOrEqual(expected[i])
    expect(differing(found)).toBeLessThanOrEqual(3)
  },
)

test('in every engine a row with NaN has all labels', async () => {
  const { probabilities, labels } = draw(3)
  for (const score of ['lac', 'aps', 'margin', 'topK'] as const) {
    const conformal = calibrateClassifier(probabilities, labels, { level: 0.5, score })
    const row = Float32Array.of(Number.NaN, 0.2, 0.3, 0.5)
    expect([...classifierSets(conformal, row)[0]]).toEqual([1, 1, 1, 1])
    const value = input('x', 'float32', ['n', classes])
    await using session = await openSession(compile({ inputs: [value], outputs: { set: setValue(conformal, value) } }))
    expect([...((await session.run({ x: tensor('float32', [1, 4], row) })).set.data as Uint8Array)]).toEqual([
      1, 1, 1, 1,
    ])
  }
})
