import { readFileSync } from 'node:fs'
import type { Hash } from '@mlpod/contract'
import { writeAtomic } from './atomic.ts'
import type { FileStamp } from './hashFile.ts'

/** Remembers the hashes of files that have not been touched since they were hashed, so that they are not read again. */
export interface StatIndex {
  /** Returns the hash that a file with this stamp had, or undefined when it is unknown or cannot be trusted. */
  lookup(stamp: FileStamp): Hash | undefined
  /** Records a hash. `hashedAt` is the time (ms since 1970) at which reading began; infinity when nobody can have written to the file since. */
  record(stamp: FileStamp, hash: Hash, hashedAt: number): void
  /** Writes what is new to the disk, beside what other processes wrote meanwhile. */
  save(): Promise<void>
}

interface Entry {
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly hash: Hash
}

const HEADER = 'mlpod stat index 1'
const LIMIT = 1_000_000

/**
 * A file touched within this time before it was hashed could be written again without a visible change of its times
 * (kernels stamp files with the last clock tick), so its hash is not kept: the "racy clean" rule of git's index.
 */
const TICK_NS = 50_000_000n
const COARSE_TICK_NS = 2_000_000_000n
const SECOND_NS = 1_000_000_000n

/**
 * Opens the index kept in one text file: a line a file, `dev ino size mtime ctime hash`. It is a cache: a file that
 * cannot be understood (another version, damage) is treated as empty.
 */
export function openStatIndex(path: string): StatIndex {
  let entries: Map<string, Entry> | undefined
  const fresh = new Map<string, Entry>()
  const all = (): Map<string, Entry> => {
    entries ??= readEntries(path)
    return entries
  }
  return {
    lookup(stamp) {
      const entry = all().get(identity(stamp))
      if (entry === undefined) return undefined
      const same = entry.size === stamp.size && entry.mtimeNs === stamp.mtimeNs && entry.ctimeNs === stamp.ctimeNs
      return same ? entry.hash : undefined
    },
    record(stamp, hash, hashedAt) {
      if (isRacy(stamp, hashedAt)) return
      const entry = { size: stamp.size, mtimeNs: stamp.mtimeNs, ctimeNs: stamp.ctimeNs, hash }
      all().set(identity(stamp), entry)
      fresh.set(identity(stamp), entry)
    },
    async save() {
      if (fresh.size === 0) return
      const merged = readEntries(path)
      for (const [key, entry] of fresh) {
        merged.delete(key)
        merged.set(key, entry)
      }
      fresh.clear()
      entries = merged
      await writeAtomic(path, printEntries(merged))
    },
  }
}

const identity = (stamp: FileStamp): string => `${stamp.dev} ${stamp.ino}`

function isRacy({ mtimeNs, ctimeNs }: FileStamp, hashedAt: number): boolean {
  if (hashedAt === Number.POSITIVE_INFINITY) return false
  const touched = mtimeNs > ctimeNs ? mtimeNs : ctimeNs
  const tick = mtimeNs % SECOND_NS === 0n && ctimeNs % SECOND_NS === 0n ? COARSE_TICK_NS : TICK_NS
  return touched + tick >= BigInt(Math.floor(hashedAt)) * 1_000_000n
}

function printEntries(entries: Map<string, Entry>): string {
  const lines = [HEADER]
  let skip = entries.size - LIMIT
  for (const [key, { size, mtimeNs, ctimeNs, hash }] of entries)
    if (skip-- <= 0) lines.push(`${key} ${size} ${mtimeNs} ${ctimeNs} ${hash}`)
  return `${lines.join('\n')}\n`
}

function readEntries(path: string): Map<string, Entry> {
  const entries = new Map<string, Entry>()
  let lines: string[]
  try {
    lines = readFileSync(path, 'utf8').split('\n')
  } catch {
    return entries
  }
  if (lines[0] !== HEADER) return entries
  for (let i = 1; i < lines.length; i++) {
    const match = /^(\d+ \d+) (\d+) (\d+) (\d+) ([0-9a-f]{64})$/.exec(lines[i])
    if (match === null) continue
    const [, key, size, mtimeNs, ctimeNs, hash] = match
    entries.set(key, { size: BigInt(size), mtimeNs: BigInt(mtimeNs), ctimeNs: BigInt(ctimeNs), hash: hash as Hash })
  }
  return entries
}
