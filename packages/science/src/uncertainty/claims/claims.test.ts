import { type Claim, type Measured, tensor } from '@mlpod/contract'
import { closeEngine, float, int, relationOf, rowSchema, string } from '@mlpod/data'
import { input, matMul, parameter } from '@mlpod/graph'
import { random } from '@mlpod/math'
import { afterAll, expect, test } from 'vitest'
import { guard } from '../../guard/guard.ts'
import { fitMahalanobis, mahalanobisScores } from '../../ood/mahalanobis.ts'
import { calibrateClassifier } from '../classification/classifier.ts'
import { calibrated } from './calibrated.ts'
import { controls } from './controls.ts'
import { exchangeable } from './exchangeable.ts'

afterAll(closeEngine)

const N = 600
const { normal, uniform } = random({ seed: 3, path: 'claims' })
const numbers = Float32Array.from({ length: N }, (_, i) => normal(i))
/** The model says sigmoid(steepness a); the truth is drawn from sigmoid(a), in the order of the rows. */
const labels = Int32Array.from(numbers, (a, i) => Number(uniform(1e6 + i) < 1 / (1 + Math.exp(-a))))
const sides = Array.from(numbers, (_, i) => (i % 2 ? 'left' : 'right'))

function modelOf(steepness: number) {
  const a = input('a', 'float32', ['n', 1])
  const weights = parameter('weights', tensor('float32', [1, 2], Float32Array.of(0, steepness)))
  const probabilities = new Float64Array(2 * N)
  for (const [i, x] of numbers.entries()) {
    const p = 1 / (1 + Math.exp(-steepness * x))
    probabilities.set([1 - p, p], 2 * i)
  }
  const detector = fitMahalanobis(numbers, labels)
  return guard(
    { inputs: { a }, features: a, logits: matMul(a, weights) },
    {
      columns: [{ name: 'a', dtype: 'float32', nullable: false, scale: 1 }],
      label: { column: 'y', values: [0, 1], names: ['no', 'yes'] },
      temperature: 1,
      conformal: calibrateClassifier(probabilities, labels, { level: 0.9 }),
      ood: { detector, calibration: [...mahalanobisScores(detector, numbers)] },
      attribution: { baseline: [0], sources: ['a'] },
    },
  )
}

const tableOf = (truth: ArrayLike<number>) =>
  relationOf({ a: [...numbers], y: [...Array.from(truth)], side: sides } as never, {
    schema: rowSchema({ a: float(), y: int(), side: string() }),
  })

const handles = { model: {} as never, data: {} as never }
const measure = async (claim: Claim, steepness: number, truth: ArrayLike<number> = labels): Promise<Measured> =>
  claim.measure({ model: modelOf(steepness), data: await tableOf(truth) }, { seed: 1, rebuild: async () => [] })

test('a risk is counted over the rows that it is about, whole and by group', async () => {
  const claim = controls({ ...handles, risk: 'recall', target: 0.6, lambda: 0.4, abstaining: false })
  expect(claim).toMatchObject({ statement: 'recall >= 0.6 at 0.4', operator: '>=', threshold: 0.6 })
  const { whole } = await measure(claim, 1)
  const positives = [...labels.keys()].filter((i) => labels[i] === 1)
  const found = positives.filter((i) => 1 / (1 + Math.exp(-numbers[i])) >= 0.4).length
  expect(whole).toEqual({ kind: 'proportion', successes: found, n: positives.length })
  const grouped = await measure(
    controls({ ...handles, risk: 'fpr', target: 0.5, lambda: 0.4, abstaining: false, by: ['side'] }),
    1,
  )
  expect(grouped.parts?.map(({ name }) => name)).toEqual(['left', 'right'])
  expect(grouped.n).toBe(N - positives.length)
  const abstained = await measure(controls({ ...handles, risk: 'abstentionRate', target: 0.9 }), 1)
  expect(abstained.whole).toMatchObject({ kind: 'proportion', n: N })
  const cost = { occurrence: (y: number, p: number) => (y === p ? 0 : 0.5) }
  expect((await measure(controls({ ...handles, risk: cost, target: 0.4 }), 1)).whole).toMatchObject({
    kind: 'mean',
    n: N,
  })
})

test('calibration is measured with its error, and a steep model is far from it', async () => {
  const claim = calibrated({ ...handles, within: 0.05 })
  const right = await measure(claim, 1)
  const steep = await measure(claim, 4)
  if (right.whole?.kind !== 'mean' || steep.whole?.kind !== 'mean') throw new Error('a mean was expected')
  expect(right.whole.estimate).toBeLessThan(0.05)
  expect(right.whole.standardError).toBeGreaterThan(0)
  expect(steep.whole.estimate - 2 * steep.whole.standardError).toBeGreaterThan(0.03)
  const tested = calibrated({ ...handles, level: 0.01 })
  expect(tested.operator).toBe('>=')
  expect(((await measure(tested, 1)).whole as { value: number }).value).toBeGreaterThan(0.01)
  expect(((await measure(tested, 4)).whole as { value: number }).value).toBeLessThan(0.01)
})

test('rows whose truth turns around are not exchangeable', async () => {
  const claim = exchangeable(handles)
  expect(((await measure(claim, 2)).whole as { value: number }).value).toBeGreaterThan(0.01)
  const turned = labels.map((y, i) => (i > 250 ? 1 - y : y))
  const found = await measure(claim, 2, turned)
  expect((found.whole as { value: number }).value).toBeLessThan(0.01)
  expect((found.detail as { stoppedAt: number }).stoppedAt).toBeGreaterThan(250)
})

test('bad inputs are named', () => {
  expect(() => controls({ ...handles, risk: 'recal' as 'recall', target: 0.5 })).toThrow(/did you mean "recall"/)
  expect(() => calibrated({ ...handles, within: 0 })).toThrow(/limit 0/)
  expect(() => exchangeable({ ...handles, level: 1 })).toThrow(/level 1/)
})
