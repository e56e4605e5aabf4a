import { open, readFile, rename, rm } from 'node:fs/promises'
import { type Dataset, PodError } from '@mlpod/contract'
import { type Model, modelOf } from './model.ts'

/**
 * Returns the catalog handle of a model kept as an ONNX file. Reading checks the file and throws `MODEL_MISSING` or
 * `MODEL_CORRUPT` with its path; writing is atomic, and the same model gives the same bytes.
 */
export function onnxModel(file?: string): Dataset<Model, Model> {
  return {
    kind: 'model',
    ...(file === undefined ? {} : { file }),
    extension: '.onnx',
    describe: { format: 'onnx' },
    read: async (path) => modelOf(await bytesAt(path), { file: path }),
    write: (model, path) => writeWhole(model.bytes, path),
  }
}

async function bytesAt(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new PodError('MODEL_MISSING', `the model ${path} cannot be read`, {
      at: path,
      because: cause instanceof Error ? cause.message : undefined,
      cause,
    })
  }
}

// A file that stands under its name is whole: it is written beside it, brought to the disk, and renamed.
async function writeWhole(bytes: Uint8Array, path: string): Promise<void> {
  const beside = `${path}.${process.pid}.part`
  try {
    const handle = await open(beside, 'w')
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}
