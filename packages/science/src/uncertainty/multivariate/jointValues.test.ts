import { tensor } from '@mlpod/contract'
import { compile, input, openSession } from '@mlpod/graph'
import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { boxesHold } from '../boxes/box.ts'
import { boxValues } from '../boxes/boxValues.ts'
import { calibrateBoxes, conformalBoxes } from '../boxes/conformalBoxes.ts'
import { calibrateJointIntervals, jointIntervals } from './jointIntervals.ts'
import { jointIntervalValues } from './jointValues.ts'

const numbers = (seed: number, n: number): Float64Array => {
  const { normal } = random({ seed, path: 'values' })
  return Float64Array.from({ length: n }, (_, i) => normal(i))
}

test('a model that carries its boxes of outputs says what the arrays say, and in single precision never less', async () => {
  const [n, d, m] = [60, 3, 20]
  for (const symmetric of [true, false]) {
    const options = { outputs: d, symmetric, level: [0.5, 0.9], method: 'maxRank' } as const
    const conformal = calibrateJointIntervals(numbers(1, n * d), { prediction: new Float64Array(n * d) }, options)
    const prediction = numbers(2, m * d)
    const expected = jointIntervals(conformal, { prediction })
    for (const dtype of ['float64', 'float32'] as const) {
      const said = input('prediction', dtype, ['m', d])
      const outputs = Object.fromEntries(
        jointIntervalValues(conformal, { prediction: said }).flatMap(({ lower, upper }, l) => [
          [`lower${l}`, lower],
          [`upper${l}`, upper],
        ]),
      )
      await using session = await openSession(compile({ inputs: [said], outputs }))
      const data =
        dtype === 'float64' ? tensor(dtype, [m, d], prediction) : tensor(dtype, [m, d], Float32Array.from(prediction))
      const found = await session.run({ prediction: data })
      for (let l = 0; l < 2; l++)
        for (let at = 0; at < m * d; at++) {
          const [low, high] = [Number(found[`lower${l}`].data[at]), Number(found[`upper${l}`].data[at])]
          const [lower, upper] = [expected.lower[at * 2 + l], expected.upper[at * 2 + l]]
          if (dtype === 'float64') expect([low, high]).toEqual([lower, upper])
          else {
            expect(low).toBeLessThanOrEqual(lower + 1e-7)
            expect(high).toBeGreaterThanOrEqual(upper - 1e-7)
            expect(low).toBeCloseTo(lower, 4)
          }
        }
    }
  }
})

test('a detector that carries its boxes says what the arrays say', async () => {
  const n = 50
  const truth = numbers(3, 4 * n).map((x, at) => (at % 4 < 2 ? 10 * x : 0))
  for (let i = 0; i < n; i++) for (const a of [2, 3]) truth[4 * i + a] = truth[4 * i + a - 2] + 5 + (i % 7)
  const predicted = truth.map((x, at) => x + 0.3 * numbers(4, 4 * n)[at])
  for (const score of ['additive', 'multiplicative'] as const)
    for (const side of ['outer', 'inner'] as const) {
      const conformal = calibrateBoxes(truth, predicted, { score, side, level: 0.8 })
      const expected = conformalBoxes(conformal, predicted).boxes
      for (const dtype of ['float64', 'float32'] as const) {
        const said = input('predicted', dtype, ['m', 4])
        const [{ boxes }] = boxValues(conformal, said)
        await using session = await openSession(compile({ inputs: [said], outputs: { boxes } }))
        const data =
          dtype === 'float64' ? tensor(dtype, [n, 4], predicted) : tensor(dtype, [n, 4], Float32Array.from(predicted))
        const found = Float64Array.from((await session.run({ predicted: data })).boxes.data as Float64Array)
        found.forEach((x, at) => {
          expect(x).toBeCloseTo(expected[at], dtype === 'float64' ? 12 : 4)
        })
        if (dtype === 'float32')
          expect([...(side === 'outer' ? boxesHold(found, truth) : boxesHold(truth, found))]).toEqual([
            ...(side === 'outer' ? boxesHold(expected, truth) : boxesHold(truth, expected)),
          ])
      }
    }
})
