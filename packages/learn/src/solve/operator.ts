import { PodError } from '@mlpod/contract'
import { cast, div, dtypeOf, hvp, jvp, matMul, mul, type Operand, size, transpose, type Value, vjp } from '@mlpod/graph'
import { dot, plus, times, type Vector } from './vector.ts'

/** The sizes and the element type of a part of a vector. */
export type Part = Pick<Value, 'type' | 'shape'>

/**
 * A linear operator: a graph that maps a vector, given in parts, to another. Source: the operators of Lineax 0.1.1.
 */
export interface LinearOperator {
  readonly name: string
  /** The parts of what it takes: any values of these sizes. */
  readonly domain: readonly Part[]
  readonly apply: (v: Vector) => Value[]
  /** The transposed operator; a symmetric one is its own. */
  readonly transposed: (v: Vector) => Value[]
  readonly symmetric: boolean
  /** Whether v A v >= 0 for all v. */
  readonly positive: boolean
}

/** Returns an operator of a function. Throws nothing: whether it is linear is the caller's word. */
export function operator(
  domain: readonly Part[],
  apply: (v: Vector) => Value[],
  {
    name = 'operator',
    symmetric = false,
    positive = false,
    transposed,
  }: {
    readonly name?: string
    readonly symmetric?: boolean
    readonly positive?: boolean
    readonly transposed?: (v: Vector) => Value[]
  } = {},
): LinearOperator {
  const back = transposed ?? (symmetric ? apply : missing(name))
  return { name, domain, apply, transposed: back, symmetric, positive }
}

const missing = (name: string) => (): never => {
  throw new PodError('OPERATOR_INVALID', `the operator ${name} does not tell its transpose`, {
    hint: 'give operator(..., { transposed }), or a solver that needs none',
  })
}

/** Returns the operator of a matrix [m, n], on vectors of one part. */
export function matrix(a: Value, { symmetric = false, positive = false } = {}): LinearOperator {
  const by =
    (m: Value) =>
    ([v]: Vector): Value[] => [matMul(m, v)]
  const domain = [{ type: a.type, shape: a.shape.slice(1) }]
  return { name: 'matrix', domain, apply: by(a), transposed: by(transpose(a, [1, 0])), symmetric, positive }
}

/** Returns the Hessian of a loss by parameters: each product is forward over reverse mode, about two gradients. Source: Pearlmutter (1994). */
export const hessianOperator = (loss: Value, parameters: Vector): LinearOperator => ({
  name: 'Hessian',
  domain: parameters,
  apply: (v) => hvp(loss, parameters, v),
  transposed: (v) => hvp(loss, parameters, v),
  symmetric: true,
  positive: false,
})

/**
 * Returns the Gauss-Newton matrix J^T H J: J the Jacobian of the network's `outputs` by parameters, H the Hessian of the
 * loss by the outputs. Positive where the loss is convex in them; for cross entropy it is the Fisher matrix.
 * Source: Schraudolph (2002).
 */
export function gaussNewton(loss: Value, outputs: Vector, parameters: Vector): LinearOperator {
  const apply = (v: Vector): Value[] => vjp(outputs, parameters, hvp(loss, outputs, jvp(outputs, parameters, v)))
  return { name: 'Gauss-Newton', domain: parameters, apply, transposed: apply, symmetric: true, positive: true }
}

/** Returns the mean over examples of g g^T, g the gradient of each of the `losses` [batch]. Source: the empirical Fisher matrix. */
export function empiricalFisher(losses: Value, parameters: Vector): LinearOperator {
  if (losses.shape.length !== 1)
    throw new PodError('SHAPE_MISMATCH', `losses are [batch], not [${losses.shape.join(', ')}]`)
  const apply = (v: Vector): Value[] => {
    const [along] = jvp([losses], parameters, v)
    return vjp([losses], parameters, [div(along, cast(size(losses), dtypeOf(losses)!))])
  }
  return { name: 'empirical Fisher', domain: parameters, apply, transposed: apply, symmetric: true, positive: true }
}

/** Returns J^T J of outputs by parameters: the normal operator of least squares. */
export function normal(outputs: Vector, parameters: Vector): LinearOperator {
  const apply = (v: Vector): Value[] => vjp(outputs, parameters, jvp(outputs, parameters, v))
  return { name: 'normal', domain: parameters, apply, transposed: apply, symmetric: true, positive: true }
}

/** Returns A + factor I. Positive when A is and the factor is no less than 0. */
export const damped = (a: LinearOperator, factor: Operand): LinearOperator => ({
  ...a,
  name: `${a.name} + damping`,
  apply: (v) => plus(a.apply(v), v, factor),
  transposed: (v) => plus(a.transposed(v), v, factor),
})

/** Returns factor A. */
export const scaled = (a: LinearOperator, factor: Operand): LinearOperator => ({
  ...a,
  apply: (v) => times(a.apply(v), factor),
  transposed: (v) => times(a.transposed(v), factor),
  positive: a.positive && (typeof factor !== 'number' || factor >= 0),
})

/** Returns A + B. */
export const sumOf = (a: LinearOperator, b: LinearOperator): LinearOperator => ({
  name: `${a.name} + ${b.name}`,
  domain: a.domain,
  apply: (v) => plus(a.apply(v), b.apply(v)),
  transposed: (v) => plus(a.transposed(v), b.transposed(v)),
  symmetric: a.symmetric && b.symmetric,
  positive: a.positive && b.positive,
})

/** Returns A B: B first. */
export const composed = (a: LinearOperator, b: LinearOperator): LinearOperator => ({
  name: `${a.name} ${b.name}`,
  domain: b.domain,
  apply: (v) => a.apply(b.apply(v)),
  transposed: (v) => b.transposed(a.transposed(v)),
  symmetric: false,
  positive: false,
})

/** Returns the operator that multiplies each element. */
export const diagonal = (d: Vector, { positive = false } = {}): LinearOperator => {
  const apply = (v: Vector): Value[] => v.map((value, i) => mul(value, d[i]))
  return { name: 'diagonal', domain: d, apply, transposed: apply, symmetric: true, positive }
}

/**
 * Returns the Kronecker product of a [m, m] and b [n, n] on matrices [m, n], in parts of one: V to a V b^T, without the
 * matrix of m n rows.
 */
export function kronecker(a: Value, b: Value, { symmetric = false, positive = false } = {}): LinearOperator {
  const of =
    (left: Value, right: Value) =>
    ([v]: Vector): Value[] => [matMul(matMul(left, v), right)]
  const [at, bt] = [transpose(a, [1, 0]), transpose(b, [1, 0])]
  const domain = [{ type: a.type, shape: [a.shape[1], b.shape[1]] }]
  return { name: 'Kronecker', domain, apply: of(a, bt), transposed: of(at, b), symmetric, positive }
}

/** Returns the operator that applies one to each group of parts. */
export function blocks(operators: readonly LinearOperator[]): LinearOperator {
  const each =
    (way: 'apply' | 'transposed') =>
    (v: Vector): Value[] => {
      let at = 0
      return operators.flatMap((one) => {
        const part = v.slice(at, at + one.domain.length)
        at += one.domain.length
        return one[way](part)
      })
    }
  return {
    name: 'blocks',
    domain: operators.flatMap(({ domain }) => domain),
    apply: each('apply'),
    transposed: each('transposed'),
    symmetric: operators.every(({ symmetric }) => symmetric),
    positive: operators.every(({ positive }) => positive),
  }
}

/** Returns the Rayleigh quotient v A v / v v: an eigenvalue at its eigenvector. */
export const rayleigh = (a: LinearOperator, v: Vector): Value => {
  const [top, bottom] = [dot(v, a.apply(v)), dot(v, v)]
  return div(top, bottom)
}
