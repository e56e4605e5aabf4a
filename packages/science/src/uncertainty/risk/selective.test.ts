import { tensor } from '@mlpod/contract'
import { closeEngine, float, int, relationOf, rowSchema, string } from '@mlpod/data'
import { compile, input, openSession } from '@mlpod/graph'
import { binomialCdf, random } from '@mlpod/math'
import { afterAll, expect, test } from 'vitest'
import { decisionValue, selectiveValue } from './controlledValue.ts'
import { controlRisk, predictControlled } from './controlRisk.ts'
import { riskGrid } from './riskCurve.ts'
import { binaryRisksOfTable } from './tableRisks.ts'
import { binaryRisks, multiclassRisks } from './thresholdRisks.ts'

afterAll(closeEngine)

/** Rows of two classes whose largest probability p, uniform on [1/2, 1], is right with probability p. */
function answersOf(n: number, seed: number) {
  const { uniform } = random({ seed, path: 'selective' })
  const top = Float64Array.from({ length: n }, (_, i) => 0.5 + 0.5 * uniform(3 * i))
  return {
    probabilities: Array.from(top).flatMap((p, i) => (i % 2 ? [p, 1 - p] : [1 - p, p])),
    labels: Array.from(top, (p, i) => (uniform(3 * i + 1) < p ? 1 : 0) ^ (i % 2)),
    groups: Array.from(top, (_, i) => (uniform(3 * i + 2) < 0.5 ? 'a' : 'b')),
  }
}

test('answers are right as often as promised, in each group and not much apart, nine times of ten', () => {
  const [repeats, delta] = [120, 0.1]
  let [broken, found] = [0, 0]
  for (let r = 0; r < repeats; r++) {
    const { probabilities, labels, groups } = answersOf(700, r)
    const curves = multiclassRisks(probabilities, labels, { lambdas: riskGrid(0.5, 0.95, 10), groups })
    const control = controlRisk(curves, {
      method: 'ltt',
      targets: { 'selectiveAccuracy@a': 0.8, 'selectiveAccuracy@b': 0.8, abstentionRate: 0.9 },
      gaps: [{ between: ['selectiveAccuracy@a', 'selectiveAccuracy@b'], limit: 0.25 }],
      confidence: 1 - delta,
      best: 'abstentionRate',
    })
    // right above l with probability (1 + l) / 2; abstained from with probability 2 l - 1
    broken += Number(control.valid.some((j) => (1 + (curves.lambdas[j] as number)) / 2 < 0.8))
    found += Number(control.lambda !== null)
  }
  expect(binomialCdf(broken - 1, repeats, delta)).toBeLessThan(0.999)
  expect(found).toBeGreaterThan(repeats / 2)
})

test('a gap between groups that is there is never called small', () => {
  const { probabilities, labels, groups } = answersOf(2000, 1)
  // in group b every answer is wrong half of the time
  const worse = labels.map((y, i) => (groups[i] === 'b' && i % 3 ? 1 - y : y))
  const curves = multiclassRisks(probabilities, worse, { lambdas: [0.5, 0.7], groups })
  const options = { method: 'ltt', targets: { abstentionRate: 0.9 } } as const
  const gap = (limit: number) => ({ between: ['selectiveAccuracy@a', 'selectiveAccuracy@b'] as const, limit })
  expect(controlRisk(curves, { ...options, gaps: [gap(0.1)] }).lambda).toBeNull()
  expect(controlRisk(curves, { ...options, gaps: [gap(0.7)] }).lambda).not.toBeNull()
  expect(() => controlRisk(curves, { ...options, gaps: [gap(1)] })).toThrow(/limit 1/)
})

test('the decision in a model is that of arrays, at the threshold too', async () => {
  const control = {
    ...controlRisk(binaryRisks([0.1, 0.9], [0, 1]), { method: 'ltt', targets: { recall: 0.5 } }),
    lambda: 0.3,
  }
  const scores = [0.1, 0.3, 0.31, 0.29999999999999993]
  const x = input('x', 'float64', ['n', 2])
  const { label, answered } = selectiveValue(control, x)
  const model = compile({ inputs: [x], outputs: { label, answered, decision: decisionValue(control, x) } })
  await using session = await openSession(model)
  const out = await session.run({ x: tensor('float64', [2, 2], Float64Array.from(scores)) })
  expect([...(out.decision.data as BigInt64Array)].map(Number)).toEqual([...predictControlled(control, scores)])
  expect([...(out.label.data as BigInt64Array)].map(Number)).toEqual([1, 0])
  expect([...(out.answered.data as BigInt64Array)].map(Number)).toEqual([1, 1])
  expect(() => decisionValue({ ...control, lambda: null }, x)).toThrow(/no threshold/)
})

test('over a table the curves are those of arrays, counted by the engine', async () => {
  const { uniform } = random({ seed: 2 })
  const score = Array.from({ length: 500 }, (_, i) => (i === 7 ? null : Math.round(uniform(i) * 50) / 50))
  const label = score.map((s, i) => Number(uniform(900 + i) < (s ?? 0.5)))
  const side = score.map((_, i) => (i % 3 ? 'x' : null))
  const table = await relationOf({ score, label, side } as never, {
    schema: rowSchema({ score: float({ nullable: true }), label: int(), side: string({ nullable: true }) }),
  })
  const lambdas = riskGrid(0, 1, 21)
  const counted = await binaryRisksOfTable(table, { score: 'score', label: 'label', groupBy: 'side', lambdas })
  const arrays = binaryRisks(
    score.map((s) => s ?? Number.NaN),
    label,
    { lambdas, groups: side.map((s) => s ?? '') },
  )
  for (const name of ['recall', 'precision', 'accuracy', 'abstentionRate', 'recall@x', 'fpr@']) {
    expect([...counted.curve(name).n]).toEqual([...arrays.curve(name).n])
    expect([...counted.curve(name).sum]).toEqual([...arrays.curve(name).sum])
  }
  const options = { method: 'ltt', targets: { precision: 0.6 } } as const
  expect(controlRisk(counted, options).valid).toEqual(controlRisk(arrays, options).valid)
  expect(() => controlRisk(counted, { ...options, test: 'wsr' })).toThrow(/their order is not known/)
  await expect(binaryRisksOfTable(table, { score: 'scor', label: 'label' })).rejects.toThrow(/score/)
})
