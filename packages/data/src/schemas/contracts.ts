import { PodError } from '@mlpod/contract'
import { identifier } from '../engine.ts'
import type { Expectation } from '../expectations/expectation.ts'
import type { Column, ColumnType, Role, RowSchema } from '../schema.ts'
import { checksOf, DIALECTS } from './ddl.ts'

const ARROW: Readonly<Record<ColumnType, string>> = {
  int: 'int64',
  float: 'float64',
  bool: 'bool',
  string: 'utf8',
  date: 'date32[day]',
  timestamp: 'timestamp[us, tz=UTC]',
}

/** Returns the fields of the schema by Arrow's names of types. */
export const arrowFields = ({
  columns,
}: RowSchema): readonly { readonly name: string; readonly type: string; readonly nullable: boolean }[] =>
  Object.entries(columns).map(([name, { type, nullable }]) => ({ name, type: ARROW[type], nullable }))

const TYPE_NAMES: Readonly<Record<ColumnType, readonly string[]>> = {
  int: ['int'],
  float: ['float', 'int', 'DECIMAL'],
  bool: ['bool'],
  string: ['str'],
  date: ['date'],
  timestamp: ['timestamp'],
}

/** Returns what a schema states as expectations: a suite of Great Expectations once `toGreatExpectations` writes it. */
export function schemaExpectations({ columns, unique = [], ordered, extra }: RowSchema): readonly Expectation[] {
  const names = Object.keys(columns)
  return [
    ...(ordered && extra === 'forbid' ? [{ type: 'columnsMatchOrderedList', names } as const] : []),
    { type: 'columnsMatchSet', names, exact: extra === 'forbid' },
    ...Object.entries(columns).flatMap(([column, said]) => columnExpectations(column, said)),
    ...unique.map((set) => ({ type: 'compoundUnique', columns: set }) as const),
  ]
}

function columnExpectations(column: string, said: Column): Expectation[] {
  const {
    type,
    nullable,
    min,
    max,
    above,
    below,
    multipleOf,
    finite = true,
    values,
    minLength,
    maxLength,
    pattern,
  } = said
  const wanted: (Expectation | false)[] = [
    { type: 'inTypeList', column, dataTypes: TYPE_NAMES[type] },
    !nullable && { type: 'notNull', column },
    type === 'float' && finite && { type: 'between', column, min: -Number.MAX_VALUE, max: Number.MAX_VALUE },
    (min !== undefined || max !== undefined) && {
      type: 'between',
      column,
      ...(min !== undefined && { min }),
      ...(max !== undefined && { max }),
    },
    above !== undefined && { type: 'between', column, min: above, strictMin: true },
    below !== undefined && { type: 'between', column, max: below, strictMax: true },
    values !== undefined && { type: 'inSet', column, values },
    (minLength !== undefined || maxLength !== undefined) && {
      type: 'lengthBetween',
      column,
      ...(minLength !== undefined && { min: minLength }),
      ...(maxLength !== undefined && { max: maxLength }),
    },
    pattern !== undefined && { type: 'matchRegex', column, pattern },
    said.unique === true && { type: 'unique', column },
    multipleOf !== undefined && {
      type: 'unexpectedRows',
      query: `SELECT * FROM {batch} WHERE NOT (${checksOf(identifier(column), { type, nullable, multipleOf, finite: false }, DIALECTS.duckdb).holds.at(-1)})`,
      description: `${column} holds multiples of ${multipleOf}`,
    },
  ]
  return wanted.filter((one) => one !== false)
}

/** One input of a model. */
export interface SignatureInput {
  readonly name: string
  readonly dtype: 'float32' | 'string'
  /** null for any number of rows. */
  readonly shape: readonly [null, 1]
}

/**
 * Returns the inputs of a model that takes rows of the schema, each column as `Relation.tensors` gives it: columns with one of
 * the roles, or all of them where no column has a role.
 */
export function modelSignature(
  { columns }: RowSchema,
  { roles = ['feature'] }: { readonly roles?: readonly Role[] } = {},
): readonly SignatureInput[] {
  const entries = Object.entries(columns)
  const isPlain = entries.every(([, { role }]) => role === undefined)
  return entries
    .filter(([, { role }]) => isPlain || (role !== undefined && roles.includes(role)))
    .map(([name, { type }]) => ({
      name,
      dtype: type === 'int' || type === 'float' || type === 'bool' ? 'float32' : 'string',
      shape: [null, 1],
    }))
}

/** Throws `SIGNATURE_DIFFERS` naming the first input of a model that is not what the schema gives, by name, type or shape. */
export function assertSignature(
  schema: RowSchema,
  inputs: readonly {
    readonly name: string
    readonly dtype: string
    readonly shape?: readonly (number | string | null)[]
  }[],
  options: { readonly roles?: readonly Role[] } = {},
): void {
  const given = new Map(modelSignature(schema, options).map((input) => [input.name, input]))
  const differs = (message: string): PodError =>
    new PodError('SIGNATURE_DIFFERS', message, { hint: 'train the model on rows of this schema, or give it its own' })
  for (const { name, dtype, shape } of inputs) {
    const column = given.get(name)
    if (column === undefined) throw differs(`the model takes an input "${name}", which the schema does not have`)
    if (column.dtype !== dtype)
      throw differs(`the model takes "${name}" as ${dtype}, but the schema gives ${column.dtype}`)
    if (shape !== undefined && (shape.length !== 2 || shape[1] !== 1))
      throw differs(`the model takes "${name}" in the shape [${shape.join(', ')}], but a column is [N, 1]`)
    given.delete(name)
  }
  const [unused] = given.keys()
  if (unused !== undefined) throw differs(`the model takes no input "${unused}", which the schema gives`)
}
