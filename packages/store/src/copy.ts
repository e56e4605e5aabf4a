import { constants, type Stats, statSync } from 'node:fs'
import { chmod, copyFile, open, rename, rm, stat } from 'node:fs/promises'
import { hashFile, readThrough, type Stored, whileUnchanged } from './hashFile.ts'

/** Copies a file and hashes it: a clone where the disk can (hashed afterwards: nobody else writes to it), else one pass over its bytes. */
export async function copyHashed(source: string, target: string): Promise<Stored> {
  const info = await stat(source).catch(() => undefined)
  if (info?.isFile()) {
    const cloned = await copyFile(source, target, constants.COPYFILE_FICLONE_FORCE).then(
      () => true,
      () => false,
    )
    if (cloned) {
      await chmod(target, 0o644)
      return await flushAfter(target, hashFile)
    }
  }
  return await whileUnchanged(source, async (input) => {
    const output = await open(target, 'w')
    try {
      const stored = await readThrough(input, (block) => output.writeFile(block))
      await output.sync()
      return stored
    } finally {
      await output.close()
    }
  })
}

async function flushAfter<T>(file: string, work: (file: string) => Promise<T>): Promise<T> {
  const result = await work(file)
  const handle = await open(file, 'r+')
  await handle.sync().finally(() => handle.close())
  return result
}

/** Renames over what is there; a folder in the way is moved aside first and removed afterwards. */
export async function replace(file: string, target: string): Promise<void> {
  const there: Stats | undefined = statSync(target, { throwIfNoEntry: false })
  if (!there?.isDirectory()) return await rename(file, target)
  const aside = `${file}.old`
  await rename(target, aside)
  await rename(file, target)
  await rm(aside, { recursive: true, force: true })
}
