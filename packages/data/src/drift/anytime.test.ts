import { random } from '@mlpod/math'
import { afterAll, expect, test } from 'vitest'
import {
  bool,
  closeEngine,
  driftImpact,
  driftWatch,
  float,
  type Relation,
  relationOf,
  rowSchema,
  string,
} from '../index.ts'

afterAll(closeEngine)
const schema = rowSchema({ x: float({ nullable: true }), k: string({ nullable: true }), b: bool() })

/** Rows of a normal number, a category and a truth value. */
async function rows(seed: number, n: number, { shift = 0, rare = 0.1, gone = 0 } = {}): Promise<Relation> {
  const draw = random({ seed })
  const at = (name: string) => draw.at(name)
  const list = Array.from({ length: n }, (_, i) => ({
    x: at('gone').uniform(i) < gone ? null : at('x').normal(i) + shift,
    k: at('k').uniform(i) < rare ? 'rare' : at('k2').uniform(i) < 0.4 ? 'a' : 'b',
    b: at('b').uniform(i) < 0.5,
  }))
  return (await relationOf(list as never, { schema })) as unknown as Relation
}

test('without drift a bettor seldom ever grows rich, however often one looks', async () => {
  let alarms = 0
  const streams = 60
  for (let s = 0; s < streams; s++) {
    const watch = await driftWatch(await rows(1000 + s, 100), { level: 0.1, seed: s, columns: ['x', 'k'] })
    let ever = false
    for (let day = 0; day < 8; day++)
      if ((await watch.update(await rows(5000 + 10 * s + day, 25))).drifted.length > 0) ever = true
    alarms += Number(ever)
  }
  // at most a tenth in expectation; 12 of 60 would come by chance about once in a hundred times
  expect(alarms).toBeLessThan(12)
})

test('drift is found in the columns that drift, and in no other', async () => {
  const watch = await driftWatch(await rows(1, 2000))
  expect((await watch.update(await rows(2, 500))).drifted).toEqual([])
  const after = await watch.update(await rows(3, 500, { shift: 0.6, rare: 0.5 }))
  expect(after.drifted).toEqual(['x', 'k'])
  expect(after.columns[2]).toMatchObject({ column: 'b', seen: 1000, drifted: false })
  const missing = await (await driftWatch(await rows(1, 2000))).update(await rows(4, 500, { gone: 0.2 }))
  expect(missing.drifted).toEqual(['x'])
})

test('names that are always new are no drift', async () => {
  const ids = async (from: number, n: number) =>
    (await relationOf(
      { id: Array.from({ length: n }, (_, i) => `id ${from + i}`) },
      { schema: rowSchema({ id: string() }) },
    )) as unknown as Relation
  const watch = await driftWatch(await ids(0, 1000))
  expect((await watch.update(await ids(5000, 1000))).drifted).toEqual([])
})

test('what cannot be watched is refused', async () => {
  const data = await rows(1, 20)
  await expect(driftWatch(data, { columns: ['y'] })).rejects.toThrow(/"y"/)
  await expect(driftWatch(data, { level: 0 })).rejects.toThrow(/level 0/)
  await expect(driftWatch(data, { maxRows: 1 })).rejects.toThrow(/1 rows/)
  await expect(driftWatch(data.limit(0))).rejects.toThrow(/no rows/)
  await expect((await driftWatch(data)).update(data.omit('k'))).rejects.toThrow(/"k"/)
})

/** f = 2 a + a c + 0 b: of the columns a and b, which both move, only a does anything. */
const model = async ({ a, b, c }: Readonly<Record<string, Float64Array>>) => ({
  prediction: a.map((x, i) => 2 * x + x * c[i]),
  gradient: { a: c.map((z) => 2 + z), b: new Float64Array(b.length), c: a },
})
async function abc(seed: number, n: number, shift: number): Promise<Relation> {
  const draw = random({ seed })
  const list = Array.from({ length: n }, (_, i) => ({
    a: draw.at('a').normal(i) + shift,
    b: draw.at('b').normal(i) + 3 * shift,
    c: draw.at('c').normal(i),
  }))
  return (await relationOf(list, { schema: rowSchema({ a: float(), b: float(), c: float() }) })) as unknown as Relation
}

test('of two columns that drift alike, only the one that the model looks at matters', async () => {
  const found = await driftImpact(await abc(1, 4000, 0), await abc(2, 4000, 0.5), { columns: ['a', 'b', 'c'], model })
  const of = Object.fromEntries(found.columns.map((one) => [one.column, one]))
  expect(found.columns[0]).toMatchObject({ column: 'a', verdict: 'matters' })
  expect(of.a.change).toBeCloseTo(1, 1)
  expect(of.b).toMatchObject({ change: 0, verdict: 'harmless' })
  expect(of.b.moved).toBeGreaterThan(1.4)
  expect(of.c.verdict).toBe('harmless')
  expect(Math.abs(found.rest)).toBeLessThan(0.1)
})

test('parts add up to the change where columns move alone, whatever the model', async () => {
  const curved = async ({ a }: Readonly<Record<string, Float64Array>>) => ({
    prediction: a.map((x) => x ** 2),
    gradient: { a: a.map((x) => 2 * x) },
  })
  const [before, now] = [await abc(1, 1000, 0), await abc(2, 1000, 1)]
  const { rest, change } = await driftImpact(before, now, { columns: ['a'], model: curved })
  expect(change).toBeGreaterThan(0.8)
  expect(Math.abs(rest)).toBeLessThan(1e-9)
})

test('too few rows are undecided, and models must give what they promise', async () => {
  const [before, now] = [await abc(1, 12, 0), await abc(2, 12, 0.1)]
  const options = { columns: ['a', 'b', 'c'], model }
  const { columns } = await driftImpact(before, now, { ...options, tolerance: 0.2 })
  expect(columns.some(({ verdict }) => verdict === 'undecided')).toBe(true)
  const short = async () => ({ prediction: [], gradient: { a: [1] } })
  await expect(driftImpact(before, now, { columns: ['a'], model: short })).rejects.toThrow(
    /1 derivatives by "a" for 12/,
  )
  await expect(driftImpact(before, now, { ...options, columns: ['d'] })).rejects.toThrow(/"d"/)
  await expect(driftImpact(await rows(1, 9), await rows(2, 9), { ...options, columns: ['k'] })).rejects.toThrow(
    /derivative/,
  )
  await expect(driftImpact(before, now, { ...options, steps: 0 })).rejects.toThrow(/0 points/)
  await expect(driftImpact(before, now.limit(0), options)).rejects.toThrow(/no row/)
})
