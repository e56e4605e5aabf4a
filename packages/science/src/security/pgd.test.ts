import { readFileSync } from 'node:fs'
import { tensor } from '@mlpod/contract'
import { closeEngine, float, int, relationOf, rowSchema } from '@mlpod/data'
import { concat, constant, gemm, input, isNaN, type Model, mul, parameter, relu, type Value, where } from '@mlpod/graph'
import { afterAll, expect, test } from 'vitest'
import { guard } from '../guard/guard.ts'
import { fitMahalanobis } from '../ood/mahalanobis.ts'
import { calibrateClassifier } from '../uncertainty/classification/classifier.ts'
import { attack, type PgdOptions, pgd } from './pgd.ts'

interface Peer {
  readonly x: readonly number[]
  readonly y: readonly number[]
  readonly weights: readonly (readonly number[])[]
  readonly biases: readonly (readonly number[])[]
  readonly epsilons: readonly number[]
  readonly fgsm: readonly number[]
  readonly pgd: readonly number[]
}

const peer = JSON.parse(
  readFileSync(new URL('../../../../conformance/science/security.json', import.meta.url), 'utf8'),
) as Peer

afterAll(closeEngine)
const NAMES = ['a', 'b', 'c', 'd'] as const
const N = peer.y.length
const float32 = (shape: readonly number[], values: readonly number[]) =>
  tensor('float32', shape, Float32Array.from(values))

interface Limits {
  readonly minimum?: number
  readonly maximum?: number
}

/** A guarded model of logits over four numbers (missing = 0). */
function guarded(logitsOf: (x: Value) => Value, limits: Limits = {}, scale = 1): Model {
  const inputs = Object.fromEntries(NAMES.map((name) => [name, input(name, 'float32', ['n', 1])]))
  const features = concat(
    Object.values(inputs).map((value) => where(isNaN(value), 0, value)),
    { axis: 1 },
  )
  return guard(
    { inputs, features, logits: logitsOf(features) },
    {
      columns: NAMES.map((name) => ({ name, dtype: 'float32', nullable: true, scale, ...limits })),
      label: { column: 'y', values: [0, 1], names: ['no', 'yes'] },
      temperature: 1,
      conformal: calibrateClassifier([0.4, 0.6, 0.7, 0.3], [1, 0], { level: 0.5 }),
      ood: { detector: fitMahalanobis(peer.x, peer.y), calibration: [1] },
      attribution: { baseline: [0, 0, 0, 0], sources: [...NAMES] },
    },
  )
}

const Row = rowSchema({
  a: float({ nullable: true }),
  b: float({ nullable: true }),
  c: float({ nullable: true }),
  d: float({ nullable: true }),
  y: int(),
})
const rowsOf = (x: readonly (readonly (number | null)[])[], y: readonly number[]) =>
  relationOf(
    x.map(([a, b, c, d], i) => ({ a, b, c, d, y: y[i] })),
    { schema: Row },
  )

const peerNetwork = (x: Value): Value =>
  peer.weights.reduce((value, weight, i) => {
    const bias = float32([peer.biases[i].length], peer.biases[i])
    const shape = [weight.length / bias.shape[0], bias.shape[0]]
    const next = gemm(value, parameter(`w${i}`, float32(shape, weight)), parameter(`b${i}`, bias))
    return i < peer.weights.length - 1 ? relu(next) : next
  }, x)

test('one whole step fools the model as often as FGSM of foolbox 3.3.4, and PGD at least as often as its PGD', async () => {
  const model = guarded(peerNetwork)
  const x = Array.from({ length: N }, (_, i) => peer.x.slice(4 * i, 4 * i + 4))
  const rows = await rowsOf(x, peer.y)
  const fooled = async (options: Omit<PgdOptions, 'norm'>): Promise<number> => {
    const { after } = await attack(model, rows, pgd({ norm: 'inf', ...options }), { seed: 1 })
    return peer.y.filter((label, i) => (after[i] > 0 ? 1 : 0) !== label).length
  }
  for (const [i, epsilon] of peer.epsilons.entries()) {
    expect(await fooled({ epsilon, steps: 1, relStepsize: 1, randomStart: false }), `FGSM ${epsilon}`).toBe(
      peer.fgsm[i],
    )
    const same = { epsilon, steps: 40, relStepsize: 0.01 / 0.3 }
    expect(await fooled(same), `PGD ${epsilon}`).toBeGreaterThanOrEqual(peer.pgd[i])
    expect(await fooled({ epsilon }), `PGD as it comes ${epsilon}`).toBeGreaterThanOrEqual(peer.pgd[i])
  }
})

// Logits [0, a + b + c + d]: the worst change of a row is known.
const sum = (x: Value): Value => {
  const total = gemm(x, constant(float32([4, 1], [1, 1, 1, 1])))
  return concat([mul(total, 0), total], { axis: 1 })
}

test('what moves stays in its ball and its limits, in the units of its column; what is missing stays missing', async () => {
  const model = guarded(sum, { minimum: -1, maximum: 1 }, 2)
  const x = [
    [0, 0.95, null, -5],
    [null, null, null, null],
    [1, -1, 0.5, 3],
  ]
  const rows = await rowsOf(x, [0, 0, 1])
  const found = await attack(model, rows, pgd({ norm: 'inf', epsilon: 0.1 }), { seed: 3 })
  expect(found.columns).toEqual([...NAMES])
  // Up for label 0, at most 0.1 standard deviations of 2, never past 1; what begins outside may come back in.
  const deltas = [
    [0.2, 0.05, 0, 0.2],
    [0, 0, 0, 0],
    [-0.2, 0, -0.2, -0.2],
  ]
  for (const [i, delta] of deltas.entries())
    for (const [j, by] of delta.entries()) expect(found.delta[4 * i + j], `row ${i} column ${j}`).toBeCloseTo(by, 5)
  for (const [i, delta] of deltas.entries())
    expect(found.after[i] - found.before[i]).toBeCloseTo(
      delta.reduce((total, by) => total + by, 0),
      4,
    )
})

test('without room nothing changes, and a column that may not move is refused', async () => {
  const model = guarded(sum)
  const rows = await rowsOf([[1, 2, 3, 4]], [1])
  const { delta, before, after } = await attack(model, rows, pgd({ norm: 'inf', epsilon: 0 }))
  expect([...delta]).toEqual([0, 0, 0, 0])
  expect(after).toEqual(before)
  await expect(attack(model, rows, pgd({ norm: 'inf', epsilon: 0.1, columns: ['z'] }))).rejects.toMatchObject({
    code: 'ATTACK_INVALID',
  })
  for (const wrong of [{ epsilon: Number.NaN }, { epsilon: 1, steps: 0 }, { epsilon: 1, relStepsize: 0 }])
    expect(() => pgd({ norm: 'inf', ...wrong })).toThrow(expect.objectContaining({ code: 'ATTACK_INVALID' }))
})
