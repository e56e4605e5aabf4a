import { type DataType, PodError } from '@mlpod/contract'
import { applyOne } from '../apply.ts'
import { capture } from '../site.ts'
import { type Attribute, dtypeOf, type Value } from '../value.ts'

type Labels = readonly string[] | readonly number[]

/** How labels are replaced. */
export interface LabelEncoderOptions {
  /** What is looked up: strings for a value of strings, else numbers of the value's element type (int64 or float32). */
  readonly keys: Labels
  /** What each key gives: strings, or numbers. */
  readonly values: Labels
  /** What any other label gives. */
  readonly fallback: string | number
  /** The element type of numbers that come out. Default int64. */
  readonly dtype?: 'int64' | 'float32'
}

/** Returns x with every label replaced by the value of its key (LabelEncoder of ai.onnx.ml). Throws `LABELS_UNPAIRED`. */
export function labelEncoder(x: Value, { keys, values, fallback, dtype = 'int64' }: LabelEncoderOptions): Value {
  if (keys.length !== values.length)
    throw new PodError('LABELS_UNPAIRED', `${keys.length} keys are given for ${values.length} values`, {
      at: capture().at,
    })
  const to: DataType = typeof fallback === 'string' ? 'string' : dtype
  const from = dtypeOf(x)!
  return applyOne('LabelEncoder', [x], {
    [`keys_${SUFFIXES[from]}s`]: listOf(from, keys),
    [`values_${SUFFIXES[to]}s`]: listOf(to, values),
    [`default_${SUFFIXES[to]}`]: single(to, fallback),
  })
}

const SUFFIXES: { readonly [D in DataType]?: string } = { string: 'string', int64: 'int64', float32: 'float' }

function listOf(dtype: DataType, list: Labels): Attribute {
  if (dtype === 'string') return { kind: 'strings', value: list.map(String) }
  return { kind: dtype === 'int64' ? 'ints' : 'floats', value: list.map(Number) }
}

function single(dtype: DataType, value: string | number): Attribute {
  if (dtype === 'string') return { kind: 'string', value: String(value) }
  return { kind: dtype === 'int64' ? 'int' : 'float', value: Number(value) }
}
