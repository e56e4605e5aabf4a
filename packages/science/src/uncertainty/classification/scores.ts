import { didYouMean, PodError } from '@mlpod/contract'
import type { Algebra } from '../algebra/algebra.ts'

/**
 * What a score reads of a label: `p` its own number, `rank` its place (1 is the largest; ties by ascending class), `mass` the sum of the
 * numbers down to and with its own, `top` the largest number, `other` the largest of the other labels, `excess` the size of what larger
 * numbers have more, and `u` the row's uniform number, 0 where the score is not randomised.
 */
export type LabelPart = 'p' | 'rank' | 'mass' | 'top' | 'other' | 'excess' | 'u'

/** One T a part. */
export type LabelParts<T> = Readonly<Record<LabelPart, T>>

/** The settings that scores have, all with their defaults in the table. */
export interface ClassScoreSettings {
  /** RAPS: what each rank beyond `freeRanks` costs. */
  readonly penalty?: number
  /** RAPS: ranks that cost nothing (k_reg). */
  readonly freeRanks?: number
  /** SAPS: what each rank costs. */
  readonly weight?: number
  /** entmax: 1 (log-margin) to 2 (sparsemax) and beyond. */
  readonly gamma?: number
}

interface ClassScoreEntry {
  readonly parts: readonly LabelPart[]
  /** Whether rows must be distributions, or may be any numbers, larger for what is likelier. */
  readonly takes: 'probabilities' | 'numbers'
  readonly settings: ClassScoreSettings
  readonly source: string
  score<T>(a: Algebra<T>, parts: LabelParts<T>, settings: Required<ClassScoreSettings>): T
}

/** 1 for the first label and 0 for all others. */
const isFirst = <T>(a: Algebra<T>, rank: T): T => a.max(a.sub(a.number(2), rank), a.number(0))

/**
 * The conformity scores of classification, by name, each stated once over any algebra: columns, SQL and a model's graph compute the same,
 * for the label that is true (calibration) and for all labels (sets).
 */
export const classScores = {
  /** 1 - p: the smallest sets on average; MAPIE `lac`, crepes `hinge`. */
  lac: {
    parts: ['p'],
    takes: 'probabilities',
    settings: {},
    source: 'Sadinle, Lei, Wasserman 2019',
    score: (a, { p }) => a.sub(a.number(1), p),
  },
  /** The label's rank: sets of equal size. */
  topK: {
    parts: ['rank', 'u'],
    takes: 'numbers',
    settings: {},
    source: 'Angelopoulos, Bates, Malik, Jordan 2021',
    score: (a, { rank, u }) => a.sub(rank, u),
  },
  /** The mass down to the label, less u of its own: sets that adapt to how hard a row is. */
  aps: {
    parts: ['p', 'mass', 'u'],
    takes: 'probabilities',
    settings: {},
    source: 'Romano, Sesia, Candes 2020',
    score: (a, { p, mass, u }) => a.sub(mass, a.mul(u, p)),
  },
  /** APS with a penalty for each rank beyond the free ones, which cuts its long tails. */
  raps: {
    parts: ['p', 'mass', 'rank', 'u'],
    takes: 'probabilities',
    settings: { penalty: 0.01, freeRanks: 5 },
    source: 'Angelopoulos, Bates, Malik, Jordan 2021',
    score: (a, { p, mass, rank, u }, { penalty, freeRanks }) =>
      a.add(a.sub(mass, a.mul(u, p)), a.mul(a.number(penalty), a.max(a.sub(rank, a.number(freeRanks)), a.number(0)))),
  },
  /**
   * The largest probability and `weight` for each rank after the first, less u of the last step. One formula for calibration and sets:
   * TorchCP 1.2.1 scores a first label 0 when it calibrates and by its probability when it predicts, and covers nothing.
   */
  saps: {
    parts: ['rank', 'top', 'u'],
    takes: 'probabilities',
    settings: { weight: 0.2 },
    source: 'Huang et al. 2024',
    score: (a, { rank, top, u }, { weight }) => {
      const first = isFirst(a, rank)
      const step = a.add(a.mul(first, top), a.mul(a.sub(a.number(1), first), a.number(weight)))
      return a.sub(a.add(top, a.mul(a.sub(rank, a.number(1)), a.number(weight))), a.mul(u, step))
    },
  },
  /** How far the label is behind the best other one; crepes `margin`. */
  margin: {
    parts: ['p', 'other'],
    takes: 'numbers',
    settings: {},
    source: 'Lofstrom et al. 2015',
    score: (a, { p, other }) => a.sub(other, p),
  },
  /** How far the label is behind the best one, in logarithms of probabilities (or in logits): entmax of gamma 1. */
  logMargin: {
    parts: ['p', 'top'],
    takes: 'numbers',
    settings: {},
    source: 'Campos et al. 2025',
    score: (a, { p, top }) => a.sub(top, p),
  },
  /** The 1 / (gamma - 1)-norm of what the logits above the label have more. */
  entmax: {
    parts: ['excess'],
    takes: 'numbers',
    settings: { gamma: 2 },
    source: 'Campos et al. 2025',
    score: (_, { excess }) => excess,
  },
  /** The numbers are the scores: of neighbours, of a graph, or your own. */
  given: {
    parts: ['p'],
    takes: 'numbers',
    settings: {},
    source: 'Vovk, Gammerman, Shafer 2005',
    score: (_, { p }) => p,
  },
} as const satisfies Readonly<Record<string, ClassScoreEntry>>

export type ClassScoreName = keyof typeof classScores

/** A score with its settings: plain data. */
export interface ClassScore extends ClassScoreSettings {
  readonly name: ClassScoreName
}

const least: Readonly<Record<keyof ClassScoreSettings, number>> = { penalty: 0, freeRanks: 0, weight: 0, gamma: 1 }

/** Returns the score with all its settings. Throws `SCORE_UNKNOWN`, and `OPTION_INVALID` for a setting that it does not have or that is out of range. */
export function classScoreOf(given: ClassScoreName | ClassScore): ClassScore {
  const { name, ...settings } = typeof given === 'string' ? { name: given } : given
  const entry: ClassScoreEntry | undefined = Object.hasOwn(classScores, name) ? classScores[name] : undefined
  if (entry === undefined)
    throw new PodError('SCORE_UNKNOWN', `there is no score "${name}" of classes`, {
      hint: didYouMean(name, Object.keys(classScores)),
    })
  for (const [setting, value] of Object.entries(settings)) {
    if (!(setting in entry.settings))
      throw new PodError('OPTION_INVALID', `the score "${name}" has no setting "${setting}"`, {
        hint: didYouMean(setting, Object.keys(entry.settings)),
      })
    if (!(Number.isFinite(value) && value >= least[setting as keyof ClassScoreSettings]))
      throw new PodError('OPTION_INVALID', `"${setting}" of the score "${name}" is ${value}`, {
        hint: `a number >= ${least[setting as keyof ClassScoreSettings]}`,
      })
  }
  return { name, ...entry.settings, ...settings }
}

/** Returns what the table says of a score. */
export const entryOf = ({ name }: ClassScore): ClassScoreEntry => classScores[name]

/** Returns the score over an algebra: of parts that it reads, and u = 0 where there is none. */
export function scoreOver<T>(a: Algebra<T>, score: ClassScore, parts: Partial<LabelParts<T>>): T {
  const given = { ...parts, u: parts.u ?? a.number(0) } as LabelParts<T>
  return entryOf(score).score(a, given, { penalty: 0, freeRanks: 0, weight: 0, gamma: 2, ...score })
}

/** The power of the norm in `excess`: 1 for gamma 2, larger towards the log-margin. */
export const excessPower = ({ gamma = 2 }: ClassScoreSettings): number =>
  gamma === 1 ? Number.POSITIVE_INFINITY : 1 / (gamma - 1)
