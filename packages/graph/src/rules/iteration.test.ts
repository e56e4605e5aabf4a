import { expect, test } from 'vitest'
import * as g from '../index.ts'
import { int64, testDerivatives, unary } from '../testDerivatives.ts'

testDerivatives({
  'a loop of a fixed number of turns': unary((x) => g.repeat(3, [x], ([s]) => [g.tanh(g.mul(s, 1.3))])),
  'a loop that reads a weight': {
    shapes: [
      [2, 3],
      [3, 3],
    ],
    make: (x, w) => g.repeat(4, [x], ([s]) => [g.tanh(g.matMul(s, w))]),
  },
  'a loop that collects': {
    shapes: [[2, 3], [3]],
    make: (x, b) =>
      g.repeat(3, [x], ([s], turn) => {
        const next = g.sin(g.add(s, g.mul(b, g.cast(turn, 'float64'))))
        return { state: [next], collect: [g.mul(next, s)] }
      }),
  },
  'no turn': unary((x) => g.repeat(0, [x], ([s]) => [g.tanh(s)])),
  'a loop that stops by itself': {
    shapes: [[2, 3]],
    make: (x) =>
      g.loop([x], ([s]) => {
        const next = g.mul(s, 1.7)
        return { state: [next], proceed: g.less(g.reduceMax(g.abs(next)), 8) }
      }),
    ragged: true,
  },
  'two states of which one turns round': {
    shapes: [[3], [3]],
    make: (x, y) => g.repeat(3, [x, y], ([a, b]) => [g.mul(a, b), g.add(a, g.sin(b))]),
  },
  'a loop in a loop': {
    shapes: [[2, 2]],
    make: (x) => g.repeat(2, [x], ([s]) => g.repeat(2, [s], ([r]) => [g.tanh(g.add(r, s))])),
  },
  'a scan over rows': {
    shapes: [
      [4, 2, 3],
      [2, 3],
      [3, 3],
    ],
    make: (x, h, w) =>
      g.scan([h], [x], ([state], [row]) => {
        const next = g.tanh(g.add(row, g.matMul(state, w)))
        return { state: [next], collect: [next] }
      }),
  },
  'a scan from the end along axis 1': {
    shapes: [
      [2, 4],
      [2, 4],
    ],
    make: (x, y) =>
      g.scan(
        [g.constant(new Array(2).fill(0.5), 'float64')],
        [x, y],
        ([s], [a, b]) => {
          const next = g.mul(g.sin(g.add(s, a)), b)
          return { state: [next], collect: [g.mul(next, a)] }
        },
        { axis: 1, reverse: true },
      ),
  },
  'what is remembered may be the state alone': {
    shapes: [
      [2, 3],
      [3, 3],
    ],
    make: (x, w) => g.repeat(3, [x], ([s]) => [g.sin(g.tanh(g.matMul(s, w)))], { remember: 'state' }),
  },
  'a checkpoint': {
    shapes: [[2, 3], [3]],
    make: (x, b) => g.checkpoint([x, b], ([a, c]) => [g.tanh(g.mul(g.sin(a), c)), g.mul(a, a)]),
  },
  'a learning rate through three steps of training': {
    shapes: [[], [2, 2]],
    within: [0.1, 0.5],
    make: (rate, start) =>
      g.repeat(3, [start], ([w]) => {
        const error = g.sub(g.tanh(g.matMul(w, w)), 0.3)
        const [slope] = g.grad(g.reduceSum(g.mul(error, error)), [w])
        return [g.sub(w, g.mul(rate, slope))]
      }),
  },
  'a scan over pieces whose size the run tells': {
    shapes: [
      [4, 3],
      [3, 2],
    ],
    ragged: true,
    make: (h, w) => {
      const size = g.min(g.shape(h, 0, 1), int64(2))
      const pieces = g.reshape(h, g.concat([int64(-1), size, int64(3)]))
      const labels = g.reshape(int64(0, 1, 1, 0), g.concat([int64(-1), size]))
      const [sums, counts] = g.scan([], [pieces, labels], (_, [rows, label]) => {
        const all = g.logSoftmax(g.matMul(rows, w))
        const kept = g.cast(g.not(g.equal(label, g.constant(-1, 'int64'))), 'float64')
        const chosen = g.squeeze(g.gatherElements(all, g.unsqueeze(label, [1]), { axis: 1 }), [1])
        return { state: [], collect: [g.mul(chosen, kept), kept] }
      })
      return g.div(g.reduceSum(sums), g.reduceSum(counts))
    },
  },
  'a branch in a loop': unary((x) =>
    g.repeat(3, [x], ([s], turn) => [
      g.ifElse(
        g.greater(turn, 0),
        () => g.sin(s),
        () => g.mul(s, s),
      ),
    ]),
  ),
})

test('the tape costs no second run of the loop, and weights are summed in one product', () => {
  const x = g.input('x', 'float32', [5, 8, 4])
  const w = g.input('w', 'float32', [4, 4])
  const [, all] = g.scan([g.constant(Array(4).fill(0))], [x], ([s], [row]) => {
    const next = g.tanh(g.add(row, g.matMul(g.expand(s, [8, 4]), w)))
    return { state: [g.reduceMean(next, { axes: [0] })], collect: [next] }
  })
  const loss = g.reduceSum(all)
  const { operators } = g.summary(g.compile({ outputs: { loss, slope: g.grad(loss, [w])[0] } }))
  expect(operators.Scan).toBe(2)
})
