import { canonical, type Hash, hashBytes, isHash, type Json, PodError, type Tensor } from '@mlpod/contract'
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts'

/** Where and when training is kept, so that it can go on. */
export interface CheckpointOptions {
  /** The folder; it is made if it is not there. */
  readonly folder: string
  /** Steps between two checkpoints; beside them there is one after each epoch. Default: after each epoch alone. */
  readonly every?: number
}

/** What a checkpoint holds: tensors by name, and everything else as plain data. */
export interface Checkpoint {
  readonly tensors: Readonly<Record<string, Tensor>>
  readonly plain: Json
}

/** The file that names the last whole checkpoint. */
const POINTER = 'checkpoint.json'
const VERSION = 1

const join = (folder: string, name: string): string => `${folder.replace(/[/\\]$/, '')}/${name}`

const fileOf = (hash: Hash): string => `${hash}.safetensors`

/**
 * Keeps a checkpoint: the tensors in a file named by their hash, then `checkpoint.json`, which names it. Both are written
 * beside their place and renamed, so that what stands there is whole; older tensors go. Returns the hash.
 */
export async function writeCheckpoint(folder: string, { tensors, plain }: Checkpoint): Promise<Hash> {
  const { readdir, rm } = await import('node:fs/promises')
  const { writeAtomic } = await import('@mlpod/store')
  const bytes = encodeSafetensors(tensors)
  const hash = hashBytes(bytes)
  await writeAtomic(join(folder, fileOf(hash)), bytes)
  await writeAtomic(join(folder, POINTER), `${canonical({ version: VERSION, tensors: hash, plain })}\n`)
  for (const name of await readdir(folder))
    if (/^[0-9a-f]{64}\.safetensors$/.test(name) && name !== fileOf(hash)) await rm(join(folder, name), { force: true })
  return hash
}

/**
 * Returns the checkpoint of a folder, or undefined when there is none. Throws `CHECKPOINT_CORRUPT` when a file is damaged or
 * missing, `CHECKPOINT_NEWER` when a later version wrote it.
 */
export async function readCheckpoint(folder: string): Promise<Checkpoint | undefined> {
  const { readFile } = await import('node:fs/promises')
  const at = join(folder, POINTER)
  const text = await readFile(at, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const corrupt = (why: string): PodError =>
    new PodError('CHECKPOINT_CORRUPT', `the checkpoint in ${folder} cannot be read: ${why}`, { at })
  let pointer: { version?: unknown; tensors?: unknown; plain?: Json }
  try {
    pointer = JSON.parse(text) as typeof pointer
  } catch {
    throw corrupt(`${POINTER} is no JSON`)
  }
  if (typeof pointer.version === 'number' && pointer.version > VERSION)
    throw new PodError('CHECKPOINT_NEWER', `the checkpoint in ${folder} is of version ${pointer.version}`, {
      at,
      hint: `this version reads up to ${VERSION}: update mlpod`,
    })
  const { tensors: hash, plain } = pointer
  if (!isHash(hash) || plain === undefined) throw corrupt(`${POINTER} names no tensors`)
  const bytes = await readFile(join(folder, fileOf(hash))).catch(() => undefined)
  if (bytes === undefined) throw corrupt(`${fileOf(hash)} is missing`)
  if (hashBytes(bytes) !== hash) throw corrupt(`${fileOf(hash)} is not what was written`)
  return { tensors: decodeSafetensors(bytes, { file: fileOf(hash) }).tensors, plain }
}
