import { type Dataset, PodError } from '@mlpod/contract'
import { besideModel, readBytes, writeWhole } from '#files'
import { type Loaded, type LoadOptions, loadMessage } from './load.ts'
import { type Model, modelOf } from './model.ts'
import { decode } from './onnx/decode.ts'
import { type ExternalPlace, externalPlaces } from './onnx/external.ts'

/**
 * Returns the catalog handle of a model kept as an ONNX file. Reading checks the file and throws `MODEL_MISSING` or
 * `MODEL_CORRUPT` with its path; writing is atomic, and the same model gives the same bytes. Throws `MODEL_TOO_LARGE` for
 * a model whose data lies outside its bytes: one file holds all.
 */
export function onnxModel(file?: string): Dataset<Model, Model> {
  return {
    kind: 'model',
    ...(file === undefined ? {} : { file }),
    extension: '.onnx',
    describe: { format: 'onnx' },
    read: async (path) => modelOf(await readBytes(path), { file: path }),
    write: async (model, path) => {
      if (model.external !== undefined)
        throw new PodError('MODEL_TOO_LARGE', `${path} holds a model whose data lies outside its bytes`, {
          at: path,
          hint: 'write it with saveFile, or compile it with { external: false } when it is below 2 GiB',
        })
      await writeWhole(model.bytes, path)
    },
  }
}

/**
 * Returns the values of an ONNX file, with the data that it keeps in other files of its folder: models above 2 GiB come
 * this way. Each tensor is read into memory of its own. Throws what `load` throws, `MODEL_MISSING`, and `PATH_ESCAPES` when the
 * model names a file outside its folder.
 */
export async function loadFile(path: string, options: Omit<LoadOptions, 'file' | 'external'> = {}): Promise<Loaded> {
  const proto = decode('ModelProto', await readBytes(path), { file: path })
  const { graph } = proto
  const found = new Map<string, Uint8Array>()
  const key = ({ location, offset, length }: ExternalPlace): string => `${offset}:${length}:${location}`
  for (const place of graph === undefined ? [] : externalPlaces(graph, path)) {
    const beside = await besideModel(path, place.location)
    if (!found.has(key(place))) found.set(key(place), await readBytes(beside, place.offset, place.length))
  }
  return loadMessage(proto, {
    ...options,
    file: path,
    ...(found.size > 0 && { external: (place) => found.get(key(place))! }),
  })
}

/** Writes a model as an ONNX file, and what lies outside its bytes beside it. Each file is whole or not there. */
export async function saveFile(model: Model, path: string): Promise<void> {
  for (const [location, data] of Object.entries(model.external ?? {}))
    await writeWhole(data, await besideModel(path, location))
  await writeWhole(model.bytes, path)
}
