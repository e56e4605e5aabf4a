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

/** Lists of up to five items, one of none; the last item is no item. */
const lists = two(draw([3, 5]), floats([3, 5], 0, 2, 1, 0, -1, 1, 1, 0, -1, -1, -1, -1, -1, -1, -1))
const views = { first: draw([4, 3]), second: draw([4, 3], -2, 2, 1) }
const survival = {
  risk: draw([6], -1, 1),
  time: floats([6], 3, 1, 3, 2, 3, 5),
  event: floats([6], 1, 1, 1, 0, 0, 0),
}
const pixels = tensor('int64', [2, 2], BigInt64Array.of(0n, 2n, 2n, 0n))
const boxes = two(
  floats([3, 4], 0, 0, 2, 2, 1.1, 0.2, 3, 1.4, 0, 0, 1, 1),
  floats([3, 4], 1, 0.5, 3, 2.4, 0, 0.3, 2.7, 1, 2, 3, 4, 4.5),
)

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
  rankingSoftmax: [l.rankingSoftmax(), lists, ['prediction']],
  listNet: [l.listNet(), lists, ['prediction']],
  listMle: [l.listMle(), lists, ['prediction']],
  pairwiseLogistic: [l.pairwiseLogistic(), lists, ['prediction']],
  infoNce: [l.infoNce({ temperature: 0.5, symmetric: true }), views, ['first', 'second']],
  simClr: [l.simClr(), views, ['first', 'second']],
  supCon: [l.supCon({ temperature: 0.5 }), two(draw([5, 3]), whole(0, 1, 0, 2, 0)), ['prediction']],
  sigLip: [
    l.sigLip(),
    { ...views, logScale: floats([], 0.7), bias: floats([], -1) },
    ['first', 'second', 'logScale', 'bias'],
  ],
  barlowTwins: [l.barlowTwins(), views, ['first', 'second']],
  vicReg: [l.vicReg(), views, ['first', 'second']],
  'cox, Efron': [l.cox(), survival, ['risk']],
  'cox, Breslow': [l.cox({ ties: 'breslow' }), survival, ['risk']],
  discreteHazard: [
    l.discreteHazard(),
    { logits: draw([4, 3]), interval: whole(0, 2, 1, 2), event: floats([4], 1, 0, 1, 1) },
    ['logits'],
  ],
  lovaszHinge: [l.lovaszHinge(), two(draw([2, 5]), floats([2, 5], 1, 0, 0, 1, 1, 0, 0, 1, 0, 1)), ['prediction']],
  lovaszSoftmax: [l.lovaszSoftmax(), two(draw([2, 3, 2], 0.1, 0.9), pixels), ['prediction']],
  giou: [l.giou(), boxes, ['prediction']],
  diou: [l.diou(), boxes, ['prediction']],
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

test('near its limits the loss keeps its digits in single precision', async () => {
  const single = two(
    tensor('float32', [1, 3], Float32Array.of(0.5, -1, 3)),
    tensor('float32', [1, 3], new Float32Array(3)),
  )
  const digits = async (loss: Loss, limit: Loss): Promise<void> => {
    const [found, expected] = [await lossesOf(loss, single), await lossesOf(limit, single)]
    found.forEach((value, i) => void expect(value / expected[i]).toBeCloseTo(1, 4))
  }
  await digits(l.barron({ alpha: 2e-6 }), l.barron({ alpha: 0 }))
  await digits(l.barron({ alpha: -2e-6 }), l.barron({ alpha: 0 }))
  await digits(l.barron({ alpha: 2 - 2e-6 }), l.barron({ alpha: 2 }))
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

test('lists: one pair is a logistic loss, and the order of two a choice of one', async () => {
  const pair = two(floats([1, 3], 0.3, 1.5, 9), floats([1, 3], 1, 0, -1))
  const expected = [Math.log(1 + Math.exp(1.2))]
  for (const loss of [l.pairwiseLogistic(), l.listMle(), l.rankingSoftmax()])
    close(await lossesOf(loss, pair), expected)
  // the gain of 1 and of 0 at the places 1 and 2
  close(await lossesOf(l.lambdaRank(), pair), [expected[0] * (1 - 1 / Math.log2(3))])
})

test('a list in the order of relevance with scores far apart loses next to nothing', async () => {
  const sorted = two(floats([1, 4], 300, 200, 100, 0), floats([1, 4], 3, 2, 1, 0))
  for (const loss of [l.listMle(), l.pairwiseLogistic(), l.lambdaRank()]) close(await lossesOf(loss, sorted), [0])
})

test('the likelihood of an order is the product of its choices', async () => {
  const scores = [0.4, -1, 2]
  const e = scores.map(Math.exp)
  const [found] = await lossesOf(l.listMle(), two(floats([1, 3], ...scores), floats([1, 3], 1, 3, 2)))
  expect(found).toBeCloseTo(-Math.log((e[1] / (e[0] + e[1] + e[2])) * (e[2] / (e[2] + e[0]))), 10)
})

test('listNet is least where scores are the relevances', async () => {
  const at = (shift: number) => lossesOf(l.listNet(), two(floats([1, 3], 1 + shift, 0, 2), floats([1, 3], 1, 0, 2)))
  const [[below], [here], [above]] = [await at(-0.1), await at(0), await at(0.1)]
  expect(here).toBeLessThan(below)
  expect(here).toBeLessThan(above)
})

test('views that are all alike tell nothing: the loss is the logarithm of how many there are', async () => {
  const same = { first: floats([4, 2], 1, 2, 1, 2, 1, 2, 1, 2), second: floats([4, 2], 2, 4, 2, 4, 2, 4, 2, 4) }
  close(await lossesOf(l.infoNce(), same), [4, 4, 4, 4].map(Math.log))
  close(await lossesOf(l.simClr(), same), [7, 7, 7, 7].map(Math.log))
  close(await lossesOf(l.supCon(), two(same.first, whole(0, 0, 1, 2))), [Math.log(3), Math.log(3), 0, 0])
})

test('two views are rows with the same label', async () => {
  const labels = two(
    tensor(
      'float64',
      [8, 3],
      Float64Array.of(...(views.first.data as Float64Array), ...(views.second.data as Float64Array)),
    ),
    whole(0, 1, 2, 3, 0, 1, 2, 3),
  )
  const each = await lossesOf(l.supCon({ temperature: 0.5 }), labels)
  close(
    await lossesOf(l.simClr(), views),
    [0, 1, 2, 3].map((i) => (each[i] + each[i + 4]) / 2),
  )
})

test('pairs told apart lose nothing under sigLip, and equal views under vicReg pay no invariance', async () => {
  const apart = { first: floats([2, 2], 1, 0, -1, 0), second: floats([2, 2], 1, 0, -1, 0) }
  const sure = { ...apart, logScale: floats([], Math.log(100)), bias: floats([], 0) }
  close(await lossesOf(l.sigLip(), sure), [0, 0])
  const equalViews = { first: views.first, second: views.first }
  close(await lossesOf(l.vicReg(), equalViews), await lossesOf(l.vicReg({ invariance: 99 }), equalViews))
})

test('views whose columns are uncorrelated and alike have no redundancy', async () => {
  const x = floats([4, 2], 1, 1, 1, -1, -1, 1, -1, -1)
  close(await lossesOf(l.barlowTwins({ epsilon: 1e-12 }), { first: x, second: x }), [0])
  // covariances are 0 and deviations sqrt(4 / 3) > 1
  close(await lossesOf(l.vicReg(), { first: x, second: x }), [0])
})

/** The partial likelihood, by its definition. */
function coxByHand(ties: 'efron' | 'breslow'): number[] {
  const [risk, time, event] = [survival.risk, survival.time, survival.event].map(({ data }) =>
    Array.from(data as Float64Array),
  )
  const seen = new Map<number, number>()
  return risk.map((own, i) => {
    if (event[i] === 0) return 0
    const sum = (of: (j: number) => boolean): number => risk.reduce((s, r, j) => s + (of(j) ? Math.exp(r) : 0), 0)
    const tied = risk.filter((_, j) => event[j] === 1 && time[j] === time[i]).length
    const before = seen.get(time[i]) ?? 0
    seen.set(time[i], before + 1)
    const share = ties === 'efron' ? before / tied : 0
    return Math.log(sum((j) => time[j] >= time[i]) - share * sum((j) => event[j] === 1 && time[j] === time[i])) - own
  })
}

test.each(['efron', 'breslow'] as const)(
  'the partial likelihood is that of its definition, ties by %s',
  async (ties) => {
    close(await lossesOf(l.cox({ ties }), survival), coxByHand(ties))
    // only differences of risks count, and neither large nor small ones are lost
    const moved = { ...survival, risk: floats([6], ...Array.from(survival.risk.data as Float64Array, (r) => r + 2000)) }
    close(await lossesOf(l.cox({ ties }), moved), coxByHand(ties))
  },
)

test('hazards of one interval are logistic regression, and surviving all is a product', async () => {
  const logits = floats([2, 2], 0.5, -1, 0.5, -1)
  const found = await lossesOf(l.discreteHazard(), { logits, interval: whole(0, 1), event: floats([2], 1, 0) })
  close(found, [Math.log(1 + Math.exp(-0.5)), Math.log(1 + Math.exp(0.5)) + Math.log(1 + Math.exp(-1))])
})

test("Lovasz' extension is the Jaccard loss where predictions are sure", async () => {
  const [truth, told] = [
    [1, 0, 0, 1, 1],
    [1, 1, 0, 0, 1],
  ]
  const jaccard = (c: number): number => {
    const both = truth.filter((y, i) => y === c && told[i] === c).length
    const some = truth.filter((y, i) => y === c || told[i] === c).length
    return 1 - both / some
  }
  const probabilities = [0, 1].flatMap((c) => told.map((p) => (p === c ? 1 : 0)))
  const labels = tensor('int64', [1, 5], BigInt64Array.from(truth, BigInt))
  for (const over of ['row', 'batch'] as const)
    close(await lossesOf(l.lovaszSoftmax({ over }), two(floats([1, 2, 5], ...probabilities), labels)), [
      (jaccard(0) + jaccard(1)) / 2,
    ])
  // a hinge error is 0 or 2 here
  close(await lossesOf(l.lovaszHinge(), two(floats([1, 5], ...told.map((p) => 2 * p - 1)), floats([1, 5], ...truth))), [
    2 * jaccard(1),
  ])
})

test('classes that no label has do not count', async () => {
  const labels = tensor('int64', [1, 2], BigInt64Array.of(0n, 0n))
  close(await lossesOf(l.lovaszSoftmax(), two(floats([1, 2, 2], 1, 1, 0, 0), labels)), [0])
})

test('boxes: equal ones lose nothing, and others what their areas say', async () => {
  for (const loss of [l.giou(), l.diou()])
    close(await lossesOf(loss, two(boxes.prediction, boxes.prediction)), [0, 0, 0], 6)
  // [0, 0, 2, 2] and [1, 0.5, 3, 2.4]: 1.5 in common, 6.3 in either, 7.2 around both
  const iou = 1.5 / 6.3
  const [generous] = await lossesOf(l.giou(), boxes)
  expect(generous).toBeCloseTo(1 - iou + 0.9 / 7.2, 6)
  const [distant] = await lossesOf(l.diou(), boxes)
  expect(distant).toBeCloseTo(1 - iou + (1 + 0.45 ** 2) / (9 + 2.4 ** 2), 6)
  // boxes that do not meet: no overlap, but a distance
  expect((await lossesOf(l.giou(), boxes))[2]).toBeCloseTo(1 + (18 - 4) / 18, 6)
})

test('complete overlap adds the aspect ratio, as a constant share', async () => {
  const single = (x: Tensor): Tensor => tensor('float32', x.shape, Float32Array.from(x.data as Float64Array))
  const flat = two(single(boxes.prediction), single(boxes.target))
  const found = await lossesOf(l.ciou(), flat)
  const plain = await lossesOf(l.diou(), flat)
  const v = (4 / Math.PI ** 2) * (Math.atan(2 / 1.9) - Math.atan(1)) ** 2
  expect(found[0] - plain[0]).toBeCloseTo((v * v) / (1 - 1.5 / 6.3 + v), 5)
  close(await lossesOf(l.ciou(), two(flat.prediction, flat.prediction)), [0, 0, 0], 5)
})

test('the derivative of complete overlap is that of its parts, the share held fast', async () => {
  const [p, t] = [0, 1].map((i) => input(`b${i}`, 'float32', [3, 4]))
  const feeds = {
    b0: tensor('float32', [3, 4], Float32Array.from(boxes.prediction.data as Float64Array)),
    b1: tensor('float32', [3, 4], Float32Array.from(boxes.target.data as Float64Array)),
  }
  const [slope, plain] = [l.ciou(), l.diou()].map((loss) => grad(reduceSum(loss.rows(p, t).losses), [p])[0])
  await using session = await openSession(compile({ inputs: [p, t], outputs: { slope, plain } }))
  const found = await session.run(feeds)
  // by the width of the first box: a dv/dw, v = 4 / pi^2 (A - atan(w / h))^2
  const [w, h, iou] = [2, 2, 1.5 / 6.3]
  const gap = Math.atan(2 / 1.9) - Math.atan(w / h)
  const v = (4 / Math.PI ** 2) * gap ** 2
  const expected = (v / (1 - iou + v)) * (4 / Math.PI ** 2) * 2 * gap * (-h / (w * w + h * h))
  expect(Number(found.slope.data[2]) - Number(found.plain.data[2])).toBeCloseTo(expected, 6)
})

test('the gradient of lambdaRank weighs pairs by what a change of places would do', async () => {
  const scores = floats([1, 2], 1, 0)
  const leaves = leavesOf(two(scores, scores))
  const [slope] = grad(reduceSum(judge(l.lambdaRank(), leaves).losses), [leaves.prediction])
  await using session = await openSession(compile({ inputs: leaves, outputs: { slope } }))
  const found = await session.run({ prediction: scores, target: floats([1, 2], 0, 2) })
  // the gain 3 at the places 2 and 1, of the best gain 3; the pair's slope is the probability of the wrong order
  const expected = (1 - 1 / Math.log2(3)) / (1 + Math.exp(-1))
  close(Array.from(found.slope.data as Float64Array), [expected, -expected])
})

test('labels that find no room in the steps are infinitely improbable, or lose nothing', async () => {
  // two equal labels need a blank between them: three steps
  const values = {
    logits: draw([1, 2, 3]),
    target: tensor('int64', [1, 2], BigInt64Array.of(1n, 1n)),
    inputLengths: whole(2),
    targetLengths: whole(2),
  }
  close(await lossesOf(l.ctc({ zeroInfinity: true }), values), [0])
  expect(await lossesOf(l.ctc(), values)).toEqual([Number.POSITIVE_INFINITY])
  const leaves = leavesOf(values)
  const loss = reduced(judge(l.ctc({ zeroInfinity: true }), leaves))
  await using session = await openSession(
    compile({ inputs: leaves, outputs: { slope: grad(loss, [leaves.logits])[0] } }),
  )
  expect(Array.from((await session.run(values)).slope.data as Float64Array)).toEqual([0, 0, 0, 0, 0, 0])
})

test('a loss that judges the batch as a whole takes no weights of rows', () => {
  const leaves = leavesOf(classesOf)
  expect(() => reduced(judge(l.weightedKappa(), leaves), { weights: input('w', 'float64', [5]) })).toThrow(
    expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
  )
})

test('values that are missing or do not fit are told by name', () => {
  const [a, b] = [input('a', 'float32', ['N', 3]), input('b', 'float32', ['N', 4])]
  expect(() => l.jointLossValue(l.infoNce(), { first: a, second: b })).toThrow(
    'infoNce takes first [N, d] and second [N, d], not first [N, 3] and second [N, 4]',
  )
  expect(() => l.jointLossValue(l.infoNce(), { first: a } as never)).toThrow(
    expect.objectContaining({ code: 'INPUT_MISSING' }),
  )
})
