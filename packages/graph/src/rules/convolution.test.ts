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
