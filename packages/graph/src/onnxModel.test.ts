import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tensor } from '@mlpod/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compile, input, load, loadFile, matMul, onnxModel, openSession, parameter, saveFile, tanh } from './index.ts'
import { decode } from './onnx/decode.ts'
import { encode } from './onnx/encode.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'model-'))
})
afterAll(() => rm(folder, { recursive: true }))

const weights = Float32Array.from({ length: 64 * 32 }, (_, i) => Math.sin(i))
const x = input('x', 'float32', ['n', 64])
const y = tanh(matMul(x, parameter('w', tensor('float32', [64, 32], weights))))
const feeds = {
  x: tensor(
    'float32',
    [1, 64],
    Float32Array.from({ length: 64 }, (_, i) => i / 64),
  ),
}

const run = async (...[model]: Parameters<typeof openSession>) => {
  await using session = await openSession(model)
  return (await session.run(feeds)).y.data
}

test('large parameters may stay outside the model, in the array they came in', async () => {
  const inside = compile({ outputs: { y } })
  const outside = compile({ outputs: { y }, external: true })
  const [[name, data]] = Object.entries(outside.external!)
  expect(name).toMatch(/^weights-[0-9a-f]{24}\.bin$/)
  expect(data.buffer).toBe(weights.buffer)
  expect(outside.bytes.byteLength).toBeLessThan(1000)
  expect(await run(outside)).toEqual(await run(inside))
  expect(load(outside).parameters.w.operation.attributes.value).toMatchObject({ value: { shape: [64, 32] } })
})

test('such a model is saved as files and read again, bit by bit', async () => {
  const path = join(folder, 'large.onnx')
  await saveFile(compile({ outputs: { y }, external: true }), path)
  expect((await readdir(folder)).filter((name) => name.startsWith('weights-'))).toHaveLength(1)
  const loaded = await loadFile(path)
  const value = loaded.parameters.w.operation.attributes.value
  expect(value.kind === 'tensor' && value.value.data).toEqual(weights)
  expect(await run(compile({ outputs: loaded.outputs }))).toEqual(await run(compile({ outputs: { y } })))
})

test('a model of one file holds all its data', async () => {
  const path = join(folder, 'one.onnx')
  const model = compile({ outputs: { y }, external: true })
  await expect(onnxModel().write(model, path)).rejects.toMatchObject({ code: 'MODEL_TOO_LARGE' })
})

test('data outside the folder of the model, missing or too short is refused', async () => {
  const { bytes, external } = compile({ outputs: { y }, external: true })
  const [location] = Object.keys(external!)
  const renamed = (name: string): Uint8Array => {
    const proto = decode('ModelProto', bytes)
    const initializer = proto.graph!.initializer!.map((one) => ({
      ...one,
      externalData: one.externalData?.map((entry) =>
        entry.key === 'location' ? { key: 'location', value: name } : entry,
      ),
    }))
    return encode('ModelProto', { ...proto, graph: { ...proto.graph, initializer } })
  }
  const inner = await mkdtemp(join(folder, 'inner-'))
  await writeFile(join(folder, 'beside.bin'), external![location])
  await symlink(join(folder, 'beside.bin'), join(inner, 'link.bin'))
  await writeFile(join(inner, 'short.bin'), new Uint8Array(16))
  for (const [name, code] of [
    ['../beside.bin', 'PATH_ESCAPES'],
    [join(folder, 'beside.bin'), 'PATH_ESCAPES'],
    ['link.bin', 'PATH_ESCAPES'],
    ['missing.bin', 'MODEL_MISSING'],
    ['short.bin', 'MODEL_CORRUPT'],
  ]) {
    const path = join(inner, 'model.onnx')
    await writeFile(path, renamed(name))
    await expect(loadFile(path), name).rejects.toMatchObject({ code })
  }
  expect(() => load(bytes)).toThrow('lies in another file')
})
