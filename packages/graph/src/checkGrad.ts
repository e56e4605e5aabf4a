import { PodError, type Tensor, tensor } from '@mlpod/contract'
import type { Random } from '@mlpod/math'
import { compile } from './compile.ts'
import { jvp, vjp } from './differentiate.ts'
import { arrayOf, input } from './leaf.ts'
import { openSession } from './session.ts'
import { capture } from './site.ts'
import { dtypeOf, type Value } from './value.ts'
import { topological } from './walk.ts'

/** What is checked, and where. */
export interface CheckGradOptions {
  /** The values differentiated. */
  readonly outputs: readonly Value[]
  /** What they are differentiated by. */
  readonly wrt: readonly Value[]
  /** Tensors of the inputs, and of those of `wrt` that are no parameters, by name. */
  readonly feeds?: Readonly<Record<string, Tensor>>
  /** Step of the differences. Default 1e-6 in float64, 1e-2 in float32. */
  readonly epsilon?: number
  /** Largest error that passes, relative to 1 + the size of what is compared. Default 1e-6 in float64, 2e-2 in float32. */
  readonly tolerance?: number
  /** Seed of the directions and of the elements tried. Default 0. */
  readonly seed?: number
  /** Elements tried of each value. Default 64. */
  readonly samples?: number
}

/** How well derivatives agree with differences and with each other; errors are relative to 1 + the size compared. */
export interface GradCheck {
  readonly passed: boolean
  /** Reverse mode against central differences, element by element. */
  readonly reverse: number
  /** Forward mode against central differences along one direction. */
  readonly forward: number
  /** <c, J v> against <J^T c, v>: the two modes against each other, exact but for rounding: a thousandth of the tolerance passes (a twentieth in float32). */
  readonly dot: number
  /** The element where reverse mode is furthest off: `w[3]: 0.5 for 0.25`. */
  readonly worst?: string
}

/**
 * Checks derivatives at one point: reverse and forward mode against central differences, and against each other.
 * Choose a point without kinks. Throws what compiling and running throw, and `INPUT_MISSING`.
 */
export async function checkGrad({
  outputs,
  wrt,
  feeds = {},
  epsilon,
  tolerance,
  seed = 0,
  samples = 64,
}: CheckGradOptions): Promise<GradCheck> {
  const double = wrt.every((value) => dtypeOf(value) === 'float64')
  const step = epsilon ?? (double ? 1e-6 : 1e-2)
  const limit = tolerance ?? (double ? 1e-6 : 2e-2)
  const at = capture().at
  const points = wrt.map((value, i) => pointOf(value, i, feeds, at))
  const varied = Object.fromEntries(wrt.map((value, i) => [`x${i}`, value]))
  const others = topological(outputs, new Set(wrt)).flatMap(({ type, domain, outputs: [value] }) =>
    type === 'Input' && domain === 'mlpod' ? [value] : [],
  )
  const inputs = { ...varied, ...Object.fromEntries(others.map((value) => [value.name!, value])) }
  const named = (values: readonly Value[], key: string) =>
    Object.fromEntries(values.map((value, i) => [`${key}${i}`, value]))
  const rest = Object.fromEntries(others.filter(({ name }) => feeds[name!]).map(({ name }) => [name, feeds[name!]]))

  await using primal = await openSession(compile({ inputs, outputs: named(outputs, 'y') }), EXACT)
  const valuesAt = async (xs: readonly Tensor[]): Promise<readonly Tensor[]> => {
    const results = await primal.run({ ...rest, ...Object.fromEntries(xs.map((x, i) => [`x${i}`, x])) })
    return outputs.map((_, i) => results[`y${i}`])
  }
  const { random } = await import('@mlpod/math')
  const draws = random({ seed, path: 'checkGrad' })
  const direction =
    (path: string) =>
    (like: Tensor, i: number): Tensor => {
      const draw = draws.at(`${path}${i}`)
      const elements = Array.from({ length: like.data.length }, (_, k) => 2 * draw.uniform(k) - 1)
      return tensor(like.dtype, like.shape, arrayOf(like.dtype, elements))
    }
  const cs = (await valuesAt(points)).map(direction('c'))
  const vs = points.map(direction('v'))

  const leaves = (values: readonly Value[], key: string) =>
    values.map((value, i) => input(`${key}${i}`, dtypeOf(value)!, value.shape))
  const [cLeaves, vLeaves] = [leaves(outputs, 'c'), leaves(wrt, 'v')]
  const derivatives = { ...named(vjp(outputs, wrt, cLeaves), 'back'), ...named(jvp(outputs, wrt, vLeaves), 'forth') }
  await using session = await openSession(
    compile({ inputs: { ...inputs, ...named(cLeaves, 'c'), ...named(vLeaves, 'v') }, outputs: derivatives }),
    EXACT,
  )
  const fed = (tensors: readonly Tensor[], key: string) =>
    Object.fromEntries(tensors.map((value, i) => [`${key}${i}`, value]))
  const results = await session.run({ ...rest, ...fed(points, 'x'), ...fed(cs, 'c'), ...fed(vs, 'v') })
  const back = wrt.map((_, i) => results[`back${i}`])
  const forth = outputs.map((_, i) => results[`forth${i}`])

  let [reverse, forward, worst] = [0, 0, '']
  for (const [i, point] of points.entries())
    for (const element of picked(point.data.length, samples, draws.at(`element${i}`))) {
      const [high, low] = [
        await valuesAt(moved(points, i, element, step)),
        await valuesAt(moved(points, i, element, -step)),
      ]
      const numeric = (inner(cs, high) - inner(cs, low)) / (2 * step)
      const exact = Number(back[i].data[element])
      const error = errorOf(exact, numeric)
      if (error >= reverse) [reverse, worst] = [error, `${wrt[i].name ?? `x${i}`}[${element}]: ${exact} for ${numeric}`]
    }
  const along = (h: number) => points.map((point, i) => shifted(point, (k) => h * Number(vs[i].data[k])))
  const [high, low] = [await valuesAt(along(step)), await valuesAt(along(-step))]
  for (const [i, value] of forth.entries())
    for (let k = 0; k < value.data.length; k++) {
      const numeric = (Number(high[i].data[k]) - Number(low[i].data[k])) / (2 * step)
      forward = Math.max(forward, errorOf(Number(value.data[k]), numeric))
    }
  const dot = errorOf(inner(cs, forth), inner(back, vs))
  const passed = reverse <= limit && forward <= limit && dot <= limit * (double ? 1e-3 : 5e-2)
  return { passed, reverse, forward, dot, worst }
}

// The runtime's fusions keep factors in single precision, which double precision would show.
const EXACT = { optimization: 'basic' } as const

function pointOf(value: Value, i: number, feeds: Readonly<Record<string, Tensor>>, at: string | undefined): Tensor {
  const fed = feeds[value.name ?? `x${i}`]
  if (fed !== undefined) return fed
  const own = value.operation.type === 'Parameter' ? value.operation.attributes.value : undefined
  if (own?.kind === 'tensor') return own.value
  throw new PodError('INPUT_MISSING', `the value "${value.name ?? `x${i}`}" is not fed`, {
    at,
    hint: 'give its tensor in feeds',
  })
}

const errorOf = (a: number, b: number): number => {
  const error = Math.abs(a - b) / (1 + Math.max(Math.abs(a), Math.abs(b)))
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error
}

function inner(a: readonly Tensor[], b: readonly Tensor[]): number {
  let sum = 0
  for (const [i, { data }] of a.entries())
    for (let k = 0; k < data.length; k++) sum += Number(data[k]) * Number(b[i].data[k])
  return sum
}

const shifted = (point: Tensor, by: (k: number) => number): Tensor =>
  tensor(
    point.dtype,
    point.shape,
    arrayOf(
      point.dtype,
      Array.from(point.data as ArrayLike<number>, (x, k) => x + by(k)),
    ),
  )

const moved = (points: readonly Tensor[], i: number, element: number, by: number): Tensor[] =>
  points.with(
    i,
    shifted(points[i], (k) => (k === element ? by : 0)),
  )

function picked(length: number, samples: number, draw: Random): number[] {
  if (length <= samples) return Array.from({ length }, (_, i) => i)
  return Array.from({ length: samples }, (_, i) => Math.floor(draw.uniform(i) * length))
}
