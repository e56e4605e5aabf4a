import { type IssueCode, type IssueContext, issueOf, type RowIssue } from './issue.ts'

/** What a reader returns for a value that it refused, after it noted why. */
export const REFUSED = Symbol('refused')

/** What is noted while one value is read. */
export interface Notes {
  readonly issues: RowIssue[]
  /** How far the value had to be bent: 0 not at all, 1 a whole number as a number, 2 read from another type. */
  looseness: 0 | 1 | 2
  /** Members of objects that were read: of two options of a union the one that explains more members is meant. */
  members: number
}

/**
 * A field made ready to read values. Most values are right as they are: `holds` says so quickly, and is false whenever
 * reading would change or refuse the value. `read` returns the value in the field's own form, or `REFUSED`.
 */
export interface Reader {
  readonly holds: (value: unknown) => boolean
  readonly read: (value: unknown, notes: Notes) => unknown
}

/** How values are read. */
export interface ReadOptions {
  /** Whether only values of the very type are taken. */
  readonly strict: boolean
  /** Whether whole numbers beyond 2^53 are read as bigint, where they were written exactly; otherwise they are refused. */
  readonly bigints: boolean
}

/** Notes an issue. */
export function refuse(notes: Notes, code: IssueCode, input: unknown, ctx?: IssueContext): typeof REFUSED {
  notes.issues.push(issueOf(code, bare(input), ctx))
  return REFUSED
}

/** Notes that the value is of another type than the field. */
export const loosen = (notes: Notes, looseness: 1 | 2): void => {
  if (looseness > notes.looseness) notes.looseness = looseness
}

/** Puts a name in front of the paths of the issues noted since there were `from` of them. */
export function inside(name: string | number, issues: readonly RowIssue[], from: number): void {
  for (let i = from; i < issues.length; i++) (issues[i].path as (string | number)[]).unshift(name)
}

/** A whole number that was written with a fraction or an exponent (1.0, 1e3): JavaScript itself cannot tell it from 1. */
export class WrittenAsFloat {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
}

/** Returns the value without the mark of how it was written. */
export const bare = (value: unknown): unknown => (value instanceof WrittenAsFloat ? value.value : value)
