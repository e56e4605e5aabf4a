import type { Option } from '../optimizers/option.ts'

/** No settings. */
export const NONE = {}

/** Some numbers >= 0, not all 0; none by default. */
export const classWeights: Option<readonly number[] | undefined> = {
  default: undefined,
  takes: 'numbers >= 0, some above',
  test: (given) =>
    Array.isArray(given) && given.every((w) => w >= 0 && Number.isFinite(w)) && given.some((weight) => weight > 0),
}

/** A whole number, or undefined. */
export const label: Option<number | undefined> = {
  default: undefined,
  takes: 'a whole number',
  test: (given) => Number.isSafeInteger(given),
}

/** A number above 0, or one for each column. */
export const positiveEach: Option<number | readonly number[]> = {
  default: 1,
  takes: 'a number above 0, or one for each column',
  test: (given) => [given].flat().length > 0 && [given].flat().every((w) => w > 0 && Number.isFinite(w)),
}

/** Numbers >= 0, one for each column; undefined is 1 each. */
export const columnWeights: Option<readonly number[] | undefined> = {
  default: undefined,
  takes: 'numbers >= 0, one for each column',
  test: (given) => given !== undefined && given.length > 0 && given.every((w) => w >= 0 && Number.isFinite(w)),
}

/** A number strictly between 0 and 1. */
export const between = (value: number): Option<number> => ({
  default: value,
  takes: 'in (0, 1)',
  test: (given) => given > 0 && given < 1,
})

/** 1 or 2. */
export const oneOrTwo: Option<number> = { default: 1, takes: '1 or 2', test: (given) => given === 1 || given === 2 }

/** The order of a norm: a number >= 1, or infinity. */
export const order = (value: number): Option<number> => ({
  default: value,
  takes: 'a number >= 1 or infinity',
  test: (given) => given >= 1,
})

/** Targets that a loss takes. */
export const TARGETS = {
  share: { what: 'from 0 to 1', test: (y: number) => y >= 0 && y <= 1 },
  binary: { what: '0 or 1', test: (y: number) => y === 0 || y === 1 },
  sign: { what: '-1 or 1', test: (y: number) => y === -1 || y === 1 },
  nonNegative: { what: '>= 0', test: (y: number) => y >= 0 },
} as const
