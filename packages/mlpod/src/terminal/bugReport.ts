import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'

/** Writes what is known of a bug of ours into a file that only this user can read, and returns its path. */
export function writeBugReport(
  error: unknown,
  { argv, version }: { readonly argv: readonly string[]; readonly version: string },
): string {
  const file = join(mkdtempSync(join(tmpdir(), 'mlpod-bug-')), 'report.txt')
  const lines = [
    `mlpod ${version}, Node ${process.version}, ${process.platform} ${process.arch}`,
    `time     ${new Date().toISOString()}`,
    `command  mlpod ${argv.join(' ')}`,
    `folder   ${process.cwd()}`,
    '',
    inspect(error, { depth: 6 }),
    '',
  ]
  writeFileSync(file, lines.join('\n'), { mode: 0o600, flag: 'wx' })
  return file
}
