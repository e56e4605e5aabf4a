import { applyOne } from '../apply.ts'
import { flag, float } from '../attribute.ts'
import type { OperatorName } from '../schemas/index.ts'
import { type Case, testDerivatives } from '../testDerivatives.ts'
import type { Attribute } from '../value.ts'

const single = (
  type: OperatorName,
  shapes: Case['shapes'],
  attributes: Readonly<Record<string, Attribute>> = {},
  more: Partial<Case> = {},
): Case => ({ shapes, make: (...x) => applyOne(type, x, attributes), dtype: 'float32', ...more })

const rows = [[2, 2, 4], [2, 2, 4], [4], [4], [4]]
const epsilon = { epsilon: float(0.1) }

testDerivatives({
  FusedMatMul: single(
    'FusedMatMul',
    [
      [2, 3, 2],
      [2, 4, 3],
    ],
    { alpha: float(0.5), transA: flag(true), transB: flag(true) },
  ),
  'FusedMatMul in double precision': single(
    'FusedMatMul',
    [
      [2, 3],
      [3, 2],
    ],
    {},
    { dtype: 'float64' },
  ),
  FastGelu: single('FastGelu', [[2, 3], [3]]),
  BiasGelu: single('BiasGelu', [[2, 3], [3]]),
  QuickGelu: single('QuickGelu', [[2, 3]], { alpha: float(1.5) }),
  SkipLayerNormalization: single('SkipLayerNormalization', rows, epsilon),
  SkipSimplifiedLayerNormalization: single('SkipSimplifiedLayerNormalization', rows.slice(0, 4), epsilon),
  SimplifiedLayerNormalization: single('SimplifiedLayerNormalization', [[2, 3], [3]], epsilon),
})
