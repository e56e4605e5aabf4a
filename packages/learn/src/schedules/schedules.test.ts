import { expect, test } from 'vitest'
import peers from '../../../../conformance/learn/schedules.json' with { type: 'json' }
import { reduceOnPlateau } from '../callbacks/reduceOnPlateau.ts'
import * as all from './index.ts'

const {
  byFactor,
  byProduct,
  chainedSchedules,
  constantFactor,
  exponential,
  joinSchedules,
  linearFactor,
  schedules,
  sgdr,
  stepwise,
} = all

const compositions: Readonly<Record<string, () => (t: number) => number>> = {
  lambda: () => byFactor(0.1, (n) => 1 / (1 + n)),
  multiplicative: () => byProduct(0.1, (n) => (n % 2 ? 0.95 : 0.8)),
  sequential: () =>
    joinSchedules(
      [linearFactor(0.1, { start: 0.1, steps: 5 }), exponential(0.1, 0.9), stepwise(0.1, 2, { factor: 0.5 })],
      [5, 12],
    ),
  chained: () => chainedSchedules(0.1, constantFactor(0.1, { factor: 0.1, steps: 4 }), exponential(0.1, 0.9)),
}
const made = { ...schedules, sgdr } as unknown as Readonly<
  Record<string, (...given: unknown[]) => (t: number) => number>
>
const close = (found: number, expected: number, what: string): void =>
  expect(Math.abs(found - expected), `${what}: ${found} against ${expected}`).toBeLessThan(
    1e-6 * Math.max(Math.abs(expected), 0.1),
  )

for (const { name, arguments: given, rates, momenta } of peers.cases as readonly {
  name: string
  arguments: unknown[]
  rates: number[]
  momenta?: number[]
}[])
  test(`${name} ${JSON.stringify(given)} is the peer's, step by step`, () => {
    const schedule = compositions[name]?.() ?? made[name](...given)
    rates.forEach((rate, n) => void close(schedule(n + 1), rate, `step ${n + 1}`))
    if (!momenta) return
    const settings = given.at(-1) as Record<string, unknown>
    const momentum =
      name === 'cyclic'
        ? schedules.cyclicMomentum(settings)
        : made.oneCycleMomentum(
            given[1],
            Object.fromEntries(
              Object.entries(typeof settings === 'object' ? settings : {}).filter(
                ([key]) => key in schedules.oneCycleMomentum.parameters,
              ),
            ),
          )
    momenta.forEach((value, n) => void close(momentum(n + 1), value, `momentum of step ${n + 1}`))
  })

test('a plateau lowers the rate as torch does', async () => {
  for (const { options, rates } of peers.plateaus) {
    const callback = reduceOnPlateau(options as object)
    let rate = 0.1
    const control = {
      get learningRate() {
        return rate
      },
      scaleLearningRate: (factor: number) => {
        rate *= factor
      },
      stop: () => {},
      parameters: async () => ({}),
    }
    const again = reduceOnPlateau(options as object)
    for (const [i, validation] of peers.values.entries()) {
      // what it keeps is plain data: another one goes on with it
      const using = i % 2 ? again : callback
      const other = i % 2 ? callback : again
      if (i > 0) using.restore!(JSON.parse(JSON.stringify(other.state!())))
      await using.onEpoch!({ epoch: i + 1, steps: i + 1, loss: 9, validation, learningRate: rate }, control)
      close(rate, rates[i], `${JSON.stringify(options)}, epoch ${i + 1}`)
    }
  }
})

test('every schedule is a closed form: asked for in any order, it says the same', () => {
  for (const { name, arguments: given } of peers.cases) {
    const schedule = compositions[name]?.() ?? made[name](...given)
    const forward = Array.from({ length: 24 }, (_, n) => schedule(n + 1))
    const another = compositions[name]?.() ?? made[name](...given)
    const backward = Array.from({ length: 24 }, (_, n) => another(24 - n)).reverse()
    expect(backward, name).toEqual(forward)
  }
})

test('the table tells what each schedule needs, its settings and where it is from', () => {
  for (const [name, { needs, parameters, source }] of Object.entries(schedules)) {
    expect(source, name).toMatch(/torch|optax|keras/)
    for (const { takes } of needs) expect(takes).not.toBe('')
    for (const { default: value, test: allows } of Object.values(parameters))
      expect((allows as (v: unknown) => boolean)(value), name).toBe(true)
  }
})

test('schedules that cannot be are refused', () => {
  const invalid = (message: RegExp) =>
    expect.objectContaining({ code: 'SCHEDULE_INVALID', message: expect.stringMatching(message) })
  expect(() => all.cosine(0.1, 0)).toThrow(invalid(/cosine: steps is 0, not a number >= 1/))
  expect(() => all.stepwise(-1, 3)).toThrow(invalid(/rate is -1/))
  expect(() => all.multiStep(0.1, [5, 2])).toThrow(invalid(/at is \[5,2\], not whole numbers >= 0 in order/))
  expect(() => all.linearFactor(0.1, { begin: 1 } as object)).toThrow(invalid(/no setting "begin"/))
  expect(() => all.oneCycle(0.1, 10, { phases: 4 })).toThrow(invalid(/phases is 4, not 2 or 3/))
  expect(() => all.warmupCosine(0, 0.1, 5, 5)).toThrow(invalid(/5 steps in all are not more than 5/))
  expect(() => all.piecewiseValues([1, 2], [0.1])).toThrow(invalid(/2 bounds need 3 values/))
  expect(() => all.piecewiseInterpolate(0.1, {})).toThrow(invalid(/no factor/))
  expect(() => all.piecewiseConstant(0.1, { 3: -1 })).toThrow(invalid(/factors >= 0/))
  expect(() => joinSchedules([0.1, 0.2], [])).toThrow(invalid(/2 schedules need 1 boundaries/))
  expect(() => joinSchedules([0.1, 0.2, 0.3], [5, 2])).toThrow(invalid(/not in order/))
  expect(() => all.warmup(-1, 0.1)).toThrow(invalid(/-1 steps/))
})
