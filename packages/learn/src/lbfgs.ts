import { didYouMean, PodError, sizeOf, type Tensor } from '@mlpod/contract'
import { compile, dtypeOf, grad, openSession, type SessionOptions, type Value } from '@mlpod/graph'
import { type Along, strongWolfe } from './strongWolfe.ts'

/** Settings of `lbfgs`. */
export interface LbfgsOptions extends Pick<SessionOptions, 'threads' | 'thread'> {
  /** What is minimized: one number. */
  readonly loss: Value
  /** What it is minimized over, by name: inputs or parameters of the graph, of float32 or float64. */
  readonly parameters: Readonly<Record<string, Value>>
  /** Where to start. Default: the values that parameters were made with. */
  readonly initial?: Readonly<Record<string, Tensor>>
  /** The other inputs of the graph. */
  readonly feeds?: Readonly<Record<string, Tensor>>
  readonly iterations?: number
  /** Evaluations of loss and gradient; 1.25 times the iterations by default. */
  readonly evaluations?: number
  /** The first step tried; without line search, every step. */
  readonly learningRate?: number
  /** How many changes of the gradient are remembered. */
  readonly history?: number
  readonly lineSearch?: 'strongWolfe' | 'none'
  /** Ends when no element of the gradient is larger. */
  readonly gradientTolerance?: number
  /** Ends when neither a parameter nor the loss changes by more. */
  readonly changeTolerance?: number
  readonly onIteration?: (record: {
    readonly iteration: number
    readonly loss: number
    readonly gradient: number
  }) => void
  readonly signal?: AbortSignal
}

/** Where a minimization ended. */
export interface Minimum {
  readonly parameters: Readonly<Record<string, Tensor>>
  readonly loss: number
  /** The largest element of the gradient. */
  readonly gradient: number
  readonly iterations: number
  readonly evaluations: number
  readonly reason: 'gradient' | 'change' | 'iterations' | 'evaluations' | 'noDescent'
}

// A pair whose curvature is not above this says nothing.
const LEAST_CURVATURE = 1e-10

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
const largest = (a: Float64Array): number => a.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

/** One remembered change: of the point, of the gradient, and 1 / their product. */
interface Change {
  readonly s: Float64Array
  readonly y: Float64Array
  readonly rho: number
}

/** The inverse Hessian that the changes tell, times -g (the two loops of Nocedal 1980). */
function direction(g: Float64Array, changes: readonly Change[], scale: number): Float64Array {
  const q = g.map((value) => -value)
  const alphas = new Float64Array(changes.length)
  for (let i = changes.length - 1; i >= 0; i--) {
    const { s, y, rho } = changes[i]
    alphas[i] = rho * dot(s, q)
    for (let j = 0; j < q.length; j++) q[j] -= alphas[i] * y[j]
  }
  for (let j = 0; j < q.length; j++) q[j] *= scale
  for (let i = 0; i < changes.length; i++) {
    const { s, y, rho } = changes[i]
    const beta = rho * dot(y, q)
    for (let j = 0; j < q.length; j++) q[j] += s[j] * (alphas[i] - beta)
  }
  return q
}

/**
 * Minimizes a loss by L-BFGS: one graph gives loss and gradient, the rest is done here in double precision. The loss must not be
 * random. Throws `OPTION_INVALID`, `LOSS_NOT_FINITE` when the loss is no number at the start, `PARAMETER_MISSING`,
 * `MINIMIZATION_ABORTED`, and what `compile` and a run throw.
 * Source: Nocedal, Wright (2006), algorithm 7.5; torch.optim.LBFGS 2.15 with one call of step.
 */
export async function lbfgs({
  loss,
  parameters,
  initial = {},
  feeds = {},
  iterations = 100,
  evaluations: most = Math.floor(iterations * 1.25),
  learningRate = 1,
  history = 100,
  lineSearch = 'strongWolfe',
  gradientTolerance = 1e-7,
  changeTolerance = 1e-9,
  onIteration,
  signal,
  ...session
}: LbfgsOptions): Promise<Minimum> {
  for (const [name, value] of Object.entries({ iterations, evaluations: most, history }))
    if (!(Number.isSafeInteger(value) && value >= 1))
      throw new PodError('OPTION_INVALID', `lbfgs: ${name} is ${value}, not a whole number >= 1`)
  if (!(learningRate > 0))
    throw new PodError('OPTION_INVALID', `lbfgs: the learning rate ${learningRate} is not positive`)
  const names = Object.keys(parameters)
  if (names.length === 0) throw new PodError('PARAMETER_MISSING', 'lbfgs: there is nothing to minimize over')
  const values = Object.values(parameters)
  const start = names.map((name) => startOf(name, parameters[name], initial))
  const offsets: number[] = [0]
  for (const { shape } of start) offsets.push(offsets[offsets.length - 1] + sizeOf(shape))
  const n = offsets[names.length]
  const flat = (tensors: readonly Tensor[]): Float64Array => {
    const all = new Float64Array(n)
    for (const [i, { data }] of tensors.entries()) all.set(data as Float32Array, offsets[i])
    return all
  }
  const unflat = (x: Float64Array): Record<string, Tensor> =>
    Object.fromEntries(
      start.map(({ dtype, shape }, i) => {
        const part = x.subarray(offsets[i], offsets[i + 1])
        const data = dtype === 'float64' ? Float64Array.from(part) : Float32Array.from(part)
        return [names[i], { dtype, shape, data } as Tensor]
      }),
    )
  const gradients = grad(loss, values)
  const others = Object.keys(feeds)
  const model = compile({
    inputs: { ...inputsNamed(loss, others, values), ...parameters },
    outputs: { 'the loss': loss, ...Object.fromEntries(names.map((name, i) => [`gradient ${name}`, gradients[i]])) },
    name: 'loss and gradient',
  })
  await using runner = await openSession(model, session)
  let count = 0
  const evaluate = async (x: Float64Array): Promise<{ loss: number; gradient: Float64Array }> => {
    if (signal?.aborted)
      throw new PodError('MINIMIZATION_ABORTED', `the minimization was stopped after ${count} evaluations`)
    count++
    const found = await runner.run({ ...feeds, ...unflat(x) })
    return {
      loss: Number(found['the loss'].data[0]),
      gradient: flat(names.map((name) => found[`gradient ${name}`])),
    }
  }

  let x = flat(start)
  let now = await evaluate(x)
  if (!Number.isFinite(now.loss))
    throw new PodError('LOSS_NOT_FINITE', `the loss is ${now.loss} where the minimization starts`)
  const changes: Change[] = []
  let [scale, iteration] = [1, 0]
  const end = (reason: Minimum['reason']): Minimum => ({
    parameters: unflat(x),
    loss: now.loss,
    gradient: largest(now.gradient),
    iterations: iteration,
    evaluations: count,
    reason,
  })
  if (largest(now.gradient) <= gradientTolerance) return end('gradient')
  while (iteration < iterations) {
    iteration++
    const d = direction(now.gradient, changes, scale)
    const slope = dot(now.gradient, d)
    if (slope > -changeTolerance) return end('noDescent')
    const length = now.gradient.reduce((sum, value) => sum + Math.abs(value), 0)
    const first = (iteration === 1 ? Math.min(1, 1 / length) : 1) * learningRate
    const at = (t: number): Float64Array => x.map((value, i) => value + t * d[i])
    const along = async (t: number): Promise<Along> => {
      const found = await evaluate(at(t))
      return { ...found, slope: dot(found.gradient, d) }
    }
    const before = now
    let t = first
    if (lineSearch === 'strongWolfe') {
      const limits = { length: largest(d), most: Math.max(0, most - count), tolerance: changeTolerance }
      const { point } = await strongWolfe(along, { ...now, slope }, first, limits)
      t = point.at
      now = point
    } else now = await along(t)
    x = at(t)
    onIteration?.({ iteration, loss: now.loss, gradient: largest(now.gradient) })
    if (count >= most) return end('evaluations')
    if (largest(now.gradient) <= gradientTolerance) return end('gradient')
    if (largest(d) * t <= changeTolerance || Math.abs(now.loss - before.loss) < changeTolerance) return end('change')
    const s = d.map((value) => value * t)
    const y = now.gradient.map((value, i) => value - before.gradient[i])
    const curvature = dot(y, s)
    if (curvature > LEAST_CURVATURE) {
      if (changes.length === history) changes.shift()
      changes.push({ s, y, rho: 1 / curvature })
      scale = curvature / dot(y, y)
    }
  }
  return end('iterations')
}

function startOf(name: string, value: Value, initial: Readonly<Record<string, Tensor>>): Tensor {
  const dtype = dtypeOf(value)
  if (dtype !== 'float32' && dtype !== 'float64')
    throw new PodError('DTYPE_MISMATCH', `lbfgs: "${name}" is ${dtype}, not float32 or float64`)
  const { value: attribute } = value.operation.attributes
  const tensor = initial[name] ?? (attribute?.kind === 'tensor' ? attribute.value : undefined)
  if (!tensor)
    throw new PodError(
      'PARAMETER_MISSING',
      `lbfgs: "${name}" has no value to start from${didYouMean(name, Object.keys(initial))}`,
    )
  return tensor
}

/** The inputs of a graph that have these names. */
function inputsNamed(loss: Value, names: readonly string[], known: readonly Value[]): Record<string, Value> {
  const found: Record<string, Value> = {}
  const seen = new Set<Value>(known)
  const stack = [loss]
  while (stack.length > 0) {
    const value = stack.pop()!
    if (seen.has(value)) continue
    seen.add(value)
    const { operation } = value
    if (operation.domain === 'mlpod' && value.name !== undefined && names.includes(value.name))
      found[value.name] = value
    for (const read of [...operation.inputs, ...operation.captures]) if (read) stack.push(read)
  }
  for (const name of names) if (!(name in found)) throw new PodError('INPUT_UNKNOWN', `the loss has no input "${name}"`)
  return found
}
