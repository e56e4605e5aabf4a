import { didYouMean, PodError } from '@mlpod/contract'
import { random } from '@mlpod/math'
import { simpleJumper } from './experts.ts'
import { type Martingale, runMartingale, type Wealth } from './martingale.ts'
import { type MonteCarloState, type MonteCarloStrategy, nextPermutation, noPermutations } from './monteCarlo.ts'
import { pluginMartingale } from './plugin.ts'
import { splitStatistic } from './splitStatistic.ts'
import { type ScoreStream, startScores, streamPValues } from './streamPValues.ts'

/** Martingales of conformal p-values, for streams and data sets. */
export type MartingaleMethod = 'jumper' | 'plugin'

/** Tests of a data set: those of streams, and permutations. */
export type ExchangeabilityMethod = MartingaleMethod | 'permutation' | MonteCarloStrategy

/** What a test showed; plain data. */
export interface ExchangeabilityResult {
  readonly method: ExchangeabilityMethod
  /** Valid at any time. */
  readonly pValue: number
  /** Whether exchangeability is rejected at the level. */
  readonly rejected: boolean
  /** Largest wealth of a bet, as a logarithm, where there is one. */
  readonly logWealth?: number
  /** Rows or permutations looked at until the decision. */
  readonly stoppedAt: number
  readonly n: number
}

/** Settings of tests of exchangeability. */
export interface ExchangeabilityOptions {
  /** All by default. */
  readonly methods?: readonly ExchangeabilityMethod[]
  /** 0.05 by default. */
  readonly level?: number
  /** Most permutations drawn; 1000 by default. */
  readonly permutations?: number
  readonly seed?: number
}

const MARTINGALES: Readonly<Record<MartingaleMethod, () => Martingale<Wealth>>> = {
  jumper: () => simpleJumper({ slopes: [-1, 0, 1] }),
  plugin: () => pluginMartingale(),
}

const ALL: readonly ExchangeabilityMethod[] = [
  'jumper',
  'plugin',
  'permutation',
  'binomial',
  'binomialMixture',
  'aggressive',
]

function checkMethods(methods: readonly string[], known: readonly string[]): void {
  for (const method of methods)
    if (!known.includes(method))
      throw new PodError('METHOD_UNKNOWN', `there is no test "${method}"${didYouMean(method, known)}`)
}

const checkLevel = (level: number): void => {
  if (!(level > 0 && level < 1)) throw new PodError('LEVEL_INVALID', `the level ${level} is not between 0 and 1`)
}

/**
 * Returns what each test says of "the scores are exchangeable in this order": nonconformity scores of a model that did not
 * learn from them, by time. Throws `SCORES_NAN`, `CALIBRATION_EMPTY`, `LEVEL_INVALID`, `METHOD_UNKNOWN`.
 * Source: MAPIE 1.6 `FixedDatasetExchangeabilityTest`.
 */
export function testExchangeability(
  scores: ArrayLike<number>,
  { methods = ALL, level = 0.05, permutations = 1000, seed = 0 }: ExchangeabilityOptions = {},
): ExchangeabilityResult[] {
  checkMethods(methods, ALL)
  checkLevel(level)
  const n = scores.length
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no score to test')
  for (let i = 0; i < n; i++) if (Number.isNaN(scores[i])) throw new PodError('SCORES_NAN', `score ${i} is NaN`)
  return methods.map((method) => {
    if (method === 'jumper' || method === 'plugin') return byMartingale(method, scores, level, seed)
    return method === 'permutation'
      ? byPermutation(scores, { level, permutations, seed })
      : byBetting(method, scores, { level, permutations, seed })
  })
}

function byMartingale(
  method: MartingaleMethod,
  scores: ArrayLike<number>,
  level: number,
  seed: number,
): ExchangeabilityResult {
  const { pValues } = streamPValues(startScores({ seed }), scores)
  const { logWealth, rejectedAt } = runMartingale(MARTINGALES[method](), pValues, { level })
  const largest = logWealth.reduce((most, log) => Math.max(most, log), 0)
  return {
    method,
    pValue: Math.exp(-largest),
    rejected: rejectedAt !== null,
    logWealth: largest,
    stoppedAt: rejectedAt === null ? scores.length : rejectedAt + 1,
    n: scores.length,
  }
}

interface Draws {
  readonly level: number
  readonly permutations: number
  readonly seed: number
}

/** Returns what tells whether a permutation's statistic is at least the one seen. */
function permutedReaches(scores: ArrayLike<number>, seed: number): (t: number) => boolean {
  const seen = splitStatistic(scores)
  const draws = random({ seed, path: 'permutations' })
  return (t) => {
    const order = draws.at(String(t)).permutation(scores.length)
    return splitStatistic(Float64Array.from(order, (i) => scores[i])) >= seen * (1 - 1e-12)
  }
}

function byPermutation(scores: ArrayLike<number>, { level, permutations, seed }: Draws): ExchangeabilityResult {
  const reaches = permutedReaches(scores, seed)
  let rank = 1
  for (let t = 1; t <= permutations; t++) rank += Number(reaches(t))
  const pValue = rank / (permutations + 1)
  return { method: 'permutation', pValue, rejected: pValue <= level, stoppedAt: permutations, n: scores.length }
}

function byBetting(
  method: MonteCarloStrategy,
  scores: ArrayLike<number>,
  { level, permutations, seed }: Draws,
): ExchangeabilityResult {
  const reaches = permutedReaches(scores, seed)
  let state: MonteCarloState = noPermutations
  while (state.t < permutations && state.wealth >= level && state.wealth < 1 / level)
    state = nextPermutation(state, reaches(state.t + 1), { strategy: method, level })
  return {
    method,
    pValue: 1 / state.largest,
    rejected: 1 / state.largest <= level,
    logWealth: Math.log(state.largest),
    stoppedAt: state.t,
    n: scores.length,
  }
}

/** A test of a stream: its scores and bets; plain data. */
export interface ExchangeabilityState {
  readonly level: number
  readonly scores: ScoreStream
  readonly bets: Readonly<
    Partial<Record<MartingaleMethod, Wealth & { readonly largest: number; readonly rejectedAt: number | null }>>
  >
}

/** Returns the start of a test of a stream, by both martingales by default. Throws `LEVEL_INVALID`, `METHOD_UNKNOWN`. */
export function startExchangeability({
  methods = ['jumper', 'plugin'],
  level = 0.05,
  seed = 0,
}: {
  readonly methods?: readonly MartingaleMethod[]
  readonly level?: number
  readonly seed?: number
} = {}): ExchangeabilityState {
  checkMethods(methods, Object.keys(MARTINGALES))
  checkLevel(level)
  return {
    level,
    scores: startScores({ seed }),
    bets: Object.fromEntries(
      methods.map((method) => [method, { ...MARTINGALES[method]().start, largest: 0, rejectedAt: null }]),
    ),
  }
}

/**
 * Returns the test after more scores; batches of any size give the same states. A method rejects at the first row at which its
 * wealth reaches 1 / level (`rejectedAt`, counted from 0) and stays so. Throws `SCORES_NAN`.
 * Source: MAPIE 1.6 `OnlineExchangeabilityTest` (which waits for 100 rows; validity needs no wait).
 */
export function updateExchangeability(state: ExchangeabilityState, scores: ArrayLike<number>): ExchangeabilityState {
  const { pValues, state: stream } = streamPValues(state.scores, scores)
  const bets = Object.entries(state.bets).map(([method, { largest, rejectedAt, ...wealth }]) => {
    const martingale = MARTINGALES[method as MartingaleMethod]()
    const run = runMartingale(martingale, pValues, { state: wealth as Wealth, level: state.level })
    return [
      method,
      {
        ...run.state,
        largest: run.logWealth.reduce((most, log) => Math.max(most, log), largest),
        rejectedAt: rejectedAt ?? (run.rejectedAt === null ? null : state.scores.t + run.rejectedAt),
      },
    ]
  })
  return { level: state.level, scores: stream, bets: Object.fromEntries(bets) }
}
