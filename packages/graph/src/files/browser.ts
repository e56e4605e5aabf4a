import { PodError } from '@mlpod/contract'

const noFiles = (): never => {
  throw new PodError('UNSUPPORTED', 'a browser has no files', {
    hint: 'fetch the bytes of the model and give them to load or modelOf',
  })
}

/** A browser reads no files. Throws `UNSUPPORTED`. */
export const readBytes = async (_path: string, _offset?: number, _length?: number): Promise<Uint8Array> => noFiles()

/** A browser writes no files. Throws `UNSUPPORTED`. */
export const writeWhole = async (_bytes: Uint8Array, _path: string): Promise<void> => noFiles()

/** A browser has no folders. Throws `UNSUPPORTED`. */
export const besideModel = async (_model: string, _location: string): Promise<string> => noFiles()
