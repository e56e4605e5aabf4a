import type { Json } from './canonical.ts'
import { PodError } from './error.ts'

/** What one raw column is to a model: its tensor, what it may hold, and (for numbers that may be perturbed) its natural unit. */
export interface ModelColumn {
  readonly name: string
  readonly dtype: 'float32' | 'string'
  readonly nullable: boolean
  readonly minimum?: number
  readonly maximum?: number
  /** The values allowed, as they come in the data. */
  readonly values?: readonly (number | string)[]
  /** Whole numbers only. */
  readonly integer?: boolean
  /** Standard deviation in the training rows: the unit of perturbations. Absent where a perturbation makes no sense. */
  readonly scale?: number
  readonly description?: string
}

/** What a guarded model says of itself: enough to feed it and to read its answers in any language. */
export interface GuardMetadata {
  readonly version: 1
  readonly columns: readonly ModelColumn[]
  /** The column that holds the truth, its values by class index, and their names for people. */
  readonly label: {
    readonly column: string
    readonly values: readonly (number | string)[]
    readonly names: readonly string[]
  }
  /** Coverage that the prediction sets are calibrated for. */
  readonly level: number
  /** Rows with an out-of-distribution p-value at or below this are abstained from. */
  readonly oodLevel: number
  readonly largestSet: number
  /** The meaning of the bits of `reasons`, from bit 0. */
  readonly reasons: readonly string[]
}

/** The metadata key under which a guarded model describes itself. */
export const guardKey = 'mlpod.guard'

/** Returns the description in a model's metadata. Throws `MODEL_NOT_GUARDED`, and `MODEL_NEWER` for a later version. */
export function readGuard(metadata: Readonly<Record<string, string>>): GuardMetadata {
  const text = metadata[guardKey]
  if (text === undefined)
    throw new PodError('MODEL_NOT_GUARDED', `the model has no "${guardKey}" in its metadata`, {
      hint: 'build it with guard(...)',
    })
  const guard = JSON.parse(text) as GuardMetadata
  if (guard.version !== 1)
    throw new PodError('MODEL_NEWER', `the model describes itself in version ${guard.version}; this version reads 1`, {
      hint: 'upgrade mlpod',
    })
  return guard
}

/** Returns the JSON Schema (draft 2020-12) of one row of input. */
export function rowJsonSchema({ columns }: Pick<GuardMetadata, 'columns'>): Json {
  const property = (column: ModelColumn): Json => {
    const type = column.dtype === 'string' ? 'string' : column.integer ? 'integer' : 'number'
    return {
      type: column.nullable ? [type, 'null'] : type,
      ...(column.minimum === undefined ? {} : { minimum: column.minimum }),
      ...(column.maximum === undefined ? {} : { maximum: column.maximum }),
      ...(column.values === undefined ? {} : { enum: column.nullable ? [...column.values, null] : column.values }),
      ...(column.description === undefined ? {} : { description: column.description }),
    }
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: Object.fromEntries(columns.map((column) => [column.name, property(column)])),
    required: columns.filter(({ nullable }) => !nullable).map(({ name }) => name),
  }
}
