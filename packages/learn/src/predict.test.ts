import { expect, test } from 'vitest'
import { fit } from './fit.ts'
import { accuracy, binaryCrossEntropyWithLogits, evaluate, predict } from './index.ts'
import { coded, float, rows, small } from './testData.ts'

test('a trained network predicts and is judged in parts as in one', async () => {
  const metrics = { accuracy: accuracy() }
  const fitted = await fit({ ...small, validation: rows, metrics })
  const whole = await predict(fitted, rows.x)
  expect(whole.y.shape).toEqual([203, 1])
  for (const batch of [1, 50, 203]) {
    const { y } = await predict(fitted, { x: rows.x }, { batch })
    expect(y.shape).toEqual([203, 1])
    Array.from(y.data as Float32Array).forEach((value, i) => void expect(value).toBeCloseTo(Number(whole.y.data[i]), 4))
  }
  const verdict = await evaluate(fitted, rows, { loss: binaryCrossEntropyWithLogits(), metrics, batch: 60 })
  const last = fitted.history.at(-1)!
  expect(verdict.loss).toBeCloseTo(last.validation!, 5)
  expect(verdict.metrics.accuracy).toBeCloseTo(last.validationMetrics!.accuracy, 6)
  await expect(predict(fitted, float([0, 4], []))).rejects.toMatchObject(coded('DATA_EMPTY'))
  await expect(predict(fitted, { x: rows.x, z: float([1, 1], [1]) })).rejects.toMatchObject(coded('LENGTH_MISMATCH'))
})
