import { afterAll, expect, test } from 'vitest'
import {
  closeEngine,
  float,
  privacyBudget,
  privateProfile,
  type Relation,
  relationOf,
  rowSchema,
  string,
} from '../index.ts'
import { rhoOf } from './accountant.ts'
import { discreteGaussian, discreteLaplace, privateQuantile, secretUniform, seededUniform } from './noise.ts'

afterAll(closeEngine)
const draws = 20_000

/** How often whole numbers came. */
function shares(draw: () => number): (k: number) => number {
  const counts = new Map<number, number>()
  for (let i = 0; i < draws; i++) {
    const k = draw()
    counts.set(k, (counts.get(k) ?? 0) + 1)
  }
  return (k) => (counts.get(k) ?? 0) / draws
}
const band = (p: number) => 4.5 * Math.sqrt((p * (1 - p)) / draws)

test('noise has the law that its name says', () => {
  const uniform = seededUniform(1)
  const laplace = shares(() => discreteLaplace(2, uniform))
  const p = Math.exp(-1 / 2)
  for (let k = -6; k <= 6; k++) {
    const expected = ((1 - p) / (1 + p)) * p ** Math.abs(k)
    expect(Math.abs(laplace(k) - expected), `Laplace at ${k}`).toBeLessThan(band(expected))
  }
  const normal = shares(() => discreteGaussian(1.5, uniform))
  let whole = 0
  for (let k = -30; k <= 30; k++) whole += Math.exp(-(k ** 2) / (2 * 1.5 ** 2))
  for (let k = -4; k <= 4; k++) {
    const expected = Math.exp(-(k ** 2) / (2 * 1.5 ** 2)) / whole
    expect(Math.abs(normal(k) - expected), `normal at ${k}`).toBeLessThan(band(expected))
  }
})

test('answers of neighbouring tables differ in probability by at most e^epsilon', () => {
  const epsilon = 1
  const uniform = seededUniform(2)
  const [one, other] = [0, 1].map((value) => shares(() => value + discreteLaplace(1 / epsilon, uniform)))
  for (let k = -3; k <= 4; k++)
    expect(Math.abs(Math.log(one(k) / other(k)))).toBeLessThan(
      epsilon + 6 / Math.sqrt(draws * Math.min(one(k), other(k))),
    )
  // quantiles: a row more among few
  const cell = (values: number[]) =>
    shares(() => Math.floor(4 * privateQuantile(values, 0.5, { min: 0, max: 1, epsilon, uniform })))
  const [few, more] = [cell([0.2, 0.5, 0.7]), cell([0.2, 0.5, 0.7, 0.9])]
  for (let k = 0; k < 4; k++)
    expect(Math.abs(Math.log(few(k) / more(k)))).toBeLessThan(
      epsilon + 6 / Math.sqrt(draws * Math.min(few(k), more(k))),
    )
})

test('the account adds up, gives no more than there is, and Gaussian noise composes better', () => {
  const pure = privacyBudget({ epsilon: 1 })
  for (let i = 0; i < 10; i++) pure.spend(`${i}`, 0.1)
  expect(pure.total().epsilon).toBeCloseTo(1, 12)
  expect(() => pure.spend('more', 0.01)).toThrow(/"more" would take 0.01/)
  const both = privacyBudget({ epsilon: 1, delta: 1e-6 })
  for (let i = 0; i < 100; i++) both.spend(`${i}`, 0.01)
  expect(both.total().epsilon).toBeCloseTo(1, 9)
  const rho = rhoOf(1, 1e-6)
  expect(rho + 2 * Math.sqrt(rho * Math.log(1e6))).toBeCloseTo(1, 12)
  const sds = [{ epsilon: 1 }, { epsilon: 1, delta: 1e-6 }].map((b) => privacyBudget(b).spend('one', 0.01).sd(1))
  expect(sds[1]).toBeLessThan(sds[0])
  expect(() => privacyBudget({ epsilon: 0 })).toThrow(/epsilon 0/)
  expect(() => privacyBudget({ epsilon: 1, delta: 1 })).toThrow(/delta 1/)
})

const table = async (n: number): Promise<Relation> =>
  (await relationOf(
    {
      x: Array.from({ length: n }, (_, i) => (i % 10 === 0 ? null : i % 100)),
      k: Array.from({ length: n }, (_, i) => ['a', 'b', 'c'][i % 3]),
    },
    { schema: rowSchema({ x: float({ nullable: true }), k: string() }) },
  )) as unknown as Relation

test('a private profile is near the truth within what it says of its noise', async () => {
  const data = await table(9000)
  for (const delta of [0, 1e-6]) {
    const found = await privateProfile(data, {
      columns: { x: { min: 0, max: 100 }, k: { values: ['a', 'b'] } },
      epsilon: 1,
      delta,
      seed: 5,
    })
    const close = ({ value, sd }: { value: number; sd: number }, truth: number) =>
      expect(Math.abs(value - truth)).toBeLessThan(6 * sd)
    close(found.rows, 9000)
    const [x, k] = found.columns
    close(x.missing, 900)
    close(x.mean!, 50)
    expect(x.quantiles!.map(([, value]) => value)).toEqual([25, 50, 75].map(() => expect.any(Number)))
    for (const [q, value] of x.quantiles!) expect(Math.abs(value - 100 * q)).toBeLessThan(4)
    for (const n of x.histogram!.counts) close({ value: n, sd: x.histogram!.sd }, 810)
    for (const [, n] of k.values!.counts) close({ value: n, sd: k.values!.sd }, 3000)
    close({ value: k.values!.others, sd: k.values!.sd }, 3000)
    expect(found.epsilon).toBeCloseTo(1, 9)
    expect(found).toMatchObject({ delta, seeded: true })
    expect(found.spent).toHaveLength(9)
  }
})

test('noise is secret unless a seed is given, and then the same each time', async () => {
  const data = await table(60)
  const made = (seed?: number) =>
    privateProfile(data, {
      columns: { x: { min: 0, max: 100 } },
      epsilon: 0.1,
      ...(seed === undefined ? {} : { seed }),
    })
  expect(await made(1)).toEqual(await made(1))
  const [a, b] = [await made(), await made()]
  expect(a.seeded).toBe(false)
  expect(a.columns[0].quantiles).not.toEqual(b.columns[0].quantiles)
  const uniform = secretUniform()
  const mean = Array.from({ length: 4000 }, uniform).reduce((sum, u) => sum + u, 0) / 4000
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.03)
})

test('without bounds nothing is read', async () => {
  const data = await table(30)
  const of = (columns: object) => privateProfile(data, { columns: columns as never, epsilon: 1 })
  await expect(of({ x: {} })).rejects.toThrow(/no bounds/)
  await expect(of({ x: { min: 1, max: 1 } })).rejects.toThrow(/from 1 to 1/)
  await expect(of({ k: { values: [] } })).rejects.toThrow(/no values/)
  await expect(of({ k: { min: 0, max: 1 } })).rejects.toThrow(/VARCHAR/)
  await expect(of({ y: { min: 0, max: 1 } })).rejects.toThrow(/"y"/)
  await expect(of({ x: { min: 0, max: 1, edges: [0, 2] } })).rejects.toThrow(/edges/)
  await expect(of({ x: { min: 0, max: 1, quantiles: [2] } })).rejects.toThrow(/2 is no quantile/)
  await expect(of({})).rejects.toThrow(/no column/)
})
