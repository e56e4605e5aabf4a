import { tensor } from '@mlpod/contract'
import { compile, constant, input, openSession } from '@mlpod/graph'
import { random, rankThreshold } from '@mlpod/math'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ScoredGroups } from './calibrate/thresholdValue.ts'
import { nextFloat32, thresholdAtLevel } from './calibrate/thresholdValue.ts'
import { calibrateClassifier } from './classification/classifier.ts'
import { setValue } from './classification/setValue.ts'
import { temperedSoftmax } from './graph.ts'

const floats = (shape: readonly number[], values: ArrayLike<number>) =>
  tensor('float32', shape, Float32Array.from(values))
const level = (value: number) => tensor('float64', [], Float64Array.of(value))

test('in the model, calibration rows are covered as often as calibrated, whatever single precision rounds', async () => {
  const property = fc.asyncProperty(
    fc.integer({ min: 0, max: 1e6 }),
    fc.integer({ min: 2, max: 150 }),
    fc.integer({ min: 2, max: 5 }),
    fc.constantFrom(0.5, 0.8, 0.9, 0.95),
    fc.constantFrom(0.3, 1, 7.3, 40),
    async (seed, n, k, wanted, scale) => {
      const { normal, uniform } = random({ seed, path: 'rows' })
      const rows = floats(
        [n, k],
        Array.from({ length: n * k }, (_, i) => scale * normal(i)),
      )
      const labels = Int32Array.from({ length: n }, (_, i) => Math.floor(uniform(1e6 + i) * k))
      const logits = input('logits', 'float32', ['n', k])
      const probability = temperedSoftmax(logits, 1.37)
      await using first = await openSession(compile({ inputs: [logits], outputs: { probability } }))
      const probabilities = (await first.run({ logits: rows })).probability.data as Float32Array
      const conformal = calibrateClassifier(probabilities, labels, { level: wanted })
      const asked = input('level', 'float64', [])
      const set = setValue(conformal, probability, { level: asked })
      await using session = await openSession(compile({ inputs: [logits, asked], outputs: { set } }))
      const sets = (await session.run({ logits: rows, level: level(wanted) })).set.data as Uint8Array
      const covered = labels.reduce((count, label, i) => count + sets[i * k + label], 0)
      expect(covered).toBeGreaterThanOrEqual(
        Math.min(n, rankThreshold(conformal.calibration.groups[0].scores, wanted).rank),
      )
      const alone = (await session.run({ logits: floats([1, k], rows.data.slice(0, k)), level: level(wanted) })).set
      expect([...(alone.data as Uint8Array)]).toEqual([...sets.slice(0, k)])
    },
  )
  await fc.assert(property, { numRuns: 60, seed: 5 })
})

const thresholdsOf = async (conformal: ScoredGroups, asked: readonly number[]): Promise<number[]> => {
  const at = input('level', 'float64', [])
  await using session = await openSession(compile({ inputs: [at], outputs: { t: thresholdAtLevel(conformal, at) } }))
  const found: number[] = []
  for (const value of asked) found.push(((await session.run({ level: level(value) })).t.data as Float32Array)[0])
  return found
}

const pooled = (scores: readonly number[]): ScoredGroups => ({ groups: [{ group: null, scores }] })

test('the rank that the model reads at any level is that of the rank rule', async () => {
  for (const m of [1, 8, 9, 10, 19, 20, 99, 100, 999, 4999]) {
    const scores = Array.from({ length: m }, (_, i) => (i + 1) / 8192)
    const levels = Array.from({ length: 99 }, (_, i) => Number(((i + 1) / 100).toFixed(2))).concat([
      0.995, 0.999, 0.9999,
    ])
    const found = await thresholdsOf(pooled(scores), levels)
    const expected = levels.map((wanted) => rankThreshold(scores, wanted).threshold)
    expect(found).toEqual(expected.map((t) => (t === Number.POSITIVE_INFINITY ? t : nextFloat32(t))))
  }
})

test('levels at the ends and what is no level promise no more than is known', async () => {
  const scores = [0.1, 0.2, 0.3]
  const [least, most] = [nextFloat32(0.1), Number.POSITIVE_INFINITY]
  expect(
    await thresholdsOf(pooled(scores), [0, -1, 1e-300, 1, 2, 1 - 1e-16, Number.POSITIVE_INFINITY, Number.NaN]),
  ).toEqual([least, least, least, most, most, most, most, most])
})

test('the next float32 is above, at 0, at powers of two and at the ends', () => {
  for (const x of [0, 1, 0.5, 0.1, 1e-30, 1e-45, 3e38, 0.9999999, -1]) {
    expect(nextFloat32(x)).toBeGreaterThan(x)
    expect(Math.fround(nextFloat32(x))).toBe(nextFloat32(x))
  }
  expect(nextFloat32(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY)
})

const groupsOf = (names: readonly string[]) => {
  const n = 20 * names.length
  const { uniform } = random({ seed: 1, path: 'groups' })
  const probabilities = Float64Array.from({ length: 2 * n }, (_, i) => (i % 2 === 0 ? uniform(i) : 1 - uniform(i - 1)))
  const labels = new Int32Array(n)
  return calibrateClassifier(probabilities, labels, {
    level: 0.8,
    groups: Array.from({ length: n }, (_, i) => names[i % names.length]),
  }).calibration
}

test.each([
  ['float32', ['0', '1', '', '0.1', '-3'], [0, 1, Number.NaN, 0.1, -3, 7]],
  ['float32', ['true', 'false'], [1, 0]],
  ['string', ['a', '', 'b c'], ['a', '', 'b c', 'new']],
] as const)(
  'groups of a %s column named %j find their thresholds, unseen ones that of the pool',
  async (dtype, names, values) => {
    const conformal = groupsOf(names)
    const value = input('value', dtype, ['n', 1])
    const t = thresholdAtLevel(conformal, constant(0.8, 'float64'), { value, dtype })
    await using session = await openSession(compile({ inputs: [value], outputs: { t } }))
    const fed =
      dtype === 'string'
        ? tensor('string', [values.length, 1], values as readonly string[])
        : floats([values.length, 1], values as readonly number[])
    const found = (await session.run({ value: fed })).t.data as Float32Array
    const nameOf = (x: string | number): string =>
      Number.isNaN(x) ? '' : (names as readonly string[]).includes('true') ? String(x === 1) : String(x)
    for (const [i, x] of values.entries()) {
      const own = conformal.groups.find(({ group }) => group === nameOf(x)) ?? conformal.groups[0]
      expect(found[i]).toBe(nextFloat32(own.thresholds[0]))
    }
  },
)

test('groups that are no values of the column, or that single precision mixes up, are refused', () => {
  const value = input('value', 'float32', ['n', 1])
  const at = (names: readonly string[]) => () =>
    thresholdAtLevel(groupsOf(names), constant(0.8, 'float64'), { value, dtype: 'float32' })
  const invalid = (message: RegExp) =>
    expect.objectContaining({ code: 'GROUP_INVALID', message: expect.stringMatching(message) })
  expect(at(['(missing)', '1'])).toThrow(invalid(/"\(missing\)" is no value of a column of numbers/))
  expect(at(['16777216', '16777217'])).toThrow(invalid(/does not tell the group "16777217" from another/))
})
