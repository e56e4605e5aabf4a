import { PodError } from '@mlpod/contract'

/** How much is to be covered: `level` (0.9 covers 90 %) or its complement `alpha`, one of them; one number or several. */
export interface LevelOption {
  readonly level?: number | readonly number[]
  /** The error rate 1 - level, for users of peers that count errors. */
  readonly alpha?: number | readonly number[]
}

/**
 * Returns the levels asked for, each in (0, 1). Throws `LEVEL_INVALID` when both or none of `level` and `alpha` are given, when a
 * list is empty, and for what is no number between 0 and 1.
 */
export function levelsOf({ level, alpha }: LevelOption): readonly number[] {
  if ((level === undefined) === (alpha === undefined))
    throw new PodError(
      'LEVEL_INVALID',
      level === undefined ? 'there is no level' : `both level ${level} and alpha ${alpha} are given`,
      { hint: 'write { level: 0.9 } for 90 % coverage' },
    )
  const given = [level ?? alpha].flat() as readonly unknown[]
  if (given.length === 0) throw new PodError('LEVEL_INVALID', 'the list of levels is empty')
  return given.map((value) => {
    if (!(typeof value === 'number' && value > 0 && value < 1))
      throw new PodError(
        'LEVEL_INVALID',
        `the ${level === undefined ? 'alpha' : 'level'} ${JSON.stringify(value)} is not a number between 0 and 1`,
        { hint: 'a level is a share of rows: 0.9 asks for 90 % coverage' },
      )
    return level === undefined ? complement(value) : value
  })
}

/** Returns 1 - x as the decimal fraction that is meant: 0.95 for 0.05, and 0.1 for 0.9. */
export const complement = (x: number): number => Number((1 - x).toPrecision(15))

/** Returns (1 + x) / 2 as a decimal fraction: the level of each side when two share the error. */
export const eachSide = (level: number): number => Number(((1 + level) / 2).toPrecision(15))
