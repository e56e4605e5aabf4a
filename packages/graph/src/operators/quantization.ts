import { type DataType, PodError } from '@mlpod/contract'
import { apply, applyOne } from '../apply.ts'
import { int } from '../attribute.ts'
import { spread } from '../compositions/quantization.ts'
import { lift, type Operand } from '../leaf.ts'
import { CODE_OF_DATA_TYPE } from '../onnx/data-type.ts'
import { capture } from '../site.ts'
import { substitute } from '../substitute.ts'
import { type Attribute, dtypeOf, isValue, type Value } from '../value.ts'
import { topological } from '../walk.ts'
import { add, and, cast, div, greaterOrEqual, lessOrEqual, mul, sub, where } from './elementwise.ts'
import { roundThrough } from './through.ts'

/** The whole numbers that real ones are turned into. */
export type QuantizedType = 'int8' | 'uint8' | 'int16' | 'uint16'

const RANGES: Readonly<Partial<Record<DataType, readonly [least: number, most: number]>>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
}

/** Where a scale applies. */
export interface QuantizeOptions {
  /** The axis that a list of scales counts. Default 1. */
  readonly axis?: number
  /** How many elements along the axis share a scale; scales then have as many axes as x. Default 0: no blocks. */
  readonly block?: number
}

const attributesOf = ({ axis = 1, block = 0 }: QuantizeOptions): Record<string, Attribute> => ({
  axis: int(axis),
  ...(block > 0 && { block_size: int(block) }),
})

/**
 * Returns x / scale rounded to the nearest whole number (halves to even), plus the zero point, kept within the range of
 * `dtype` (default uint8, or that of the zero point). Its derivative is 0: `fakeQuantize` has one.
 */
export function quantizeLinear(
  x: Value,
  scale: Operand,
  zeroPoint?: Operand,
  { dtype, ...options }: QuantizeOptions & { readonly dtype?: QuantizedType } = {},
): Value {
  const attributes = attributesOf(options)
  const inputs = [x, lift(scale, dtypeOf(x))]
  if (zeroPoint !== undefined) inputs.push(lift(zeroPoint, dtype ?? 'uint8'))
  else if (dtype !== undefined) attributes.output_dtype = int(CODE_OF_DATA_TYPE[dtype])
  return applyOne('QuantizeLinear', inputs, attributes)
}

/** Returns (x - zero point) * scale, of the scale's element type (default float32). Its derivative by the scale is x - zero point. */
export function dequantizeLinear(x: Value, scale: Operand, zeroPoint?: Operand, options: QuantizeOptions = {}): Value {
  const inputs = [x, lift(scale, 'float32')]
  if (zeroPoint !== undefined) inputs.push(lift(zeroPoint, dtypeOf(x)))
  return applyOne('DequantizeLinear', inputs, attributesOf(options))
}

/** Returns x in 256 steps of its own range: whole numbers (uint8), the scale, and the zero point. */
export function dynamicQuantizeLinear(x: Value): {
  readonly values: Value
  readonly scale: Value
  readonly zeroPoint: Value
} {
  const [values, scale, zeroPoint] = apply('DynamicQuantizeLinear', [x], {}, { outputs: 3 })
  return { values, scale, zeroPoint }
}

/** Returns the product of matrices of whole numbers of 8 bits, less their zero points (default 0), in int32. */
export function matMulInteger(a: Value, b: Value, zeroA?: Operand, zeroB?: Operand): Value {
  const inputs: (Value | null)[] = [a, b]
  if (zeroA !== undefined || zeroB !== undefined) inputs.push(zeroA === undefined ? null : lift(zeroA, dtypeOf(a)))
  if (zeroB !== undefined) inputs.push(lift(zeroB, dtypeOf(b)))
  return applyOne('MatMulInteger', inputs)
}

/**
 * Returns x as quantizing and dequantizing give it, with derivatives: straight through by x within the range and 0 beyond
 * it; by the scale, the rounding error within and the bound beyond. `dtype` (default int8) tells the range.
 * Source: Bengio et al. 2013; Esser et al. 2020 (learned step size); torch.fake_quantize_per_tensor_affine.
 */
export function fakeQuantize(
  x: Value,
  scale: Operand,
  zeroPoint: Operand = 0,
  { dtype = 'int8', ...options }: QuantizeOptions & { readonly dtype?: QuantizedType } = {},
): Value {
  const range = RANGES[dtype]
  if (range === undefined)
    throw new PodError('DTYPE_UNSUPPORTED', `${dtype} is no element type to quantize to`, {
      at: capture().at,
      hint: `use ${Object.keys(RANGES).join(', ')}`,
    })
  const [least, most] = range
  const own = dtypeOf(x)!
  const of = (operand: Operand): Value => {
    const value = isValue(operand) ? cast(operand, own) : lift(operand, own)
    return spread(value, x, { attributes: attributesOf(options) })
  }
  const [step, zero] = [of(scale), of(zeroPoint)]
  const places = add(roundThrough(div(x, step)), zero)
  const low = greaterOrEqual(places, least)
  const kept = where(and(low, lessOrEqual(places, most)), places, where(low, most, least))
  return mul(sub(kept, zero), step)
}

/**
 * Returns the outputs of the same graph with every DequantizeLinear of a QuantizeLinear as a `fakeQuantize`: a quantized
 * model that a file holds is trained straight through its roundings, scales included. Pairs in bodies stay as they are.
 */
export function straightThrough(outputs: readonly Value[]): readonly Value[] {
  let current = outputs
  const seen = new Set<Value>()
  for (;;) {
    const pair = topological(current).find(
      ({ type, domain, inputs: [q], outputs: [y] }) =>
        type === 'DequantizeLinear' && domain === '' && !seen.has(y) && q && isQuantized(q),
    )
    if (pair === undefined) return current
    const [y] = pair.outputs
    seen.add(y)
    const [x, scale, zero] = pair.inputs[0]!.operation.inputs as readonly [Value, Value, Value | null | undefined]
    const { attributes } = pair
    const options = { axis: numberOf(attributes.axis, 1), block: numberOf(attributes.block_size, 0) }
    const dtype = dtypeOf(pair.inputs[0]!) as QuantizedType
    current = substitute(current, new Map([[y, fakeQuantize(x, scale, zero ?? 0, { dtype, ...options })]]))
  }
}

const isQuantized = (value: Value): boolean =>
  value.operation.type === 'QuantizeLinear' && value.operation.domain === '' && dtypeOf(value)! in RANGES

const numberOf = (attribute: Attribute | undefined, fallback: number): number =>
  attribute?.kind === 'int' ? Number(attribute.value) : fallback
