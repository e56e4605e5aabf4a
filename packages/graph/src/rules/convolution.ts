import { reapply } from '../apply.ts'
import { conv, convTranspose } from '../operators/convolution.ts'
import { add } from '../operators/elementwise.ts'
import { slice } from '../operators/indexing.ts'
import { reduceSum } from '../operators/reduction.ts'
import { reshape, transpose } from '../operators/structure.ts'
import type { Differentiable, Forward, Reverse, Rule } from '../rule.ts'
import { int } from '../schema.ts'
import { type convolution as schemas, transposedWindowOf } from '../schemas/convolution.ts'
import type { Operation, Value } from '../value.ts'
import { extentOf, type Window, windowOf } from '../window.ts'
import { biased, elementAt, minus, padSpatial, plus, seen, sizeAt, sizeList, spatialOf } from '../windows.ts'
import { composed, onTangent } from './law.ts'
import { reshapeTo, zerosLike } from './shape.ts'

/*
 * A convolution is one number linear in each of three tensors: sum y[place] x[place * stride + element * dilation - pad] w[element].
 * Its derivatives by y, x and w are the convolution, the transposed convolution and the product of x and y below; those
 * of a transposed convolution are the same with x and y exchanged.
 */

interface Geometry extends Window {
  readonly group: number
  readonly pads: readonly number[]
}

const optionsOf = ({ strides, dilations, group }: Geometry) => ({ strides, dilations, group })

/** The cotangent of x: y laid out through w, to the size of x. */
function byInput(y: Value, w: Value, x: Value, geometry: Geometry): Value {
  const { strides, dilations, pads, kernel } = geometry
  const rank = strides.length
  // What the window's last place leaves unseen at the end, below the stride.
  const rest = strides.map((stride, axis) => {
    if (stride === 1) return 0
    const [size, places, extent] = [x.shape[axis + 2], y.shape[axis + 2], extentOf(kernel[axis], dilations[axis])]
    return typeof size === 'number' && typeof places === 'number' && extent !== undefined
      ? size + pads[axis] + pads[axis + rank] - extent - (places - 1) * stride
      : undefined
  })
  if (rest.every((size) => size !== undefined && size >= 0))
    return convTranspose(y, w, null, { ...optionsOf(geometry), pads, outputPadding: rest as number[] })
  const full = convTranspose(y, w, null, optionsOf(geometry))
  const sizes = spatialOf(full)
  const ends = spatialOf(x).map((size, axis) => minus(plus(size, pads[axis]), sizes[axis]))
  return padSpatial(
    full,
    pads.slice(0, rank).map((size) => -size),
    ends,
  )
}

/**
 * The cotangent of w: images and channels change places, so that the sum over images is one over channels, and y is the
 * kernel; the places it has are w's elements, but for some at the end.
 */
function byKernel(x: Value, y: Value, w: Value, { strides, dilations, pads, group }: Geometry): Value {
  const axes = x.shape.slice(2).map((_, i) => i + 2)
  const parted = reshape(x, sizeList([sizeAt(x, 0), group, -1, ...spatialOf(x)]))
  const moved = transpose(parted, [2, 1, 0, ...axes.map((axis) => axis + 1)])
  const image = reshape(moved, sizeList([sizeAt(moved, 0), -1, ...spatialOf(x)]))
  const exchanged = conv(image, transpose(y, [1, 0, ...axes]), null, {
    strides: dilations,
    dilations: strides,
    pads,
    group,
  })
  const back = transpose(exchanged, [1, 0, ...axes])
  return cropped(back, w)
}

/** Returns x without what its spatial axes have more than those of `to`. */
function cropped(x: Value, to: Value): Value {
  const axes = x.shape.slice(2).map((_, i) => i + 2)
  if (axes.every((axis) => x.shape[axis] === to.shape[axis])) return x
  return slice(
    x,
    axes.map(() => 0),
    sizeList(spatialOf(to)),
    { axes },
  )
}

const byBias = (g: Value): Value => reduceSum(g, { axes: g.shape.map((_, axis) => axis).filter((axis) => axis !== 1) })

/** y(x', w) + y(x, w') + b'. */
const onEachOfTwo = ({ ts: [tx, tw, tb], x: [x, w], y, operation }: Forward): readonly (Value | undefined)[] => {
  const parts = [tx && [tx, w], tw && [x, tw]].flatMap((inputs) => (inputs ? [reapply(operation, inputs)[0]] : []))
  const linear = parts.length === 0 ? undefined : parts.reduce((a, b) => add(a, b))
  return [tb === undefined ? linear : biased(linear ?? zerosLike(y[0]), tb)]
}

/** The rule of both convolutions: its own where the pads are known, else that of what they are made of. */
const bilinear = (
  type: 'Conv' | 'ConvTranspose',
  windowOfUse: (operation: Operation, kernel: Value['shape'], sizes: Value['shape']) => Window,
  vjp: (c: Reverse, geometry: Geometry) => ReturnType<Differentiable['vjp']>,
): Differentiable => {
  const made = composed(type)
  return {
    vjp: (c) => {
      const [x, w] = c.x
      const window = windowOfUse(c.operation, w.shape.slice(2), x.shape.slice(2))
      if (window.pads === undefined) return made.vjp(c)
      return vjp(c, { ...window, pads: window.pads, group: int(c.operation, 'group', 1) })
    },
    jvp: onEachOfTwo,
  }
}

/** Rules of the operators in which a kernel slides over an image. */
export const convolution: { readonly [O in keyof typeof schemas]: Rule } = {
  Conv: bilinear('Conv', windowOf, ({ g, x: [x, w] }, geometry) => [
    () => byInput(g, w, x, geometry),
    () => byKernel(x, g, w, geometry),
    () => byBias(g),
  ]),
  ConvTranspose: bilinear(
    'ConvTranspose',
    (operation, kernel, sizes) => transposedWindowOf(operation, kernel, sizes).window,
    ({ g, x: [x, w] }, geometry) => [
      () => cropped(conv(g, w, null, { ...optionsOf(geometry), pads: geometry.pads }), x),
      () => byKernel(g, x, w, geometry),
      () => byBias(g),
    ],
  ),
  // lays columns where they came from; its transpose takes what the block sees
  Col2Im: {
    vjp: ({ g, x: [x, , block], operation }) => [
      () => {
        const rank = g.shape.length - 2
        const kernel = Array.from({ length: rank }, (_, axis) => elementAt(block, axis))
        const window = windowOf(
          operation,
          kernel.map(() => '?'),
          g.shape.slice(2),
        )
        const [begins, ends] = [window.pads!.slice(0, rank), window.pads!.slice(rank)]
        return reshapeTo(seen(padSpatial(g, begins, ends), kernel, window), x)
      },
    ],
    jvp: onTangent,
  },
}
