import { atLeastOne, count, nonNegative, oneOf, positive, share } from '../optimizers/option.ts'
import { halfCosine, line } from './decays.ts'
import { impossible, scales, schedule } from './schedule.ts'

const rate = ['rate', nonNegative] as const
const steps = ['steps', atLeastOne] as const
const SHAPES = { cosine: halfCosine, linear: line } as const
const shape = oneOf(['cosine', 'linear'], 'cosine')

/** Returns the rate along whole cosines: down to `end` in `steps` steps, and up again. Throws `SCHEDULE_INVALID`. Source: torch CosineAnnealingLR 2.15 as it goes on. */
export const cosineCycle = schedule(
  {
    name: 'cosineCycle',
    source: 'torch CosineAnnealingLR 2.15',
    needs: [rate, steps],
    parameters: { end: nonNegative(0) },
  },
  (rate, steps, { end }) =>
    (n) =>
      halfCosine(rate, end, n / steps),
)

/** The number of the period that n lies in when each is `grow` times as long as the one before, and the share of it that is done. */
function periodOf(n: number, first: number, grow: number): { readonly index: number; readonly done: number } {
  const passed = n / first
  if (grow === 1) return { index: Math.floor(passed), done: passed - Math.floor(passed) }
  const starts = (index: number): number => (grow ** index - 1) / (grow - 1)
  // rounding may put the boundary itself on the wrong side
  let index = Math.max(0, Math.floor(Math.log1p(passed * (grow - 1)) / Math.log(grow)))
  if (starts(index + 1) <= passed) index++
  else if (starts(index) > passed) index--
  return { index, done: (passed - starts(index)) / grow ** index }
}

/** Returns half a cosine from `rate` to `end` again and again, each `grow` times as long as the one before. Throws `SCHEDULE_INVALID`. Source: torch CosineAnnealingWarmRestarts 2.15 (SGDR; Loshchilov, Hutter 2017). */
export const cosineRestarts = schedule(
  {
    name: 'cosineRestarts',
    source: 'torch CosineAnnealingWarmRestarts 2.15',
    needs: [rate, ['first', count]],
    parameters: { grow: count(1), end: nonNegative(0) },
  },
  (rate, first, { grow, end }) =>
    (n) =>
      halfCosine(rate, end, periodOf(n, first, grow).done),
)

/** Returns cosine restarts whose heights shrink too; `end` is a share of the rate. Throws `SCHEDULE_INVALID`. Source: keras CosineDecayRestarts 3.15. */
export const cosineDecayRestarts = schedule(
  {
    name: 'cosineDecayRestarts',
    source: 'keras.optimizers.schedules.CosineDecayRestarts 3.15',
    needs: [rate, ['first', atLeastOne]],
    parameters: { grow: atLeastOne(2), shrink: positive(1), end: share(0) },
  },
  (rate, first, { grow, shrink, end }) =>
    (n) => {
      const { index, done } = periodOf(n, first, grow)
      return rate * ((1 - end) * shrink ** index * halfCosine(1, 0, done) + end)
    },
)

/** Returns (rate - end) (1 - n / steps)^power + end, with `steps` doubled, tripled, ... when they are over. Throws `SCHEDULE_INVALID`. Source: keras PolynomialDecay 3.15 with cycle. */
export const polynomialCycle = schedule(
  {
    name: 'polynomialCycle',
    source: 'keras.optimizers.schedules.PolynomialDecay 3.15',
    needs: [rate, steps],
    parameters: { end: nonNegative(1e-4), power: positive(1) },
  },
  (rate, steps, { end, power }) =>
    (n) =>
      (rate - end) * (1 - n / (steps * Math.max(1, Math.ceil(n / steps)))) ** power + end,
)

const cyclicSettings = {
  up: atLeastOne(2000),
  /** Steps down; 0 stands for as many as up. */
  down: nonNegative(0),
  mode: oneOf(['triangular', 'triangular2', 'exponential'], 'triangular'),
  /** What the height is multiplied with at each step of `exponential`. */
  factor: positive(1),
}

const heights = {
  triangular: () => 1,
  triangular2: (cycle: number) => 0.5 ** (cycle - 1),
  exponential: (_: number, n: number, factor: number) => factor ** n,
}

/** How high a cyclic schedule stands at step n, as a share. */
function heightAt(
  n: number,
  { up, down, mode, factor }: { up: number; down: number; mode: keyof typeof heights; factor: number },
): number {
  const total = up + (down === 0 ? up : down)
  const cycle = Math.floor(1 + n / total)
  const x = 1 + n / total - cycle
  const turn = up / total
  return (x <= turn ? x / turn : (x - 1) / (turn - 1)) * heights[mode](cycle, n, factor)
}

/**
 * Returns a rate that goes up from `low` to `high` in `up` steps and down again in `down`, with the same height, half of it each
 * time (`triangular2`), or less by `factor` at each step. Throws `SCHEDULE_INVALID`. Source: Smith (2017); torch CyclicLR 2.15.
 */
export const cyclic = schedule(
  {
    name: 'cyclic',
    source: 'torch CyclicLR 2.15',
    needs: [
      ['low', nonNegative],
      ['high', nonNegative],
    ],
    parameters: cyclicSettings,
  },
  (low, high, settings) => (n) => line(low, high, heightAt(n, settings)),
)

/** Returns the momentum that goes with `cyclic`: down from `high` while the rate goes up. Throws `SCHEDULE_INVALID`. Source: torch CyclicLR 2.15. */
export const cyclicMomentum = schedule(
  {
    name: 'cyclicMomentum',
    source: 'torch CyclicLR 2.15',
    needs: [],
    parameters: { low: share(0.8), high: share(0.9), ...cyclicSettings },
  },
  ({ low, high, ...settings }) =>
    (n) =>
      line(high, low, heightAt(n, settings)),
)

/** A value at the ends of phases, one after the other. */
function phased(
  ends: readonly number[],
  values: readonly number[],
  between: (from: number, to: number, at: number) => number,
) {
  return (n: number): number => {
    const at = Math.min(n, ends[ends.length - 1])
    const found = ends.findIndex((end) => at <= end)
    const phase = found < 0 ? ends.length - 1 : found
    const start = phase === 0 ? 0 : ends[phase - 1]
    const length = ends[phase] - start
    return between(values[phase], values[phase + 1], length === 0 ? 1 : (at - start) / length)
  }
}

const oneCycleEnds = (steps: number, rising: number, phases: number): readonly number[] =>
  phases === 2 ? [rising * steps - 1, steps - 1] : [rising * steps - 1, 2 * rising * steps - 2, steps - 1]

const cycleSettings = {
  rising: share(0.3),
  shape,
  phases: { ...count(2), takes: '2 or 3', test: (n: number) => n === 2 || n === 3 },
}

/**
 * Returns the rate going up from peak / `start` to `peak` in a share `rising` of the steps, then down to that first rate / `end`,
 * by way of the first rate with three phases. Throws `SCHEDULE_INVALID`. Source: Smith, Topin (2018); torch OneCycleLR 2.15.
 */
export const oneCycle = schedule(
  {
    name: 'oneCycle',
    source: 'torch OneCycleLR 2.15',
    needs: [['peak', nonNegative], steps],
    parameters: { ...cycleSettings, start: positive(25), end: positive(1e4) },
  },
  (peak, steps, { rising, start, end, shape, phases }) => {
    const first = peak / start
    return phased(
      oneCycleEnds(steps, rising, phases),
      [first, peak, ...(phases === 3 ? [first] : []), first / end],
      SHAPES[shape],
    )
  },
)

/** Returns the momentum that goes with `oneCycle`: down while the rate goes up. Throws `SCHEDULE_INVALID`. Source: torch OneCycleLR 2.15. */
export const oneCycleMomentum = schedule(
  {
    name: 'oneCycleMomentum',
    source: 'torch OneCycleLR 2.15',
    needs: [steps],
    parameters: { low: share(0.85), high: share(0.95), ...cycleSettings },
  },
  (steps, { low, high, rising, shape, phases }) =>
    phased(oneCycleEnds(steps, rising, phases), [high, low, high, ...(phases === 3 ? [high] : [])], SHAPES[shape]),
)

/** Returns the rate multiplied by each factor on the way to its step, along lines or half cosines. Throws `SCHEDULE_INVALID`. Source: optax.piecewise_interpolate_schedule 0.2.8. */
export const piecewiseInterpolate = schedule(
  {
    name: 'piecewiseInterpolate',
    source: 'optax.piecewise_interpolate_schedule 0.2.8',
    needs: [rate, ['factors', scales]],
    parameters: { shape: oneOf(['cosine', 'linear'], 'linear') },
  },
  (rate, factors, { shape }) => {
    const ends = Object.keys(factors).map(Number)
    if (ends.length === 0) throw impossible('piecewiseInterpolate', 'there is no factor')
    const values = [rate]
    for (const factor of Object.values(factors)) values.push(values[values.length - 1] * factor)
    return phased(ends, values, SHAPES[shape])
  },
)

const optaxCycle = { rising: share(0.3), start: positive(25), end: positive(1e4) }

/** Returns lines up to the peak, back to the first rate at a share `falling` of the steps, and down to that / `end`. Throws `SCHEDULE_INVALID`. Source: optax.linear_onecycle_schedule 0.2.8. */
export const linearOneCycle = schedule(
  {
    name: 'linearOneCycle',
    source: 'optax.linear_onecycle_schedule 0.2.8',
    needs: [['peak', nonNegative], steps],
    parameters: { ...optaxCycle, falling: share(0.85) },
  },
  (peak, steps, { rising, falling, start, end }) => {
    const first = peak / start
    return phased(
      [Math.floor(rising * steps), Math.floor(falling * steps), steps],
      [first, peak, first, first / end],
      line,
    )
  },
)

/** Returns half cosines up to the peak and down to the first rate / `end`. Throws `SCHEDULE_INVALID`. Source: optax.cosine_onecycle_schedule 0.2.8. */
export const cosineOneCycle = schedule(
  {
    name: 'cosineOneCycle',
    source: 'optax.cosine_onecycle_schedule 0.2.8',
    needs: [['peak', nonNegative], steps],
    parameters: optaxCycle,
  },
  (peak, steps, { rising, start, end }) => {
    const first = peak / start
    return phased([Math.floor(rising * steps), steps], [first, peak, first / end], halfCosine)
  },
)
