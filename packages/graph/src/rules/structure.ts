import { PodError } from '@mlpod/contract'
import { reapply } from '../apply.ts'
import { intsOf } from '../known.ts'
import { constant } from '../leaf.ts'
import { cast, equal, like, mul, neg, where } from '../operators/elementwise.ts'
import { gather } from '../operators/indexing.ts'
import { reduceSum } from '../operators/reduction.ts'
import { concat, pad, range, reshape, shape, size, split, squeeze, transpose } from '../operators/structure.ts'
import type { Differentiable, Rule } from '../rule.ts'
import { ints, text } from '../schema.ts'
import type { structure as schemas } from '../schemas/structure.ts'
import { dtypeOf, type Operation, type Value } from '../value.ts'
import { axisOf, onesLike, reshapeTo, sizesOf, unbroadcast, ungather, zerosLike } from './shape.ts'

/** The elements stay in their order: the cotangent takes x's shape, the tangent y's. */
const reshaped: Differentiable = {
  vjp: ({ g, x }) => [() => reshapeTo(g, x[0])],
  jvp: ({ ts: [t], y }) => [t && reshapeTo(t, y[0])],
}

function inverse(order: readonly number[]): number[] {
  const back = new Array<number>(order.length)
  for (const [to, from] of order.entries()) back[from] = to
  return back
}

const orderOf = (operation: Operation): readonly number[] =>
  ints(operation, 'perm') ?? operation.inputs[0]!.shape.map((_, axis) => axis).reverse()

/** Sums over the copies: every axis becomes (repeats, size), and the repeats are summed. */
function untile(g: Value, x: Value, repeats: Value): Value {
  const known = intsOf(repeats)
  const rank = x.shape.length
  const copies = Array.from({ length: rank }, (_, axis) => 2 * axis)
  if (known?.every((count) => count === 1)) return g
  const sizes =
    known && x.shape.every((dim) => typeof dim === 'number')
      ? constant(
          x.shape.flatMap((dim, axis) => [known[axis], dim as number]),
          'int64',
        )
      : reshape(transpose(concat([reshape(repeats, [1, -1]), reshape(sizesOf(x), [1, -1])])), [2 * rank])
  return reduceSum(reshape(g, sizes, { allowZero: true }), { axes: copies })
}

/** Rules of the operators that move elements. */
export const structure: { readonly [O in keyof typeof schemas]: Rule } = {
  Reshape: reshaped,
  Flatten: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Transpose: {
    vjp: ({ g, operation }) => [() => transpose(g, inverse(orderOf(operation)))],
    jvp: ({ ts: [t], operation }) => [t && transpose(t, orderOf(operation))],
  },
  Expand: { vjp: ({ g, x }) => [() => unbroadcast(g, x[0])] },
  Tile: { vjp: ({ g, x: [x, repeats] }) => [() => untile(g, x, repeats)] },
  Concat: {
    vjp: ({ g, x, operation }) => {
      const axis = axisOf(operation, 0)
      if (x.length === 1) return [g]
      let parts: readonly Value[] | undefined
      const lengths = () =>
        x.every((value) => typeof value.shape[axis] === 'number')
          ? constant(
              x.map((value) => value.shape[axis] as number),
              'int64',
            )
          : concat(x.map((value) => shape(value, axis, axis + 1)))
      const all = () => {
        parts ??= split(g, lengths(), { axis, count: x.length })
        return parts
      }
      return x.map((value, i) => () => reshapeTo(all()[i], value))
    },
    jvp: ({ ts, x, operation }) => [
      concat(
        x.map((value, i) => ts[i] ?? zerosLike(value)),
        { axis: axisOf(operation, 0) },
      ),
    ],
  },
  Split: {
    vjp: ({ gs, y, operation }) => [
      () =>
        concat(
          gs.map((g, i) => g ?? zerosLike(y[i])),
          { axis: axisOf(operation, 0) },
        ),
    ],
    jvp: ({ ts: [t], y, x, operation }) => {
      if (t === undefined) return []
      const axis = axisOf(operation, 0)
      return split(t, x[1] ?? y.length, { axis, count: y.length })
    },
  },
  Pad: {
    vjp: (c) => {
      const [x, pads, value] = c.x
      if (text(c.operation, 'mode', 'constant') !== 'constant') return [() => unpad(c.g, c.operation)]
      // Padding by the negative amounts cuts the border off.
      return [
        () => reapply(c.operation, [c.g, neg(pads), null, c.operation.inputs[3] ?? null])[0],
        undefined,
        () =>
          value &&
          borderSum(c.g, reapply(c.operation, [onesLike(x), pads, like(x, 0), c.operation.inputs[3] ?? null])[0]),
      ]
    },
  },
  Shape: 'zero',
  Size: 'zero',
  Constant: 'zero',
  ConstantOfShape: 'zero',
  EyeLike: 'zero',
  // start + i delta
  Range: {
    vjp: ({ g }) => [() => reduceSum(g), undefined, () => reduceSum(mul(g, cast(range(0, size(g), 1), dtypeOf(g)!)))],
  },
}

const borderSum = (g: Value, inside: Value): Value => reshape(reduceSum(where(equal(inside, 0), g, 0)), [])

/** Edge, reflect and wrap repeat elements: padding the list of indices by the same mode tells which ones. */
function unpad(g: Value, operation: Operation): Value {
  const [x, pads, , axes] = operation.inputs as readonly [Value, Value, Value | null, Value | null]
  const known = axes ? intsOf(axes) : x.shape.map((_, axis) => axis)
  if (known === undefined)
    throw new PodError('NOT_DIFFERENTIABLE', 'a Pad along axes computed in the run has no derivative', {
      at: operation.meta.site.at,
    })
  const mode = text(operation, 'mode', 'constant') as 'edge' | 'reflect' | 'wrap'
  return known.reduce((cotangent, given, i) => {
    const axis = given < 0 ? given + x.shape.length : given
    const length = squeeze(shape(x, axis, axis + 1), [0])
    const copied = pad(range(0, length, 1), gather(pads, [i, i + known.length]), { mode })
    return ungather(cotangent, copied, axis, length)
  }, g)
}
