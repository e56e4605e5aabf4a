import type { Rule } from '../rule.ts'
import type { OperatorName } from '../schemas/index.ts'
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

/** The derivative of every operator: the type says that none is missing. */
export const rules: { readonly [O in OperatorName]: Rule } = {
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
