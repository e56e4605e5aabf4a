import type { Schema } from '../schema.ts'
import { attention } from './attention.ts'
import { control } from './control.ts'
import { convolution } from './convolution.ts'
import { elementwise } from './elementwise.ts'
import { estimators } from './estimators.ts'
import { features } from './features.ts'
import { fused } from './fused.ts'
import { image } from './image.ts'
import { indexing } from './indexing.ts'
import { linear } from './linear.ts'
import { losses } from './losses.ts'
import { normalization } from './normalization.ts'
import { pooling } from './pooling.ts'
import { quantization } from './quantization.ts'
import { random } from './random.ts'
import { recurrent } from './recurrent.ts'
import { reduction } from './reduction.ts'
import { signal } from './signal.ts'
import { strings } from './strings.ts'
import { structure } from './structure.ts'
import { traditional } from './traditional.ts'
import { trees } from './trees.ts'

/** Every operator that this room defines: one entry an operator, one file a family. */
export const schemas = {
  ...elementwise,
  ...reduction,
  ...linear,
  ...recurrent,
  ...structure,
  ...image,
  ...indexing,
  ...control,
  ...attention,
  ...convolution,
  ...normalization,
  ...pooling,
  ...traditional,
  ...trees,
  ...losses,
  ...quantization,
  ...signal,
  ...random,
  ...strings,
  ...fused,
  ...features,
  ...estimators,
}

/** The name of an operator that this room defines. */
export type OperatorName = keyof typeof schemas

/** Returns the schema of an operator by its domain and name, or undefined for operators that this room does not define. */
export function schemaOf(domain: string, type: string): Schema | undefined {
  const schema = (schemas as Readonly<Record<string, Schema | undefined>>)[type]
  return schema !== undefined && (schema.domain ?? '') === domain ? schema : undefined
}
