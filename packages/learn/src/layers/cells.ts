import {
  add,
  concat,
  constant,
  constantOfShape,
  matMul,
  mul,
  relu,
  shape,
  sigmoid,
  slice,
  sub,
  tanh,
  transpose,
  type Value,
} from '@mlpod/graph'
import { initializers } from './initializers.ts'
import type { Layer, Scope } from './layer.ts'
import { dropout } from './regularization.ts'
import { known, whole } from './shape.ts'

/** One step of a recurrent layer, on a batch [batch, ...]. */
export interface Cell {
  /** How many states it has. */
  readonly count: number
  /** What a step makes of its input before the states come in: a sequence has it done for all times at once. */
  readonly before: Layer
  /** The states that a sequence begins with, for what `before` gives: zeros. */
  readonly start: (entered: Value, scope: Scope) => readonly Value[]
  /** The next states, of what `before` gives and the last ones. */
  readonly step: (entered: Value, states: readonly Value[], scope: Scope) => readonly Value[]
  /** What a step gives, of its next states. */
  readonly output: (states: readonly Value[]) => Value
}

/** Returns one step of a cell: what it gives for x [batch, ...], and the next states. Without states it is the first one. */
export function stepOf(
  cell: Cell,
  x: Value,
  states: readonly Value[] | undefined,
  scope: Scope,
): { readonly output: Value; readonly states: readonly Value[] } {
  const entered = cell.before(x, scope)
  const next = cell.step(entered, states ?? cell.start(entered, scope), scope)
  return { output: cell.output(next), states: next }
}

/** Returns zeros [batch, sizes...] for the batch of x. */
export const zerosFor = (x: Value, sizes: readonly number[]): Value =>
  constantOfShape(concat([shape(x, 0, 1), constant([...sizes], 'int64')]))

/** Settings of cells. */
export interface CellOptions {
  readonly bias?: boolean
  /** How many values of the state are dropped in training before its product: the same ones at all times. Source: Gal, Ghahramani (2016). */
  readonly recurrentDropout?: number
}

const first = (states: readonly Value[]): Value => states[0]

/** The products of a cell with so many gates; weights have a row for each unit of each gate, as in ONNX. */
function products(
  kind: string,
  units: number,
  gates: number,
  width: number,
  { bias = true, recurrentDropout = 0 }: CellOptions,
) {
  whole(`${kind} cell`, { units })
  const drop = dropout(recurrentDropout)
  // torch draws all of a cell from the fan of its states
  const fans = { fanIn: units, fanOut: units }
  const weights = (scope: Scope, name: string, sizes: readonly number[]): Value =>
    scope.parameter(name, sizes, initializers.torch, fans)
  const rows = gates * units
  const biases = (scope: Scope, part: 0 | 1): Value =>
    slice(weights(scope, 'bias', [2 * rows]), [part * rows], [(part + 1) * rows])
  const biased = (y: Value, scope: Scope, part: 0 | 1): Value => (bias ? add(y, biases(scope, part)) : y)
  return {
    before: (x: Value, scope: Scope): Value => {
      const w = weights(scope, 'weight', [rows, known(x, -1, `${kind} cell`, scope)])
      return biased(matMul(x, transpose(w, [1, 0])), scope, 0)
    },
    /** h R^T + b, or the part of it for some gates. */
    recurrent: (h: Value, scope: Scope): Value => {
      const r = weights(scope, 'recurrent', [rows, width])
      return biased(matMul(drop(h, scope), transpose(r, [1, 0])), scope, 1)
    },
    dropped: (h: Value, scope: Scope): Value => drop(h, scope),
    /** The rows of some gates of R^T, and their bias. */
    rows: (scope: Scope, from: number, to: number) => ({
      r: transpose(slice(weights(scope, 'recurrent', [rows, width]), [from * units], [to * units]), [1, 0]),
      b: bias ? slice(biases(scope, 1), [from * units], [to * units]) : constant(0),
    }),
    weights,
  }
}

const gate = (all: Value, units: number, i: number): Value => slice(all, [i * units], [(i + 1) * units], { axes: [-1] })

/**
 * Returns the cell h' = tanh(W x + R h + b) with one state [batch, units]: `weight` [units, features], `recurrent`
 * [units, units], `bias` [2 units] of both products. Source: torch.nn.RNNCell.
 */
export function rnnCell(
  units: number,
  { activation = 'tanh', ...options }: CellOptions & { readonly activation?: 'tanh' | 'relu' } = {},
): Cell {
  const { before, recurrent } = products('rnn', units, 1, units, options)
  const act = activation === 'relu' ? relu : tanh
  return {
    count: 1,
    before,
    start: (entered) => [zerosFor(entered, [units])],
    step: (entered, [h], scope) => [act(add(entered, recurrent(h, scope)))],
    output: first,
  }
}

/**
 * Returns the gated cell h' = (1 - z) n + z h with one state [batch, units], gates in ONNX's order z, r, h. The reset comes after
 * the product with the state, or before it (`resetAfter: false`). Source: Cho et al. (2014); torch.nn.GRUCell, Keras GRUCell.
 */
export function gruCell(
  units: number,
  { resetAfter = true, ...options }: CellOptions & { readonly resetAfter?: boolean } = {},
): Cell {
  const made = products('gru', units, 3, units, options)
  const part = (all: Value, i: number): Value => gate(all, units, i)
  const mixed = (z: Value, n: Value, h: Value): Value => add(n, mul(z, sub(h, n)))
  return {
    count: 1,
    before: made.before,
    start: (entered) => [zerosFor(entered, [units])],
    step(entered, [h], scope) {
      if (resetAfter) {
        const r = made.recurrent(h, scope)
        const [z, reset] = [0, 1].map((i) => sigmoid(add(part(entered, i), part(r, i))))
        return [mixed(z, tanh(add(part(entered, 2), mul(reset, part(r, 2)))), h)]
      }
      const kept = made.dropped(h, scope)
      const [both, own] = [made.rows(scope, 0, 2), made.rows(scope, 2, 3)]
      const r = add(matMul(kept, both.r), both.b)
      const [z, reset] = [0, 1].map((i) => sigmoid(add(part(entered, i), part(r, i))))
      return [mixed(z, tanh(add(part(entered, 2), add(matMul(mul(reset, kept), own.r), own.b))), h)]
    },
    output: first,
  }
}

/**
 * Returns the long short-term memory cell with the states h [batch, units] and c [batch, units], gates in ONNX's order
 * i, o, f, c. With a `projection` to fewer numbers h is [batch, projection] = P (o tanh c), `projection` [projection, units].
 * Source: Hochreiter, Schmidhuber (1997); torch.nn.LSTMCell, torch.nn.LSTM(proj_size).
 */
export function lstmCell(
  units: number,
  { projection, ...options }: CellOptions & { readonly projection?: number } = {},
): Cell {
  const width = projection ?? units
  whole('lstm cell', { projection: width })
  const { before, recurrent, weights } = products('lstm', units, 4, width, options)
  return {
    count: 2,
    before,
    start: (entered) => [zerosFor(entered, [width]), zerosFor(entered, [units])],
    step(entered, [h, c], scope) {
      const all = add(entered, recurrent(h, scope))
      const [i, o, f] = [0, 1, 2].map((k) => sigmoid(gate(all, units, k)))
      const next = add(mul(f, c), mul(i, tanh(gate(all, units, 3))))
      const y = mul(o, tanh(next))
      if (projection === undefined) return [y, next]
      return [matMul(y, transpose(weights(scope, 'projection', [projection, units]), [1, 0])), next]
    },
    output: first,
  }
}

/** Returns cells on top of each other as one, with the states of all, the first cell's first. Source: Keras StackedRNNCells. */
export function stacked(...cells: readonly Cell[]): Cell {
  whole('stack', { 'number of cells': cells.length })
  const at = (scope: Scope, i: number): Scope => scope.at(String(i))
  /** Goes through the cells; `made` gives the next states of one. */
  const through = (
    entered: Value,
    scope: Scope,
    made: (i: number, entered: Value, scope: Scope) => readonly Value[],
  ): readonly Value[] => {
    const all: Value[] = []
    let own = entered
    for (const [i, cell] of cells.entries()) {
      const states = made(i, own, at(scope, i))
      all.push(...states)
      if (i + 1 < cells.length) own = cells[i + 1].before(cell.output(states), at(scope, i + 1))
    }
    return all
  }
  const total = (of: readonly Cell[]): number => of.reduce((sum, { count }) => sum + count, 0)
  const slices = (states: readonly Value[], i: number): readonly Value[] =>
    states.slice(total(cells.slice(0, i)), total(cells.slice(0, i + 1)))
  return {
    count: total(cells),
    before: (x, scope) => cells[0].before(x, at(scope, 0)),
    start: (entered, scope) => through(entered, scope, (i, own, below) => cells[i].start(own, below)),
    step: (entered, states, scope) =>
      through(entered, scope, (i, own, below) => cells[i].step(own, slices(states, i), below)),
    output: (states) => cells.at(-1)!.output(slices(states, cells.length - 1)),
  }
}
