import { scalarOf } from '../known.ts'
import { gemm } from '../operators/linear.ts'
import { ints } from '../schema.ts'
import { gemmOptions } from '../schemas/linear.ts'
import { dtypeOf, isFloating, type Value } from '../value.ts'
import type { Match, Rewrite } from './rewrite.ts'

/** A matrix product with what Gemm can take in: transposes, a factor, and a term that is added. */
interface Product {
  readonly a: Value
  readonly b: Value
  readonly c?: Value
  readonly alpha: number
  readonly beta: number
  readonly transA: boolean
  readonly transB: boolean
}

/** Returns a value as a product of two matrices, or undefined. */
function productOf(value: Value): Product | undefined {
  const { type, domain, inputs } = value.operation
  if (domain !== '' || value.shape.length !== 2 || !isFloating(value)) return undefined
  const [a, b, c] = inputs as readonly Value[]
  if (type === 'Gemm') return { a, b, c, ...gemmOptions(value.operation) }
  if (type !== 'MatMul' || a.shape.length !== 2 || b.shape.length !== 2) return undefined
  return { a, b, alpha: 1, beta: 1, transA: false, transB: false }
}

const built = ({ a, b, c, alpha, beta, transA, transB }: Product): Value =>
  gemm(a, b, c ?? null, { alpha, beta: c === undefined ? 1 : beta, transA, transB })

const isSwap = (value: Value): boolean => {
  const { type, domain, attributes } = value.operation
  if (type !== 'Transpose' || domain !== '' || value.shape.length !== 2) return false
  const order = ints({ attributes }, 'perm')
  return order === undefined || order[0] === 1
}

/** Transposed factors become flags. */
const transposes: Rewrite = ({ y }) => {
  const product = productOf(y)
  if (product === undefined) return undefined
  const { a, b, transA, transB } = product
  if (!isSwap(a) && !isSwap(b)) return undefined
  return built({
    ...product,
    a: isSwap(a) ? a.operation.inputs[0]! : a,
    b: isSwap(b) ? b.operation.inputs[0]! : b,
    transA: transA !== isSwap(a),
    transB: transB !== isSwap(b),
  })
}

/** Tells whether c broadcasts to the product's own shape, as Gemm's third operand must. */
const addable = (c: Value, product: Value): boolean =>
  c.shape.length <= 2 && c.shape.every((dim, i) => dim === 1 || dim === product.shape[2 - c.shape.length + i])

/** A product read nowhere else takes in the term beside it: s1 * product + s2 * c. */
function joined({ x, once }: Match, position: number, sign: number, termSign: number): Value | undefined {
  const product = once(position) ? productOf(x[position]) : undefined
  const term = x[1 - position]
  if (product === undefined || product.c !== undefined || !addable(term, x[position])) return undefined
  return built({ ...product, c: term, alpha: sign * product.alpha, beta: termSign })
}

/** A product read nowhere else takes in a constant factor. */
function scaled({ x, once }: Match, position: number, factor: number | undefined): Value | undefined {
  const product = once(position) ? productOf(x[position]) : undefined
  if (product === undefined || factor === undefined || !writable(x[position], product, factor)) return undefined
  return built({ ...product, alpha: product.alpha * factor, beta: product.beta * factor })
}

// Gemm keeps its factors in single precision: in double precision only those that fit exactly may move there.
const writable = (value: Value, { alpha, beta }: Product, factor: number): boolean =>
  dtypeOf(value) !== 'float64' || [alpha * factor, beta * factor].every((number) => Math.fround(number) === number)

const factorOf = (value: Value, other: Value): number | undefined =>
  value.shape.length <= other.shape.length ? scalarOf(value) : undefined

const reciprocalOf = (factor: number | undefined): number | undefined =>
  factor === undefined || factor === 0 ? undefined : 1 / factor

/** Joins matrix products with what stands around them, so that the runtime makes one pass where there were two or three. */
export const fusions: Readonly<Record<string, Rewrite | undefined>> = {
  MatMul: transposes,
  Gemm: transposes,
  Add: (match) => joined(match, 0, 1, 1) ?? joined(match, 1, 1, 1),
  Sub: (match) => joined(match, 0, 1, -1) ?? joined(match, 1, -1, 1),
  Mul: (match) => {
    const [a, b] = match.x
    return scaled(match, 0, factorOf(b, a)) ?? scaled(match, 1, factorOf(a, b))
  },
  Div: (match) => scaled(match, 0, reciprocalOf(factorOf(match.x[1], match.x[0]))),
  Neg: (match) => scaled(match, 0, -1),
}
