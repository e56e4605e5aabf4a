import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { canonical, type Dataset, type Json, PodError } from '@mlpod/contract'

/** Bytes given by path: the file itself, whatever is in it. */
export interface FileRef {
  /** Where the bytes are; read only. */
  readonly path: string
}

/**
 * Plain JSON, written canonically, so that equal values have equal bytes. `T` is what is read; nothing checks it.
 * Reading throws `JSON_MALFORMED`, writing throws `NOT_ENCODABLE` with the path of the member that is no JSON.
 */
export function json<T = Json>(file?: string): Dataset<T, T> {
  return {
    kind: 'json',
    ...(file !== undefined && { file }),
    extension: '.json',
    describe: null,
    async read(path) {
      const content = await readFile(path, 'utf8')
      try {
        return JSON.parse(content) as T
      } catch (cause) {
        throw new PodError('JSON_MALFORMED', `${path} is no JSON`, { because: (cause as Error).message, cause })
      }
    },
    async write(value, path) {
      await writeFile(path, `${canonical(value)}\n`)
    },
  }
}

/** Text in UTF-8, kept as it is. */
export function text(file?: string): Dataset<string, string> {
  return {
    kind: 'text',
    ...(file !== undefined && { file }),
    extension: file === undefined ? '.txt' : extname(file),
    describe: null,
    read: (path) => readFile(path, 'utf8'),
    async write(value, path) {
      if (typeof value !== 'string')
        throw new PodError('NOT_WRITABLE', `a text must be a string, not ${value === null ? 'null' : typeof value}`)
      await writeFile(path, value)
    },
  }
}

/** A file as it is: a source at `path`, or (without a path) what a node makes at a path of its own. */
export function file(path?: string): Dataset<FileRef, FileRef | Uint8Array> {
  return {
    kind: 'file',
    ...(path !== undefined && { file: path }),
    extension: path === undefined ? '' : extname(path),
    describe: null,
    async read(place) {
      return { path: place }
    },
    async write(value, place) {
      if (value instanceof Uint8Array) await writeFile(place, value)
      else await copyFile(value.path, place)
    },
  }
}
