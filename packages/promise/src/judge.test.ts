import { type Claim, hashValue, type Measured, type Measurement, type Quantity } from '@mlpod/contract'
import { random } from '@mlpod/math'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  atLeast,
  atMost,
  equals,
  evidenceId,
  judge,
  lookShare,
  type Measurements,
  promises,
  readSeal,
  seal,
} from './index.ts'

const quantity = (by?: readonly string[]): Quantity => ({
  quantity: 'coverage',
  data: {},
  measure: async () => ({ dropped: 0, method: 'counted' }),
  ...(by ? { by } : {}),
})
const zero = hashValue(0)
const provenance = { data: [zero], code: zero, params: zero, environment: zero }
const measuredAs = (whole: Measurement, look = 1): Measurements[string] => ({
  measured: { whole, dropped: 0, method: 'counted' },
  provenance,
  look,
})
const one = (claim: Claim, measured: Measured, look = 1) =>
  judge(promises({ it: claim }), { it: { measured, provenance, look } }).it

test('a proportion far above its level is kept, far below is broken, near it is undecided with the rows that would decide', () => {
  const claim = atLeast(quantity(), 0.9)
  const at = (successes: number, n: number) =>
    one(claim, { whole: { kind: 'proportion', successes, n }, dropped: 0, method: 'counted' })
  expect(at(970, 1000).verdict).toBe('kept')
  expect(at(800, 1000).verdict).toBe('broken')
  const near = at(460, 500)
  expect(near.verdict).toBe('undecided')
  expect(near.needs).toBeGreaterThan(100)
  // the rows it asks for do decide when the rate stays: with 80 % power the expected outcome is past the border
  const n = 500 + (near.needs as number)
  expect(at(Math.round(0.92 * n), n).verdict).toBe('kept')
})

test('the printed interval excludes the threshold exactly when the verdict is decided', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0.05, max: 0.95, noNaN: true }),
      fc.boolean(),
      (n, share, threshold, up) => {
        const successes = Math.round(n * share)
        const claim = (up ? atLeast : atMost)(quantity(), threshold)
        const { verdict, lower, upper } = one(claim, {
          whole: { kind: 'proportion', successes, n },
          dropped: 0,
          method: 'counted',
        })
        const [clearlyHolds, clearlyFails] = up
          ? [lower >= threshold + 1e-9, upper < threshold - 1e-9]
          : [upper <= threshold - 1e-9, lower > threshold + 1e-9]
        if (clearlyHolds) expect(verdict).toBe('kept')
        if (clearlyFails) expect(verdict).toBe('broken')
        if (verdict === 'kept') expect(up ? lower >= threshold - 1e-9 : upper <= threshold + 1e-9).toBe(true)
        if (verdict === 'broken') expect(up ? upper <= threshold + 1e-9 : lower >= threshold - 1e-9).toBe(true)
      },
    ),
    { seed: 1, numRuns: 300 },
  )
})

test('the family of verdicts is wrong at most as often as stated: simulation with all claims exactly at their border', () => {
  // Twelve claims, each just false: "kept" would be wrong. n is large, so the exact test is nearly sharp.
  const { uniform } = random({ seed: 3, path: 'family' })
  const claims = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`c${i}`, atLeast(quantity(), 0.7)]))
  const set = promises(claims)
  let wrong = 0
  const repeats = 600
  let draw = 0
  for (let r = 0; r < repeats; r++) {
    const measurements = Object.fromEntries(
      Object.keys(claims).map((name) => {
        let successes = 0
        for (let i = 0; i < 200; i++) if (uniform(draw++) < 0.6999) successes++
        return [name, measuredAs({ kind: 'proportion', successes, n: 200 })]
      }),
    )
    if (Object.values(judge(set, measurements)).some(({ verdict }) => verdict === 'kept')) wrong++
  }
  const limit = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / repeats)
  expect(wrong / repeats).toBeLessThanOrEqual(limit)
})

test('a later look at new data needs stronger evidence, and all looks together spend no more than the whole', () => {
  const claim = atLeast(quantity(), 0.9)
  const measured: Measured = { whole: { kind: 'proportion', successes: 472, n: 500 }, dropped: 0, method: 'counted' }
  expect(one(claim, measured, 1).verdict).toBe('kept')
  expect(one(claim, measured, 20).verdict).toBe('undecided')
  let spent = 0
  for (let j = 1; j <= 100_000; j++) spent += lookShare(j)
  expect(spent).toBeLessThanOrEqual(1)
  expect(spent).toBeGreaterThan(0.9999)
})

test('a claim by group is kept only if each part is, and broken by one clearly failing part', () => {
  const claim = atLeast(quantity(['race']), 0.75)
  const part = (name: string, successes: number, n: number) => ({
    name,
    measurement: { kind: 'proportion' as const, successes, n },
  })
  const good = one(claim, { parts: [part('a', 195, 200), part('b', 98, 100)], dropped: 0, method: 'counted' })
  expect(good.verdict).toBe('kept')
  const mixed = one(claim, { parts: [part('a', 195, 200), part('b', 9, 10)], dropped: 0, method: 'counted' })
  expect(mixed.verdict).toBe('undecided')
  expect(mixed.estimate).toBeCloseTo(0.9)
  const bad = one(claim, { parts: [part('a', 195, 200), part('b', 40, 100)], dropped: 0, method: 'counted' })
  expect(bad.verdict).toBe('broken')
  expect(bad.parts?.map(({ verdict }) => verdict)).toEqual(['kept', 'broken'])
  expect(bad.estimate).toBeCloseTo(0.4)
})

test('exact claims are decided by the comparison and spend nothing of the family', () => {
  const set = promises({ schema: equals(quantity(), 0), coverage: atLeast(quantity(), 0.9) })
  const coverage = measuredAs({ kind: 'proportion', successes: 472, n: 500 })
  const both = judge(set, { schema: measuredAs({ kind: 'exact', value: 3, n: 1989 }), coverage })
  expect(both.schema.verdict).toBe('broken')
  expect(both.coverage).toEqual(judge(promises({ coverage: set.claims.coverage }), { coverage }).coverage)
})

test('what a machine measures changes nothing that is said of the model', () => {
  const set = promises({ coverage: atLeast(quantity(), 0.9), fast: atLeast({ ...quantity(), volatile: true }, 0.99) })
  const coverage = measuredAs({ kind: 'proportion', successes: 472, n: 500 })
  const [slow, quick] = [600, 1000].map((successes) =>
    judge(set, { coverage, fast: measuredAs({ kind: 'proportion', successes, n: 1000 }) }),
  )
  expect(slow.coverage).toEqual(quick.coverage)
  expect(slow.fast).toMatchObject({ verdict: 'broken', volatile: true })
})

test('a small difference with many rows is kept, and its sign does not matter', () => {
  const claim = atMost(quantity(), 0.1)
  const pair = (a: number, b: number, n: number): Measured => ({
    whole: { kind: 'difference', first: { successes: a, n }, second: { successes: b, n }, absolute: true },
    dropped: 0,
    method: 'counted',
  })
  expect(one(claim, pair(1600, 1620, 2000)).verdict).toBe('kept')
  expect(one(claim, pair(1620, 1600, 2000)).verdict).toBe('kept')
  expect(one(claim, pair(900, 1600, 2000)).verdict).toBe('broken')
  expect(one(claim, pair(40, 42, 50)).verdict).toBe('undecided')
})

test('an asymptotically normal mean is judged by its standard error', () => {
  const claim = atMost(quantity(), 0.4)
  const mean = (estimate: number): Measured => ({
    whole: { kind: 'mean', estimate, standardError: 0.02, n: 700 },
    dropped: 0,
    method: 'log loss',
  })
  expect([0.3, 0.5, 0.41].map((x) => one(claim, mean(x)).verdict)).toEqual(['kept', 'broken', 'undecided'])
})

test('a claim measured on nothing is an error that names the promise', () => {
  expect(() => one(atLeast(quantity(), 0.9), { parts: [], dropped: 7, method: 'coverage' })).toThrow(
    /promise "it" was measured on nothing/,
  )
})

test('bad promise sets are refused: confidence, names, emptiness, thresholds', () => {
  const claim = atLeast(quantity(), 0.9)
  expect(() => promises({ a: claim }, { confidence: 1 })).toThrow(/confidence is 1/)
  expect(() => promises({})).toThrow(/no promise/)
  expect(() => promises({ 'a/../b': claim })).toThrow(/is no name/)
  expect(() => atLeast(quantity(), Number.NaN)).toThrow(/not a finite number/)
})

test('a seal is read back whole, and refuses another body, changed evidence, and a newer version', () => {
  const evidence = one(atLeast(quantity(), 0.9), {
    whole: { kind: 'proportion', successes: 472, n: 500 },
    dropped: 2,
    method: 'counted',
  })
  const volatile = { ...evidence, volatile: true }
  const bodyHash = hashValue('body')
  const metadata = seal({ bodyHash, confidence: 0.95, evidence: [evidence, volatile] })
  const back = readSeal(metadata, bodyHash)
  expect(back?.evidence).toEqual([evidence])
  expect(evidenceId(back?.evidence[0] as typeof evidence)).toBe(evidenceId(evidence))
  expect(readSeal({}, bodyHash)).toBeUndefined()
  expect(() => readSeal(metadata, hashValue('other'))).toThrow(/another model body/)
  const forged = { ...metadata, 'mlpod.evidence': metadata['mlpod.evidence'].replace('"dropped":2', '"dropped":0') }
  expect(() => readSeal(forged, bodyHash)).toThrow(/does not match its sealed hash/)
  const newer = { ...metadata, 'mlpod.evidence': metadata['mlpod.evidence'].replace(/"version":1}$/, '"version":2}') }
  expect(() => readSeal(newer, bodyHash)).toThrow(/version 2/)
  expect(() => readSeal({ ...metadata, 'mlpod.evidence': '{' }, bodyHash)).toThrow(/not readable/)
})
