import { PodError } from '@mlpod/contract'
import {
  abs,
  add,
  exp,
  matMul,
  max,
  mul,
  neg,
  pow,
  reduceSum,
  sqrt,
  sub,
  tanh,
  transpose,
  unsqueeze,
  type Value,
} from '@mlpod/graph'

/** The numbers of a kernel. */
export interface KernelOptions {
  /** Of `rbf`, `laplacian`, `polynomial` and `sigmoid`. Default 1 / features. */
  readonly gamma?: number
  /** Of `polynomial`. Default 3. */
  readonly degree?: number
  /** Of `polynomial` and `sigmoid`. Default 1. */
  readonly coef0?: number
}

interface Numbers {
  readonly gamma: number
  readonly degree: number
  readonly coef0: number
}

/** What a kernel is a function of: products, squared distances, sums of absolute differences. */
interface Kernel {
  readonly of: keyof typeof MEASURES
  readonly number: (s: number, numbers: Numbers) => number
  readonly value: (s: Value, numbers: Numbers) => Value
}

const SQRT3 = Math.sqrt(3)
const SQRT5 = Math.sqrt(5)
// a root has no derivative at 0, where these functions of it are flat
const root = (s: Value): Value => sqrt(max(s, 1e-30))

/**
 * The kernels by name, as numbers and as values. Those of scikit-learn's `pairwise_kernels`, and Matern's of a distance in
 * units of its length, with gamma 1. Source: Rasmussen, Williams (2006), chapter 4.
 */
export const kernels = {
  linear: { of: 'product', number: (s) => s, value: (s) => s },
  polynomial: {
    of: 'product',
    number: (s, { gamma, degree, coef0 }) => (gamma * s + coef0) ** degree,
    value: (s, { gamma, degree, coef0 }) => pow(add(mul(s, gamma), coef0), degree),
  },
  sigmoid: {
    of: 'product',
    number: (s, { gamma, coef0 }) => Math.tanh(gamma * s + coef0),
    value: (s, { gamma, coef0 }) => tanh(add(mul(s, gamma), coef0)),
  },
  rbf: {
    of: 'squares',
    number: (s, { gamma }) => Math.exp(-gamma * s),
    value: (s, { gamma }) => exp(mul(s, -gamma)),
  },
  laplacian: {
    of: 'absolutes',
    number: (s, { gamma }) => Math.exp(-gamma * s),
    value: (s, { gamma }) => exp(mul(s, -gamma)),
  },
  /** Nu 1/2: exp(-d). */
  matern12: {
    of: 'squares',
    number: (s) => Math.exp(-Math.sqrt(s)),
    value: (s) => exp(neg(root(s))),
  },
  /** Nu 3/2: (1 + sqrt(3) d) exp(-sqrt(3) d). */
  matern32: {
    of: 'squares',
    number: (s) => (1 + SQRT3 * Math.sqrt(s)) * Math.exp(-SQRT3 * Math.sqrt(s)),
    value: (s) => {
      const d = mul(root(s), SQRT3)
      return mul(add(d, 1), exp(neg(d)))
    },
  },
  /** Nu 5/2: (1 + sqrt(5) d + 5 d^2 / 3) exp(-sqrt(5) d). */
  matern52: {
    of: 'squares',
    number: (s) => (1 + SQRT5 * Math.sqrt(s) + (5 / 3) * s) * Math.exp(-SQRT5 * Math.sqrt(s)),
    value: (s) => {
      const d = mul(root(s), SQRT5)
      return mul(add(add(d, 1), mul(s, 5 / 3)), exp(neg(d)))
    },
  },
} as const satisfies Readonly<Record<string, Kernel>>

/** The name of a kernel. */
export type KernelName = keyof typeof kernels

interface Measure {
  readonly number: (a: Float64Array, b: Float64Array) => number
  readonly value: (x: Value, y: Value) => Value
}

const total = (length: number, of: (i: number) => number): number => {
  let sum = 0
  for (let i = 0; i < length; i++) sum += of(i)
  return sum
}

const differences = (x: Value, y: Value): Value => sub(unsqueeze(x, [1]), y)

const MEASURES = {
  product: {
    number: (a: Float64Array, b: Float64Array) => total(a.length, (i) => a[i] * b[i]),
    value: (x: Value, y: Value) => matMul(x, transpose(y)),
  },
  squares: {
    number: (a: Float64Array, b: Float64Array) => total(a.length, (i) => (a[i] - b[i]) ** 2),
    // differences and not |x|^2 - 2 x y + |y|^2, which loses near points
    value: (x: Value, y: Value) => reduceSum(pow(differences(x, y), 2), { axes: [2] }),
  },
  absolutes: {
    number: (a: Float64Array, b: Float64Array) => total(a.length, (i) => Math.abs(a[i] - b[i])),
    value: (x: Value, y: Value) => reduceSum(abs(differences(x, y)), { axes: [2] }),
  },
} as const satisfies Readonly<Record<string, Measure>>

const numbersOf = (features: number, { gamma = 1 / features, degree = 3, coef0 = 1 }: KernelOptions): Numbers => {
  if (!(gamma > 0)) throw new PodError('LAYER_INVALID', `the gamma of a kernel is ${gamma}, not a number above 0`)
  return { gamma, degree, coef0 }
}

/** Returns the kernel of the rows of x [n, d] and y [m, d] as a value [n, m]. */
export function kernelValue(x: Value, y: Value, name: KernelName, options: KernelOptions = {}): Value {
  const { of, value }: Kernel = kernels[name]
  return value(MEASURES[of].value(x, y), numbersOf(Number(y.shape[1]), options))
}

/** Returns the kernel of the rows of a [n, d] with each other, n x n. */
export function kernelMatrix(a: Float64Array, n: number, name: KernelName, options: KernelOptions = {}): Float64Array {
  const features = a.length / n
  const { of, number }: Kernel = kernels[name]
  const numbers = numbersOf(features, options)
  const rows = Array.from({ length: n }, (_, i) => a.subarray(i * features, (i + 1) * features))
  const found = new Float64Array(n * n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++)
      found[i * n + j] = found[j * n + i] = number(MEASURES[of].number(rows[i], rows[j]), numbers)
  return found
}
