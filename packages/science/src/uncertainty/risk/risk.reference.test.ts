import { readFileSync } from 'node:fs'
import { empiricalBernsteinBound, fixedSequence, hoeffdingBentkusPValue, hoeffdingBound, holm } from '@mlpod/math'
import { expect, test } from 'vitest'
import { type ControlRiskOptions, controlRisk } from './controlRisk.ts'
import { learnRiskOrder } from './learnThenTest.ts'
import { maskRisks } from './maskRisks.ts'
import { multilabelRisks } from './multilabelRisks.ts'
import type { RiskCurves } from './riskCurve.ts'
import { binaryRisks, multiclassRisks } from './thresholdRisks.ts'

// made by conformance/science/uncertainty/make_risk.py from MAPIE 1.6.0
const peer = JSON.parse(
  readFileSync(new URL('../../../../../conformance/science/uncertainty/risk.json', import.meta.url), 'utf8'),
)

test('Hoeffding-Bentkus p-values equal those of MAPIE', () => {
  for (const [n, sum, alpha, binary, p] of peer.hoeffdingBentkus)
    expect(hoeffdingBentkusPValue({ n, sum }, alpha, { binary: binary === 1 }) / Math.min(1, p)).toBeCloseTo(1, 9)
})

test('bounds of mean losses equal those of MAPIE', () => {
  const { losses, delta, values, crc } = peer.bounds
  losses.forEach((column: number[], j: number) => {
    const n = column.length
    const sum = column.reduce((a, b) => a + b)
    expect(hoeffdingBound({ n, sum }, delta)).toBeCloseTo(values.hoeffding[j], 12)
    expect(empiricalBernsteinBound(column, delta)).toBeCloseTo(values.bernstein[j], 12)
    expect((sum + 1) / (n + 1)).toBeCloseTo(crc[j], 12)
  })
})

test('tests of families decide as those of MAPIE', () => {
  for (const { p, ...decisions } of peer.families) {
    const rejected = (adjusted: number[]): number[] => adjusted.flatMap((q, i) => (q <= 0.1 ? [i] : []))
    expect(rejected(holm(p))).toEqual(decisions.bonferroni_holm)
    expect(fixedSequence()(p, 0.1)).toEqual(decisions.fixed_sequence)
    for (const starts of [2, 3, 50]) expect(fixedSequence({ starts })(p, 0.1)).toEqual(decisions[`starts${starts}`])
  }
})

interface PeerCase {
  readonly valid: readonly number[]
  readonly best: number
  readonly p: readonly number[]
}

/** The peer multiplies a mean by n and rounds up: where the product rounds above a whole number, its p-value is a row too large. */
function checkControl(curves: RiskCurves, options: ControlRiskOptions, expected: PeerCase): void {
  const control = controlRisk(curves, options)
  let same = 0
  control.pValues?.forEach((p, j) => {
    expect(p).toBeLessThanOrEqual(expected.p[j] * (1 + 1e-9) + 1e-300)
    if (Math.abs(p - expected.p[j]) <= 1e-9 * expected.p[j]) same++
  })
  expect(same).toBeGreaterThan(0.6 * expected.p.length)
  expect(control.valid.map((j) => curves.lambdas[j])).toEqual(expected.valid)
  expect(control.lambda).toBe(expected.best)
}

test('binary thresholds are those of MAPIE', () => {
  const { scores, labels, lambdas, cases } = peer.binary
  const half = scores.length / 2
  for (const { risk, target, fwer, order, ...expected } of cases) {
    const targets = Array.isArray(risk)
      ? Object.fromEntries(risk.map((name: string, i: number) => [name, target[i]]))
      : { [risk]: target }
    const options = { method: 'ltt', confidence: 0.9, targets } as const
    if (fwer === 'split_fixed_sequence') {
      const learned = learnRiskOrder(binaryRisks(scores.slice(0, half), labels.slice(0, half), { lambdas }), {
        targets,
      })
      // the peer's order holds settings, and its p-values are in that order
      expect(learned.slice(0, 3)).toEqual(order.slice(0, 3))
      const control = controlRisk(binaryRisks(scores.slice(half), labels.slice(half), { lambdas }), {
        ...options,
        familywise: fixedSequence({ order }),
      })
      expect(control.valid.map((j) => lambdas[j])).toEqual(expected.valid)
      expect(control.lambda).toBe(expected.best)
      continue
    }
    const familywise = ({ bonferroni: 'bonferroni', fixed_sequence: 'fixedSequence' } as const)[fwer as 'bonferroni']
    checkControl(binaryRisks(scores, labels, { lambdas }), { ...options, familywise: familywise ?? 'holm' }, expected)
  }
})

test('thresholds of several classes, one against the rest, are those of MAPIE', () => {
  const { probabilities, labels, lambdas, precision, recall } = peer.multiclass
  const curves = multiclassRisks(probabilities, labels, { lambdas })
  const options = { method: 'ltt', confidence: 0.9 } as const
  const each = (name: string, classes: number[], target: number) =>
    Object.fromEntries(classes.map((k) => [`${name}:${k}`, target]))
  checkControl(curves, { ...options, targets: each('precision', [0, 1, 2], 0.55) }, precision)
  checkControl(curves, { ...options, targets: each('recall', [0, 2], 0.5) }, recall)
})

test('thresholds of sets of labels are those of MAPIE', () => {
  const { probabilities, labels, cases } = peer.multilabel
  const curves = multilabelRisks(probabilities, labels, 5)
  for (const { risk, method, bound, target, mean, best } of cases) {
    const control = controlRisk(curves, {
      method,
      targets: { [risk]: target },
      confidence: 0.9,
      ...(bound ? { bound } : {}),
      strict: true,
    })
    for (const [i, value] of mean.entries()) expect(control.risks[0].mean[i * 9]).toBeCloseTo(value, 12)
    expect(control.lambda).toBe(best)
  }
})

test('the threshold of masks is that of MAPIE', () => {
  const { logits, masks, best } = peer.masks
  const curves = maskRisks(logits, masks, 42, { logits: true })
  expect(controlRisk(curves, { method: 'crc', targets: { recall: 0.8 }, strict: true }).lambda).toBe(best)
})
