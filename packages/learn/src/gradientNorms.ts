import { PodError } from '@mlpod/contract'
import {
  add,
  type Dim,
  gather,
  grad,
  matMul,
  mul,
  type Operation,
  reduceSum,
  reduceSumSquare,
  sqrt,
  substitute,
  transpose,
  unsqueeze,
  type Value,
  vmap,
} from '@mlpod/graph'
import { productWith, readersOf } from './readers.ts'

/** Norms of the gradients of single examples. */
export interface GradientNorms {
  /** The norm over all parameters, [batch]. */
  readonly norm: Value
  /** Squared norms by parameter, in the order given, each [batch]. */
  readonly squares: readonly Value[]
}

/**
 * Returns the norm of each example's gradient, without the gradients themselves: for y = x w, the norm of x_i^T g_i is
 * |x_i| |g_i|, so one backward pass tells all. Parameters that are not the weight or bias of one product are done example
 * by example at once (`vmap`). `losses` are [batch], each of its own row of the `inputs` alone: nothing may mix examples
 * (batch normalisation in training does). Throws `SHAPE_MISMATCH`, and what `grad` throws.
 * Source: Goodfellow (2015), Efficient per-example gradient computations; Li et al. (2022) for sequences.
 */
export function gradientNorms(losses: Value, parameters: readonly Value[], inputs: readonly Value[]): GradientNorms {
  if (losses.shape.length !== 1)
    throw new PodError('SHAPE_MISMATCH', `losses are [batch], not [${losses.shape.join(', ')}]`)
  if (parameters.length === 0) throw new PodError('OPTION_INVALID', 'no parameters are given')
  const readers = readersOf(losses, parameters)
  const uses = parameters.map((parameter) => {
    const found = readers.get(parameter) ?? []
    return found.length === 1 ? closedForm(found[0], parameter, losses.shape[0]) : undefined
  })
  const outputs = [...new Set(uses.flatMap((use) => (use === undefined ? [] : [use.output])))]
  const cotangents = outputs.length === 0 ? [] : grad(reduceSum(losses), outputs)
  const rest = parameters.filter((_, i) => uses[i] === undefined)
  const apart = rest.length === 0 ? [] : oneByOne(losses, rest, inputs)
  const squares = parameters.map((parameter, i) => {
    const use = uses[i]
    return use === undefined ? apart[rest.indexOf(parameter)] : use.square(cotangents[outputs.indexOf(use.output)])
  })
  return { norm: sqrt(squares.reduce((a, b) => add(a, b))), squares }
}

/** One product or sum that a parameter stands in, and the squared norms that its output's cotangent gives. */
interface Use {
  readonly output: Value
  readonly square: (g: Value) => Value
}

const perExample = (x: Value): Value => reduceSumSquare(x, { axes: x.shape.slice(1).map((_, i) => i + 1) })

/** |x_i^T g_i|^2: of two vectors the product of their squares, of two sequences the product itself. */
function ofProduct(x: Value, g: Value): Value {
  if (x.shape.length === 2) return mul(perExample(x), perExample(g))
  const [width, height] = [x.shape.at(-1), g.shape.at(-1)]
  const time = x.shape.at(-2)
  const small =
    typeof width === 'number' && typeof height === 'number' && typeof time === 'number' && width * height > time * time
  // <x x^T, g g^T> over time is smaller than x^T g over features when sequences are short
  if (small)
    return reduceSum(mul(matMul(x, transpose(x, [0, 2, 1])), matMul(g, transpose(g, [0, 2, 1]))), { axes: [1, 2] })
  return perExample(matMul(transpose(x, [0, 2, 1]), g))
}

function closedForm(operation: Operation, parameter: Value, batch: Dim): Use | undefined {
  const { type, domain, inputs, outputs, attributes } = operation
  const [output] = outputs
  const isBatch = (value: Value): boolean =>
    value.shape[0] === batch && (value.shape.length === 2 || value.shape.length === 3)
  if (domain !== '' || !isBatch(output)) return undefined
  const product = productWith(operation, parameter)
  if (product !== undefined && isBatch(product.x))
    return { output, square: (g) => mul(ofProduct(product.x, g), product.alpha ** 2) }
  const share = attributes.beta?.kind === 'float' ? attributes.beta.value : 1
  // a bias: broadcast over all axes but the last
  const bias = type === 'Add' || (type === 'Gemm' && inputs[2] === parameter)
  const last = parameter.shape.length === 1 && parameter.shape[0] === output.shape.at(-1)
  if (!bias || !last || inputs.filter((value) => value === parameter).length !== 1) return undefined
  const summed = (g: Value): Value => (g.shape.length === 2 ? g : reduceSum(g, { axes: [1] }))
  return { output, square: (g) => mul(perExample(summed(g)), type === 'Gemm' ? share * share : 1) }
}

function oneByOne(losses: Value, parameters: readonly Value[], inputs: readonly Value[]): readonly Value[] {
  return vmap((...rows: readonly Value[]) => {
    const replaced = new Map(inputs.map((value, i) => [value, unsqueeze(rows[i], [0])]))
    const [own] = substitute([losses], replaced)
    return grad(gather(own, 0), parameters).map((slope) => reduceSumSquare(slope))
  }, inputs)
}
