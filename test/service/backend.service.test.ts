import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DataType, Tensor } from '@mlpod/contract'
import { compile, load, openSession } from '@mlpod/graph'
import { afterAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'mlpod-backend-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Plain {
  readonly dtype: DataType
  readonly shape: readonly number[]
  readonly bytes?: string
  readonly data?: readonly string[]
}

interface Case {
  readonly name: string
  readonly model: string
  readonly types: readonly string[]
  readonly inputs: Readonly<Record<string, Plain | null>>
  readonly outputs: Readonly<Record<string, Plain | null>>
  readonly rtol: number
  readonly atol: number
}

/** ONNX's own tests of single nodes. */
function cases(): readonly Case[] {
  const file = join(folder, 'cases.jsonl')
  const { status, stderr } = spawnSync('.cache/service-python/bin/python', ['test/service/backend.py', file], {
    cwd: root,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`backend.py ended with ${status}: ${stderr}`)
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

const ARRAYS = {
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const

function tensorOf({ dtype, shape, bytes, data }: Plain): Tensor {
  if (data !== undefined) return { dtype: 'string', shape, data } as Tensor
  const copy = new Uint8Array(Buffer.from(bytes!, 'base64'))
  return { dtype, shape, data: new ARRAYS[dtype as keyof typeof ARRAYS](copy.buffer) } as Tensor
}

const numbersOf = ({ dtype, data }: Tensor): readonly number[] =>
  dtype === 'float16'
    ? Array.from(new Float16Array((data as Uint16Array).buffer, (data as Uint16Array).byteOffset, data.length))
    : Array.from(data as ArrayLike<number | bigint>, Number)

/** Says how a result differs, or undefined. */
function difference(found: Tensor, wanted: Tensor, { rtol, atol }: Case): string | undefined {
  if (found.dtype !== wanted.dtype) return `${found.dtype} for ${wanted.dtype}`
  if (found.shape.join() !== wanted.shape.join()) return `[${found.shape}] for [${wanted.shape}]`
  if (wanted.dtype === 'string') return found.data.join('\n') === wanted.data.join('\n') ? undefined : 'other texts'
  const [a, b] = [numbersOf(found), numbersOf(wanted)]
  const at = b.findIndex(
    (value, i) =>
      !(Object.is(a[i], value) || a[i] === value || Math.abs(a[i] - value) <= atol + rtol * Math.abs(value)),
  )
  return at < 0 ? undefined : `${a[at]} for ${b[at]} at ${at}`
}

/** Runs a model against what must come out of it; says what is wrong, or undefined. */
async function wrong(bytes: Uint8Array, entry: Case): Promise<string | undefined> {
  try {
    await using session = await openSession(bytes)
    const feeds = Object.fromEntries(
      Object.entries(entry.inputs).flatMap(([name, value]) => (value === null ? [] : [[name, tensorOf(value)]])),
    )
    const results = await session.run(feeds)
    for (const [name, value] of Object.entries(entry.outputs)) {
      const differs = value && difference(results[name], tensorOf(value), entry)
      if (differs) return `${name}: ${differs}`
    }
    return undefined
  } catch (error) {
    return `${error instanceof Error ? error.message : error}`
  }
}

/** Reads a model as values, and writes it again. */
function again(bytes: Uint8Array): Uint8Array | string {
  try {
    const { inputs, outputs } = load(bytes)
    return compile({ inputs, outputs }).bytes
  } catch (error) {
    return `${error instanceof Error ? error.message : error}`
  }
}

/** Files older than those that are read, by what is said of them; and a last digit of half precision. */
const KNOWN: Readonly<Record<string, string>> = {
  test_not_2d: 'written in opset 1',
  test_not_3d: 'written in opset 1',
  test_not_4d: 'written in opset 1',
  test_scan_sum: 'in the form of opset 8',
  test_linear_attention_fp16: 'output: -0.0031089',
}

/** Operators that the runtime does not know and the graph does. */
const NEWEST = /^test_(swiglu|linear_attention|causal_conv_with_state)/

test('every node test of ONNX that the runtime passes passes as values too', async () => {
  let passed = 0
  const failed: Record<string, string> = {}
  for (const entry of cases()) {
    const bytes = Buffer.from(entry.model, 'base64')
    const values = again(bytes)
    const ours = typeof values === 'string' ? values : await wrong(values, entry)
    if (ours === undefined) passed++
    // what the runtime itself cannot do, or does otherwise, is not ours
    else if (NEWEST.test(entry.name) || (await wrong(bytes, entry)) === undefined) failed[entry.name] = ours
  }
  for (const [name, because] of Object.entries(KNOWN)) {
    expect(failed[name], name).toContain(because)
    delete failed[name]
  }
  expect(failed).toEqual({})
  expect(passed).toBeGreaterThan(1000)
}, 600_000)
