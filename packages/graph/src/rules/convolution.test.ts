import { tensor } from '@mlpod/contract'
import { describe, expect, test } from 'vitest'
import { applyOne } from '../apply.ts'
import * as g from '../index.ts'
import { type Case, testDerivatives } from '../testDerivatives.ts'

const single = { dtype: 'float32', within: [-1, 1], epsilon: 1e-2 } as const

/** The operator itself, which runs in single precision, and what stands for it in double precision. */
const both = (cases: Readonly<Record<string, Case>>): Readonly<Record<string, Case>> =>
  Object.fromEntries(
    Object.entries(cases).flatMap(([name, entry]) => [
      [name, { ...entry, ...single }],
      [`${name}, in double precision`, entry],
    ]),
  )

testDerivatives(
  both({
    conv: {
      shapes: [
        [2, 2, 4, 3],
        [3, 2, 2, 2],
      ],
      make: (x, w) => g.conv(x, w),
    },
    'conv with a bias': { shapes: [[2, 2, 5], [3, 2, 2], [3]], make: (x, w, b) => g.conv(x, w, b) },
    'conv with strides that leave a rest, and pads': {
      shapes: [
        [2, 1, 6, 5],
        [2, 1, 3, 2],
      ],
      make: (x, w) => g.conv(x, w, null, { strides: [2, 3], pads: [1, 0, 2, 1] }),
    },
    'conv with dilations': {
      shapes: [
        [1, 2, 7],
        [2, 2, 3],
      ],
      make: (x, w) => g.conv(x, w, null, { dilations: 2, strides: 2, pads: 1 }),
    },
    'conv in groups': {
      shapes: [
        [2, 4, 3, 3],
        [6, 2, 2, 2],
      ],
      make: (x, w) => g.conv(x, w, null, { group: 2, pads: 1 }),
    },
    'conv of each channel': { shapes: [[2, 3, 4], [3, 1, 2], [3]], make: (x, w, b) => g.conv(x, w, b, { group: 3 }) },
    'conv SAME_UPPER': {
      shapes: [
        [1, 2, 5, 4],
        [2, 2, 2, 3],
      ],
      make: (x, w) => g.conv(x, w, null, { autoPad: 'SAME_UPPER', strides: 2 }),
    },
    'conv SAME_LOWER': {
      shapes: [
        [1, 2, 5, 4],
        [2, 2, 2, 3],
      ],
      make: (x, w) => g.conv(x, w, null, { autoPad: 'SAME_LOWER' }),
    },
    'conv of 3 axes': {
      shapes: [
        [1, 2, 3, 4, 3],
        [2, 2, 2, 2, 2],
      ],
      make: (x, w) => g.conv(x, w, null, { pads: [1, 0, 0, 0, 1, 0], strides: [1, 2, 1] }),
    },
    'conv with a kernel of many elements': {
      shapes: [
        [1, 2, 7, 8],
        [2, 2, 6, 6],
      ],
      make: (x, w) => g.conv(x, w, null, { strides: [1, 2], pads: 1 }),
    },
    'conv of a kernel by itself': { shapes: [[2, 2, 3]], make: (x) => g.conv(x, x) },
    convTranspose: {
      shapes: [
        [2, 2, 3, 2],
        [2, 3, 2, 2],
      ],
      make: (x, w) => g.convTranspose(x, w),
    },
    'convTranspose with strides, pads, dilations and a bias': {
      shapes: [[2, 2, 4], [2, 3, 3], [3]],
      make: (x, w, b) => g.convTranspose(x, w, b, { strides: 3, pads: [1, 2], dilations: 2, outputPadding: 2 }),
    },
    'convTranspose in groups': {
      shapes: [
        [2, 4, 3, 2],
        [4, 2, 2, 3],
      ],
      make: (x, w) => g.convTranspose(x, w, null, { group: 2, strides: [2, 1], pads: [0, 1, 0, 1] }),
    },
    'convTranspose to a shape': {
      shapes: [
        [1, 2, 3, 3],
        [2, 1, 3, 3],
      ],
      make: (x, w) => g.convTranspose(x, w, null, { strides: 2, outputShape: [6, 4] }),
    },
    'convTranspose SAME_UPPER': {
      shapes: [
        [1, 2, 3, 3],
        [2, 1, 3, 4],
      ],
      make: (x, w) => g.convTranspose(x, w, null, { strides: 2, autoPad: 'SAME_UPPER' }),
    },
    'convTranspose SAME_LOWER': {
      shapes: [
        [1, 2, 3],
        [2, 1, 4],
      ],
      make: (x, w) => g.convTranspose(x, w, null, { strides: 1, autoPad: 'SAME_LOWER' }),
    },
    col2Im: {
      shapes: [[2, 12, 6]],
      make: (x) => g.col2Im(g.mul(x, x), [4, 3], [2, 2]),
    },
    'col2Im with strides, dilations and pads': {
      shapes: [[1, 4, 9]],
      make: (x) => g.col2Im(g.mul(x, x), [5, 5], [2, 2], { strides: [2, 1], dilations: [1, 2], pads: [0, 0, 1, 0] }),
    },
    im2Col: { shapes: [[2, 2, 4, 3]], make: (x) => g.im2Col(g.mul(x, x), [2, 2], { strides: [2, 1], pads: 1 }) },
  }),
)

const f32 = (...shape: g.Dim[]) => g.input('x', 'float32', shape)

describe('what cannot be is refused by name', () => {
  const x = f32('n', 4, 6, 6)
  const refused: Readonly<Record<string, readonly [make: () => unknown, code: string, message: string]>> = {
    'too few axes': [() => g.conv(f32(4, 6), f32(2, 4)), 'SHAPE_MISMATCH', 'at least 3 axes'],
    'a kernel of another rank': [() => g.conv(x, f32(8, 4, 3)), 'SHAPE_MISMATCH', 'the kernel has 3 axes'],
    'other channels': [() => g.conv(x, f32(8, 3, 3, 3)), 'SHAPE_MISMATCH', 'has 4 channels, but the kernel takes 3'],
    'other channels in groups': [
      () => g.conv(x, f32(8, 3, 3, 3), null, { group: 2 }),
      'SHAPE_MISMATCH',
      'the kernel takes 6 (2 groups of 3)',
    ],
    'groups that do not divide the input': [
      () => g.conv(x, f32(9, 1, 3, 3), null, { group: 3 }),
      'SHAPE_MISMATCH',
      '3 groups do not divide 4 channels',
    ],
    'groups that do not divide the result': [
      () => g.conv(x, f32(7, 2, 3, 3), null, { group: 2 }),
      'SHAPE_MISMATCH',
      '2 groups do not divide 7 channels',
    ],
    'no groups': [
      () => g.conv(x, f32(8, 4, 3, 3), null, { group: 0 }),
      'OPTION_INVALID',
      'group must be a whole number',
    ],
    'a bias of another length': [
      () => g.conv(x, f32(8, 4, 3, 3), f32(4)),
      'SHAPE_MISMATCH',
      'the bias must have the shape [8]',
    ],
    'half of the pads': [
      () => g.conv(x, f32(8, 4, 3, 3), null, { pads: [1, 1] }),
      'SHAPE_MISMATCH',
      'pads [1, 1] has 2 numbers, but 2 spatial axes take 4',
    ],
    'pads below 0': [() => g.conv(x, f32(8, 4, 3, 3), null, { pads: -1 }), 'OPTION_INVALID', 'whole numbers >= 0'],
    'strides of 0': [() => g.conv(x, f32(8, 4, 3, 3), null, { strides: 0 }), 'OPTION_INVALID', 'whole numbers >= 1'],
    'pads and autoPad': [
      () => g.conv(x, f32(8, 4, 3, 3), null, { pads: 1, autoPad: 'SAME_UPPER' }),
      'OPTION_INVALID',
      'contradict each other',
    ],
    'a kernel that does not fit': [
      () => g.conv(x, f32(8, 4, 3, 9)),
      'SHAPE_MISMATCH',
      'a window of 3 x 9 does not fit into 6 x 6',
    ],
    'other channels transposed': [() => g.convTranspose(x, f32(3, 4, 3, 3)), 'SHAPE_MISMATCH', 'the kernel takes 3'],
    'too much output padding': [
      () => g.convTranspose(x, f32(4, 4, 3, 3), null, { strides: 2, outputPadding: 2 }),
      'OPTION_INVALID',
      'each below the stride or the dilation',
    ],
    'an output shape of another rank': [
      () => g.convTranspose(x, f32(4, 4, 3, 3), null, { outputShape: [9] }),
      'SHAPE_MISMATCH',
      'output_shape [9] must list 2 spatial sizes',
    ],
    'columns that make no image': [
      () => g.col2Im(f32(1, 8, 9), [3, 3], [2, 2]),
      'SHAPE_MISMATCH',
      'the block has 4 places in the image, but there are 9 columns',
    ],
    'rows that make no blocks': [() => g.col2Im(f32(1, 7, 4), [3, 3], [2, 2]), 'SHAPE_MISMATCH', '7 rows'],
    'columns of another rank': [() => g.col2Im(f32(1, 8, 2, 2), [3, 3], [2, 2]), 'SHAPE_MISMATCH', '3 axes'],
    'offsets of another shape': [
      () => g.deformConv(x, f32(8, 4, 3, 3), f32('n', 9, 4, 4)),
      'SHAPE_MISMATCH',
      'the offset must have the shape [n, 18, 4, 4]',
    ],
    'double precision too': [
      () => g.conv(g.input('x', 'float64', [1, 2, 4]), g.input('w', 'float64', [1, 3, 2])),
      'SHAPE_MISMATCH',
      'the kernel takes 3',
    ],
    'whole numbers': [
      () => g.conv(g.input('x', 'int64', [1, 2, 4]), g.input('w', 'int64', [1, 2, 2])),
      'DTYPE_MISMATCH',
      'input 0 must be float32',
    ],
  }
  test.each(Object.entries(refused))('%s', (_, [make, code, message]) => {
    expect(make).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }))
  })
})

describe('sizes are inferred where they are known', () => {
  const x = f32('n', 3, 'h', 32)
  test('a window that leaves the size as it is keeps its name', () => {
    expect(g.conv(x, f32(8, 3, 3, 3), null, { pads: 1 }).shape).toEqual(['n', 8, 'h', 32])
    expect(g.conv(x, f32(8, 3, 5, 3), null, { autoPad: 'SAME_LOWER' }).shape).toEqual(['n', 8, 'h', 32])
  })
  test('other sizes are counted, or open', () => {
    const { shape } = g.conv(x, f32(8, 3, 3, 3), null, { strides: 2 })
    expect([shape[0], shape[1], shape[3]]).toEqual(['n', 8, 15])
    expect(typeof shape[2]).toBe('string')
    expect(shape[2]).not.toBe('h')
    expect(g.convTranspose(x, f32(3, 4, 2, 2), null, { strides: 2 }).shape[3]).toBe(64)
  })
})

test('the cotangent of a kernel keeps no image of all its elements, and needs no second convolution', () => {
  const [x, w] = [f32('n', 3, 8, 8), g.input('w', 'float32', [4, 3, 3, 3])]
  const y = g.conv(x, w, null, { pads: 1 })
  const [dw] = g.grad(g.reduceSum(g.mul(y, y)), [w])
  expect(g.summary(g.compile({ outputs: { dw } })).operators).toMatchObject({ Conv: 1, MatMul: 9 })
})

test('a file in double precision runs, though the runtime has no kernel', async () => {
  const [x, w] = ['x', 'w'].map((name) => g.input(name, 'float64', [1, 2, 3]))
  // as a file has it: the operator itself
  const y = applyOne('Conv', [x, w])
  const [dw] = g.grad(g.reduceSum(g.mul(y, y)), [w])
  await using session = await g.openSession(g.compile({ outputs: { y, dw } }))
  const six = tensor('float64', [1, 2, 3], Float64Array.of(1, 2, 3, 4, 5, 6))
  const results = await session.run({ x: six, w: six })
  expect(Array.from(results.y.data as Float64Array)).toEqual([91])
  expect(Array.from(results.dw.data as Float64Array)).toEqual([182, 364, 546, 728, 910, 1092])
})

describe('images of unknown size and kernels of known size', () => {
  const numbers = (...shape: number[]) => {
    const size = shape.reduce((product, dim) => product * dim, 1)
    return tensor(
      'float32',
      shape,
      Float32Array.from({ length: size }, (_, i) => Math.sin(7.7 * i)),
    )
  }
  const w = g.parameter('w', numbers(4, 2, 3, 2))
  const wGroups = g.parameter('wGroups', numbers(4, 1, 3, 2))
  const wBack = g.parameter('wBack', numbers(2, 3, 3, 2))
  const x = g.input('x', 'float32', ['n', 2, 'h', 'w'])
  const graphs: Readonly<Record<string, readonly [y: g.Value, kernel: g.Value]>> = {
    conv: [g.conv(x, w, null, { pads: [1, 0, 0, 1] }), w],
    'conv with strides': [g.conv(x, w, null, { strides: [2, 3], pads: 1, dilations: [1, 2] }), w],
    'conv in groups': [g.conv(x, wGroups, null, { group: 2, strides: 2 }), wGroups],
    'conv SAME_UPPER': [g.conv(x, w, null, { strides: 2, autoPad: 'SAME_UPPER' }), w],
    'conv SAME_LOWER': [g.conv(x, w, null, { strides: [3, 2], autoPad: 'SAME_LOWER' }), w],
    convTranspose: [g.convTranspose(x, wBack, null, { strides: 2, pads: 1, outputPadding: 1 }), wBack],
    'convTranspose SAME_UPPER': [g.convTranspose(x, wBack, null, { strides: 2, autoPad: 'SAME_UPPER' }), wBack],
    'convTranspose to a shape': [g.convTranspose(x, wBack, null, { strides: 2, outputShape: [11, 9] }), wBack],
  }
  test.each(Object.entries(graphs))('%s', async (_, [y, kernel]) => {
    const check = await g.checkGrad({ outputs: [y], wrt: [x, kernel], feeds: { x: numbers(2, 2, 6, 5) } })
    expect(check, JSON.stringify(check)).toMatchObject({ passed: true })
  })
  test('a batch of no images has derivatives of 0', async () => {
    const y = graphs.conv[0]
    const [dx, dw] = g.grad(g.reduceSum(g.mul(y, y)), [x, w])
    await using session = await g.openSession(g.compile({ outputs: { dx, dw } }))
    const results = await session.run({ x: numbers(0, 2, 6, 5) })
    expect(results.dx.shape).toEqual([0, 2, 6, 5])
    expect(Array.from(results.dw.data as Float32Array)).toEqual(new Array(48).fill(0))
  })
})
