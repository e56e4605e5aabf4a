import { type GuardMetadata, type ModelColumn, type Tensor, tensor } from '@mlpod/contract'
import type { JsonValue } from './strictJson.ts'

/** One thing wrong with a request: where (a JSON pointer, RFC 6901), what kind, and a sentence. The value itself is never echoed. */
export interface Issue {
  readonly pointer: string
  readonly type: string
  readonly message: string
  readonly limit?: number | string
}

/** A request that can be answered. */
export interface PredictRequest {
  readonly rows: readonly Readonly<Record<string, JsonValue>>[]
  /** A single object instead of `rows`: a single prediction comes back. */
  readonly single: boolean
  readonly id?: string
  readonly confidence?: number
  readonly attributions: boolean
}

/** Limits of a request. */
export interface RequestLimits {
  readonly maxRows: number
  /** Whether fields that the model does not know are refused; they are ignored by default. */
  readonly additional: 'ignore' | 'forbid'
}

const MOST_ISSUES = 100
const OPTIONS = new Set(['rows', 'id', 'confidence', 'attributions'])

const isRecord = (value: JsonValue | undefined): value is Readonly<Record<string, JsonValue>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Escapes a key for a JSON pointer. */
const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')

/**
 * Returns a request's rows and options, or everything that is wrong with it (at most 100 issues). A body with `rows` is a batch,
 * any other object is one row. Types are strict: "5" is no number and true is no 1.
 */
export function readRequest(
  body: JsonValue,
  guard: GuardMetadata,
  { maxRows, additional }: RequestLimits,
): PredictRequest | { readonly issues: readonly Issue[] } {
  if (!isRecord(body))
    return {
      issues: [{ pointer: '', type: 'object', message: 'the body must be an object: {"rows": [{...}]} or one row' }],
    }
  const single = !Object.hasOwn(body, 'rows')
  const issues: Issue[] = []
  const note = (issue: Issue): void => {
    if (issues.length < MOST_ISSUES) issues.push(issue)
  }
  const options = single ? {} : body
  if (!single)
    for (const key of Object.keys(body))
      if (!OPTIONS.has(key))
        note({
          pointer: `/${escaped(key)}`,
          type: 'unknown',
          message: `"rows" goes with ${[...OPTIONS].slice(1).join(', ')} only`,
        })
  const { rows = [body], id, confidence, attributions } = options as Readonly<Record<string, JsonValue | undefined>>
  if (!Array.isArray(rows))
    return { issues: [{ pointer: '/rows', type: 'list', message: 'rows must be a list of objects' }] }
  if (rows.length > maxRows)
    return {
      issues: [{ pointer: '/rows', type: 'too_long', message: `at most ${maxRows} rows at a time`, limit: maxRows }],
    }
  if (id !== undefined && (typeof id !== 'string' || id.length > 200))
    note({ pointer: '/id', type: 'text', message: 'id must be text of at most 200 characters', limit: 200 })
  if (confidence !== undefined && !(typeof confidence === 'number' && confidence > 0 && confidence < 1))
    note({ pointer: '/confidence', type: 'range', message: 'confidence must be a number above 0 and below 1' })
  if (attributions !== undefined && typeof attributions !== 'boolean')
    note({ pointer: '/attributions', type: 'boolean', message: 'attributions must be true or false' })
  const known = new Set(guard.columns.map(({ name }) => name))
  for (const [i, row] of rows.entries()) {
    const base = single ? '' : `/rows/${i}`
    if (!isRecord(row)) {
      note({ pointer: base, type: 'object', message: 'a row must be an object' })
      continue
    }
    for (const column of guard.columns) {
      const issue = checkCell(cellOf(row, column.name), column)
      if (issue) note({ pointer: `${base}/${escaped(column.name)}`, ...issue })
    }
    if (additional === 'forbid')
      for (const key of Object.keys(row))
        if (!known.has(key))
          note({ pointer: `${base}/${escaped(key)}`, type: 'unknown', message: 'the model has no such column' })
  }
  if (issues.length > 0) return { issues }
  return {
    rows: rows as PredictRequest['rows'],
    single,
    attributions: attributions === true,
    ...(typeof id === 'string' ? { id } : {}),
    ...(typeof confidence === 'number' ? { confidence } : {}),
  }
}

/** A row's own value of a column: a column may be named as what every object inherits. */
const cellOf = (row: Readonly<Record<string, JsonValue>>, name: string): JsonValue | undefined =>
  Object.hasOwn(row, name) ? row[name] : undefined

/** The largest number that a float32 holds. */
const LARGEST = 3.4028234663852886e38

/** Returns what is wrong with a cell, if anything. */
function checkCell(value: JsonValue | undefined, column: ModelColumn): Omit<Issue, 'pointer'> | undefined {
  const { dtype, nullable, minimum, maximum, values, integer } = column
  if (value === undefined || value === null) {
    if (nullable) return undefined
    return value === null
      ? { type: 'missing', message: 'must not be null' }
      : { type: 'missing', message: 'is required' }
  }
  if (dtype === 'string') {
    if (typeof value !== 'string') return { type: 'text', message: 'must be text' }
  } else {
    if (typeof value !== 'number') return { type: 'number', message: `must be a ${integer ? 'whole ' : ''}number` }
    if (!(Math.abs(value) <= LARGEST))
      return { type: 'finite', message: 'must be a finite number that a float32 can hold', limit: LARGEST }
    if (integer && !Number.isInteger(value)) return { type: 'integer', message: 'must be a whole number' }
    if (minimum !== undefined && value < minimum)
      return { type: 'greater_than_equal', message: `must be at least ${minimum}`, limit: minimum }
    if (maximum !== undefined && value > maximum)
      return { type: 'less_than_equal', message: `must be at most ${maximum}`, limit: maximum }
  }
  if (values && !values.some((allowed) => allowed === value))
    return { type: 'enum', message: `must be one of ${values.join(', ')}` }
  return undefined
}

/** Returns the rows as one tensor [n, 1] a column, missing = NaN or "". */
export function tensorsOf(
  rows: PredictRequest['rows'],
  columns: readonly ModelColumn[],
): Readonly<Record<string, Tensor>> {
  return Object.fromEntries(
    columns.map(({ name, dtype }) => {
      const shape = [rows.length, 1]
      if (dtype === 'string')
        return [
          name,
          tensor(
            'string',
            shape,
            rows.map((row) => (cellOf(row, name) ?? '') as string),
          ),
        ]
      return [
        name,
        tensor(
          'float32',
          shape,
          Float32Array.from(rows, (row) => (cellOf(row, name) ?? Number.NaN) as number),
        ),
      ]
    }),
  )
}
