import { constant } from '../leaf.ts'
import { scan } from '../operators/control.ts'
import {
  add,
  cast,
  clip,
  elu,
  hardSigmoid,
  leakyRelu,
  less,
  mul,
  relu,
  sigmoid,
  softplus,
  softsign,
  sub,
  tanh,
  thresholdedRelu,
  where,
} from '../operators/elementwise.ts'
import { gather, gatherElements, slice } from '../operators/indexing.ts'
import { matMul } from '../operators/linear.ts'
import {
  concat,
  constantOfShape,
  expand,
  range,
  shape,
  split,
  squeeze,
  transpose,
  unsqueeze,
} from '../operators/structure.ts'
import { float, int, text } from '../schema.ts'
import { directionsOf, GATES } from '../schemas/recurrent.ts'
import { dtypeOf, type Value } from '../value.ts'
import type { Composition, Use } from './composition.ts'

type Kind = keyof typeof GATES
type Activation = (x: Value) => Value

// The defaults of alpha and beta are those of the operators of the same name.
const ACTIVATIONS: Readonly<Record<string, (alpha: number | undefined, beta: number | undefined) => Activation>> = {
  relu: () => relu,
  tanh: () => tanh,
  sigmoid: () => sigmoid,
  softsign: () => softsign,
  softplus: () => softplus,
  affine:
    (alpha = 1, beta = 0) =>
    (x) =>
      add(mul(x, alpha), beta),
  leakyrelu:
    (alpha = 0.01) =>
    (x) =>
      leakyRelu(x, { alpha }),
  thresholdedrelu:
    (alpha = 1) =>
    (x) =>
      thresholdedRelu(x, { alpha }),
  scaledtanh:
    (alpha = 1, beta = 1) =>
    (x) =>
      mul(tanh(mul(x, beta)), alpha),
  hardsigmoid:
    (alpha = 0.2, beta = 0.5) =>
    (x) =>
      hardSigmoid(x, { alpha, beta }),
  elu:
    (alpha = 1) =>
    (x) =>
      elu(x, { alpha }),
}

/** Which activations take an alpha, and which a beta: the attributes list only those. */
const WITH_ALPHA = new Set(['affine', 'leakyrelu', 'thresholdedrelu', 'scaledtanh', 'hardsigmoid', 'elu'])
const WITH_BETA = new Set(['affine', 'scaledtanh', 'hardsigmoid'])

const DEFAULTS = { RNN: ['Tanh'], GRU: ['Sigmoid', 'Tanh'], LSTM: ['Sigmoid', 'Tanh', 'Tanh'] } as const

/** The activations of each direction; what goes in is clipped first. */
function activationsOf(kind: Kind, use: Use, directions: number): readonly (readonly Activation[])[] {
  const { activations, activation_alpha: alphas, activation_beta: betas } = use.attributes
  const names =
    activations?.kind === 'strings'
      ? activations.value
      : Array.from({ length: directions }, () => DEFAULTS[kind]).flat()
  const alpha = alphas?.kind === 'floats' ? [...alphas.value] : []
  const beta = betas?.kind === 'floats' ? [...betas.value] : []
  const bound = float(use, 'clip', 0)
  const made = names.map((name) => {
    const key = name.toLowerCase()
    const apply = ACTIVATIONS[key](
      WITH_ALPHA.has(key) ? alpha.shift() : undefined,
      WITH_BETA.has(key) ? beta.shift() : undefined,
    )
    return bound > 0 ? (x: Value) => apply(clip(x, -bound, bound)) : apply
  })
  const count = DEFAULTS[kind].length
  return Array.from({ length: directions }, (_, d) => made.slice(d * count, (d + 1) * count))
}

/** One direction: what a turn makes of the state and of the projected input. */
interface Direction {
  readonly kind: Kind
  readonly f: readonly Activation[]
  /** [hidden, gates * hidden] */
  readonly r: Value
  /** The part of the bias that stands inside the gate of a GRU, [hidden]. */
  readonly inner?: Value
  readonly peepholes?: readonly Value[]
  readonly linearBeforeReset: boolean
  readonly inputForget: boolean
}

const parts = (x: Value, count: number): readonly Value[] => split(x, count, { axis: -1 })
const columns = (w: Value, from: number, to: number, count: number): Value =>
  concat(parts(w, count).slice(from, to), { axis: 1 })

/** Returns the next hidden state of a GRU: z, r and h are the gates' columns. */
function gru({ f: [gate, candidate], r, inner, linearBeforeReset }: Direction, h: Value, xw: Value): Value {
  const [xz, xr, xh] = parts(xw, 3)
  if (linearBeforeReset) {
    const [hz, hr, hh] = parts(matMul(h, r), 3)
    const [z, reset] = [gate(add(xz, hz)), gate(add(xr, hr))]
    const n = candidate(add(xh, mul(reset, inner === undefined ? hh : add(hh, inner))))
    return add(n, mul(z, sub(h, n)))
  }
  const [hz, hr] = parts(matMul(h, columns(r, 0, 2, 3)), 2)
  const [z, reset] = [gate(add(xz, hz)), gate(add(xr, hr))]
  const n = candidate(add(xh, matMul(mul(reset, h), columns(r, 2, 3, 3))))
  return add(n, mul(z, sub(h, n)))
}

/** Returns the next cell of an LSTM, and its hidden state; `before` is what goes into the gates i, o, f and c. */
function lstm(
  { f: [gate, input, output], peepholes, inputForget }: Direction,
  c: Value,
  before: Value,
): { c: Value; h: Value } {
  const [bi, bo, bf, bc] = parts(before, 4)
  const peep = (x: Value, i: number, cell: Value): Value =>
    peepholes === undefined ? x : add(x, mul(peepholes[i], cell))
  const i = gate(peep(bi, 0, c))
  const forget = inputForget ? sub(1, i) : gate(peep(bf, 2, c))
  const next = add(mul(forget, c), mul(i, input(bc)))
  return { c: next, h: mul(gate(peep(bo, 1, next)), output(next)) }
}

/** What is given once for all turns of one direction, with time first. */
interface Run {
  /** [time, batch, gates * hidden]: the inputs' part of the gates. */
  readonly xw: Value
  readonly h: Value
  readonly c?: Value
  /** [time, batch, 1]: whether the sequence is still going on. */
  readonly going?: Value
  /** The hidden states of all turns, where they are known. */
  readonly known?: Value
}

/** Returns all hidden states of one direction, the last one, and the last cell. */
function unrolled(direction: Direction, { xw, h, c, going, known }: Run): readonly [Value, Value, Value?] {
  const sequences = going === undefined ? [xw] : [xw, going]
  const before = known && startsOf(h, known)
  const held = (mask: Value | undefined, next: Value, old: Value): Value =>
    mask === undefined ? next : where(mask, next, old)
  const shown = (mask: Value | undefined, next: Value): Value => (mask === undefined ? next : where(mask, next, 0))
  if (c === undefined) {
    const step = (state: Value, x: Value): Value =>
      direction.kind === 'GRU' ? gru(direction, state, x) : direction.f[0](add(x, matMul(state, direction.r)))
    const turn = ([state]: readonly Value[], [x, mask]: readonly Value[]) => {
      const next = step(state, x)
      return { state: [held(mask, next, state)], collect: [shown(mask, next)] }
    }
    const [last, all] = scan([h], sequences, turn, { states: before && [before] })
    return [all, last]
  }
  const turn = ([state, cell]: readonly Value[], [x, mask]: readonly Value[]) => {
    const next = lstm(direction, cell, add(x, matMul(state, direction.r)))
    return { state: [held(mask, next.h, state), held(mask, next.c, cell)], collect: [shown(mask, next.h)] }
  }
  const states = before && [before, cellsOf(direction, before, { xw, h, c, going })]
  const [last, cell, all] = scan([h, c], sequences, turn, { states })
  return [all, last, cell]
}

/** The states at the start of each turn: the first one, then all but the last. */
const startsOf = (first: Value, all: Value): Value =>
  concat([unsqueeze(first, [0]), slice(all, [0], [-1], { axes: [0] })])

/** The cells at the start of each turn, from known hidden states: what goes into the gates is one product for all turns. */
function cellsOf(direction: Direction, before: Value, { xw, c, going }: Run): Value {
  const gates = add(xw, matMul(before, direction.r))
  const [, cells] = scan([c!], going === undefined ? [gates] : [gates, going], ([cell], [x, mask]) => {
    const next = lstm(direction, cell, x).c
    return { state: [mask === undefined ? next : where(mask, next, cell)], collect: [cell] }
  })
  return cells
}

/** Returns a sequence from its own last element to its first. */
function reversed(x: Value, lengths: Value | undefined): Value {
  if (lengths === undefined) return slice(x, [-1], [-(2 ** 31)], { axes: [0], steps: [-1] })
  const time = range(constant(0, 'int64'), squeeze(shape(x, 0, 1), [0]), constant(1, 'int64'))
  const [t, n] = [unsqueeze(time, [1]), unsqueeze(cast(lengths, 'int64'), [0])]
  const from = where(less(t, n), sub(sub(n, 1), t), t)
  return gatherElements(x, expand(unsqueeze(from, [2]), shape(x)), { axis: 0 })
}

/**
 * Returns what a recurrent operator computes, as a Scan; `known` are its hidden states, from which derivatives take what
 * they need without a second run. Source: the operators of ONNX 1.23.
 */
export function recurrentOf(kind: Kind, use: Use, known?: Value): readonly Value[] {
  const [x, w, r, b, lengths, h0, c0, p] = use.inputs.map((value) => value ?? undefined) as [
    Value,
    Value,
    Value,
    ...(Value | undefined)[],
  ]
  const directions = directionsOf(use)
  const batchFirst = int(use, 'layout', 0) === 1
  const timeFirst = (value: Value): Value =>
    batchFirst
      ? transpose(
          value,
          value.shape.map((_, i) => (i < 2 ? 1 - i : i)),
        )
      : value
  const sequence = timeFirst(x)
  const f = activationsOf(kind, use, directions)
  const of = (value: Value, d: number, axis = 0): Value =>
    directions === 1 ? squeeze(value, [axis]) : gather(value, d, { axis })
  const hidden = r.shape[2]
  const zero = (): Value => {
    const sizes = concat([
      shape(sequence, 1, 2),
      typeof hidden === 'number' ? constant([hidden], 'int64') : shape(r, 2, 3),
    ])
    return constantOfShape(sizes, 0, dtypeOf(x))
  }
  const initial = (value: Value | undefined, d: number): Value =>
    value ? of(batchFirst ? timeFirst(value) : value, d) : zero()
  const all = known && (batchFirst ? transpose(known, [1, 2, 0, 3]) : known)
  const going =
    lengths &&
    unsqueeze(
      less(
        unsqueeze(range(constant(0, 'int64'), squeeze(shape(sequence, 0, 1), [0]), constant(1, 'int64')), [1]),
        unsqueeze(cast(lengths, 'int64'), [0]),
      ),
      [2],
    )
  const results = f.map((activations, d) => {
    const backward = text(use, 'direction', 'forward') === 'reverse' || d === 1
    const turned = (value: Value): Value => (backward ? reversed(value, lengths) : value)
    const gates = GATES[kind]
    const lbr = kind === 'GRU' && int(use, 'linear_before_reset', 0) === 1
    const bias = b ? of(b, d) : undefined
    const [wb, rb] = bias === undefined ? [] : split(bias, 2)
    // what does not stand inside a gate is added once, before the first turn
    const outer =
      wb && rb && (lbr ? add(wb, concat([...split(rb, 3).slice(0, 2), mul(split(rb, 3)[2], 0)])) : add(wb, rb))
    const projected = matMul(turned(sequence), transpose(of(w, d), [1, 0]))
    const direction: Direction = {
      kind,
      f: activations,
      r: transpose(of(r, d), [1, 0]),
      inner: lbr && rb ? split(rb, gates)[2] : undefined,
      peepholes: p ? split(of(p, d), 3) : undefined,
      linearBeforeReset: lbr,
      inputForget: int(use, 'input_forget', 0) === 1,
    }
    const [states, last, cell] = unrolled(direction, {
      xw: outer ? add(projected, outer) : projected,
      h: initial(h0, d),
      c: kind === 'LSTM' ? initial(c0, d) : undefined,
      going,
      known: all && turned(of(all, d, 1)),
    })
    return { states: unsqueeze(turned(states), [1]), last: unsqueeze(last, [0]), cell: cell && unsqueeze(cell, [0]) }
  })
  const joined = (values: readonly Value[], axis: number): Value =>
    values.length === 1 ? values[0] : concat(values, { axis })
  const states = joined(
    results.map((one) => one.states),
    1,
  )
  const last = joined(
    results.map((one) => one.last),
    0,
  )
  const cells =
    kind === 'LSTM'
      ? joined(
          results.map((one) => one.cell!),
          0,
        )
      : undefined
  const back = (value: Value): Value => (batchFirst ? transpose(value, [1, 0, 2]) : value)
  const outputs = [batchFirst ? transpose(states, [2, 0, 1, 3]) : states, back(last)]
  return cells === undefined ? outputs : [...outputs, back(cells)]
}

const composition =
  (kind: Kind): Composition =>
  (use) =>
    recurrentOf(kind, use)

/** What recurrent operators are made of. */
export const recurrent = { RNN: composition('RNN'), GRU: composition('GRU'), LSTM: composition('LSTM') }
