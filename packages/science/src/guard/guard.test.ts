import { readGuard, type Tensor, tensor } from '@mlpod/contract'
import { float, int, relationOf, rowSchema, string } from '@mlpod/data'
import { add, concat, constant, input, isNaN, type Model, matMul, openSession, parameter, where } from '@mlpod/graph'
import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { equalizedOddsDifference } from '../fairness/claims.ts'
import { fitMahalanobis, mahalanobisScores, oodPValues } from '../ood/mahalanobis.ts'
import { attack, pgd } from '../security/pgd.ts'
import { calibrateClassifier } from '../uncertainty/classification/classifier.ts'
import { classifierSets } from '../uncertainty/classification/sets.ts'
import { answersOf } from './answers.ts'
import { type GuardParts, guard } from './guard.ts'

const N = 240
const normal = random({ seed: 5, path: 'rows' }).normal
const numbers = Float32Array.from({ length: 2 * N }, (_, i) => normal(i))
const labels = Int32Array.from({ length: N }, (_, i) =>
  numbers[2 * i] + 0.5 * numbers[2 * i + 1] + 0.8 * normal(2 * N + i) > 0 ? 1 : 0,
)
const kinds = Array.from({ length: N }, (_, i) => (i % 3 === 0 ? 'house' : 'flat'))

/** Logits [0, 1.5 a + b + 0.3] over two numbers (missing a = 0) and one text. */
function rawModel() {
  const [a, b, kind] = [
    input('a', 'float32', ['n', 1]),
    input('b', 'float32', ['n', 1]),
    input('kind', 'string', ['n', 1]),
  ]
  const features = concat([where(isNaN(a), 0, a), where(isNaN(b), 0, b)], { axis: 1 })
  const weights = parameter('weights', tensor('float32', [2, 2], Float32Array.of(0, 1.5, 0, 1)))
  return { inputs: { a, b, kind }, features, logits: add(matMul(features, weights), constant([0, 0.3], 'float32')) }
}

const TEMPERATURE = 1.25
const probabilities = new Float64Array(2 * N)
for (let i = 0; i < N; i++) {
  const p = 1 / (1 + Math.exp(-(1.5 * numbers[2 * i] + numbers[2 * i + 1] + 0.3) / TEMPERATURE))
  probabilities.set([1 - p, p], 2 * i)
}
const conformal = calibrateClassifier(probabilities, labels, { level: 0.9, groups: kinds })
const detector = fitMahalanobis(numbers, labels)
const oodCalibration = [...mahalanobisScores(detector, numbers)]

const parts: GuardParts = {
  columns: [
    { name: 'a', dtype: 'float32', nullable: true, minimum: -4, maximum: 4, scale: 1 },
    { name: 'b', dtype: 'float32', nullable: false, scale: 1 },
    { name: 'kind', dtype: 'string', nullable: false, values: ['house', 'flat'] },
  ],
  label: { column: 'y', values: [0, 1], names: ['no', 'yes'] },
  temperature: TEMPERATURE,
  conformal,
  groupBy: 'kind',
  ood: { detector, calibration: oodCalibration },
  attribution: { baseline: [0.1, -0.2], sources: ['a', 'b'] },
}
const guarded: Model = guard(rawModel(), parts)

const feeds = (rows: readonly number[]): Record<string, Tensor> => ({
  a: tensor(
    'float32',
    [rows.length, 1],
    Float32Array.from(rows, (i) => numbers[2 * i]),
  ),
  b: tensor(
    'float32',
    [rows.length, 1],
    Float32Array.from(rows, (i) => numbers[2 * i + 1]),
  ),
  kind: tensor(
    'string',
    [rows.length, 1],
    rows.map((i) => kinds[i]),
  ),
})
const all = Array.from({ length: N }, (_, i) => i)

const answer = async (fed: Record<string, Tensor>): Promise<Readonly<Record<string, Tensor>>> => {
  const session = await openSession(guarded)
  try {
    return await session.run(fed)
  } finally {
    await session.close()
  }
}

test('the model in one file answers as the arrays do: sets by group, p-values, abstention, attributions that add up', async () => {
  const out = await answer(feeds(all))
  const [sets] = classifierSets(conformal, probabilities, { groups: kinds })
  const margins = probabilities.map(
    (p, i) =>
      Math.min(
        ...conformal.calibration.groups.map(({ thresholds }) => Math.abs(1 - probabilities[i] - thresholds[0])),
      ) *
      (p + 1),
  )
  sets.forEach((inside, i) => {
    if (margins[i] > 1e-5) expect(out.set.data[i]).toBe(inside)
  })
  const p = oodPValues(oodCalibration, mahalanobisScores(detector, numbers))
  const differing = [...p].filter((value, i) => Math.abs((out.ood_p.data[i] as number) - value) > 1.5 / (N + 1))
  expect(differing).toEqual([])
  for (const i of all) {
    const size = sets[2 * i] + sets[2 * i + 1]
    expect(out.abstain.data[i]).toBe(size !== 1 || (out.ood_p.data[i] as number) <= 0.05 ? 1 : 0)
    const [first, second, third] = [0, 1, 2].map((j) => out.attributions.data[3 * i + j] as number)
    expect(first + second).toBeCloseTo(1.5 * (numbers[2 * i] - 0.1) + (numbers[2 * i + 1] + 0.2), 4)
    expect(third).toBe(0)
  }
})

test('a row is answered with the same bits alone and among others', async () => {
  const whole = await answer(feeds(all))
  for (const size of [1, 2, 7, 64]) {
    const part = await answer(feeds(all.slice(3, 3 + size)))
    for (const name of ['probability', 'ood_p', 'set', 'reasons', 'attributions']) {
      const width = whole[name].shape[1]
      expect([...part[name].data], name).toEqual([...whole[name].data].slice(3 * width, (3 + size) * width))
    }
  }
})

test('another confidence may be asked for, and attributions may be left out', async () => {
  const scalar = (level: number): Tensor => tensor('float64', [], Float64Array.of(level))
  for (const level of [0.5, 0.8, 0.9, 0.99]) {
    const out = await answer({
      ...feeds(all),
      confidence: scalar(level),
      attribute: tensor('bool', [], Uint8Array.of(0)),
    })
    const at = calibrateClassifier(probabilities, labels, { level, groups: kinds })
    const [expected] = classifierSets(at, probabilities, { groups: kinds })
    expect([...out.set.data].filter((inside, i) => inside !== expected[i]).length).toBeLessThanOrEqual(2)
    expect([...out.attributions.data].every((value) => value === 0)).toBe(true)
  }
})

test.each(['lac', 'aps', 'raps', 'saps', 'topK', 'margin'] as const)(
  'the model in one file carries sets by %s, by group and by class, as the arrays have them',
  async (score) => {
    for (const options of [{ groups: kinds }, { method: 'class' }] as const) {
      const own = calibrateClassifier(probabilities, labels, { level: 0.8, score, ...options })
      const { groupBy, ...rest } = parts
      const grouped = 'groups' in options
      const model = guard(rawModel(), { ...rest, ...(grouped ? { groupBy } : {}), conformal: own })
      await using session = await openSession(model)
      const { set } = await session.run(feeds(all))
      const [expected] = classifierSets(own, probabilities, grouped ? { groups: kinds } : {})
      // the model computes probabilities in single precision
      expect(expected.filter((inside, i) => inside !== (set.data[i] as number)).length).toBeLessThanOrEqual(2)
    }
  },
)

test('sets that are randomised are refused by a model that draws no numbers', () => {
  const conformal = calibrateClassifier(probabilities, labels, { level: 0.8, score: 'aps', randomize: { seed: 1 } })
  expect(() => guard(rawModel(), { ...parts, conformal })).toThrow(/randomised/)
})

test('rows that are not valid come back abstained, with the column named, and fail nothing', async () => {
  const { reasons } = readGuard(guarded.metadata)
  const out = await answer({
    a: tensor('float32', [5, 1], Float32Array.of(Number.NaN, 9, 0, 0, Number.POSITIVE_INFINITY)),
    b: tensor('float32', [5, 1], Float32Array.of(0, 0, Number.NaN, 0, 0)),
    kind: tensor('string', [5, 1], ['flat', 'flat', 'house', 'castle', '']),
  })
  const named = [...(out.reasons.data as BigInt64Array)].map((bits) =>
    reasons.filter((_, bit) => (bits >> BigInt(bit)) & 1n),
  )
  expect(named.map((list) => list.filter((reason) => reason.endsWith('not valid')))).toEqual([
    [],
    ['a: not valid'],
    ['b: not valid'],
    ['kind: not valid'],
    ['a: not valid', 'kind: not valid'],
  ])
  expect([...out.abstain.data].slice(1)).toEqual([1, 1, 1, 1])
})

test('whatever is missing or extreme up to overflow, every answer is a number, and what is not valid or far out abstains', async () => {
  const strange = [
    Number.NaN,
    0,
    -0,
    1e-45,
    -1e-30,
    1e30,
    -1e30,
    3.4e38,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ]
  const rows = strange.flatMap((a) =>
    strange.flatMap((b) => ['house', 'flat', '', 'castle'].map((kind) => ({ a, b, kind }))),
  )
  const n = rows.length
  const numbersOf = (pick: (row: (typeof rows)[number]) => number) =>
    tensor('float32', [n, 1], Float32Array.from(rows, pick))
  const out = await answer({
    a: numbersOf(({ a }) => a),
    b: numbersOf(({ b }) => b),
    kind: tensor(
      'string',
      [n, 1],
      rows.map(({ kind }) => kind),
    ),
  })
  for (const [i, { a, b, kind }] of rows.entries()) {
    const valid = !(Math.abs(a) > 4) && Number.isFinite(b) && (kind === 'house' || kind === 'flat')
    const far = Math.abs(b) > 1e6
    const p = out.ood_p.data[i] as number
    if (!(Math.abs(a) > 1e37 || Math.abs(b) > 1e37)) {
      expect((out.probability.data[2 * i] as number) + (out.probability.data[2 * i + 1] as number)).toBeCloseTo(1, 5)
      for (let j = 0; j < 3; j++) expect(Number.isNaN(out.attributions.data[3 * i + j])).toBe(false)
    }
    expect(p >= 1 / (N + 2) && p <= 1, `ood_p of row ${i}`).toBe(true)
    if (!valid || far) expect(out.abstain.data[i], JSON.stringify(rows[i])).toBe(1)
  }
})

test('rates of one group alone are no difference, rather than a difference of nothing', async () => {
  const rows = await relationOf(
    all.map((i) => ({ a: numbers[2 * i], b: numbers[2 * i + 1], kind: kinds[i], y: labels[i] })),
    { schema: rowSchema({ a: float(), b: float(), kind: string(), y: int() }) },
  )
  const handles = { model: {} as never, data: {} as never }
  const context = { seed: 0, rebuild: async () => [] }
  const { measure } = equalizedOddsDifference({ ...handles, by: ['kind'] })
  const both = await measure({ model: guarded, data: rows }, context)
  expect(both.parts).toHaveLength(2)
  const flats = rows.where(({ eq, literal }) => eq('kind', literal('flat')))
  await expect(measure({ model: guarded, data: flats }, context)).rejects.toMatchObject({
    code: 'GROUPS_FEW',
    message: 'there is only the group "flat" by kind',
  })
})

test('PGD finds the worst change of a linear model, keeps within its ball and limits, and more steps are never weaker', async () => {
  const rows = await relationOf(
    all.map((i) => ({ a: numbers[2 * i], b: numbers[2 * i + 1], kind: kinds[i], y: labels[i] })),
    { schema: rowSchema({ a: float(), b: float(), kind: string(), y: int() }) },
  )
  const truth = (await answersOf(guarded, rows)).truth
  const strong = await attack(guarded, rows, pgd({ norm: 'inf', epsilon: 0.2, steps: 20 }), { seed: 1 })
  const weak = await attack(guarded, rows, pgd({ norm: 'inf', epsilon: 0.2, steps: 2, randomStart: false }), {
    seed: 1,
  })
  for (const i of all) {
    const push = truth[i] === 1 ? -1 : 1
    expect(push * strong.after[i]).toBeGreaterThanOrEqual(push * weak.after[i] - 1e-5)
    expect(push * (strong.after[i] - strong.before[i])).toBeCloseTo((0.2 * 2.5) / TEMPERATURE, 3)
    expect(Math.max(...[0, 1].map((j) => Math.abs(strong.delta[2 * i + j])))).toBeLessThanOrEqual(0.2 + 1e-6)
  }
})

test('parts that do not fit, and columns that may not be attacked, are refused', async () => {
  const few = {
    columns: [{ name: 'a', dtype: 'float32' as const, nullable: true }],
    label: { column: 'y', values: [0, 1], names: ['no', 'yes'] },
    temperature: 1,
    conformal,
    ood: { detector, calibration: oodCalibration },
    attribution: { baseline: [0, 0], sources: ['a', 'b'] },
  }
  expect(() => guard(rawModel(), { ...few, columns: [{ name: 'z', dtype: 'float32', nullable: true }] })).toThrow(
    /no input for column "z"/,
  )
  expect(() => guard(rawModel(), { ...few, attribution: { baseline: [0], sources: ['a'] } })).toThrow(
    /2 features, the baseline 1/,
  )
  expect(() => guard(rawModel(), { ...few, label: { ...few.label, values: [0, 1, 2] } })).toThrow(/the label 3 values/)
  expect(() => guard(rawModel(), { ...few, groupBy: 'none' })).toThrow(/"none" is no column/)
  expect(() => guard(rawModel(), few)).toThrow(/feature 1 comes from "b"/)
  expect(() => pgd({ norm: 'inf', epsilon: -1 })).toThrow(/is no attack/)
})
