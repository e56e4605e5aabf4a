import { tensor } from '@mlpod/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import python from '../../../conformance/learn/safetensors.json' with { type: 'json' }
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts'
import { coded, float } from './testData.ts'

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const withHeader = (header: string, body = new Uint8Array()): Uint8Array => {
  const bytes = new Uint8Array(8 + header.length + body.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true)
  bytes.set(new TextEncoder().encode(header), 8)
  bytes.set(body, 8 + header.length)
  return bytes
}

test('the bytes are those of the format', () => {
  const bytes = encodeSafetensors(
    { b: float([2], [1, 2]), a: tensor('int64', [], BigInt64Array.of(5n)) },
    { metadata: { from: 'a test' } },
  )
  const header =
    '{"__metadata__":{"from":"a test"},"a":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}'
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8)
  expect(Number(new DataView(bytes.buffer).getBigUint64(0, true))).toBe(padded.length)
  expect(text(bytes.subarray(8, 8 + padded.length))).toBe(padded)
  expect([...bytes.subarray(8 + padded.length)]).toEqual([5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64])
})

test('a file of the Python library is read, and written again to its bytes', () => {
  const bytes = new Uint8Array(Buffer.from(python.base64, 'base64'))
  const { tensors, metadata } = decodeSafetensors(bytes)
  expect(metadata).toEqual({ format: 'np' })
  expect(tensors['layer.weight']).toEqual(float([2, 3], [1.5, -2, 0.25, 3, 0, -0.5]))
  expect(tensors.steps).toEqual(tensor('int64', [], BigInt64Array.of(12n)))
  expect(tensors.mask).toEqual(tensor('bool', [3], Uint8Array.of(1, 0, 1)))
  expect(tensors.half).toEqual(tensor('float16', [2], new Uint16Array(Float16Array.of(1.5, -2).buffer)))
  expect(tensors.empty.shape).toEqual([0, 3])
  expect(encodeSafetensors(tensors, { metadata })).toEqual(bytes)
})

test('what is written is read back, of every element type, and the order of names changes no byte', () => {
  const kinds = {
    float32: Float32Array,
    float64: Float64Array,
    float16: Uint16Array,
    bfloat16: Uint16Array,
    int8: Int8Array,
    int16: Int16Array,
    int32: Int32Array,
    uint8: Uint8Array,
    uint16: Uint16Array,
    uint32: Uint32Array,
    bool: Uint8Array,
  } as const
  const one = fc
    .record({
      kind: fc.constantFrom(...(Object.keys(kinds) as (keyof typeof kinds)[])),
      shape: fc.array(fc.nat({ max: 3 }), { maxLength: 3 }),
      seed: fc.nat({ max: 255 }),
    })
    .map(({ kind, shape, seed }) => {
      const size = shape.reduce((a, b) => a * b, 1)
      const data = (kinds[kind] as Float32ArrayConstructor).from({ length: size }, (_, i) =>
        kind === 'bool' ? (i + seed) % 2 : (i * 7 + seed) % 100,
      )
      return tensor(kind, shape, data as never)
    })
  const names = fc.string({ minLength: 1 }).filter((name) => name !== '__metadata__' && name !== '__proto__')
  fc.assert(
    fc.property(fc.dictionary(names, one), fc.dictionary(names, fc.string()), (tensors, metadata) => {
      const bytes = encodeSafetensors(tensors, { metadata })
      const found = decodeSafetensors(bytes)
      expect({ ...found.tensors }).toEqual({ ...tensors })
      expect({ ...decodeSafetensors(Buffer.from(bytes)).tensors }).toEqual({ ...tensors })
      expect({ ...found.metadata }).toEqual({ ...metadata })
      expect(encodeSafetensors(Object.fromEntries(Object.entries(tensors).reverse()), { metadata })).toEqual(bytes)
    }),
    { numRuns: 60 },
  )
})

test('a file that is none is refused, with what is wrong', () => {
  const corrupt = (message: RegExp) => expect.objectContaining(coded('SAFETENSORS_CORRUPT', message))
  const entry = (dtype: string, shape: string, offsets: string) =>
    `{"a":{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}}`
  const cases: readonly [Uint8Array, RegExp][] = [
    [new Uint8Array(3), /it has 3 bytes/],
    [new Uint8Array([255, 255, 255, 255, 255, 255, 255, 255]), /header of .* bytes does not fit/],
    [withHeader('nonsense'), /header is no JSON/],
    [withHeader('[]'), /header is no object/],
    [withHeader('{"__metadata__":{"a":1}}'), /metadata are no texts/],
    [withHeader(entry('F31', '[]', '[0,4]'), new Uint8Array(4)), /"a" is of the element type F31/],
    [withHeader(entry('F32', '[-1]', '[0,4]'), new Uint8Array(4)), /no shape or no offsets/],
    [withHeader(entry('F32', '[2]', '[0,4]'), new Uint8Array(4)), /does not fit its bytes 0 to 4/],
    [withHeader(entry('F32', '[1]', '[0,4]'), new Uint8Array(2)), /does not fit its bytes/],
    [withHeader(entry('F32', '[1]', '[4,8]'), new Uint8Array(8)), /begins at byte 4, not at 0/],
    [withHeader(entry('F32', '[1]', '[0,4]'), new Uint8Array(8)), /has 8 bytes of tensors, but tells of 4/],
  ]
  for (const [bytes, message] of cases) expect(() => decodeSafetensors(bytes)).toThrow(corrupt(message))
  expect(() => encodeSafetensors({ a: { dtype: 'string', shape: [1], data: ['x'] } })).toThrow(
    expect.objectContaining({ code: 'TENSOR_UNSUPPORTED' }),
  )
  expect(() => encodeSafetensors({ __metadata__: float([1], [1]) })).toThrow(
    expect.objectContaining({ code: 'NAME_TAKEN' }),
  )
  expect(() => encodeSafetensors({ a: { dtype: 'float32', shape: [3], data: new Float32Array(2) } })).toThrow(
    expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
  )
})
