import { readFileSync } from 'node:fs'
import { type Tensor, tensor } from '@mlpod/contract'
import { checkGrad, compile, input, openSession, sin, type Value } from '@mlpod/graph'
import { describe, expect, test } from 'vitest'
import { jointLossValue, mixtureDensity } from '../losses/index.ts'
import {
  type DiscriminantOptions,
  deepFM,
  entmax15,
  entmoid15,
  fitDiscriminant,
  type GaussianProcessOptions,
  gaussianProcess,
  higherOrderMachine,
  type KernelName,
  type KernelOptions,
  type Layer,
  linearDiscriminant,
  meanFieldLogits,
  mixtureDensityHead,
  network,
  nystroem,
  obliviousTrees,
  type PolynomialOptions,
  type Posterior,
  polynomialFeatures,
  quadraticDiscriminant,
  randomFeatureProcess,
} from './index.ts'

interface Entry {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

const reference: {
  readonly classes: {
    readonly x: Entry
    readonly y: readonly number[]
    readonly new: Entry
    readonly cases: readonly {
      readonly kind: 'linear' | 'quadratic'
      readonly options: DiscriminantOptions
      readonly rows: readonly number[]
      readonly decision: Entry
      readonly probabilities: Entry
    }[]
  }
  readonly nystroem: {
    readonly landmarks: Entry
    readonly x: Entry
    readonly cases: readonly { readonly kernel: KernelName; readonly options: KernelOptions; readonly y: Entry }[]
  }
  readonly polynomial: {
    readonly x: Entry
    readonly cases: readonly { readonly degree: number; readonly options: PolynomialOptions; readonly y: Entry }[]
  }
  readonly processes: {
    readonly points: Entry
    readonly targets: Entry
    readonly x: Entry
    readonly cases: readonly {
      readonly options: GaussianProcessOptions
      readonly mean: Entry
      readonly variance: readonly number[]
      readonly evidence: number
    }[]
  }
} = JSON.parse(readFileSync(new URL('../../../../conformance/learn/structured.json', import.meta.url), 'utf8'))

const tensorOf = ({ shape, data }: Entry): Tensor<'float32'> => tensor('float32', shape, Float32Array.from(data))
const exact = ({ shape, data }: Entry): Tensor<'float64'> => tensor('float64', shape, Float64Array.from(data))
const numbers = ({ data }: Tensor): number[] => Array.from(data as Float32Array)
const filled = (shape: readonly number[], salt = 0): Tensor<'float32'> =>
  tensor(
    'float32',
    shape,
    Float32Array.from({ length: shape.reduce((n, dim) => n * dim, 1) }, (_, i) => Math.sin(i * 1.7 + salt)),
  )

async function run(outputs: Readonly<Record<string, Value>>, feeds: Readonly<Record<string, Tensor>> = {}) {
  await using session = await openSession(compile({ outputs }))
  return session.run(feeds)
}

const placeOf = ({ shape }: Entry): Value => input('x', 'float32', ['batch', ...shape.slice(1)])

const close = (found: Tensor | readonly number[], wanted: readonly number[], tolerance = 1e-4): void => {
  const values = 'dtype' in found ? numbers(found) : found
  expect(values.length).toBe(wanted.length)
  for (const [i, value] of wanted.entries())
    expect(Math.abs(values[i] - value)).toBeLessThan(tolerance * (1 + Math.abs(value)))
}

describe('discriminants are those of scikit-learn', () => {
  const { x, y, new: points, cases } = reference.classes
  test.each(cases.map((entry) => [`${entry.kind} ${JSON.stringify(entry.options)} of ${entry.rows}`, entry] as const))(
    '%s',
    async (_, { kind, options, rows, decision, probabilities }) => {
      const kept = y.flatMap((label, i) => (rows.includes(label) ? [i] : []))
      const data = kept.flatMap((i) => x.data.slice(3 * i, 3 * i + 3))
      const labels = tensor(
        'int32',
        [kept.length],
        Int32Array.from(kept, (i) => y[i]),
      )
      const fitted = fitDiscriminant(exact({ shape: [kept.length, 3], data }), labels, options)
      expect(fitted.classes).toEqual(rows)
      const layer = { linear: linearDiscriminant, quadratic: quadraticDiscriminant }[kind](fitted)
      const logits = numbers(
        (await run({ y: network(layer, placeOf(points), { seed: 0 }).output }, { x: tensorOf(points) })).y,
      )
      const k = rows.length
      const parts = points.data.flatMap((_, i) => (i % 3 === 0 ? [logits.slice((i / 3) * k, (i / 3 + 1) * k)] : []))
      const shares = parts.flatMap((row) => {
        const top = Math.max(...row)
        const all = row.map((value) => Math.exp(value - top))
        return all.map((value) => value / all.reduce((a, b) => a + b, 0))
      })
      close(shares, probabilities.data)
      // constants that all classes share drop out of the decision of two; the quadratic one of many is left as it is
      if (k === 2)
        close(
          parts.map(([a, b]) => b - a),
          decision.data,
        )
      else if (kind === 'linear') close(logits, decision.data)
    },
  )

  test('data that tell no classes apart are refused', () => {
    const code = (name: string) => expect.objectContaining({ code: name })
    const [few, labels] = [filled([4, 2]), tensor('int32', [4], Int32Array.of(0, 0, 1, 1))]
    expect(() => fitDiscriminant(few, tensor('int32', [4], new Int32Array(4)))).toThrow(code('CLASSES_FEW'))
    expect(() => fitDiscriminant(few, labels, { priors: [0.5, 0.6] })).toThrow(code('PRIORS_INVALID'))
    expect(() => fitDiscriminant(few, labels, { shrinkage: 2 })).toThrow(code('RANGE_INVALID'))
    expect(() => fitDiscriminant(filled([3, 2]), labels)).toThrow(code('SHAPE_MISMATCH'))
    const lonely = tensor('int32', [4], Int32Array.of(0, 0, 0, 1))
    expect(() => quadraticDiscriminant(fitDiscriminant(few, lonely))).toThrow(code('MATRIX_NOT_POSITIVE'))
    expect(() =>
      network(
        linearDiscriminant(fitDiscriminant(filled([6, 2]), tensor('int32', [6], Int32Array.of(0, 1, 0, 1, 0, 1)))),
        input('x', 'float32', [1, 3]),
        {
          seed: 0,
        },
      ),
    ).toThrow(code('SHAPE_MISMATCH'))
  })
})

describe('features of landmarks are those of scikit-learn', () => {
  const { landmarks, x, cases } = reference.nystroem
  test.each(cases.map((entry) => [`${entry.kernel} ${JSON.stringify(entry.options)}`, entry] as const))(
    '%s',
    async (_, { kernel, options, y }) => {
      const { output, states } = network(nystroem(exact(landmarks), { kernel, ...options }), placeOf(x), { seed: 0 })
      expect(Object.keys(states)).toEqual(['components', 'normalization'])
      close((await run({ output }, { x: tensorOf(x) })).output, y.data, 1e-3)
    },
  )
  test('landmarks that are no matrix are refused', () => {
    expect(() => nystroem(filled([3]))).toThrow('no matrix')
    expect(() => nystroem(filled([3, 2]), { gamma: 0 })).toThrow('not a number above 0')
  })
})

describe('polynomial features come in the order of scikit-learn', () => {
  const { x, cases } = reference.polynomial
  test.each(cases.map((entry) => [`${entry.degree} ${JSON.stringify(entry.options)}`, entry] as const))(
    '%s',
    async (_, { degree, options, y }) => {
      const { output } = network(polynomialFeatures(degree, options), placeOf(x))
      expect(output.shape[1]).toBe(y.shape[1])
      close((await run({ output }, { x: tensorOf(x) })).output, y.data)
    },
  )
})

describe('a Gaussian process says what that of scikit-learn says', () => {
  const { points, targets, x, cases } = reference.processes
  const of = (options: GaussianProcessOptions) => {
    let found: Posterior | undefined
    const built = network(
      (value, scope) => {
        found = gaussianProcess(exact(points), exact(targets), options)(value, scope)
        return found.mean
      },
      placeOf(x),
      { seed: 0 },
    )
    return { ...found!, parameters: built.parameters }
  }
  test.each(cases.map((entry) => [JSON.stringify(entry.options), entry] as const))(
    '%s',
    async (_, { options, mean, variance, evidence }) => {
      const [fixed, learned] = [of(options), of({ ...options, learned: true })]
      expect(Object.keys(fixed.parameters)).toEqual([])
      expect(Object.keys(learned.parameters)).toEqual(['log_length_scale', 'log_variance', 'log_noise'])
      const feeds = { x: tensorOf(x) }
      const one = await run({ mean: fixed.mean, variance: fixed.variance }, feeds)
      close(one.mean, mean.data)
      close(one.variance, variance)
      // hyperparameters in single precision: with next to no noise the evidence magnifies their rounding
      const loose = options.noise === 1e-10 ? 1e-2 : 1e-3
      const other = await run({ mean: learned.mean, variance: learned.variance, evidence: learned.evidence! }, feeds)
      close(other.mean, mean.data, loose)
      close(other.variance, variance, loose)
      close(other.evidence, [evidence], loose)
    },
  )
  test('its hyperparameters have derivatives', async () => {
    const { evidence, parameters } = of({ kernel: 'matern52', noise: 0.1, lengthScale: [1, 2], learned: true })
    const wrt = Object.values(parameters)
    expect(await checkGrad({ outputs: [evidence!], wrt, feeds: {}, tolerance: 4e-2 })).toMatchObject({ passed: true })
  })
  test('what cannot be is refused', () => {
    const code = (name: string) => expect.objectContaining({ code: name })
    expect(() => gaussianProcess(filled([3, 2]), filled([4]))).toThrow(code('SHAPE_MISMATCH'))
    expect(() => gaussianProcess(filled([3, 2]), filled([3]), { lengthScale: [1] })).toThrow(code('LAYER_INVALID'))
    expect(() => gaussianProcess(filled([65, 2]), filled([65]), { learned: true })).toThrow('more than the 64')
    const twice = tensor('float64', [2, 1], Float64Array.of(1, 1))
    expect(() => gaussianProcess(twice, filled([2]), { noise: 1e-30 })).toThrow(code('MATRIX_NOT_POSITIVE'))
  })
})

test('a process of random features is less sure far from what it has seen', async () => {
  const x = input('x', 'float32', ['batch', 1])
  const layer: Layer = (value, scope) => randomFeatureProcess(1, { features: 32, momentum: 0.5 })(value, scope).variance
  const seen = tensor(
    'float32',
    [40, 1],
    Float32Array.from({ length: 40 }, (_, i) => i / 40),
  )
  const first = network(layer, x, { seed: 1, training: true })
  let values = first.values
  const next = Object.fromEntries(Object.entries(first.states).map(([path, state]) => [path, state.next]))
  for (let step = 0; step < 6; step++) {
    const built = network(layer, x, { parameters: values, training: true })
    const moved = await run({ moved: built.states.precision.next }, { x: seen })
    values = { ...values, precision: moved.moved }
  }
  expect(Object.keys(next)).toContain('precision')
  const { output } = network(layer, x, { parameters: values })
  const found = numbers((await run({ output }, { x: tensor('float32', [2, 1], Float32Array.of(0.5, 9)) })).output)
  expect(found[1]).toBeGreaterThan(2 * found[0])
  const logits = network(meanFieldLogits(3, { features: 8 }), x, { seed: 2 })
  expect(logits.output.shape).toEqual(['batch', 3])
})

test('a machine of higher order is its sum over all subsets', async () => {
  const [n, k, order] = [5, 2, 4]
  const x = filled([1, n], 0.3)
  const built = network(higherOrderMachine(k, order), input('x', 'float32', ['batch', n]), { seed: 4 })
  const values = { ...built.values }
  for (let m = 2; m <= order; m++) values[`factors${m}`] = filled([n, k], m)
  const v = (m: number, i: number, f: number): number => numbers(values[`factors${m}`])[i * k + f]
  let wanted = 0
  for (let subset = 0; subset < 2 ** n; subset++) {
    const members = Array.from({ length: n }, (_, i) => i).filter((i) => (subset >> i) & 1)
    const m = members.length
    if (m < 2 || m > order) continue
    for (let f = 0; f < k; f++) wanted += members.reduce((product, i) => product * numbers(x)[i] * v(m, i, f), 1)
  }
  const { output } = network(higherOrderMachine(k, order), input('x', 'float32', ['batch', n]), { parameters: values })
  const { y } = await run({ y: output }, { x })
  expect(y.shape).toEqual([1, 1])
  expect(numbers(y)[0]).toBeCloseTo(wanted, 4)
})

test('DeepFM is a factorization machine plus a network over the same factors', async () => {
  const place = input('x', 'float32', ['batch', 4])
  const built = network(deepFM(3, { hidden: [5], fields: [0, 0, 1, 1] }), place, { seed: 1 })
  expect(Object.fromEntries(Object.entries(built.values).map(([name, { shape }]) => [name, shape]))).toEqual({
    factors: [4, 3],
    weight: [4, 1],
    bias: [1],
    'deep.0.weight': [6, 5],
    'deep.0.bias': [5],
    'deep.1.weight': [5, 1],
    'deep.1.bias': [1],
  })
  expect(() => network(deepFM(3, { fields: [0, 1] }), place, { seed: 1 })).toThrow('2 fields are given for 4 features')
})

test('the gate of oblivious trees is entmax of two, and each tree answers by its leaves', async () => {
  const points = [-3, -2, -1.3, -0.4, 0, 0.2, 1, 1.9, 2, 5]
  const s = input('s', 'float32', [points.length, 1])
  const both = input('both', 'float32', [points.length, 2])
  const found = await run(
    { gate: entmoid15(s), pair: entmax15(both) },
    {
      s: tensor('float32', [points.length, 1], Float32Array.from(points)),
      both: tensor('float32', [points.length, 2], Float32Array.from(points.flatMap((value) => [value, 0]))),
    },
  )
  close(
    found.gate,
    points.map((_, i) => numbers(found.pair)[2 * i]),
    1e-5,
  )
  // one tree, one question that is far above its threshold on every row: the second leaf answers
  const parameters = {
    choices: tensor('float32', [1, 2], Float32Array.of(9, 0)),
    thresholds: tensor('float32', [1], Float32Array.of(-5)),
    log_widths: tensor('float32', [1], Float32Array.of(0)),
    leaves: tensor('float32', [1, 2, 2], Float32Array.of(1, 2, 3, 4)),
  }
  const layer = obliviousTrees(2, { trees: 1, depth: 1 })
  const { output } = network(layer, input('x', 'float32', ['batch', 2]), { parameters })
  expect(numbers((await run({ output }, { x: filled([2, 2]) })).output)).toEqual([3, 4, 3, 4])
})

test('a mixture density head gives what its loss reads', () => {
  const target = input('y', 'float32', ['batch', 2])
  for (const oneDeviation of [false, true]) {
    const built = network(
      (x, scope) =>
        jointLossValue(mixtureDensity(), { ...mixtureDensityHead(3, 2, { oneDeviation })(x, scope), target }),
      input('x', 'float32', ['batch', 4]),
      { seed: 1 },
    )
    expect(built.parameters['log_deviations.weight'].shape).toEqual([4, oneDeviation ? 3 : 6])
  }
})

const smooth: Readonly<Record<string, readonly [Layer, readonly number[]]>> = {
  'a machine of higher order': [higherOrderMachine(2, 3), [2, 4]],
  DeepFM: [deepFM(2, { hidden: [3], activation: 'tanh' }), [2, 3]],
  'oblivious trees in two layers': [obliviousTrees(2, { trees: 2, depth: 2, layers: 2 }), [2, 3]],
  landmarks: [nystroem(filled([3, 2]), { gamma: 0.5 }), [2, 2]],
  'polynomial features': [polynomialFeatures(3), [2, 3]],
  'a quadratic discriminant': [
    quadraticDiscriminant(fitDiscriminant(filled([8, 2]), tensor('int32', [8], Int32Array.of(0, 1, 1, 0, 1, 0, 0, 1)))),
    [2, 2],
  ],
}

test.each(Object.entries(smooth))(
  '%s: derivatives by the input and the parameters agree with differences',
  async (_, [layer, shape]) => {
    const x = input('x', 'float32', shape)
    const { output, parameters } = network(layer, x, { seed: 3 })
    const wrt = [x, ...Object.values(parameters)]
    const found = await checkGrad({ outputs: [sin(output)], wrt, feeds: { x: filled(shape, 0.5) }, tolerance: 4e-2 })
    expect(found, JSON.stringify(found)).toMatchObject({ passed: true })
  },
)
