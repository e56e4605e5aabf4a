import { readFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, platform } from 'node:os'
import { type Hash, hashValue } from '@mlpod/contract'

/** The machine and the engines on which a result was made: recorded with results, never part of a run key. */
export interface EnvironmentRecord {
  readonly node: string
  readonly platform: string
  readonly arch: string
  readonly cpu: string
  /** Vector instructions that decide the order of float sums; absent where the system does not tell. */
  readonly features?: readonly string[]
  readonly threads: number
  /** Versions of native engines by package name. */
  readonly engines: Readonly<Record<string, string>>
}

/** Returns the record of this machine and the given engines. */
export function environment({ engines = {} }: { engines?: Readonly<Record<string, string>> } = {}): EnvironmentRecord {
  const features = cpuFeatures()
  return {
    node: process.versions.node,
    platform: platform(),
    arch: arch(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    ...(features && { features }),
    threads: availableParallelism(),
    engines,
  }
}

/** Returns the hash of an environment: equal hashes promise equal bytes from deterministic nodes. */
export const environmentHash = (record: EnvironmentRecord): Hash => hashValue(record)

const DECIDES_SUMS = /^(sse4_[12]|avx\w*|fma|f16c|amx\w*|asimd\w*|sve\w*|i8mm|bf16)$/

let known: readonly string[] | undefined | null = null

function cpuFeatures(): readonly string[] | undefined {
  if (known !== null) return known
  try {
    const line = /^(?:flags|Features)\s*:\s*(.+)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]
    known = line
      ?.split(' ')
      .filter((flag) => DECIDES_SUMS.test(flag))
      .sort()
  } catch {
    known = undefined
  }
  return known
}
