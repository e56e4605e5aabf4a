import { add, cos, isNaN as isNaNValue, mul, not, reduceSum, sin } from '@mlpod/graph'
import { expect, test } from 'vitest'
import type { Layer } from '../layers/layer.ts'
import {
  accumulate,
  adam,
  adamW,
  addDecayedWeights,
  addNoise,
  applyIfFinite,
  chain,
  clip,
  clipByGlobalNorm,
  conditionally,
  emaOfParameters,
  freeze,
  galore,
  keepNonNegative,
  lookahead,
  masked,
  mechanize,
  type Optimizer,
  optimizers,
  partition,
  prodigy,
  sam,
  scale,
  scaleByAdam,
  scaleByLearningRate,
  scaleBySchedule,
  scheduleFree,
  setToZero,
  sgd,
  skipLargeUpdates,
  skipNotFinite,
  type Transform,
  zeroNans,
} from './index.ts'
import { checkUpdates } from './optimizer.ts'
import { identity } from './partition.ts'
import { trajectory } from './testTrajectory.ts'

const fans = { fanIn: 1, fanOut: 1 }
const parameter = (scope: Parameters<Layer>[1], name: string, values: readonly number[]) =>
  scope.parameter(name, [values.length], () => Float32Array.from(values), fans)
/** x (sum a^2 / 2 + sum sin a + 3 sum b^2 + sum cos b). */
const objective: Layer = (x, scope) => {
  const a = parameter(scope, 'a', [1, -2, 0.5])
  const b = parameter(scope, 'b', [2, -0.3])
  const ofA = add(reduceSum(mul(mul(a, a), 0.5)), reduceSum(sin(a)))
  return mul(x, add(ofA, add(mul(reduceSum(mul(b, b)), 3), reduceSum(cos(b)))))
}
const points = async (optimizer: Optimizer, steps: number, options: Parameters<typeof trajectory>[3] = {}) =>
  (await trajectory(objective, optimizer, [steps], options))[steps].point
const near = (found: readonly number[], expected: readonly number[]): void =>
  found.forEach((value, i) => void expect(value).toBeCloseTo(expected[i], 5))
const invalid = (message?: RegExp) =>
  expect.objectContaining({ code: 'OPTIMIZER_INVALID', ...(message && { message: expect.stringMatching(message) }) })

test('an optimizer in pieces, as Optax has it, is the optimizer', async () => {
  const rate = (t: number) => 0.1 / t
  const pieces = chain(scaleByAdam({ beta1: 0.8 }), addDecayedWeights(0.2), scaleByLearningRate(rate))
  const whole = await points(adamW({ learningRate: rate, beta1: 0.8, weightDecay: 0.2 }), 6)
  near(await points(pieces, 6), whole)
  near(
    await points(chain(scaleByAdam({ beta1: 0.8 }), addDecayedWeights(0.2), scaleBySchedule(rate), scale(-1)), 6),
    whole,
  )
})

test('partition gives each parameter its own optimizer, and keeps state for that alone', async () => {
  const both = partition(
    { left: adam({ learningRate: 0.1 }), right: sgd({ learningRate: 0.05, momentum: 0.5 }) },
    (path) => (path === 'a' ? 'left' : 'right'),
  )
  const found = await points(both, 5)
  near(found.slice(0, 3), (await points(adam({ learningRate: 0.1 }), 5)).slice(0, 3))
  near(found.slice(3), (await points(sgd({ learningRate: 0.05, momentum: 0.5 }), 5)).slice(3))
  const trained = ['a', 'b'].map((path) => ({
    path,
    shape: [1],
    initial: { dtype: 'float32', shape: [1], data: new Float32Array(1) } as const,
  }))
  expect(Object.keys(both.state!(trained))).toEqual(['left.m a', 'left.v a', 'right.buffer b'])
})

test('what is frozen stays to the bit, and masked transforms touch only their parameters', async () => {
  const start = [1, -2, 0.5, 2, Math.fround(-0.3)]
  const frozen = await points(
    chain(
      adam({ learningRate: 0.1 }),
      freeze((path) => path === 'b'),
    ),
    4,
  )
  expect(frozen.slice(3)).toEqual(start.slice(3))
  const zeroed = await points(
    partition({ a: adam({ learningRate: 0.1 }), b: setToZero() }, (path) => path as 'a' | 'b'),
    4,
  )
  expect(zeroed).toEqual(frozen)
  const clipped = await points(
    chain(
      masked(clip(0.01), (path) => path === 'a'),
      sgd({ learningRate: 0.1 }),
    ),
    1,
  )
  expect(clipped[0]).toBeCloseTo(1 - 0.001, 6)
  expect(clipped[3]).toBeCloseTo(2 - 0.1 * (12 - Math.sin(2)), 5)
})

for (const stepsPerRun of [1, 4])
  test(`a step whose gradients are no numbers does not happen, and the clock waits (${stepsPerRun} in a run)`, async () => {
    const optimizer = chain(clipByGlobalNorm(5), adam({ learningRate: (t) => 0.1 / t, beta2: 0.9 }))
    const expected = await points(optimizer, 6)
    const x = (t: number) => (t === 1 || t === 4 || t === 5 ? Number.NaN : 1)
    near(await points(skipNotFinite(optimizer), 9, { x, stepsPerRun }), expected)
    near(await points(applyIfFinite(optimizer, 2), 9, { x, stepsPerRun }), expected)
    expect((await points(applyIfFinite(optimizer, 1), 9, { x, stepsPerRun })).every(Number.isNaN)).toBe(true)
    const inside = conditionally(skipNotFinite(optimizer), ({ loss }) => not(isNaNValue(loss)))
    near(await points(inside, 9, { x, stepsPerRun }), expected)
    const zeroed = await points(chain(zeroNans(), sgd({ learningRate: 0.1 })), 9, { x, stepsPerRun })
    near(zeroed, await points(sgd({ learningRate: 0.1 }), 6))
  })

test('a gradient that is too long is skipped', async () => {
  const optimizer = sgd({ learningRate: 0.1 })
  const x = (t: number) => (t === 2 ? 1e6 : 1)
  near(await points(skipLargeUpdates(optimizer, 1e4), 4, { x }), await points(optimizer, 3))
})

test('steps are gathered k at a time, over the ends of runs', async () => {
  const gathered = accumulate(adam({ learningRate: 0.1 }), 3)
  // means of one, two and three times the gradient: twice of it
  const x = (t: number) => ((t - 1) % 3) + 1
  const expected = await points(adam({ learningRate: 0.1 }), 2, { x: () => 2 })
  near(await points(gathered, 6, { x }), expected)
  expect(await points(gathered, 6, { x, stepsPerRun: 4 })).toEqual(await points(gathered, 6, { x }))
  expect(await points(gathered, 8, { x })).toEqual(await points(gathered, 6, { x }))
})

test('noise has the variance it is told, and follows from the seed', async () => {
  const noisy = chain(addNoise({ eta: 0.04, gamma: 0.5 }), sgd({ learningRate: 1 }))
  const plain = await points(sgd({ learningRate: 1 }), 1)
  const drawn = await Promise.all(Array.from({ length: 60 }, (_, seed) => points(noisy, 1, { seed })))
  const errors = drawn.flatMap((point) => point.map((value, i) => value - plain[i]))
  const variance = errors.reduce((sum, e) => sum + e * e, 0) / errors.length
  expect(variance).toBeGreaterThan(0.03)
  expect(variance).toBeLessThan(0.05)
  expect(await points(noisy, 3, { seed: 1, stepsPerRun: 3 })).toEqual(await points(noisy, 3, { seed: 1 }))
})

test('parameters that must not be negative are not', async () => {
  const kept = await points(chain(sgd({ learningRate: 1 }), keepNonNegative()), 3)
  for (const value of kept) expect(value).toBeGreaterThanOrEqual(0)
})

test('wrappers may stand in each other', async () => {
  const inner = emaOfParameters(lookahead(sam(skipNotFinite(adam({ learningRate: 0.1 })), { rho: 0.1 })))
  const one = await trajectory(objective, inner, [7])
  const many = await trajectory(objective, inner, [7], { stepsPerRun: 7 })
  expect(many).toEqual(one)
  expect(one[7].result).not.toEqual(one[7].point)
})

test('adaptive sharpness goes further where parameters are large', async () => {
  const plain = await points(sam(sgd({ learningRate: 0.1 }), { rho: 0.5 }), 1)
  const adaptive = await points(sam(sgd({ learningRate: 0.1 }), { rho: 0.5, adaptive: true }), 1)
  // by hand: g at p + rho p^2 g / |p g|
  const p = [1, -2, 0.5, 2, -0.3]
  const gradient = (at: readonly number[]) => [
    ...at.slice(0, 3).map((v) => v + Math.cos(v)),
    ...at.slice(3).map((v) => 6 * v - Math.sin(v)),
  ]
  const g = gradient(p)
  const norm = Math.hypot(...g.map((v, i) => v * p[i]))
  const away = gradient(p.map((v, i) => v + (0.5 * v * v * g[i]) / norm))
  near(
    adaptive,
    p.map((v, i) => v - 0.1 * away[i]),
  )
  expect(adaptive).not.toEqual(plain)
})

test('what cannot train is refused', () => {
  for (const climbs of [clipByGlobalNorm(1), identity(), chain(scaleByAdam(), clip(1)), chain(adam(), scale(-1))])
    expect(() => checkUpdates(climbs)).toThrow(invalid(/updates no parameters/))
  expect(() => masked(adam(), () => true)).toThrow(invalid(/use partition|climb/))
  expect(() => partition({ a: adam(), b: clip(1) as Optimizer }, () => 'a')).toThrow(invalid(/some of a, b update/))
  const trained = [
    { path: 'q', shape: [1], initial: { dtype: 'float32', shape: [1], data: new Float32Array(1) } as const },
  ]
  expect(() => partition({ left: adam(), right: sgd() }, () => 'lift' as 'left').state!(trained)).toThrow(
    invalid(/"q" has the label "lift" \(did you mean "left"\?\)/),
  )
  expect(() => chain(...([] as unknown as [Transform]))).toThrow(invalid(/nothing in it/))
})

test('settings of transforms that make no sense are refused', () => {
  const wrong: readonly (() => unknown)[] = [
    () => clip(0),
    () => clipByGlobalNorm(Number.NaN),
    () => accumulate(adam(), 0),
    () => applyIfFinite(adam(), -1),
    () => lookahead(adam(), { period: 0 }),
    () => lookahead(adam(), { slowStep: 0 }),
    () => sam(adam(), { rho: 0 }),
    () => scheduleFree(adam(), { beta1: 0 }),
    () => mechanize(adam(), { betas: 0 }),
    () => emaOfParameters(adam(), { decay: 2 }),
    () => galore(adam(), { rank: 0 }),
    () => adam({ beta1: 1 }),
    () => adam({ learningRate: 0 }),
    () => prodigy({ first: 0 }),
    () => adam({ beta3: 0.9 } as object),
    () => sgd({ nesterov: true }),
    () => optimizers.lion({ mode: 'soft' as 'hard' }),
    () => optimizers.muon({ steps: 0.5 }),
  ]
  for (const make of wrong) expect(make, String(make)).toThrow(invalid())
  expect(() => adam({ beta3: 0.9 } as object)).toThrow(invalid(/no setting "beta3" \(did you mean "beta1"\?\)/))
})

test('a scheduled number out of its range is named with its step', async () => {
  const wild = adam({ learningRate: 0.1, beta1: (t) => 0.4 * t })
  await expect(points(wild, 3)).rejects.toThrow(invalid(/beta1 is 1\.2\d* at step 3, not in \[0, 1\)/))
})

test('the table tells every setting, its default and what it takes', () => {
  for (const [name, { parameters, source }] of Object.entries(optimizers)) {
    expect(source, name).toMatch(/\d/)
    for (const [key, { default: value, takes, test }] of Object.entries(parameters))
      expect((test as (value: unknown) => boolean)(value), `${name}.${key} takes ${takes}`).toBe(true)
  }
})
