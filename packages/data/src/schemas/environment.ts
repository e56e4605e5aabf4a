import { didYouMean, nearest, PodError } from '@mlpod/contract'
import { type RowSchema, type StandardRowSchema, schemaOf } from '../schema.ts'

/**
 * Returns the schema of a table in an environment: without the columns that are absent in it. Throws `ENVIRONMENT_UNKNOWN` for
 * a name that is nearly one of those that the schema knows; any other has all columns.
 * Source: TensorFlow Data Validation 1.16.1, schema environments.
 */
export function schemaIn(
  { columns, unique, ...options }: RowSchema,
  environment: string,
): StandardRowSchema<Record<string, unknown>> {
  const isAbsent = (name: string): boolean => columns[name].absentIn?.includes(environment) ?? false
  const named = new Set(Object.values(columns).flatMap(({ absentIn = [] }) => absentIn))
  const near = nearest(environment, [...named])
  if (near !== undefined && !named.has(environment))
    throw new PodError(
      'ENVIRONMENT_UNKNOWN',
      `no column is absent in the environment "${environment}"${didYouMean(environment, [...named])}`,
    )
  const kept = Object.fromEntries(Object.entries(columns).filter(([name]) => !isAbsent(name)))
  const sets = unique?.filter((names) => !names.some(isAbsent))
  return schemaOf(kept, { ...options, ...(sets && sets.length > 0 && { unique: sets }) })
}
