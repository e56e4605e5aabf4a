import { tensor } from '@mlpod/contract'
import { describe, expect, test } from 'vitest'
import * as g from '../index.ts'
import { type Case, int64, testDerivatives } from '../testDerivatives.ts'
import { run } from '../testOperators.ts'
import type { Value } from '../value.ts'

/** In single precision by the operator, in double by what it is made of. */
const both = (name: string, shapes: Case['shapes'], make: Case['make']): Readonly<Record<string, Case>> => ({
  [name]: { shapes, make, within: [-1, 1], dtype: 'float32' },
  [`${name}, in double precision`]: { shapes, make, within: [-1, 1] },
})

const four = [
  [1, 2, 3, 4],
  [1, 2, 3, 4],
  [1, 2, 3, 2],
] as const
const three = [
  [2, 3, 4],
  [2, 2, 4],
  [2, 2, 6],
] as const
const mask = g.constant(tensor('bool', [3, 3], Uint8Array.of(1, 0, 1, 0, 0, 0, 1, 1, 0)))

testDerivatives({
  ...both('attention', four, (q, k, v) => g.attention(q, k, v)),
  ...both('attention of three axes', three, (q, k, v) => g.attention(q, k, v, { heads: 2 })),
  ...both('causal, scaled, capped', four, (q, k, v) =>
    g.attention(q, k, v, { causal: true, scale: 0.7, softcap: 1.5 }),
  ),
  ...both('masked, one query by all', four, (q, k, v) => g.attention(q, k, v, { mask })),
  ...both('with one row of scores added', [...four, [2, 1, 3]], (q, k, v, m) => g.attention(q, k, v, { mask: m })),
  ...both('with one column of scores added', [...four, [3, 1]], (q, k, v, m) => g.attention(q, k, v, { mask: m })),
  ...both('with scores added', [...four, [3, 3]], (q, k, v, m) => g.attention(q, k, v, { mask: m })),
  ...both(
    'shared keys',
    [
      [1, 4, 2, 3],
      [1, 2, 3, 3],
      [1, 2, 3, 2],
    ],
    (q, k, v) => g.attention(q, k, v),
  ),
  ...both(
    'shared keys of three axes',
    [
      [1, 2, 8],
      [1, 3, 4],
      [1, 3, 2],
    ],
    (q, k, v) => g.attention(q, k, v, { heads: 4, keyHeads: 2 }),
  ),
  ...both('padded keys', four, (q, k, v) => g.attention(q, k, v, { lengths: [2] })),
  ...both('with a past', [...four, [1, 2, 2, 4], [1, 2, 2, 2]], (q, k, v, keys, values) => {
    const { y, cache } = g.cachedAttention(q, k, v, { keys, values }, { causal: true })
    return [y, cache.keys, cache.values]
  }),
  ...both('within a window', four, (q, k, v) => g.attention(q, k, v, { window: { before: 1, after: 0 } })),
  ...both('to itself', [[1, 2, 3, 2]], (x) => g.attention(x, x, x, { causal: true })),
  ...both(
    'rotaryEmbedding',
    [
      [1, 2, 3, 4],
      [1, 3, 2],
      [1, 3, 2],
    ],
    (x, c, s) => g.rotaryEmbedding(x, c, s),
  ),
  ...both(
    'rotaryEmbedding by position',
    [
      [2, 2, 2, 4],
      [5, 2],
      [5, 2],
    ],
    (x, c, s) => g.rotaryEmbedding(x, c, s, { positions: g.reshape(int64(0, 4, 2, 1), [2, 2]) }),
  ),
  ...both(
    'rotaryEmbedding of neighbours, in part',
    [
      [2, 2, 12],
      [2, 2, 2],
      [2, 2, 2],
    ],
    (x, c, s) => g.rotaryEmbedding(x, c, s, { heads: 2, features: 4, interleaved: true }),
  ),
})

const [q, k, v] = ['q', 'k', 'v'].map((name) => g.input(name, 'float32', ['b', 'h', 'n', 4]))

test('the file holds the fused operators, and their derivatives none that the runtime lacks', async () => {
  const y = g.attention(q, k, v, { causal: true })
  const loss = g.reduceSum(g.mul(y, y))
  const model = g.compile({
    outputs: { loss, ...Object.fromEntries(g.grad(loss, [q, k, v]).map((d, i) => [`d${i}`, d])) },
  })
  expect(g.summary(model).operators.Attention).toBe(1)
  await using _ = await g.openSession(model)
})

test('the attention of each example is one of all', () => {
  const batch = g.input('batch', 'float32', [5, 1, 2, 3, 4])
  const { operators } = g.summary(g.compile({ outputs: { y: g.vmap((x) => g.attention(x, x, x), [batch]) } }))
  expect(operators.Scan).toBeUndefined()
})

describe('a query that may attend to nothing', () => {
  test('gives zeros, and no derivative is nan', async () => {
    const nobody = g.constant(tensor('bool', [1, 2], Uint8Array.of(0, 0)))
    const x = g.input('x', 'float32', [1, 1, 2, 2])
    const y = g.attention(x, x, x, { mask: nobody })
    const results = await run(
      { y, slope: g.grad(g.reduceSum(y), [x])[0] },
      { x: tensor('float32', [1, 1, 2, 2], Float32Array.of(1, 2, 3, 4)) },
    )
    expect(results.slope.data).toEqual(new Float32Array(4))
    expect(results.y.data).toEqual(new Float32Array(4))
  })
})

test('what does not fit is refused', () => {
  const refused = (make: () => unknown, code = 'SHAPE_MISMATCH') =>
    expect(make).toThrowError(expect.objectContaining({ code, message: expect.stringContaining('float32') }))
  const joined = g.input('joined', 'float32', ['b', 'n', 10])
  refused(() => g.attention(joined, joined, joined))
  refused(() => g.attention(joined, joined, joined, { heads: 3 }))
  refused(() => g.attention(joined, joined, joined, { heads: 5, keyHeads: 2 }))
  refused(() => g.attention(q, k, joined, { heads: 5 }))
  refused(() => g.attention(q, k, g.cast(v, 'int32')), 'DTYPE_MISMATCH')
  refused(() => g.attention(q, g.cast(k, 'float16'), v), 'DTYPE_MISMATCH')
  refused(() => g.attention(q, k, v, { mask: g.input('m', 'int32', ['n', 'n']) }), 'DTYPE_MISMATCH')
  const angles = (size: number): Value => g.input('angles', 'float32', ['b', 'n', size])
  refused(() => g.rotaryEmbedding(q, angles(3), angles(3)))
  refused(() => g.rotaryEmbedding(q, angles(2), angles(2), { positions: int64(1) }))
})
