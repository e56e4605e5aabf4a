import { type DataType, type Tensor, tensor } from '@mlpod/contract'
import { checkGrad, compile, grad, input, openSession, reduceSum, type Value } from '@mlpod/graph'
import { describe, expect, test } from 'vitest'
import * as l from './index.ts'
import type { JointLoss, Loss } from './loss.ts'
import { reduced } from './loss.ts'

/** Numbers that look random, from a to b. */
const draw = (shape: readonly number[], a = -2, b = 2, salt = 0): Tensor => {
  const size = shape.reduce((n, dim) => n * dim, 1)
  const list = Array.from({ length: size }, (_, i) => {
    const wave = Math.sin(12.9898 * (i + 1) + 78.233 * (salt + 1)) * 43758.5453
    return a + (b - a) * (wave - Math.floor(wave))
  })
  return tensor('float64', shape, Float64Array.from(list))
}
const whole = (...list: readonly number[]): Tensor => tensor('int64', [list.length], BigInt64Array.from(list, BigInt))
const floats = (shape: readonly number[], ...list: readonly number[]): Tensor =>
  tensor('float64', shape, Float64Array.from(list))

type Values = Readonly<Record<string, Tensor>>
type Some = Loss | JointLoss<never>

const judge = (loss: Some, leaves: Readonly<Record<string, Value>>) =>
  'target' in loss ? loss.rows(leaves.prediction, leaves.target) : loss.rows(leaves as never)

const leavesOf = (values: Values) =>
  Object.fromEntries(
    Object.entries(values).map(([name, { dtype, shape }]) => [name, input(name, dtype as DataType, shape)]),
  )

/** Returns the losses of values, by row. */
async function lossesOf(loss: Some, values: Values): Promise<number[]> {
  const leaves = leavesOf(values)
  await using session = await openSession(
    compile({ inputs: leaves, outputs: { losses: reduced(judge(loss, leaves), { reduction: 'none' }) } }),
    { optimization: 'basic' },
  )
  return Array.from((await session.run(values)).losses.data as Float64Array, Number)
}
const two = (prediction: Tensor, target: Tensor) => ({ prediction, target })
const close = (found: readonly number[], expected: readonly number[], digits = 9): void => {
  expect(found.length).toBe(expected.length)
  found.forEach((value, i) => void expect(value).toBeCloseTo(expected[i], digits))
}

const rowOf = two(draw([4, 3], -3, 3), draw([4, 3], -3, 3, 1))
const classesOf = two(draw([5, 4], -3, 3), whole(0, 3, 1, 1, 2))

/** Three thresholds: four classes. */
const ordered = two(draw([5, 3], -1.5, 1.5), whole(0, 3, 1, 2, 2))

/** Losses without a peer at points where derivatives are looked at; what is differentiated stands first. */
const points: Readonly<Record<string, readonly [loss: Some, values: Values, wrt: readonly string[]]>> = {
  'pinball of levels': [
    l.pinball([0.1, 0.5, 0.9], { crossing: 2 }),
    two(draw([4, 3]), draw([4, 1], -2, 2, 1)),
    ['prediction'],
  ],
  'pinball of rising quantiles': [
    l.pinball([0.1, 0.5, 0.9], { rising: true }),
    two(draw([4, 3]), draw([4, 1], -2, 2, 1)),
    ['prediction'],
  ],
  expectile: [l.expectile({ level: 0.8 }), rowOf, ['prediction']],
  gaussianCrps: [
    l.gaussianCrps(),
    { mean: draw([4, 2]), deviation: draw([4, 2], 0.3, 2, 1), target: draw([4, 2], -3, 3, 2) },
    ['mean', 'deviation'],
  ],
  ensembleCrps: [l.ensembleCrps(), two(draw([3, 4]), draw([3, 1], -2, 2, 1)), ['prediction']],
  energyScore: [l.energyScore({ fair: true }), two(draw([3, 4, 2]), draw([3, 2], -2, 2, 1)), ['prediction']],
  mixtureDensity: [
    l.mixtureDensity(),
    {
      logits: draw([3, 2]),
      means: draw([3, 2, 2], -2, 2, 1),
      logDeviations: draw([3, 2, 2], -1, 1, 2),
      target: draw([3, 2], -2, 2, 3),
    },
    ['logits', 'means', 'logDeviations'],
  ],
  tukey: [l.tukey({ c: 3 }), rowOf, ['prediction']],
  cauchy: [l.cauchy(), rowOf, ['prediction']],
  gemanMcClure: [l.gemanMcClure({ c: 1.5 }), rowOf, ['prediction']],
  welsch: [l.welsch(), rowOf, ['prediction']],
  'barron 1': [l.barron(), rowOf, ['prediction']],
  'barron -2': [l.barron({ alpha: -2, c: 0.7 }), rowOf, ['prediction']],
  'barron 0': [l.barron({ alpha: 0 }), rowOf, ['prediction']],
  'barron -infinity': [l.barron({ alpha: Number.NEGATIVE_INFINITY }), rowOf, ['prediction']],
  wing: [l.wing({ width: 2, epsilon: 0.5 }), rowOf, ['prediction']],
  generalizedCrossEntropy: [l.generalizedCrossEntropy(), classesOf, ['prediction']],
  symmetricCrossEntropy: [l.symmetricCrossEntropy(), classesOf, ['prediction']],
  'bootstrapped soft': [l.bootstrapped(), classesOf, ['prediction']],
  'bootstrapped hard': [l.bootstrapped({ mode: 'hard', beta: 0.8 }), classesOf, ['prediction']],
  ...Object.fromEntries(
    (['logit', 'probit', 'cloglog'] as const).flatMap((link) => [
      [`ordinalLikelihood ${link}`, [l.ordinalLikelihood({ link }), ordered, ['prediction']]],
      [
        `cumulativeLink ${link}`,
        [
          l.cumulativeLink({ link }),
          { score: draw([5]), thresholds: draw([3], -1, 1, 1), target: ordered.target },
          ['score', 'thresholds'],
        ],
      ],
    ]),
  ),
  'allThreshold hinge': [l.allThreshold(), ordered, ['prediction']],
  'immediateThreshold logistic': [l.immediateThreshold({ penalty: 'logistic' }), ordered, ['prediction']],
  squaredEarthMover: [l.squaredEarthMover(), classesOf, ['prediction']],
  softOrdinal: [l.softOrdinal({ power: 2 }), classesOf, ['prediction']],
  weightedKappa: [l.weightedKappa(), classesOf, ['prediction']],
  // MORE
}

describe.each(Object.entries(points))('%s', (_, [loss, values, wrt]) => {
  test('derivatives, and theirs, agree with differences', async () => {
    const leaves = leavesOf(values)
    const at = wrt.map((name) => leaves[name])
    const value = reduced(judge(loss, leaves))
    const first = await checkGrad({ outputs: [value], wrt: at, feeds: values, samples: 12 })
    expect(first, JSON.stringify(first)).toMatchObject({ passed: true })
    const second = await checkGrad({ outputs: grad(reduceSum(value), at), wrt: at, feeds: values, samples: 6 })
    expect(second, JSON.stringify(second)).toMatchObject({ passed: true })
  })
})

test('risks of quantiles: the penalty counts what falls, and rising quantiles never do', async () => {
  const falling = two(floats([1, 3], 3, 1, 2), floats([1, 1], 2))
  const levels = [0.25, 0.5, 0.75]
  const plain = await lossesOf(l.pinball(levels), falling)
  close(
    await lossesOf(l.pinball(levels, { crossing: 3 }), falling),
    plain.map((v) => v + 3),
  )
  const x = input('x', 'float64', [2, 4])
  await using session = await openSession(compile({ inputs: { x }, outputs: { y: l.risingQuantiles(x) } }))
  const { y } = await session.run({ x: draw([2, 4], -9, 9) })
  for (const row of [0, 1])
    for (const k of [1, 2, 3]) expect(y.data[row * 4 + k]).toBeGreaterThan(Number(y.data[row * 4 + k - 1]))
})

test('an expectile of level 1/2 is half the squared error', async () =>
  close(
    await lossesOf(l.expectile(), rowOf),
    (await lossesOf(l.mse(), rowOf)).map((v) => v / 2),
  ))

test('the score of a normal distribution is that of its quantiles, and nears the absolute error as it narrows', async () => {
  // the score is twice the integral of the pinball loss over the levels
  const members = Array.from({ length: 400 }, (_, i) => inverseNormal((i + 0.5) / 400))
  const [mean, deviation, truth] = [0.3, 1.7, 1.1]
  const found = await lossesOf(l.gaussianCrps(), {
    mean: floats([1], mean),
    deviation: floats([1], deviation),
    target: floats([1], truth),
  })
  const ensemble = await lossesOf(
    l.ensembleCrps(),
    two(floats([1, 400], ...members.map((z) => mean + deviation * z)), floats([1, 1], truth)),
  )
  expect(found[0]).toBeCloseTo(ensemble[0], 2)
  const narrow = await lossesOf(l.gaussianCrps(), {
    mean: floats([1], 0),
    deviation: floats([1], 1e-6),
    target: floats([1], -2),
  })
  expect(narrow[0]).toBeCloseTo(2, 5)
})

/** The quantile of the normal distribution, by bisection of its distribution function's series. */
function inverseNormal(p: number): number {
  const cdf = (x: number): number => {
    let [term, sum] = [x, x]
    for (let k = 1; k < 200; k++) {
      term *= (x * x) / (2 * k + 1)
      sum += term
    }
    return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI)
  }
  let [low, high] = [-6, 6]
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (cdf(middle) < p) low = middle
    else high = middle
  }
  return low
}

test('the energy score of vectors of one coordinate is the ranked probability score; of one member the distance', async () => {
  const members = draw([3, 4])
  const truth = draw([3, 1])
  for (const fair of [false, true])
    close(
      await lossesOf(l.energyScore({ fair }), two(tensor('float64', [3, 4, 1], members.data as Float64Array), truth)),
      await lossesOf(l.ensembleCrps({ fair }), two(members, truth)),
    )
  close(await lossesOf(l.energyScore(), two(floats([1, 1, 2], 3, 4), floats([1, 2], 0, 0))), [5])
})

test('robust losses are r^2 / 2 for small errors, and bounded ones have their bound', async () => {
  const near = two(floats([1, 1], 1e-3), floats([1, 1], 0))
  const far = two(floats([1, 1], 1e4), floats([1, 1], 0))
  for (const loss of [
    l.tukey(),
    l.cauchy(),
    l.gemanMcClure(),
    l.welsch(),
    l.barron(),
    l.barron({ alpha: 0 }),
    l.barron({ alpha: -2 }),
  ])
    expect((await lossesOf(loss, near))[0] / 5e-7, loss.name).toBeCloseTo(1, 4)
  close(await lossesOf(l.tukey({ c: 3 }), far), [1.5])
  close(await lossesOf(l.welsch({ c: 3 }), far), [4.5])
  close(await lossesOf(l.gemanMcClure({ c: 3 }), far), [4.5], 5)
})

test("Barron's loss goes over into its limits", async () => {
  for (const [limit, near] of [
    [2, 2 - 1e-4],
    [0, 1e-4],
    [0, -1e-4],
    [Number.NEGATIVE_INFINITY, -1e6],
  ])
    close(await lossesOf(l.barron({ alpha: limit }), rowOf), await lossesOf(l.barron({ alpha: near }), rowOf), 2)
  close(await lossesOf(l.barron({ alpha: -2 }), rowOf), await lossesOf(l.gemanMcClure({ c: 2 }), rowOf))
})

test('the wing is continuous where its line begins', async () => {
  const [below, above] = await lossesOf(l.wing(), two(floats([1, 2], 10 - 1e-9, 10 + 1e-9), floats([1, 2], 0, 0)))
  expect(below).toBeCloseTo(above, 6)
})

test('losses that doubt labels go over into cross entropy', async () => {
  const entropy = await lossesOf(l.crossEntropy(), classesOf)
  close(await lossesOf(l.generalizedCrossEntropy({ q: 1e-7 }), classesOf), entropy, 5)
  close(await lossesOf(l.symmetricCrossEntropy({ alpha: 1, beta: 0 }), classesOf), entropy)
  close(await lossesOf(l.bootstrapped({ beta: 1 }), classesOf), entropy)
})

test('a mixture of one is the Gaussian likelihood, and of equals too', async () => {
  const [means, logs, target] = [draw([3, 1, 2]), draw([3, 1, 2], -1, 1, 1), draw([3, 2], -1, 1, 2)]
  const flat = (x: Tensor, f = (v: number): number => v): Tensor =>
    tensor('float64', [3, 2], Float64Array.from(x.data as Float64Array, f))
  const parts = await lossesOf(l.gaussianNll({ full: true, epsilon: 1e-12 }), {
    mean: flat(means),
    variance: flat(logs, (v) => Math.exp(2 * v)),
    target,
  })
  const expected = [0, 1, 2].map((i) => parts[2 * i] + parts[2 * i + 1])
  const mixture = { logits: draw([3, 1]), means, logDeviations: logs, target }
  close(await lossesOf(l.mixtureDensity(), mixture), expected)
})

/** Returns the values of scores for every class: the class stands behind them. */
const everyClass = (scores: readonly number[], classes: number): Values =>
  two(
    floats([classes, scores.length], ...Array.from({ length: classes }, () => scores).flat()),
    whole(...Array.from({ length: classes }, (_, k) => k)),
  )

test('the probabilities of all classes sum to 1, for every link and far out', async () => {
  for (const link of ['logit', 'probit', 'cloglog'] as const)
    for (const scores of [
      [-0.3, 0.5, -1],
      [-4, 2, 1],
      [1.2, -8, -9],
    ]) {
      const losses = await lossesOf(l.ordinalLikelihood({ link }), everyClass(scores, 4))
      expect(
        losses.reduce((sum, loss) => sum + Math.exp(-loss), 0),
        `${link} ${scores}`,
      ).toBeCloseTo(1, 6)
    }
  // beyond where one minus the distribution function is 0 in double precision
  const far = await lossesOf(l.ordinalLikelihood({ link: 'probit' }), two(floats([1, 2], 12, 0), whole(1)))
  expect(far[0]).toBeCloseTo(75.4108547, 6) // -log(Phi(-12) - Phi(-12 - log 2)) by scipy.stats.norm.cdf
})

test('one threshold is logistic regression, and the two forms of thresholds agree', async () => {
  const scores = [0.7, -1.2]
  const [a, b] = await lossesOf(l.ordinalLikelihood(), two(floats([2, 1], ...scores), whole(0, 1)))
  close([a, b], [Math.log(1 + Math.exp(-0.7)), Math.log(1 + Math.exp(-1.2))])
  const joint = { score: floats([2], 0.4, -1), thresholds: floats([2], 0.1, -0.5), target: whole(1, 2) }
  close(
    await lossesOf(l.cumulativeLink(), joint),
    await lossesOf(l.ordinalLikelihood(), two(floats([2, 2], -0.3, -0.5, 1.1, -0.5), whole(1, 2))),
  )
})

test('thresholds lose nothing on their side, and only those at the class count at once', async () => {
  const scores = [-3, -0.5, 4]
  close(await lossesOf(l.allThreshold(), everyClass(scores, 4)), [4 + 1.5, 1.5, 0.5, 0.5 + 5])
  close(await lossesOf(l.immediateThreshold(), everyClass(scores, 4)), [4, 1.5, 0.5, 5])
})

test('an earth mover pays for the way, soft labels of great sharpness are labels', async () => {
  const sure = two(floats([3, 3], 50, 0, 0, 0, 50, 0, 0, 0, 50), whole(0, 0, 0))
  close(await lossesOf(l.squaredEarthMover(), sure), [0, 1, 2])
  close(await lossesOf(l.softOrdinal({ sharpness: 1e3 }), classesOf), await lossesOf(l.crossEntropy(), classesOf))
})

test('one minus kappa is 0 where all agree, and 1 where the prediction knows nothing', async () => {
  const sure = two(floats([3, 3], 50, 0, 0, 0, 50, 0, 0, 0, 50), whole(0, 1, 2))
  close(await lossesOf(l.weightedKappa(), sure), [0])
  close(
    await lossesOf(l.weightedKappa(), two(floats([3, 3], ...Array.from({ length: 9 }, () => 0)), whole(0, 1, 2))),
    [1],
  )
})
