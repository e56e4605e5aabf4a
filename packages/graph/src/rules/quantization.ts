import { quantization as quantizationOf } from '../compositions/quantization.ts'
import type { Rule } from '../rule.ts'
import type { quantization as schemas } from '../schemas/quantization.ts'
import { decomposed } from './law.ts'

/**
 * Rules of the operators between real numbers and few bits. What is rounded is constant almost everywhere: for a derivative
 * that passes through, `straightThrough`.
 */
export const quantization: { readonly [O in keyof typeof schemas]: Rule } = {
  QuantizeLinear: 'zero',
  // (q - zero) scale
  DequantizeLinear: decomposed(quantizationOf.DequantizeLinear!),
  DynamicQuantizeLinear: decomposed(quantizationOf.DynamicQuantizeLinear!),
  MatMulInteger: 'zero',
  ConvInteger: 'zero',
  QLinearMatMul: 'zero',
  QLinearConv: 'zero',
}
