import { readFileSync } from 'node:fs'
import { type Tensor, tensor } from '@mlpod/contract'
import { checkGrad, compile, constant, grad, input, openSession, softmax, type Value } from '@mlpod/graph'
import { adam, crossEntropy, fit, type Loss, lossValue, mlp, predict } from '@mlpod/learn'
import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { calibrateClassifier } from '../classification/classifier.ts'
import { classifierSets } from '../classification/sets.ts'
import {
  cdLoss,
  confTrLoss,
  confTsLoss,
  fitConfTs,
  ordinalHead,
  r2ccpLoss,
  scpoLoss,
  softQuantile,
  softSort,
  uncertaintyAwareLoss,
} from './index.ts'

interface Found {
  readonly value: number
  readonly gradient: readonly number[]
}

interface Reference {
  readonly classes: number
  readonly level: number
  readonly logits: readonly number[]
  readonly labels: readonly number[]
  readonly results: readonly (Found & {
    readonly loss: 'confTr' | 'confTs' | 'cd' | 'scpo'
    readonly score?: 'lac' | 'aps'
    readonly fraction?: number
    readonly kind?: 'valid' | 'coverage'
    readonly transform?: 'square' | 'abs'
    readonly form?: 'log' | 'neg_inv'
  })[]
  readonly numbers: readonly number[]
  readonly quantiles: readonly { readonly level: number; readonly value: number }[]
  readonly midpoints: readonly number[]
  readonly target: readonly number[]
  readonly r2ccp: readonly (Found & { readonly power: number; readonly entropy: number })[]
  readonly ordinal: readonly { readonly shape: 'abs' | 'square'; readonly logits: readonly number[] }[]
}

const reference = JSON.parse(
  readFileSync(
    new URL('../../../../../conformance/science/uncertainty/conformal_losses.json', import.meta.url),
    'utf8',
  ),
) as Reference
const { classes, level, logits, labels } = reference
const n = labels.length

const run = async (
  outputs: Readonly<Record<string, Value>>,
  feeds: Readonly<Record<string, Tensor>>,
  inputs: readonly Value[],
) => {
  await using session = await openSession(compile({ inputs, outputs }))
  const found = await session.run(feeds)
  return Object.fromEntries(
    Object.entries(found).map(([name, { data }]) => [name, Array.from(data as Float32Array, Number)]),
  )
}

const floats = (shape: readonly number[], values: ArrayLike<number>) =>
  tensor('float32', shape, Float32Array.from(values))
const wholes = (values: ArrayLike<number>) =>
  tensor('int64', [values.length], BigInt64Array.from(Array.from(values, BigInt)))

/** Value and gradient of a loss at the reference's logits, with sizes known or not. */
async function at(loss: Loss, rows: number | string, target: Tensor = wholes(labels)): Promise<Found> {
  const z = input('z', 'float32', [rows, classes])
  const y = input(
    'y',
    target.dtype as 'int64',
    target.shape.map((size, i) => (i === 0 ? rows : size)),
  )
  const value = lossValue(loss, z, y)
  const [slope] = grad(value, [z])
  const found = await run({ value, slope }, { z: floats([n, classes], logits), y: target }, [z, y])
  return { value: found.value[0], gradient: found.slope }
}

function expectSame(found: Found, expected: Found, what: string): void {
  const off = (a: number, b: number) => Math.abs(a - b) / Math.max(1, Math.abs(b))
  expect(off(found.value, expected.value), `value of ${what}: ${found.value}, ${expected.value}`).toBeLessThan(2e-4)
  expected.gradient.forEach((x, i) => {
    expect(off(found.gradient[i], x), `gradient [${i}] of ${what}: ${found.gradient[i]}, ${x}`).toBeLessThan(2e-4)
  })
}

test('losses and their gradients are those of TorchCP 1.2.1 where it is right, for batches of known and unknown size', async () => {
  for (const { loss, score, fraction, kind, transform, form, ...expected } of reference.results) {
    const shared = { level, ...(score ? { score } : {}), ...(fraction ? { fraction } : {}) }
    const made: Loss = {
      confTr: () =>
        confTrLoss({
          ...shared,
          ...(kind === 'coverage' ? { size: 0, coverage: 1 } : {}),
          ...(transform ? { sizeTransform: transform } : {}),
        }),
      confTs: () => confTsLoss(shared),
      cd: () => cdLoss({ ...(score ? { score } : {}), softness: 0.1 }),
      scpo: () => scpoLoss({ level, form: form === 'log' ? 'logarithm' : 'negativeInverse' }),
    }[loss]()
    const wanted = loss === 'cd' ? { value: 1 - expected.value, gradient: expected.gradient.map((x) => -x) } : expected
    for (const rows of [n, 'n'])
      expectSame(await at(made, rows), wanted, `${loss} ${score ?? form} ${fraction} ${kind} ${transform}`)
  }
})

test('R2CCP is that of TorchCP 1.2.1 with its entropy turned, summed over rows', async () => {
  for (const { power, entropy, ...expected } of reference.r2ccp) {
    const loss = r2ccpLoss({ midpoints: reference.midpoints, power, entropy })
    const found = await at(loss, 'n', floats([n, 1], reference.target))
    const scale = expected.value / found.value
    expect([1, n]).toContain(Math.round(scale))
    const by = Math.round(scale)
    expectSame({ value: found.value * by, gradient: found.gradient.map((x) => x * by) }, expected, `R2CCP ${power}`)
  }
})

test('the soft quantile is that of TorchCP 1.2.1 asked for at the level, and sorts as its temperature falls', async () => {
  const x = input('x', 'float32', ['n'])
  const feeds = { x: floats([reference.numbers.length], reference.numbers) }
  const values = Object.fromEntries(reference.quantiles.map(({ level: q }, i) => [`q${i}`, softQuantile(x, q)]))
  const found = await run(
    { ...values, hard: softSort(x, { temperature: 1e-4 }), most: softQuantile(x, 0.999) },
    feeds,
    [x],
  )
  reference.quantiles.forEach(({ value }, i) => {
    expect(found[`q${i}`][0]).toBeCloseTo(value, 4)
  })
  const sorted = reference.numbers.toSorted((a, b) => a - b)
  found.hard.forEach((value, i) => {
    expect(value).toBeCloseTo(sorted[i], 3)
  })
  expect(found.most[0]).toBeGreaterThan(sorted[11])
})

test('the ordinal head is that of TorchCP 1.2.1, and its probabilities have one peak', async () => {
  const x = input('x', 'float32', ['n', classes])
  for (const { shape, logits: expected } of reference.ordinal) {
    const head = ordinalHead(x, { step: shape, peak: shape })
    const found = await run({ head, p: softmax(head, { axis: 1 }) }, { x: floats([n, classes], logits) }, [x])
    found.head.forEach((value, i) => {
      expect(Math.abs(value - expected[i])).toBeLessThan(2e-4 * Math.max(1, Math.abs(expected[i])))
    })
    for (let i = 0; i < n; i++) {
      const row = found.p.slice(i * classes, (i + 1) * classes)
      const top = row.indexOf(Math.max(...row))
      for (let j = 1; j < classes; j++)
        expect(row[j] - row[j - 1] >= -1e-7).toBe(j <= top || row[j] - row[j - 1] >= -1e-7)
    }
  }
  expect(() => ordinalHead(input('two', 'float32', ['n', 2]))).toThrow(/3 or more/)
})

const doubles = (seed: number, size: number) => {
  const { normal } = random({ seed, path: 'doubles' })
  return tensor(
    'float64',
    [size / classes, classes],
    Float64Array.from({ length: size }, (_, i) => normal(i)),
  )
}

test.each([
  ['confTr by aps', confTrLoss({ level: 0.8 })],
  ['confTr by margin', confTrLoss({ level: 0.8, score: 'margin', classification: 1, coverage: 2 })],
  [
    'confTr by entmax',
    confTrLoss({ level: 0.8, score: { name: 'entmax', gamma: 1.5 }, transform: 'identity', logarithm: true }),
  ],
  [
    'confTr by raps',
    confTrLoss({
      level: 0.8,
      score: 'raps',
      lossMatrix: Array.from({ length: classes }, () => [1, 2, 3, 4]),
      classification: 1,
    }),
  ],
  ['confTs by saps', confTsLoss({ level: 0.8, score: 'saps' })],
  ['cd by lac', cdLoss({ score: 'lac', softness: 0.2 })],
  ['scpo', scpoLoss({ level: 0.8 })],
  ['uncertainty-aware', uncertaintyAwareLoss({ fraction: 0.5 })],
] as const)('derivatives of %s agree with differences', async (_, loss) => {
  const rows = 16
  const z = input('z', 'float64', [rows, classes])
  const y = constant(wholes(Array.from({ length: rows }, (_, i) => (i * 7) % classes)))
  const checked = await checkGrad({
    outputs: [lossValue(loss, z, y)],
    wrt: [z],
    feeds: { z: doubles(3, rows * classes) },
    tolerance: 1e-5,
  })
  expect(checked, checked.worst).toMatchObject({ passed: true })
})

test('derivatives of R2CCP and of the ordinal head agree with differences', async () => {
  const z = input('z', 'float64', [4, classes])
  const y = constant({ dtype: 'float64', shape: [4, 1], data: Float64Array.of(0.3, -0.6, 0.15, 0.9) })
  const loss = r2ccpLoss({ midpoints: [-1, -0.3, 0.3, 1.1] })
  const feeds = { z: doubles(5, 4 * classes) }
  for (const outputs of [[lossValue(loss, z, y)], [ordinalHead(z, { step: 'square' })]]) {
    const checked = await checkGrad({ outputs, wrt: [z], feeds })
    expect(checked, checked.worst).toMatchObject({ passed: true })
  }
})

test('the off-label part counts every wrong label of a set, as TorchCP 1.2.1 does not', async () => {
  const z = input('z', 'float32', [4, 3])
  const loss = confTrLoss({
    level: 0.5,
    score: 'lac',
    transform: 'identity',
    size: 0,
    classification: 1,
    softness: 1e-3,
  })
  const y = input('y', 'int64', [4])
  const { value } = await run(
    { value: lossValue(loss, z, y) },
    // the threshold is about 0.5: one wrong label inside in the first judged row, the true one outside in the second
    { z: floats([4, 3], [0.5, 0, 0, 0.5, 0, 0, 0.9, 0.8, 0, 0, 0, 0]), y: wholes([0, 0, 0, 2]) },
    [z, y],
  )
  expect(value[0]).toBeCloseTo((1 + 1) / 2, 3)
})

/** Six overlapping classes around a point of the plane. */
function plane(seed: number, rows: number) {
  const { normal, uniform } = random({ seed, path: 'plane' })
  const labels = Array.from({ length: rows }, (_, i) => Math.floor(6 * uniform(i)))
  const x = Float32Array.from({ length: 2 * rows }, (_, i) => {
    const angle = (2 * Math.PI * labels[i >> 1]) / 6
    return 2 * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle)) + normal(i)
  })
  return { x: tensor('float32', [rows, 2], x), y: wholes(labels), labels }
}

test.each([
  ['confTr', confTrLoss({ level: 0.9, score: 'lac', classification: 1, sizeTransform: 'abs' })],
  ['cd', cdLoss({ score: 'lac', softness: 0.2 })],
  ['scpo', scpoLoss({ level: 0.9 })],
  ['uncertainty-aware', uncertaintyAwareLoss()],
] as const)('a network trained by %s alone makes small sets that cover', async (_, loss) => {
  const { x, y } = plane(1, 1000)
  const fitted = await fit({
    network: mlp([16], 6),
    loss,
    optimizer: adam({ learningRate: 0.01 }),
    data: { x, y },
    batch: 200,
    epochs: 60,
    seed: 2,
  })
  const { history } = fitted
  expect(history.at(-1)?.loss).toBeLessThan(history[0].loss)
  const [held, fresh] = [plane(2, 1000), plane(3, 1000)]
  const [known, found] = [(await predict(fitted, held.x)).y.data, (await predict(fitted, fresh.x)).y.data]
  const conformal = calibrateClassifier(known as Float32Array, held.labels, { level: 0.9, transform: 'softmax' })
  const [sets] = classifierSets(conformal, found as Float32Array)
  // Bayes' own sets have about 1.8 of the six labels
  expect(sets.reduce((a, b) => a + b, 0) / 1000).toBeLessThan(2.3)
  expect(fresh.labels.reduce((sum, label, i) => sum + sets[6 * i + label], 0) / 1000).toBeGreaterThan(0.87)
})

test('uniform scores leave no distance, and probabilities that are too sure leave one', async () => {
  const { normal, uniform } = random({ seed: 8, path: 'sure' })
  const rows = 2000
  const list = Array.from({ length: rows * 3 }, (_, i) => normal(i))
  const truth = Array.from({ length: rows }, (_, i) => {
    const e = [0, 1, 2].map((j) => Math.exp(list[3 * i + j]))
    const u = uniform(i) * (e[0] + e[1] + e[2])
    return u < e[0] ? 0 : u < e[0] + e[1] ? 1 : 2
  })
  const z = input('z', 'float32', ['n', 3])
  const y = input('y', 'int64', ['n'])
  // the cross entropy of the two last rows stands beside it
  const difference = (scale: number) =>
    run(
      {
        value: lossValue(uncertaintyAwareLoss({ fraction: 0.999, weight: 1 }), z, y),
        rest: lossValue(crossEntropy(), z, y),
      },
      {
        z: floats([rows, 3], [...list.slice(0, 3 * (rows - 2)).map((v) => v * scale), 0, 0, 0, 0, 0, 0]),
        y: wholes(truth),
      },
      [z, y],
    ).then((found) => found.value[0] - Math.log(3))
  expect(await difference(1)).toBeLessThan(0.04)
  expect(await difference(3)).toBeGreaterThan(0.1)
})

test('ConfTS finds a temperature that brings scores nearer to the threshold, and keeps the cover', () => {
  const { normal, uniform } = random({ seed: 4, path: 'confts' })
  const rows = 1500
  const list = Float64Array.from({ length: rows * classes }, (_, i) => 2 * normal(i))
  const y = Array.from({ length: rows }, (_, i) => {
    const e = Array.from({ length: classes }, (_, j) => Math.exp(list[i * classes + j] / 1.5))
    let left = uniform(i) * e.reduce((a, b) => a + b)
    return Math.max(
      0,
      e.findIndex((v) => {
        left -= v
        return left < 0
      }),
    )
  })
  const cut = 500 * classes
  const { temperature, gap, before } = fitConfTs(list.subarray(0, cut), y.slice(0, 500), { level: 0.9 })
  expect(gap).toBeLessThanOrEqual(before)
  const scaled = list.subarray(cut).map((v) => v / temperature)
  const conformal = calibrateClassifier(scaled.subarray(0, cut), y.slice(500, 1000), {
    level: 0.9,
    score: 'aps',
    transform: 'softmax',
  })
  const [sets] = classifierSets(conformal, scaled.subarray(cut))
  const hits = y.slice(1000).reduce((sum, label, i) => sum + sets[i * classes + label], 0)
  expect(hits / 500).toBeGreaterThan(0.86)
})

test('losses that cannot be are refused', () => {
  const refused = (code: string) => expect.objectContaining({ code })
  expect(() => confTrLoss({ level: 1.2 })).toThrow(refused('LEVEL_INVALID'))
  expect(() => confTrLoss({})).toThrow(refused('LEVEL_INVALID'))
  expect(() => confTrLoss({ level: 0.9, score: 'topK' })).toThrow(refused('OPTION_CONFLICT'))
  expect(() => confTrLoss({ level: 0.9, fraction: 1 })).toThrow(refused('OPTION_INVALID'))
  expect(() => confTrLoss({ level: 0.9, softness: 0 })).toThrow(refused('OPTION_INVALID'))
  expect(() => cdLoss({ softness: -1 })).toThrow(refused('OPTION_INVALID'))
  expect(() => scpoLoss({ level: 0.9, lambda: Number.NaN })).toThrow(refused('OPTION_INVALID'))
  expect(() => uncertaintyAwareLoss({ places: 0.5 })).toThrow(refused('OPTION_INVALID'))
  expect(() => r2ccpLoss({ midpoints: [1, 0] })).toThrow(refused('GRID_INVALID'))
  expect(() => r2ccpLoss({ midpoints: [0, 1], entropy: -1 })).toThrow(refused('OPTION_INVALID'))
  expect(() => fitConfTs([], [], { level: 0.9 })).toThrow(refused('CALIBRATION_EMPTY'))
  expect(() => fitConfTs([1, 2], [0], { level: 0.9, least: 2 })).toThrow(refused('OPTION_INVALID'))
  const z = input('z', 'float32', ['n'])
  expect(() => lossValue(confTrLoss({ level: 0.9 }), z, input('y', 'int64', ['n']))).toThrow(refused('SHAPE_MISMATCH'))
})
