import { type Hash, hashValue, PodError } from '@mlpod/contract'

/** Tells the hash of a file's bytes. */
export type Identify = (path: string) => Promise<{ readonly hash: Hash }>

/** Returns a function that looks at each file only the first time. */
export function onceEach(identify: Identify): Identify {
  const looked = new Map<string, ReturnType<Identify>>()
  return (path) => {
    const found = looked.get(path) ?? identify(path)
    looked.set(path, found)
    return found
  }
}

/** One hash over the contents of files; undefined when one of them is gone. */
export async function contentsOf(files: readonly string[], identify: Identify): Promise<Hash | undefined> {
  try {
    return hashValue((await Promise.all(files.map(identify))).map(({ hash }) => hash))
  } catch (error) {
    if (error instanceof PodError) return undefined
    throw error
  }
}
