import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { tensor } from '@mlpod/contract'
import { expect, test } from 'vitest'
import { apply } from '../apply.ts'
import { int } from '../attribute.ts'
import * as g from '../index.ts'
import { type Case, testDerivatives } from '../testDerivatives.ts'

const [T, B, I, H] = [4, 2, 3, 2]
const lengths = g.constant(tensor('int32', [B], Int32Array.of(4, 2)))

/** x, w, r, b, h0 of one direction or two. */
const shapes = (gates: number, directions = 1) => [
  [T, B, I],
  [directions, gates * H, I],
  [directions, gates * H, H],
  [directions, 2 * gates * H],
  [directions, B, H],
]
const small = { within: [-1, 1] as const }

const cases: Readonly<Record<string, Case>> = {
  gru: { ...small, shapes: shapes(3), make: (x, w, r, bias, initial) => g.gru(x, w, r, { bias, initial }) },
  'gru that resets first': {
    ...small,
    shapes: shapes(3),
    make: (x, w, r, bias, initial) => g.gru(x, w, r, { bias, initial, linearBeforeReset: false }),
  },
  'gru backwards over sequences of several lengths': {
    ...small,
    shapes: shapes(3),
    make: (x, w, r, bias, initial) => g.gru(x, w, r, { bias, initial, direction: 'reverse', lengths }),
  },
  'gru both ways': {
    ...small,
    shapes: shapes(3, 2),
    make: (x, w, r, bias, initial) => g.gru(x, w, r, { bias, initial, direction: 'bidirectional' }),
  },
  'gru without biases, only its last state': {
    ...small,
    shapes: shapes(3).slice(0, 3),
    make: (x, w, r) => g.gru(x, w, r)[1],
  },
  lstm: {
    ...small,
    shapes: [...shapes(4), [1, B, H]],
    make: (x, w, r, bias, initial, cell) => g.lstm(x, w, r, { bias, initial, cell }),
  },
  'lstm with peepholes, clipped': {
    ...small,
    shapes: [...shapes(4), [1, B, H], [1, 3 * H]],
    make: (x, w, r, bias, initial, cell, peepholes) => g.lstm(x, w, r, { bias, initial, cell, peepholes, clip: 5 }),
  },
  'lstm both ways over sequences of several lengths': {
    ...small,
    shapes: shapes(4, 2),
    make: (x, w, r, bias, initial) => g.lstm(x, w, r, { bias, initial, lengths, direction: 'bidirectional' }),
  },
  rnn: { ...small, shapes: shapes(1), make: (x, w, r, bias, initial) => g.rnn(x, w, r, { bias, initial }) },
  'rnn with another activation': {
    ...small,
    shapes: shapes(1),
    make: (x, w, r, bias) => g.rnn(x, w, r, { bias, activations: ['Softsign'] }),
  },
}

// the runtime's own operators are of single precision, in double precision stands what they are made of
testDerivatives(cases)
testDerivatives(
  Object.fromEntries(
    Object.entries(cases).map(([name, entry]) => [
      `${name} in single precision`,
      { ...entry, dtype: 'float32' as const },
    ]),
  ),
)

for (const [name, outputs] of [
  ['RNN', 2],
  ['GRU', 2],
  ['LSTM', 3],
] as const)
  test(`${name} is what it is made of, with time or the batch first`, async () => {
    const gates = { RNN: 1, GRU: 3, LSTM: 4 }[name]
    const [x, w, r, bias] = shapes(gates).map((shape, i) => g.input(`x${i}`, 'float32', shape))
    const values = apply(name, [x, w, r, bias], { hidden_size: int(H) }, { outputs })
    const swapped = apply(
      name,
      [g.transpose(x, [1, 0, 2]), w, r, bias],
      { hidden_size: int(H), layout: int(1) },
      { outputs },
    )
    const model = g.compile({ outputs: { y: values[0], last: values[1], z: swapped[0], end: swapped[1] } })
    await using session = await g.openSession(model)
    const feeds = Object.fromEntries(
      shapes(gates)
        .slice(0, 4)
        .map((shape, k) => {
          const size = shape.reduce((a, b) => a * b, 1)
          return [
            `x${k}`,
            tensor(
              'float32',
              shape,
              Float32Array.from({ length: size }, (_, i) => Math.sin(i + k)),
            ),
          ]
        }),
    )
    const found = await session.run(feeds)
    expect(found.z.shape).toEqual([B, T, 1, H])
    expect(found.end.shape).toEqual([B, 1, H])
    const [y, z] = [found.y.data as Float32Array, found.z.data as Float32Array]
    for (let t = 0; t < T; t++)
      for (let b = 0; b < B; b++)
        for (let h = 0; h < H; h++) expect(z[(b * T + t) * H + h]).toBeCloseTo(y[(t * B + b) * H + h], 5)
  })

test('the way back is one scan, and no second way there', () => {
  const [x, w, r, bias] = shapes(3).map((shape, i) => g.input(`x${i}`, 'float32', shape))
  const [y] = g.gru(x, w, r, { bias })
  const slopes = g.grad(g.reduceSum(y), [w, r, bias])
  const { operators } = g.summary(g.compile({ outputs: { y, dw: slopes[0], dr: slopes[1], db: slopes[2] } }))
  expect(operators.GRU).toBe(1)
  expect(operators.Scan).toBe(1)
})

test('weights of another size are refused', () => {
  const [x, w, r] = [
    [T, B, I],
    [1, 3 * H, I + 1],
    [1, 3 * H, H],
  ].map((shape, i) => g.input(`x${i}`, 'float32', shape))
  expect(() => g.gru(x, w, r)).toThrow('w must be [1, 6, 3] and r [1, 6, 2]')
  expect(() => g.lstm(x, w, r)).toThrow('w must be [1, 8, 3] and r [1, 8, 2]')
})

test('a GRU refuses sequences that are known to have no step, and an LSTM no sequence', () => {
  const weights = (gates: number) => [
    g.input('w', 'float32', [1, 2 * gates, 3]),
    g.input('r', 'float32', [1, 2 * gates, 2]),
  ]
  const [[w, r], [wl, rl]] = [weights(3), weights(4)]
  expect(() => g.gru(g.input('x', 'float32', [0, 2, 3]), w, r)).toThrow(/GRU.*the sequences have no step/)
  expect(() => g.gru(g.input('x', 'float32', [4, 0, 3]), w, r)).toThrow(/GRU.*there is no sequence/)
  expect(() => g.lstm(g.input('x', 'float32', [4, 0, 3]), wl, rl)).toThrow(/LSTM.*there is no sequence/)
})

// In a process of its own: the runtime's kernels would end this one.
const EMPTY = `
  import { tensor } from '@mlpod/contract'
  import * as g from './index.ts'
  const [kind, gates] = process.argv[1].split(' ')
  const filled = (...shape) => g.constant(tensor('float32', shape, new Float32Array(shape.reduce((a, b) => a * b)).fill(0.1)))
  const found = []
  for (const direction of ['forward', 'reverse', 'bidirectional'])
    for (const biased of [true, false]) {
      const directions = direction === 'bidirectional' ? 2 : 1
      const x = g.input('x', 'float32', ['time', 'batch', 3])
      const weights = [filled(directions, gates * 2, 3), filled(directions, gates * 2, 2)]
      const bias = biased ? filled(directions, gates * 4) : undefined
      const [all] = g[kind](x, ...weights, { direction, bias })
      const { outputs } = g.load(g.compile({ inputs: [x], outputs: { all } }))
      const model = g.compile({ outputs })
      await using session = await g.openSession(model)
      const shapeOf = (shape) => session
        .run({ x: tensor('float32', shape, new Float32Array(shape.reduce((a, b) => a * b))) })
        .then(({ all }) => all.shape, ({ code, message }) => code + message)
      const shapes = [await shapeOf([1, 2, 3]), await shapeOf([0, 2, 3]), await shapeOf([4, 0, 3])]
      found.push([directions, shapes, g.summary(model).operators.Gather ?? 0])
    }
  console.log(JSON.stringify(found))
`
const GRU = /RUN_FAILED.*a GRU needs one sequence of one step or more/
const LSTM = /RUN_FAILED.*an LSTM needs one sequence or more/

test.each([
  ['gru', 3, GRU, GRU],
  ['lstm', 4, undefined, LSTM],
  ['rnn', 1, undefined, undefined],
])(
  '%s: no step or no sequence in the run gives nothing or an error, not the end of the process',
  async (kind, gates, noStep, noSequence) => {
    const args = ['--input-type=module', '-e', EMPTY, `${kind} ${gates}`]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: new URL('..', import.meta.url) })
    for (const [directions, [one, time, batch], guards] of JSON.parse(stdout)) {
      expect(one).toEqual([1, directions, 2, 2])
      if (noStep) expect(time).toMatch(noStep)
      else expect(time).toEqual([0, directions, 2, 2])
      if (noSequence) expect(batch).toMatch(noSequence)
      else expect(batch).toEqual([4, directions, 0, 2])
      expect(guards, 'a loaded guard is not guarded again').toBe(noSequence ? 1 : 0)
    }
  },
)
