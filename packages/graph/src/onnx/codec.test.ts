import { PodError, tensor } from '@mlpod/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { add, compile, greater, ifElse, input, matMul, parameter, reduceSum, relu } from '../index.ts'
import { decode } from './decode.ts'
import { encode } from './encode.ts'
import { MESSAGES, type Message } from './proto.ts'

const whole = fc.oneof(
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).filter((n) => n > 2n ** 53n || n < -(2n ** 53n)),
)

const scalars: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  int64: whole,
  uint64: fc.nat(),
  float: fc.float({ noNaN: true }),
  double: fc.double({ noNaN: true }),
  text: fc.string({ unit: 'grapheme' }),
  bytes: fc.uint8Array({ maxLength: 9 }),
}

/** Any message of a kind, nested no deeper than `depth`. */
function anyMessage(name: string, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const fields = (MESSAGES as Record<string, Record<string, readonly [number, string, string?]>>)[name]
  const model: Record<string, fc.Arbitrary<unknown>> = {}
  for (const [field, [, kind, often]] of Object.entries(fields)) {
    if (!(kind in scalars) && depth === 0) continue
    const one = scalars[kind] ?? fc.constant(null).chain(() => anyMessage(kind, depth - 1))
    model[field] = often === undefined ? one : fc.array(one, { minLength: 1, maxLength: 2 })
  }
  return fc.record(model, { requiredKeys: [] })
}

test('what is written is read back', () => {
  fc.assert(
    fc.property(anyMessage('ModelProto', 3), (message) => {
      expect(decode('ModelProto', encode('ModelProto', message))).toEqual(message)
    }),
    { numRuns: 150 },
  )
})

test('the same message gives the same bytes, and bytes of its own making come back as they were', () => {
  fc.assert(
    fc.property(anyMessage('GraphProto', 2), (message) => {
      const bytes = encode('GraphProto', message)
      expect(encode('GraphProto', decode('GraphProto', bytes))).toEqual(bytes)
    }),
    { numRuns: 100 },
  )
})

test('fields that the table does not know are kept', () => {
  // field 99, a varint; then the name; then field 98, bytes
  const bytes = Uint8Array.of(0x98, 0x06, 0x2a, 0x12, 0x01, 0x67, 0x92, 0x06, 0x02, 0x01, 0x02)
  const graph = decode('GraphProto', bytes)
  expect(graph.name).toBe('g')
  const again = decode('GraphProto', encode('GraphProto', graph))
  expect(again).toEqual(graph)
  expect(again.unknown).toHaveLength(2)
})

test('numbers are read packed or one by one, as other writers write either', () => {
  const dims = (bytes: readonly number[]) => decode('TensorProto', Uint8Array.from(bytes)).dims
  expect(dims([0x08, 2, 0x08, 3])).toEqual([2, 3])
  expect(dims([0x0a, 2, 2, 3])).toEqual([2, 3])
})

test('raw data is a view of the file', () => {
  const proto: Message<'TensorProto'> = { dims: [3], dataType: 2, rawData: Uint8Array.of(1, 2, 3) }
  const bytes = encode('TensorProto', proto)
  expect(decode('TensorProto', bytes).rawData!.buffer).toBe(bytes.buffer)
})

const x = input('x', 'float32', ['batch', 2])
const w = parameter('w', tensor('float32', [2, 2], Float32Array.of(1, 2, 3, 4)))
const y = relu(matMul(x, w))
const model = compile({
  inputs: [x],
  outputs: {
    y: ifElse(
      greater(reduceSum(y), 0),
      () => add(y, 1),
      () => y,
    ),
  },
})

test('a file that was cut off is refused with its name and the field, wherever it was cut', () => {
  let refused = 0
  for (let length = 0; length < model.bytes.byteLength; length++)
    try {
      decode('ModelProto', model.bytes.subarray(0, length), { file: 'net.onnx' })
    } catch (error) {
      refused++
      expect(error).toBeInstanceOf(PodError)
      expect(error).toMatchObject({ code: 'MODEL_CORRUPT', at: 'net.onnx' })
      expect((error as PodError).message).toMatch(/^net\.onnx is no whole ONNX file: it breaks off at /)
    }
  // Only between its seven outermost fields is a shorter file whole.
  expect(refused).toBeGreaterThan(model.bytes.byteLength - 8)
})

test('the field at which a file breaks off is named by its path', () => {
  const bytes = encode('ModelProto', { graph: { node: [{ opType: 'Add' }, { opType: 'Mul', name: 'product' }] } })
  const broken = bytes.slice()
  // The last node's length says more than there is.
  broken[broken.lastIndexOf(0x0a) + 1] = 0x7f
  expect(() => decode('ModelProto', broken)).toThrow(/breaks off at graph\.node\[1\]/)
})

test('noise gives a message or MODEL_CORRUPT, nothing else', () => {
  fc.assert(
    fc.property(fc.nat(model.bytes.byteLength - 1), fc.nat(255), (at, byte) => {
      const bytes = model.bytes.slice()
      bytes[at] = byte
      try {
        decode('ModelProto', bytes)
      } catch (error) {
        expect(error).toMatchObject({ code: 'MODEL_CORRUPT' })
      }
    }),
    { numRuns: 500 },
  )
})
