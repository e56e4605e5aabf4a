import { random } from '@mlpod/math'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { classifierPValues, conformalPValues, onlinePValues, pValueSets, setEfficiency } from '../pValues/index.ts'
import { type ClassifierOptions, calibrateClassifier } from './classifier.ts'
import { calibrateCrossClassifier, crossClassifierSets } from './crossClassifier.ts'
import { naiveSets } from './naive.ts'
import { neighbourScores } from './neighbourScores.ts'
import { type ClassScoreName, classScores } from './scores.ts'
import { classifierSets } from './sets.ts'
import { stratifiedRows, tuneRaps } from './tuneRaps.ts'

const K = 4

/** Rows whose labels are drawn from sharper probabilities than those that the model states; groups are classes of rows. */
function draw(seed: number, n: number, { shift = 0, bias = 0 } = {}) {
  const { normal, uniform } = random({ seed, path: 'rows' })
  const [p, logits] = [new Float64Array(n * K), new Float64Array(n * K)]
  const y = new Int32Array(n)
  const x = Float64Array.from({ length: n }, (_, i) => normal(7e6 + i) + shift)
  for (let i = 0; i < n; i++) {
    const z = Array.from({ length: K }, (_, j) => 1.5 * normal(i * K + j) + (j === 0 ? bias * x[i] : 0))
    logits.set(z, i * K)
    const softmax = (scale: number) => {
      const e = z.map((v) => Math.exp(v * scale))
      const sum = e.reduce((a, b) => a + b, 0)
      return e.map((v) => v / sum)
    }
    p.set(softmax(1), i * K)
    let left = uniform(i)
    const truth = softmax(0.7)
    y[i] = K - 1
    for (let j = K - 1; j >= 0; j--) {
      left -= truth[j]
      if (left < 0) {
        y[i] = j
        break
      }
    }
  }
  return { p, logits, y, x }
}

const hits = (sets: Uint8Array, y: ArrayLike<number>): number => {
  let count = 0
  for (let i = 0; i < y.length; i++) count += sets[i * K + y[i]]
  return count
}

/** Share of new rows that are covered over repeats, and three and a half standard errors of it. */
function coverage(
  options: ClassifierOptions,
  {
    n = 39,
    m = 25,
    repeats = 250,
    logits = false,
  }: { n?: number; m?: number; repeats?: number; logits?: boolean } = {},
): { share: number; spread: number } {
  let count = 0
  for (let r = 0; r < repeats; r++) {
    const rows = draw(r, n + m)
    const numbers = logits ? rows.logits : rows.p
    const conformal = calibrateClassifier(numbers.subarray(0, n * K), rows.y.subarray(0, n), options)
    count += hits(classifierSets(conformal, numbers.subarray(n * K))[0], rows.y.subarray(n))
  }
  return { share: count / (repeats * m), spread: 3.5 * Math.sqrt((0.16 / (repeats * m)) * (1 + m / (n + 2))) }
}

test.each(Object.keys(classScores) as ClassScoreName[])(
  'sets by %s cover k / (n + 1) of new rows; ties cover more, unless they are broken',
  (score) => {
    const logits = ['entmax', 'logMargin', 'given'].includes(score)
    const broken = coverage({ level: 0.8, score, randomize: { seed: 5 } }, { logits })
    const plain = coverage({ level: 0.8, score }, { logits })
    expect(broken.share).toBeGreaterThan(0.8 - broken.spread)
    expect(broken.share).toBeLessThan(0.8 + broken.spread)
    expect(plain.share).toBeGreaterThan(0.8 - plain.spread)
    if (score !== 'topK') expect(plain.share).toBeLessThan(0.8 + plain.spread)
  },
)

test('SAPS covers an easy task, by one formula on both sides', () => {
  const n = 200
  const p = Float64Array.from({ length: 2 * n * K }, (_, i) => (i % K === 0 ? 0.97 : 0.01))
  const y = new Int32Array(2 * n)
  for (const randomize of [undefined, { seed: 1 }]) {
    const conformal = calibrateClassifier(p.subarray(0, n * K), y.subarray(0, n), {
      level: 0.7,
      score: 'saps',
      ...(randomize ? { randomize } : {}),
    })
    expect(hits(classifierSets(conformal, p.subarray(n * K))[0], y.subarray(n)) / n).toBeGreaterThan(0.6)
  }
})

test.each(['class', 'ranks', 'cluster'] as const)('sets by %s cover the rows of each class', (method) => {
  const [n, m, repeats, level] = [240, 60, 80, 0.8]
  const [covered, seen] = [new Float64Array(K), new Float64Array(K)]
  for (let r = 0; r < repeats; r++) {
    const { p, y } = draw(r, n + m)
    const conformal = calibrateClassifier(p.subarray(0, n * K), y.subarray(0, n), {
      level,
      method,
      score: 'aps',
      randomize: { seed: r },
      ...(method === 'cluster' ? { clusters: { count: 2, share: 0.3, seed: r } } : {}),
    })
    const [sets] = classifierSets(conformal, p.subarray(n * K))
    for (let i = 0; i < m; i++) {
      covered[y[n + i]] += sets[i * K + y[n + i]]
      seen[y[n + i]]++
    }
  }
  const whole = covered.reduce((a, b) => a + b) / seen.reduce((a, b) => a + b)
  expect(whole).toBeGreaterThan(level - 0.015)
  // classes of a cluster are alike, and not the same
  for (let c = 0; c < K; c++)
    expect(covered[c] / seen[c]).toBeGreaterThan(level - (method === 'cluster' ? 0.05 : 0.025))
})

test('each class of each group is covered, and p-values by both are those of each part alone', () => {
  const [n, m, repeats, level] = [400, 100, 60, 0.8]
  const cells = new Map<string, { hits: number; n: number }>()
  for (let r = 0; r < repeats; r++) {
    const { p, y, x } = draw(r, n + m)
    const groups = Array.from(x, (v) => (v > 0 ? 'high' : 'low'))
    const conformal = calibrateClassifier(p.subarray(0, n * K), y.subarray(0, n), {
      level,
      method: 'class',
      groups: groups.slice(0, n),
      score: 'aps',
      randomize: { seed: r },
    })
    const fresh = { groups: groups.slice(n) }
    const [sets] = classifierSets(conformal, p.subarray(n * K), fresh)
    expect(pValueSets(classifierPValues(conformal, p.subarray(n * K), fresh), { level })).toEqual(sets)
    for (let i = 0; i < m; i++) {
      const name = `${groups[n + i]} ${y[n + i]}`
      const cell = cells.get(name) ?? { hits: 0, n: 0 }
      cells.set(name, cell)
      cell.n++
      cell.hits += sets[i * K + y[n + i]]
    }
    if (r > 0) continue
    // a group that is not known has all labels
    expect(classifierSets(conformal, p.subarray(0, K), { groups: ['new'] })[0]).toEqual(Uint8Array.of(1, 1, 1, 1))
    const refused = expect.objectContaining({ code: 'GROUP_INVALID' })
    expect(() => classifierSets(conformal, p)).toThrow(refused)
    const byClass = calibrateClassifier(p, y, { level, method: 'class' })
    expect(() => classifierSets(byClass, p, { groups })).toThrow(refused)
  }
  expect(cells.size).toBe(2 * K)
  for (const { hits: covered, n: rows } of cells.values())
    expect(covered / rows).toBeGreaterThan(level - 4 * Math.sqrt((0.16 / rows) * (1 + rows / repeats / 50)))
})

test('sets by ranks have no label beyond the largest rank of its class', () => {
  const { p, y } = draw(3, 400)
  const conformal = calibrateClassifier(p, y, { level: 0.6, method: 'ranks', score: 'aps' })
  const limits = conformal.byClass?.[0].ranks ?? []
  expect(Math.min(...limits)).toBeLessThan(K)
  const [sets] = classifierSets(conformal, p)
  for (let i = 0; i < p.length; i++) {
    const row = p.subarray(i - (i % K), i - (i % K) + K)
    if (sets[i] === 1) expect(1 + row.filter((v) => v > p[i]).length).toBeLessThanOrEqual(limits[i % K])
  }
})

test('each group is covered, and under covariate shift the weighted sets are', () => {
  const [n, m, repeats, level] = [150, 40, 120, 0.8]
  let [covered, rows, weighted, unweighted] = [0, 0, 0, 0]
  for (let r = 0; r < repeats; r++) {
    const known = draw(r, n, { bias: 1 })
    const fresh = draw(1e5 + r, m, { bias: 1, shift: 1 })
    const groups = Array.from(known.x, (x) => (x > 0.5 ? 'high' : 'low'))
    const conformal = calibrateClassifier(known.p, known.y, { level, groups, score: 'margin' })
    const [sets] = classifierSets(conformal, fresh.p, {
      groups: Array.from(fresh.x, (x) => (x > 0.5 ? 'high' : 'low')),
    })
    covered += hits(sets, fresh.y)
    rows += m
    // density of N(1, 1) over that of N(0, 1)
    const ratio = (x: Float64Array) => x.map((v) => Math.exp(v - 0.5))
    const shifted = calibrateClassifier(known.p, known.y, { level, weights: ratio(known.x), score: 'lac' })
    weighted += hits(classifierSets(shifted, fresh.p, { weights: ratio(fresh.x) })[0], fresh.y)
    unweighted += hits(classifierSets(calibrateClassifier(known.p, known.y, { level }), fresh.p)[0], fresh.y)
  }
  expect(covered / rows).toBeGreaterThan(level - 0.03)
  expect(weighted / rows).toBeGreaterThan(level - 0.02)
  expect(unweighted / rows).toBeGreaterThan(0.5)
})

test('weights that are equal are no weights, one group is no group, and RAPS without penalty is APS', () => {
  const { p, y } = draw(2, 60)
  const sets = (options: Partial<ClassifierOptions>) =>
    classifierSets(calibrateClassifier(p, y, { level: 0.8, ...options }), p)[0]
  expect(sets({ weights: new Array(60).fill(3) })).toEqual(sets({}))
  expect(sets({ groups: new Array(60).fill('all') })).toEqual(sets({}))
  expect(sets({ score: { name: 'raps', penalty: 0 } })).toEqual(sets({ score: 'aps' }))
})

test('cross-conformal sets cover at least 1 - 2 alpha, and near 1 - alpha', () => {
  const [n, m, folds, repeats] = [60, 20, 4, 150]
  for (const score of ['lac', 'aps'] as const) {
    let count = 0
    for (let r = 0; r < repeats; r++) {
      const { p, y } = draw(r, n + m)
      // the models of the folds differ a little
      const bent = (fold: number) => {
        const { normal } = random({ seed: r, path: `fold ${fold}` })
        const row = Float64Array.from(p, (v, i) => v * Math.exp(0.2 * normal(i)))
        for (let i = 0; i < row.length; i += K) {
          const sum = row[i] + row[i + 1] + row[i + 2] + row[i + 3]
          for (let j = 0; j < K; j++) row[i + j] /= sum
        }
        return row
      }
      const models = Array.from({ length: folds }, (_, fold) => bent(fold))
      const fold = Array.from({ length: n }, (_, i) => i % folds)
      const held = Float64Array.from({ length: n * K }, (_, i) => models[fold[Math.floor(i / K)]][i])
      const conformal = calibrateCrossClassifier(held, y.subarray(0, n), {
        level: 0.8,
        folds: fold,
        score,
        randomize: { seed: r },
      })
      const found = crossClassifierSets(
        conformal,
        models.map((model) => model.subarray(n * K)),
      )[0]
      count += hits(found, y.subarray(n))
    }
    expect(count / (repeats * m)).toBeGreaterThan(0.78)
    expect(count / (repeats * m)).toBeLessThan(0.9)
  }
})

test('smoothed p-values are uniform, at once and online, and unsmoothed ones no smaller', () => {
  const { uniform } = random({ seed: 9, path: 'scores' })
  const tied = (i: number) => Math.floor(5 * uniform(i))
  const counts = { at: 0, online: 0, plain: 0 }
  const repeats = 4000
  for (let r = 0; r < repeats; r++) {
    const scores = Array.from({ length: 12 }, (_, i) => tied(12 * r + i))
    const [p] = conformalPValues(scores.slice(0, 11), [scores[11]], { smoothed: { seed: r } })
    const [q] = conformalPValues(scores.slice(0, 11), [scores[11]])
    counts.at += p <= 0.3 ? 1 : 0
    counts.plain += q <= 0.3 ? 1 : 0
    counts.online += (onlinePValues(scores, { smoothed: { seed: r } }).at(-1) as number) <= 0.3 ? 1 : 0
    expect(q).toBeGreaterThanOrEqual(p)
  }
  const band = 3.5 * Math.sqrt((0.3 * 0.7) / repeats)
  expect(Math.abs(counts.at / repeats - 0.3)).toBeLessThan(band)
  expect(Math.abs(counts.online / repeats - 0.3)).toBeLessThan(band)
  expect(counts.plain / repeats).toBeLessThan(0.3 + band)
})

test('a row has the same set in any batch, and relabelling the classes relabels the sets', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e6 }),
      fc.constantFrom('aps', 'raps', 'saps', 'topK', 'margin', 'lac'),
      (seed, score) => {
        const { p, y } = draw(seed, 50)
        const conformal = calibrateClassifier(p, y, { level: 0.7, score: score as 'aps', randomize: { seed: 3 } })
        const keys = Array.from({ length: 50 }, (_, i) => 1000 + i)
        const [whole] = classifierSets(conformal, p, { keys })
        const [part] = classifierSets(conformal, p.subarray(10 * K, 20 * K), { keys: keys.slice(10, 20) })
        expect(part).toEqual(whole.subarray(10 * K, 20 * K))
        const turned = (i: number) => i - (i % K) + (K - 1 - (i % K))
        const other = Float64Array.from(p, (_, i) => p[turned(i)])
        const again = calibrateClassifier(
          other,
          y.map((label) => K - 1 - label),
          { level: 0.7, score: score as 'aps', randomize: { seed: 3 } },
        )
        expect(classifierSets(again, other, { keys })[0]).toEqual(whole.map((_, i) => whole[turned(i)]))
      },
    ),
    { numRuns: 40, seed: 2 },
  )
})

test('a higher level never shrinks a set, several levels are one calibration, and rows with NaN change nothing', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e6 }),
      fc.integer({ min: 2, max: 60 }),
      fc.constantFrom('aps', 'lac', 'margin', 'entmax'),
      (seed, n, score) => {
        const { p, y } = draw(seed, n)
        const conformal = calibrateClassifier(p, y, { level: [0.6, 0.7, 0.9], score: score as 'aps' })
        const sets = classifierSets(conformal, p)
        for (let l = 1; l < 3; l++)
          for (let i = 0; i < p.length; i++) expect(sets[l][i]).toBeGreaterThanOrEqual(sets[l - 1][i])
        expect(classifierSets(calibrateClassifier(p, y, { level: 0.7, score: score as 'aps' }), p)[0]).toEqual(sets[1])
        const more = Float64Array.of(...p, Number.NaN, 0.2, 0.3, 0.5)
        const same = calibrateClassifier(more, [...y, 0], { level: [0.6, 0.7, 0.9], score: score as 'aps' })
        expect(same.calibration.dropped).toBe(1)
        expect(classifierSets(same, p)).toEqual(sets)
      },
    ),
    { numRuns: 60, seed: 4 },
  )
})

test('tied rows are all covered: the score of a label does not depend on how its mass is added up', () => {
  const row = [0.1, 0.2, 0.3, 0.15, 0.25]
  for (const score of ['aps', 'raps', 'saps', 'topK', 'margin', 'lac', 'entmax'] as const)
    for (let label = 0; label < 5; label++) {
      const p = Array.from({ length: 30 }, () => row).flat()
      const conformal = calibrateClassifier(p, new Array(30).fill(label), { level: 0.9, score })
      expect(classifierSets(conformal, row)[0][label]).toBe(1)
    }
})

test('a set is never empty where that is asked for', () => {
  const { p, y } = draw(5, 200)
  const sure = Float64Array.of(0.4, 0.3, 0.2, 0.1)
  const empty = calibrateClassifier(p, y, { level: 0.05, score: 'lac' })
  expect([...classifierSets(empty, sure)[0]]).toEqual([0, 0, 0, 0])
  expect([...classifierSets({ ...empty, allowEmpty: false }, sure)[0]]).toEqual([1, 0, 0, 0])
})

test('RAPS tuned makes smaller sets than APS on many classes, and strata keep their shares', () => {
  const labels = Array.from({ length: 100 }, (_, i) => (i < 60 ? 0 : 1))
  const { part, rest } = stratifiedRows(labels, { share: 0.25, seed: 2 })
  expect([part.length, rest.length]).toEqual([25, 75])
  expect(Array.from(part, (i) => labels[i]).filter((y) => y === 0)).toHaveLength(15)
  const { p, y } = draw(8, 3000)
  const raps = tuneRaps(p.subarray(0, 500 * K), y.subarray(0, 500), { level: 0.8 })
  expect(raps.freeRanks).toBeLessThanOrEqual(K)
  expect([0.001, 0.01, 0.1, 0.2, 0.5]).toContain(raps.penalty)
})

test('nearest neighbours make scores that cover, by powers and by the angle', () => {
  const { normal, uniform } = random({ seed: 2, path: 'neighbours' })
  const n = 600
  const y = Int32Array.from({ length: n }, (_, i) => Math.floor(3 * uniform(i)))
  const x = Float64Array.from(
    { length: 2 * n },
    (_, i) => 3 * (i % 2 === 0 ? Math.cos(2 * y[i >> 1]) : Math.sin(2 * y[i >> 1])) + normal(i),
  )
  for (const distance of [1, 2, 3, 'cosine'] as const) {
    const scores = neighbourScores(x.subarray(0, 400), y.subarray(0, 200), x.subarray(400), {
      classes: 3,
      k: 5,
      distance,
    })
    const conformal = calibrateClassifier(scores.subarray(0, 600), y.subarray(200, 400), { level: 0.9, score: 'given' })
    const [sets] = classifierSets(conformal, scores.subarray(600))
    let count = 0
    for (let i = 0; i < 200; i++) count += sets[i * 3 + y[400 + i]]
    expect(count / 200).toBeGreaterThan(0.82)
    expect(sets.reduce((a, b) => a + b, 0)).toBeLessThan(500)
  }
})

test('bad inputs are refused with their name, and what cannot be told is in every set', () => {
  const p = [0.3, 0.7, 0.6, 0.4]
  const y = [0, 1]
  const refused = (code: string) => expect.objectContaining({ code })
  const at =
    (options: Partial<ClassifierOptions>, rows: ArrayLike<number> = p, labels: ArrayLike<number> = y) =>
    () =>
      calibrateClassifier(rows, labels, { level: 0.5, ...options })
  for (const level of [0, 1, -0.1, 1.5, Number.NaN, '0.1' as unknown as number])
    expect(at({ level })).toThrow(refused('LEVEL_INVALID'))
  expect(at({ alpha: 0.5 })).toThrow(refused('LEVEL_INVALID'))
  expect(at({}, [], [])).toThrow(refused('CALIBRATION_EMPTY'))
  expect(at({}, [0.3, 0.7, 0.1], y)).toThrow(refused('LENGTH_MISMATCH'))
  expect(at({}, [Number.POSITIVE_INFINITY, 0.7, 0.6, 0.4])).toThrow(refused('PROBABILITY_INVALID'))
  expect(at({}, [-0.3, 1.3, 0.6, 0.4])).toThrow(refused('PROBABILITY_INVALID'))
  expect(at({}, [3, 7, 6, 4])).toThrow(refused('PROBABILITY_INVALID'))
  expect(at({ normalise: true }, [3, 7, 6, 4])().calibration.groups[0].n).toBe(2)
  // one number a row is the probability of one class alone
  expect(at({}, [0.3, 0.6], y)).toThrow(refused('LABEL_UNKNOWN'))
  expect(at({}, [0.3, 0.6], [0, 0])).toThrow(
    expect.objectContaining({ hint: 'give the probabilities of both classes' }),
  )
  expect(classifierSets(at({}, [1, 1], [0, 0])(), [1])[0]).toEqual(Uint8Array.of(1))
  expect(at({}, p, [0, 2])).toThrow(refused('LABEL_UNKNOWN'))
  expect(at({}, p, [0, 0.5])).toThrow(refused('LABEL_UNKNOWN'))
  expect(at({}, [Number.NaN, 0, Number.NaN, 1])).toThrow(refused('SCORES_NAN'))
  expect(at({ score: 'lak' as 'lac' })).toThrow(refused('SCORE_UNKNOWN'))
  expect(at({ score: { name: 'raps', penalty: -1 } })).toThrow(refused('OPTION_INVALID'))
  expect(at({ score: { name: 'aps', penalty: 1 } })).toThrow(refused('OPTION_INVALID'))
  expect(at({ score: { name: 'entmax', gamma: 0.5 } })).toThrow(refused('OPTION_INVALID'))
  expect(at({ method: 'clas' as 'class' })).toThrow(refused('OPTION_INVALID'))
  expect(at({ transform: 'sigmoid' as 'log' })).toThrow(refused('TRANSFORM_UNKNOWN'))
  expect(at({ score: 'aps', transform: 'log' })).toThrow(refused('OPTION_CONFLICT'))
  expect(at({ method: 'cluster', groups: ['a', 'b'] })).toThrow(refused('OPTION_CONFLICT'))
  expect(at({ lastLabel: 'include' })).toThrow(refused('OPTION_CONFLICT'))
  expect(at({ groups: ['a'] })).toThrow(refused('LENGTH_MISMATCH'))
  expect(at({ weights: [1, -1] })).toThrow(refused('WEIGHT_INVALID'))
  expect(at({ weights: [0, 0] })).toThrow(refused('WEIGHT_INVALID'))
  expect(at({ randomize: { uniform: [0.5] } })).toThrow(refused('LENGTH_MISMATCH'))
  expect(at({ randomize: { uniform: [0.5, 2] } })).toThrow(refused('UNIFORM_INVALID'))
  expect(at({ randomize: { seed: -1 } })).toThrow(refused('SEED_INVALID'))
  expect(at({ randomize: { seed: 1, keys: [0.5, 1] } })).toThrow(refused('KEY_INVALID'))
  expect(at({ method: 'cluster', clusters: { count: 0 } })).toThrow(refused('OPTION_INVALID'))
  expect(at({ method: 'cluster', clusters: { share: 2 } })).toThrow(refused('OPTION_INVALID'))
  expect(at({ level: 0.9, onTooFew: 'throw' })).toThrow(refused('CALIBRATION_TOO_SMALL'))

  const few = at({ level: 0.9 })()
  expect([...classifierSets(few, [0.99, 0.01])[0]]).toEqual([1, 1])
  expect(() => classifierSets(few, [0.5, 0.3, 0.2])).toThrow(refused('LENGTH_MISMATCH'))
  expect(() => classifierSets(few, [0.5, 0.6])).toThrow(refused('PROBABILITY_INVALID'))
  expect(() => classifierSets(few, p, { groups: ['a', 'b'] })).toThrow(refused('GROUP_INVALID'))
  const heavy = at({ weights: [1, 1] })()
  expect([...classifierSets(heavy, [0.99, 0.01], { weights: [1e9] })[0]]).toEqual([1, 1])
  const given = at({ score: 'aps', randomize: { uniform: [0.1, 0.2] } })()
  expect(() => classifierSets(given, p)).toThrow(refused('PART_MISSING'))
  // a class that calibration has not seen is in every set by class; a group gets the pool's threshold, or none
  const absent = calibrateClassifier(
    Array.from({ length: 90 }, (_, i) => [0.6, 0.3, 0.1][i % 3]),
    new Array(30).fill(0),
    { level: 0.8, method: 'class' },
  )
  expect([...classifierSets(absent, [0.9, 0.1, 0])[0]]).toEqual([1, 1, 1])
  const grouped = at({ groups: ['a', 'a'], unseenGroup: 'infinite' })()
  expect([...classifierSets(grouped, [0.99, 0.01], { groups: ['z'] })[0]]).toEqual([1, 1])

  expect(() => conformalPValues([], [1])).toThrow(refused('CALIBRATION_EMPTY'))
  expect(() => conformalPValues([Number.NaN], [1])).toThrow(refused('SCORES_NAN'))
  expect(() => conformalPValues([1, 2], [1], { groups: ['a'] })).toThrow(refused('GROUP_INVALID'))
  expect([...conformalPValues([1, 2, 3], [Number.NaN, 9])]).toEqual([1, 0.25])
  expect(() => classifierPValues(few, p, { groups: ['a', 'b'] })).toThrow(refused('GROUP_INVALID'))
  expect(() => setEfficiency([0.1, 0.2, 0.3], [0, 1], { alpha: 0.1 })).toThrow(refused('LENGTH_MISMATCH'))
  expect(() => setEfficiency([], [], { alpha: 0.1 })).toThrow(refused('LENGTH_MISMATCH'))
  expect(() => pValueSets([0.1], { level: [0.1, 0.2] })).toThrow(refused('LEVEL_INVALID'))
  expect([...pValueSets([0.1, 0.2], { alpha: 0.1 })]).toEqual([0, 1])
  expect([...pValueSets([0.1, 0.2], { alpha: 0.1, includeEqual: true })]).toEqual([1, 1])
  expect(() => calibrateCrossClassifier(p, y, { level: 0.5, folds: [0, -1] })).toThrow(refused('FOLD_INVALID'))
  expect(() => calibrateCrossClassifier(p, y, { level: 0.5, folds: [0, 1], rule: 'mapie', score: 'margin' })).toThrow(
    refused('OPTION_CONFLICT'),
  )
  expect(() => crossClassifierSets(calibrateCrossClassifier(p, y, { level: 0.5, folds: [0, 1] }), [p])).toThrow(
    refused('LENGTH_MISMATCH'),
  )
  expect(() => neighbourScores([1, 2], [0, 1], [1], { classes: 2, k: 2 })).toThrow(refused('NEIGHBOURS_INVALID'))
  expect(() => neighbourScores([1, 2], [0, 1], [1], { classes: 2, distance: -1 })).toThrow(refused('OPTION_INVALID'))
  expect(() => naiveSets(p, { classes: 0, level: 0.5 })).toThrow(refused('OPTION_INVALID'))
  expect(() => stratifiedRows(y, { share: 1 })).toThrow(refused('OPTION_INVALID'))
  expect(() => tuneRaps(p, y, { level: [0.5, 0.6] })).toThrow(refused('LEVEL_INVALID'))
})
